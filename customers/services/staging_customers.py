"""The customers feed: personal values are sealed while they are staged, so no plain one reaches a table."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from core import crypto, identity
from core.history import FEED, signed
from core.phones import PhoneError, normalise_phone
from customers.enums import CustomerKind, IdType
from customers.rules import feeds as rules
from customers.services.sealing import named_columns, sealed_columns
from customers.services.staging import TABLE, copy_field, fetch_one, run

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

# Column of the feed -> columns of the table it fills; what a file does not have stays as it is.
FILLS: dict[str, tuple[str, ...]] = {
    "name": ("name", "name_pinyin", "name_initials", "name_grams"),
    "kind": ("kind",),
    "id_type": ("id_type",),
    "id_no": ("id_no_cipher", "id_no_index"),
    "id_expires_on": ("id_expires_on", "id_is_long_term"),
    "phone": ("phone_cipher", "phone_index", "phone_tail_index"),
    "sex": ("sex",),
    "birth_date": ("birth_date",),
    "email": ("email_cipher", "email_index"),
    "address": ("address_cipher",),
    "occupation": ("occupation",),
    "employer": ("employer",),
    "opened_on": ("opened_on",),
    "risk_grade": ("risk_grade",),
}
_TYPES = {
    "name_grams": "text[]",
    "id_expires_on": "date",
    "id_is_long_term": "boolean",
    "birth_date": "date",
    "opened_on": "date",
}
# What is looked up in other tables, even for a row with faults: all its reasons are to be named.
_KEYS = ("customer_no", "branch_code", "manager_no")
# Empty text rather than NULL, as the model has it.
_BLANK = frozenset({"id_type", "sex", "occupation", "employer", "risk_grade"})
_SEALED = ("id_no", "phone", "email", "address")
# Field of the record -> the condition under which a feed brings another value. An address has no index to compare by.
_DIFFERS = {
    **{n: f"c.{n} IS DISTINCT FROM s.{n}" for n in ("name", "id_type", "sex", "birth_date", "occupation", "employer")},
    **{n: f"c.{n}_index IS DISTINCT FROM s.{n}_index" for n in ("id_no", "phone", "email")},
    "id_expires_on": "c.id_expires_on IS DISTINCT FROM s.id_expires_on",
    "opened_on": "c.opened_on IS DISTINCT FROM s.opened_on",
    "address": "true",
}


def customer_columns() -> dict[str, str]:
    """Columns of the staging table."""
    filled = [name for names in FILLS.values() for name in names]
    kinds = {n: "bytea" if n.endswith(("_cipher", "_index")) else _TYPES.get(n, "text") for n in filled}
    return {"customer_no": "text", "branch_code": "text", "manager_no": "text", "fingerprint": "bytea", **kinds}


def customer_lines(
    columns: list[tuple[rules.Column, int]], rows: Iterator[tuple[int, list[str]]], today: date
) -> Iterator[str]:
    """COPY lines: checked, sealed, indexed."""
    names = list(customer_columns())
    # A cell that is empty and a column that is missing mean different things: what the file has is part of the print.
    present = ",".join(sorted(column.name for column, _place in columns))
    for line, cells in rows:
        parsed = rules.parse_row(columns, cells)
        values, errors = parsed.values, parsed.errors
        _check_people(values, errors, today)
        staged = {n: values.get(n) for n in _KEYS} if errors else _sealed(values, present)
        texts = [copy_field(staged.get(name)) for name in names]
        yield "\t".join([str(line), *texts, ",".join(dict.fromkeys(errors)) if errors else r"\N"]) + "\n"


def _check_people(values: dict[str, Any], errors: list[str], today: date) -> None:
    """Checks of identity number, phone and e-mail; values are brought to their stored form."""
    number, kind = values.get("id_no"), values.get("kind", CustomerKind.PERSON)
    if number:
        if "id_type" not in values:
            values["id_type"] = IdType.RESIDENT if kind == CustomerKind.PERSON else IdType.USCC
        try:
            number = identity.check_id_no(values["id_type"], number, today, expand_old=True)
            values["id_no"] = number
        except identity.IdentityError as error:
            errors.append(error.code)
        else:
            if values["id_type"] == IdType.RESIDENT:
                values.setdefault("birth_date", identity.birth_date_of(number))
                values.setdefault("sex", identity.sex_of(number))
    if phone := values.get("phone"):
        try:
            values["phone"] = normalise_phone(phone)
        except PhoneError as error:
            errors.append(error.code)
    if email := values.get("email"):
        values["email"] = email.lower()
        if not _EMAIL.fullmatch(email):
            errors.append("not_an_email")


def _sealed(values: dict[str, Any], present: str) -> dict[str, Any]:
    """The row as it is stored."""
    is_person = values.get("kind", CustomerKind.PERSON) == CustomerKind.PERSON
    staged = {n: values.get(n) for n in (*_KEYS, "birth_date", "opened_on", "kind")}
    staged |= {n: values.get(n, "") for n in _BLANK}
    staged |= named_columns(values["name"], is_person=is_person)
    staged |= {"id_expires_on": values.get("id_expires_on")}
    staged["id_is_long_term"] = "id_expires_on" in values and values["id_expires_on"] is None
    staged |= sealed_columns(values["customer_no"], {n: values[n] for n in _SEALED if n in values})
    staged["fingerprint"] = crypto.fingerprint(present, *(f"{k}={v}" for k, v in sorted(values.items())))
    return staged


def merge_customers(*, present: set[str], at: datetime) -> tuple[int, int, int]:
    """Write the staged customers; (created, changed, unchanged). Columns the file lacks keep their values.

    A row that is as it was fed the last time changes nothing, so what was edited here since then stays; a manager the
    core goes on naming does not undo a hand-over made here.
    """
    run("ANALYZE " + TABLE)
    source = (
        f"SELECT r.*, b.id AS branch_id, u.id AS manager_id FROM {TABLE} r"
        " JOIN staff_branch b ON b.code = r.branch_code"
        " LEFT JOIN staff_user u ON u.staff_no = r.manager_no WHERE r.errors IS NULL"
    )
    filled = [name for column, names in FILLS.items() if column in present for name in names]
    assigned = [f"{n} = coalesce(s.kind, 'person')" if n == "kind" else f"{n} = s.{n}" for n in filled]
    assigned += ["branch_id = s.branch_id", "feed_fingerprint = s.fingerprint", "updated_at = %(at)s"]
    assigned.append("version = c.version + 1")
    if "manager_no" in present:
        is_new = "c.fed_manager_id IS DISTINCT FROM s.manager_id"
        assigned.append(f"manager_id = CASE WHEN {is_new} THEN s.manager_id ELSE c.manager_id END")
        assigned.append("fed_manager_id = s.manager_id")
    (total,) = fetch_one(f"SELECT count(*) FROM {TABLE} WHERE errors IS NULL")
    changed = "c.customer_no = s.customer_no AND c.feed_fingerprint IS DISTINCT FROM s.fingerprint"
    _forget_sources(source, changed, present)
    with signed(source=FEED):
        updated = run(
            f"UPDATE customers_customer c SET {', '.join(assigned)} FROM ({source}) s WHERE {changed}", {"at": at}
        )
    columns = [name for names in FILLS.values() for name in names if name not in ("kind", "id_is_long_term")]
    created = run(
        f"INSERT INTO customers_customer (customer_no, branch_id, manager_id, fed_manager_id, feed_fingerprint,"
        f" created_at, updated_at, kind, id_is_long_term, {', '.join(columns)})"
        " SELECT customer_no, branch_id, manager_id, manager_id, fingerprint, %(at)s, %(at)s, coalesce(kind, 'person'),"
        f" coalesce(id_is_long_term, false), {', '.join(columns)} FROM ({source}) s"
        " WHERE NOT EXISTS (SELECT FROM customers_customer c WHERE c.customer_no = s.customer_no)",
        {"at": at},
    )
    _mirror_positions()
    return created, updated, int(total) - created - updated


def _forget_sources(source: str, changed: str, present: set[str]) -> None:
    """Notes on where a value came from end where the file brings another value: it is the core's from then on."""
    cases = " ".join(f"WHEN '{field}' THEN {differs}" for field, differs in _DIFFERS.items() if field in present)
    if cases:
        run(
            f"DELETE FROM customers_fieldsource f USING customers_customer c, ({source}) s"
            f" WHERE f.customer_id = c.id AND {changed} AND CASE f.field {cases} ELSE false END"
        )


def _mirror_positions() -> None:
    """Give new customers their narrow row, and keep its branch and manager equal to the record's."""
    staged = f"customers_customer c JOIN {TABLE} r ON r.customer_no = c.customer_no AND r.errors IS NULL"
    run(
        "INSERT INTO customers_customerposition (customer_id, branch_id, manager_id, tier, total, day_sum, month_mark,"
        f" quarter_mark, year_mark) SELECT c.id, c.branch_id, c.manager_id, 0, 0, 0, 0, 0, 0 FROM {staged}"
        " WHERE c.merged_into_id IS NULL ON CONFLICT (customer_id) DO NOTHING"
    )
    run(
        "UPDATE customers_customerposition p SET branch_id = c.branch_id, manager_id = c.manager_id"
        f" FROM {staged} WHERE p.customer_id = c.id"
        " AND (p.branch_id <> c.branch_id OR p.manager_id IS DISTINCT FROM c.manager_id)"
    )

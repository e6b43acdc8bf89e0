"""Customers made and edited here: checked, sealed, one at a time, each change with its source and its trail entry."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from core import trail
from core.errors import DomainError
from customers import queries
from customers.enums import CustomerKind
from customers.models import Customer, CustomerPosition
from customers.rules import profile as rules
from customers.rules.profile import Fault
from customers.services import duplicates, records, sources
from customers.services.sealing import named_columns, sealed_columns
from staff.access import BOOK_KEEPERS
from staff.models import Branch, User

SHARED_PHONE_FROM = 3
# What an identity number tells by itself, when nobody has said it.
_DERIVED = frozenset({"birth_date", "sex", "id_type"})


class ProfileRefused(DomainError):
    """Values that cannot stand; `faults` says which and why."""

    code = "invalid"
    message = _("Some values are not valid.")

    def __init__(self, faults: Iterable[Fault]) -> None:
        super().__init__()
        self.faults = tuple(faults)


class StaleRecord(DomainError):
    """Somebody changed the record since it was read."""

    code = "stale"
    message = _("This was changed since you read it.")


@dataclass(frozen=True, slots=True)
class Saved:
    """A record as it was stored: which fields changed, and what of them looks odd."""

    customer: Customer
    changed: tuple[str, ...]
    doubts: tuple[Fault, ...]


def stored_values(customer: Customer) -> dict[str, Any]:
    """Every field of the record in clear, for comparisons within the product only; never to be shown."""
    return {
        field: records.unsealed(customer, field) if field in rules.SEALED else getattr(customer, field)
        for field in rules.fields_of(customer.kind)
    }


def check_values(
    *, kind: str, role: str, values: Mapping[str, Any], today: date, customer: Customer | None = None
) -> rules.Checked:
    """The record as it would be with these values, and what is wrong with them. Nothing is written."""
    before = stored_values(customer) if customer else {}
    blank: dict[str, Any] = dict.fromkeys(rules.fields_of(kind), "")
    touched = {field for field in values if field in blank and (not customer or values[field] != before[field])}
    checked = rules.check({**blank, **before, **values}, kind=kind, touched=touched, today=today)
    needed = rules.required_fields(kind, role)
    known = {fault.field for fault in checked.faults}
    gaps = [gap for gap in rules.missing(checked.values, needed, before) if gap.field not in known]
    return rules.Checked(checked.values, (*checked.faults, *gaps), checked.doubts)


def create_customer(
    *,
    kind: str,
    values: Mapping[str, Any],
    source: str,
    actor: User,
    at: datetime,
    branch: Branch | None = None,
) -> Saved:
    """A new customer of the actor's branch (or of `branch`), and of the actor when they keep a book.

    The number is ours (N and nine digits) until the core's arrives by feed. Raises ProfileRefused, TooManyChecks,
    AlreadyCustomer, ExistsElsewhere; the last leaves a trail entry.
    """
    duplicates.refuse_prober(actor=actor, at=at)
    given = {"opened_on": at.date(), **values}
    checked = check_values(kind=kind, role=actor.role, values=given, today=at.date())
    if checked.faults:
        raise ProfileRefused(checked.faults)
    try:
        return _create(kind, checked, source, actor, at, branch or actor.branch)
    except duplicates.ExistsElsewhere as error:
        duplicates.note_hit(actor=actor, at=at, field="id_no", customer=error.customer)
        raise


@transaction.atomic
def _create(kind: str, checked: rules.Checked, source: str, actor: User, at: datetime, branch: Branch) -> Saved:
    values = checked.values
    if values["id_no"]:
        duplicates.claim_document(id_no=values["id_no"], actor=actor)
    number = _new_number()
    manager = actor if actor.role in BOOK_KEEPERS else None
    customer = Customer.everything.create(
        customer_no=number,
        kind=kind,
        branch=branch,
        manager=manager,
        created_at=at,
        updated_at=at,
        **_columns(number, kind, values),
    )
    CustomerPosition.everything.create(customer=customer, branch=branch, manager=manager)
    filled = tuple(field for field, value in values.items() if value)
    sources.confirm(customer=customer, fields=filled, source=source, actor=actor, on=at.date())
    _note(customer, "create", {}, {field: values[field] for field in filled}, actor, at)
    return Saved(customer, filled, _with_phone(checked, filled))


def edit_customer(
    *, customer: Customer, values: Mapping[str, Any], version: int, source: str, actor: User, at: datetime
) -> Saved:
    """Change the given fields of a record that was read at `version`; fields that are not given stay.

    Raises StaleRecord, ProfileRefused, TooManyChecks, AlreadyCustomer, ExistsElsewhere. Saving what is there already
    changes nothing and leaves no trace.
    """
    duplicates.refuse_prober(actor=actor, at=at)
    try:
        return _edit(customer.pk, values, version, source, actor, at)
    except duplicates.ExistsElsewhere as error:
        duplicates.note_hit(actor=actor, at=at, field="id_no", customer=error.customer)
        raise


@transaction.atomic
def _edit(customer_id: int, values: Mapping[str, Any], version: int, source: str, actor: User, at: datetime) -> Saved:
    customer = Customer.everything.select_for_update().get(pk=customer_id)
    if customer.version != version:
        raise StaleRecord()
    before = stored_values(customer)
    checked = check_values(kind=customer.kind, role=actor.role, values=values, today=at.date(), customer=customer)
    if checked.faults:
        raise ProfileRefused(checked.faults)
    after = {
        field: checked.values[field]
        for field in before
        if (field in values or field in _DERIVED) and checked.values[field] != before[field]
    }
    if not after:
        return Saved(customer, (), ())
    if after.get("id_no"):
        duplicates.claim_document(id_no=after["id_no"], actor=actor, other_than=customer.pk)
    columns = _columns(customer.customer_no, customer.kind, after)
    Customer.everything.filter(pk=customer.pk).update(**columns, version=F("version") + 1, updated_at=at)
    customer.refresh_from_db()
    sources.confirm(customer=customer, fields=after, source=source, actor=actor, on=at.date())
    _note(customer, "change", before, after, actor, at)
    return Saved(customer, tuple(after), _with_phone(checked, after))


def _columns(number: str, kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
    plain = {field: value for field, value in values.items() if field not in (*rules.SEALED, "name")}
    named = named_columns(values["name"], is_person=kind == CustomerKind.PERSON) if "name" in values else {}
    return {**plain, **named, **sealed_columns(number, {f: v for f, v in values.items() if f in rules.SEALED})}


def _new_number() -> str:
    """The next number of our own that no feed has brought meanwhile."""
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT nextval('customers_new_number')")
            number = f"N{cursor.fetchone()[0]:09}"
            if not Customer.everything.filter(customer_no=number).exists():
                return number


def _note(
    customer: Customer, action: str, before: Mapping[str, Any], after: Mapping[str, Any], actor: User, at: datetime
) -> None:
    """One entry: each field with old and new, sealed ones masked."""
    changes = {field: [_shown(field, before.get(field)), _shown(field, value)] for field, value in after.items()}
    trail.record(
        actor=actor.actor,
        action=action,
        subject="customers.customer",
        subject_id=customer.customer_no,
        at=at,
        changes=changes,
    )


def _shown(field: str, value: Any) -> Any:
    if field in rules.SEALED:
        return queries.mask_value(field, value)
    return value.isoformat() if isinstance(value, date) else value


def _with_phone(checked: rules.Checked, changed: Iterable[str]) -> tuple[Fault, ...]:
    phone = checked.values["phone"] if "phone" in changed else ""
    if phone and queries.phone_shared_by(phone) >= SHARED_PHONE_FROM:
        return (*checked.doubts, Fault("phone", "shared_phone"))
    return checked.doubts

"""What the rows of each kind of feed do to the tables. Each merge runs inside the import's transaction."""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from core.trail import Actor
from customers.enums import FeedKind
from customers.models import ExchangeRate, Product
from customers.rules import feeds as rules
from customers.services import balances, merge_accounts, staging
from customers.services.staging import TABLE, mark, run
from customers.services.staging_customers import customer_columns, customer_lines, merge_customers
from staff.models import Branch
from staff.services import BranchRow, StaffRow, load_branches, load_staff

Rows = Callable[[], Iterator[tuple[int, list[str]]]]


@dataclass(frozen=True, slots=True)
class Context:
    """One import: its kind and day, who runs it, and where the kind's columns stand in the file."""

    kind: FeedKind
    business_date: date
    actor: Actor
    at: datetime
    places: Mapping[str, int]

    def columns(self) -> list[tuple[rules.Column, int]]:
        """The kind's columns that the file has, with their cell positions."""
        return [(c, self.places[c.name]) for c in rules.COLUMNS[self.kind] if c.name in self.places]


@dataclass(slots=True)
class Outcome:
    """What an import did. `rejects` maps a line to its reasons; `stated` adds every readable amount of the file."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    total: Decimal | None = None
    stated: Decimal | None = None
    rejects: dict[int, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def merge(context: Context, rows: Rows) -> Outcome:
    """Stage the rows, reject what cannot be used, and apply the rest."""
    return _MERGES[context.kind](context, rows)


@dataclass(slots=True)
class _Small:
    """The parsed rows of a small feed, kept in memory: (line, values)."""

    outcome: Outcome
    rows: list[tuple[int, dict[str, Any]]]

    def reject(self, reason: str, unusable: Callable[[dict[str, Any]], bool]) -> None:
        """Add a reason to the rows of which the condition is true; rows with other faults are asked too."""
        for line, values in self.rows:
            reasons = self.outcome.rejects.get(line, [])
            if reason not in reasons and unusable(values):
                self.outcome.rejects[line] = [*reasons, reason]

    def good(self) -> list[dict[str, Any]]:
        """The values of the usable rows."""
        return [values for line, values in self.rows if line not in self.outcome.rejects]


def _read_small(context: Context, rows: Rows) -> _Small:
    small, seen = _Small(Outcome(), []), set[Any]()
    columns, key = context.columns(), rules.key_column(context.kind)
    for line, cells in rows():
        small.outcome.rows += 1
        parsed = rules.parse_row(columns, cells)
        number = parsed.values.get(key)
        if number is not None and number in seen:
            parsed.errors.append("duplicate")
        seen.add(number)
        if parsed.errors:
            small.outcome.rejects[line] = parsed.errors
        small.rows.append((line, parsed.values))
    return small


def _is_strange(known: Set[Any], column: str, values: dict[str, Any]) -> bool:
    return values.get(column) is not None and values[column] not in known


def _branches(context: Context, rows: Rows) -> Outcome:
    small = _read_small(context, rows)
    stored = set(Branch.objects.values_list("code", flat=True))
    before = -1
    while before != len(small.outcome.rejects):  # a unit whose parent is rejected has none either
        before = len(small.outcome.rejects)
        known = stored | {values["code"] for values in small.good()}
        small.reject("unknown_parent", partial(_is_strange, known, "parent_code"))
    top = "" if "parent_code" in context.places else None
    good = [BranchRow(v["code"], v["name"], v.get("parent_code", top), v.get("kind")) for v in small.good()]
    counts = load_branches(rows=good, actor=context.actor, at=context.at)
    return _counted(small.outcome, counts.created, counts.updated, counts.unchanged)


def _staff(context: Context, rows: Rows) -> Outcome:
    small = _read_small(context, rows)
    known = set(Branch.objects.values_list("code", flat=True))
    small.reject("unknown_branch", partial(_is_strange, known, "branch_code"))
    people = [StaffRow(v["staff_no"], v["name"], v["role"], v["branch_code"]) for v in small.good()]
    counts = load_staff(rows=people, actor=context.actor, at=context.at)
    return _counted(small.outcome, counts.created, counts.updated, counts.unchanged)


def _products(context: Context, rows: Rows) -> Outcome:
    small = _read_small(context, rows)
    stored = {p.code: p for p in Product.objects.all()}
    # An empty cell takes a known value back; a missing column does not.
    empty = {n: v for n, v in (("term_months", None), ("currency", "CNY")) if n in context.places}
    new, changed, good = [], [], small.good()
    for values in ({**empty, **v} for v in good):
        product = stored.get(values["code"])
        if product is None:
            new.append(Product(**values))
        elif any(getattr(product, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(product, name, value)
            changed.append(product)
    Product.objects.bulk_create(new)
    if changed:
        Product.objects.bulk_update(changed, ["name", "kind", "term_months", "currency"])
    return _counted(small.outcome, len(new), len(changed), len(good) - len(new) - len(changed))


def _rates(context: Context, rows: Rows) -> Outcome:
    small = _read_small(context, rows)
    small.reject("other_date", partial(_is_strange, {context.business_date}, "business_date"))
    stored = dict(ExchangeRate.objects.filter(on=context.business_date).values_list("currency", "rate"))
    good = small.good()
    fresh = {v["currency"]: v["rate"] for v in good if stored.get(v["currency"]) != v["rate"]}
    ExchangeRate.objects.bulk_create(
        [ExchangeRate(currency=c, on=context.business_date, rate=r) for c, r in fresh.items()],
        update_conflicts=True,
        unique_fields=["currency", "on"],
        update_fields=["rate"],
    )
    for currency in fresh:
        balances.revalue(day=context.business_date, currency=currency)
    created = sum(c not in stored for c in fresh)
    return _counted(small.outcome, created, len(fresh) - created, len(good) - len(fresh))


def _counted(outcome: Outcome, created: int, updated: int, unchanged: int) -> Outcome:
    outcome.created, outcome.updated, outcome.unchanged = created, updated, unchanged
    return outcome


def _customers(context: Context, rows: Rows) -> Outcome:
    outcome = Outcome()
    columns = context.columns()
    staging.stage(customer_columns(), customer_lines(columns, _counting(rows(), outcome), context.at.date()))
    staging.mark_duplicates("customer_no")
    mark(
        "unknown_branch",
        "WHERE branch_code IS NOT NULL AND NOT EXISTS (SELECT FROM staff_branch b WHERE b.code = r.branch_code)",
    )
    mark(
        "unknown_manager",
        "WHERE manager_no IS NOT NULL AND NOT EXISTS (SELECT FROM staff_user u WHERE u.staff_no = r.manager_no)",
    )
    outcome.rejects = staging.rejected()
    created, updated, unchanged = merge_customers(present={c.name for c, _p in columns}, at=context.at)
    return _counted(outcome, created, updated, unchanged)


def _counting(rows: Iterator[tuple[int, list[str]]], outcome: Outcome) -> Iterator[tuple[int, list[str]]]:
    for row in rows:
        outcome.rows += 1
        yield row


ACCOUNT_COLUMNS = {
    "account_no": "text",
    "customer_no": "text",
    "product_code": "text",
    "currency": "text",
    "opened_on": "date",
    "value_date": "date",
    "matures_on": "date",
    "rate": "numeric(8,4)",
    "principal": "numeric(18,2)",
    "rollover": "boolean",
    "status": "text",
}


def _staged_lines(
    names: Sequence[str], columns: list[tuple[rules.Column, int]], rows: Iterator[tuple[int, list[str]]], kind: FeedKind
) -> Iterator[str]:
    field_of = staging.copy_field
    for line, cells in rows:
        parsed = rules.parse_row(columns, cells)
        errors = parsed.errors + rules.cross_check(kind, parsed.values)
        texts = [field_of(parsed.values.get(name)) for name in names]
        yield "\t".join([str(line), *texts, ",".join(errors) if errors else r"\N"]) + "\n"


def _accounts(context: Context, rows: Rows) -> Outcome:
    outcome = Outcome()
    lines = _staged_lines(list(ACCOUNT_COLUMNS), context.columns(), _counting(rows(), outcome), context.kind)
    staging.stage(ACCOUNT_COLUMNS, lines)
    staging.mark_duplicates("account_no")
    mark(
        "unknown_customer",
        "WHERE customer_no IS NOT NULL"
        " AND NOT EXISTS (SELECT FROM customers_customer c WHERE c.customer_no = r.customer_no)",
    )
    mark(
        "unknown_product",
        "WHERE product_code IS NOT NULL AND NOT EXISTS (SELECT FROM customers_product p WHERE p.code = r.product_code)",
    )
    mark(
        "other_customer",
        # Both numbers of a merged customer name it.
        "FROM customers_account a JOIN customers_customer c ON c.id = a.customer_id"
        " WHERE a.account_no = r.account_no AND c.customer_no <> r.customer_no AND NOT EXISTS (SELECT"
        " FROM customers_customer m WHERE m.customer_no = r.customer_no AND m.merged_into_id = c.id)",
    )
    _mark_early_maturities(context)
    outcome.rejects = staging.rejected()
    (outcome.stated,) = staging.fetch_one(f"SELECT coalesce(sum(principal), 0) FROM {TABLE}")
    return _merge_accounts(context, outcome)


def _mark_early_maturities(context: Context) -> None:
    """A file with one of the two dates only is held against the stored other one."""
    present = [name for name in ("value_date", "matures_on") if name in context.places]
    if len(present) == 1:
        begins, ends = ("r", "a") if present == ["value_date"] else ("a", "r")
        mark(
            "matures_before_value_date",
            f"FROM customers_account a WHERE a.account_no = r.account_no AND {ends}.matures_on < {begins}.value_date",
        )


def _merge_accounts(context: Context, outcome: Outcome) -> Outcome:
    mirrored = [n for n in ACCOUNT_COLUMNS if n in context.places and n not in {"account_no", "customer_no"}]
    source = (
        "SELECT r.*, coalesce(c.merged_into_id, c.id) AS customer_id, p.id AS product_id,"
        " coalesce(r.currency, p.currency) AS money"
        f" FROM {TABLE} r JOIN customers_customer c USING (customer_no)"
        " JOIN customers_product p ON p.code = r.product_code WHERE r.errors IS NULL"
    )
    targets = {"product_code": ("product_id", "s.product_id"), "currency": ("currency", "s.money")}
    pairs = [targets.get(n, (n, f"s.{n}")) for n in mirrored if n != "status"]
    if "status" in context.places:
        pairs.append(("status", "coalesce(s.status, 'open')"))
        closing = "CASE WHEN s.status = 'closed' THEN coalesce(a.closed_on, %(day)s) END"
        pairs.append(("closed_on", closing))
    assigned = ", ".join(f"{name} = {value}" for name, value in pairs)
    differs = " OR ".join(f"a.{name} IS DISTINCT FROM ({value})" for name, value in pairs)
    params = {"day": context.business_date}
    closing_now = _closing_ids(source) if "status" in context.places else []
    updated = run(
        f"UPDATE customers_account a SET {assigned} FROM ({source}) s"
        f" WHERE a.account_no = s.account_no AND ({differs})",
        params,
    )
    merged = merge_accounts.new_under_merged_numbers()
    created = run(
        "INSERT INTO customers_account (account_no, customer_id, product_id, currency, opened_on, value_date,"
        " matures_on, rate, principal, rollover, status, closed_on)"
        " SELECT account_no, customer_id, product_id, money, opened_on, value_date, matures_on, rate, principal,"
        " rollover, coalesce(status, 'open'), CASE WHEN status = 'closed' THEN %(day)s::date END"
        f" FROM ({source}) s ON CONFLICT (account_no) DO NOTHING",
        params,
    )
    merge_accounts.note(merged)
    balances.close_accounts(day=context.business_date, account_ids=closing_now)
    return _counted(outcome, created, updated, outcome.rows - len(outcome.rejects) - created - updated)


def _closing_ids(source: str) -> list[int]:
    """Accounts that this file closes and that were not closed before."""
    (ids,) = staging.fetch_one(
        f"SELECT array_agg(a.id) FROM ({source}) s JOIN customers_account a ON a.account_no = s.account_no"
        " WHERE s.status = 'closed' AND a.closed_on IS NULL"
    )
    return ids or []


BALANCE_COLUMNS = {"account_no": "text", "balance": "numeric(18,2)"}


def _balance_lines(context: Context, rows: Iterator[tuple[int, list[str]]], outcome: Outcome) -> Iterator[str]:
    """COPY lines of a balance feed; the plain case is kept short, for millions of rows."""
    columns, day = context.columns(), context.business_date
    number, amount, dated = (context.places.get(n, -1) for n in ("account_no", "balance", "business_date"))
    width = max(number, amount, dated)
    plain, dates = rules.PLAIN_AMOUNT.fullmatch, {"": True}
    for line, cells in rows:
        outcome.rows += 1
        if len(cells) > width:
            account, balance = cells[number].removeprefix("'"), cells[amount]
            known = dates.get(cells[dated]) if dated >= 0 else True
            if known and plain(balance) and account.isascii() and account.isalnum() and len(account) <= 40:
                yield f"{line}\t{account}\t{balance.replace(',', '')}\t\\N\n"
                continue
        parsed = rules.parse_row(columns, cells)
        values, errors = parsed.values, parsed.errors
        if values.get("business_date", day) != day:
            errors.append("other_date")
        elif dated >= 0 and len(cells) > dated and len(dates) < 50 and "business_date" in values:
            dates[cells[dated]] = True
        texts = [staging.copy_field(values.get(name)) for name in BALANCE_COLUMNS]
        yield "\t".join([str(line), *texts, ",".join(errors) if errors else r"\N"]) + "\n"


def _balances(context: Context, rows: Rows) -> Outcome:
    outcome = Outcome()
    staging.stage(BALANCE_COLUMNS, _balance_lines(context, rows(), outcome))
    staging.mark_duplicates("account_no")
    outcome.stated, faulty = staging.fetch_one(f"SELECT coalesce(sum(balance), 0), count(errors) FROM {TABLE}")
    if faulty:  # the others are looked up when they are posted
        mark(
            "unknown_account",
            "WHERE r.errors IS NOT NULL AND r.account_no IS NOT NULL"
            " AND NOT EXISTS (SELECT FROM customers_account a WHERE a.account_no = r.account_no)",
        )
    counts = balances.apply_day(day=context.business_date)
    outcome.rejects = staging.rejected()
    (outcome.total,) = staging.fetch_one(f"SELECT coalesce(sum(balance), 0) FROM {TABLE} WHERE errors IS NULL")
    for currency, accounts in balances.unvalued(day=context.business_date):
        outcome.notes.append(f"no_rate:{currency}:{accounts}")
    accepted = outcome.rows - len(outcome.rejects)
    return _counted(outcome, counts.first, counts.changed, accepted - counts.first - counts.changed)


_MERGES: Mapping[FeedKind, Callable[[Context, Rows], Outcome]] = {
    FeedKind.BRANCHES: _branches,
    FeedKind.STAFF: _staff,
    FeedKind.PRODUCTS: _products,
    FeedKind.CUSTOMERS: _customers,
    FeedKind.ACCOUNTS: _accounts,
    FeedKind.RATES: _rates,
    FeedKind.BALANCES: _balances,
}

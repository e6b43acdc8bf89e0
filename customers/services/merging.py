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
from customers.services import balances, staging
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
    """The parsed rows of a small feed, kept in memory: (line, values) of the usable ones."""

    outcome: Outcome
    good: list[tuple[int, dict[str, Any]]]


def _read_small(context: Context, rows: Rows) -> _Small:
    outcome, good, seen = Outcome(), [], set[Any]()
    columns, key = context.columns(), rules.key_column(context.kind)
    for line, cells in rows():
        outcome.rows += 1
        parsed = rules.parse_row(columns, cells)
        number = parsed.values.get(key)
        if number is not None and number in seen:
            parsed.errors.append("duplicate")
        seen.add(number)
        if parsed.errors:
            outcome.rejects[line] = parsed.errors
        else:
            good.append((line, parsed.values))
    return _Small(outcome, good)


def _keep(small: _Small, reason: str, usable: Callable[[dict[str, Any]], bool]) -> None:
    bad = [line for line, values in small.good if not usable(values)]
    for line in bad:
        small.outcome.rejects.setdefault(line, []).append(reason)
    small.good = [(line, values) for line, values in small.good if line not in set(bad)]


def _stands_in(known: Set[Any], column: str, values: dict[str, Any]) -> bool:
    return values.get(column) in known


def _branches(context: Context, rows: Rows) -> Outcome:
    small = _read_small(context, rows)
    stored = set(Branch.objects.values_list("code", flat=True))
    before = -1
    while before != len(small.good):  # a unit whose parent is rejected has none either
        before = len(small.good)
        known = stored | {values["code"] for _line, values in small.good} | {None}
        _keep(small, "unknown_parent", partial(_stands_in, known, "parent_code"))
    counts = load_branches(
        rows=[BranchRow(v["code"], v["name"], v.get("parent_code"), v.get("kind", "branch")) for _n, v in small.good],
        actor=context.actor,
        at=context.at,
    )
    return _counted(small.outcome, counts.created, counts.updated, counts.unchanged)


def _staff(context: Context, rows: Rows) -> Outcome:
    small = _read_small(context, rows)
    known = set(Branch.objects.values_list("code", flat=True))
    _keep(small, "unknown_branch", partial(_stands_in, known, "branch_code"))
    people = [StaffRow(v["staff_no"], v["name"], v["role"], v["branch_code"]) for _n, v in small.good]
    counts = load_staff(rows=people, actor=context.actor, at=context.at)
    return _counted(small.outcome, counts.created, counts.updated, counts.unchanged)


def _products(context: Context, rows: Rows) -> Outcome:
    small = _read_small(context, rows)
    stored = {p.code: p for p in Product.objects.all()}
    new, changed = [], []
    for _line, values in small.good:
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
    return _counted(small.outcome, len(new), len(changed), len(small.good) - len(new) - len(changed))


def _rates(context: Context, rows: Rows) -> Outcome:
    small = _read_small(context, rows)
    _keep(small, "other_date", lambda v: v.get("business_date", context.business_date) == context.business_date)
    stored = dict(ExchangeRate.objects.filter(on=context.business_date).values_list("currency", "rate"))
    fresh = {v["currency"]: v["rate"] for _n, v in small.good if stored.get(v["currency"]) != v["rate"]}
    ExchangeRate.objects.bulk_create(
        [ExchangeRate(currency=c, on=context.business_date, rate=r) for c, r in fresh.items()],
        update_conflicts=True,
        unique_fields=["currency", "on"],
        update_fields=["rate"],
    )
    for currency in fresh:
        balances.revalue(day=context.business_date, currency=currency)
    created = sum(c not in stored for c in fresh)
    return _counted(small.outcome, created, len(fresh) - created, len(small.good) - len(fresh))


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
        errors = parsed.errors or rules.cross_check(kind, parsed.values)
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
        "FROM customers_account a JOIN customers_customer c ON c.id = a.customer_id"
        " WHERE a.account_no = r.account_no AND c.customer_no <> r.customer_no",
    )
    outcome.rejects = staging.rejected()
    (outcome.stated,) = staging.fetch_one(f"SELECT coalesce(sum(principal), 0) FROM {TABLE}")
    return _merge_accounts(context, outcome)


def _merge_accounts(context: Context, outcome: Outcome) -> Outcome:
    mirrored = [n for n in ACCOUNT_COLUMNS if n in context.places and n not in {"account_no", "customer_no"}]
    source = (
        "SELECT r.*, c.id AS customer_id, p.id AS product_id, coalesce(r.currency, p.currency) AS money"
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
    updated = run(
        f"UPDATE customers_account a SET {assigned} FROM ({source}) s"
        f" WHERE a.account_no = s.account_no AND ({differs})",
        params,
    )
    created = run(
        "INSERT INTO customers_account (account_no, customer_id, product_id, currency, opened_on, value_date,"
        " matures_on, rate, principal, rollover, status, closed_on)"
        " SELECT account_no, customer_id, product_id, money, opened_on, value_date, matures_on, rate, principal,"
        " rollover, coalesce(status, 'open'), CASE WHEN status = 'closed' THEN %(day)s::date END"
        f" FROM ({source}) s ON CONFLICT (account_no) DO NOTHING",
        params,
    )
    balances.close_accounts(day=context.business_date, account_ids=balances.closed_now(day=context.business_date))
    return _counted(outcome, created, updated, outcome.rows - len(outcome.rejects) - created - updated)


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
            account, balance = cells[number], cells[amount]
            known = dates.get(cells[dated]) if dated >= 0 else True
            if known and plain(balance) and account.isascii() and account.isalnum() and len(account) <= 40:
                yield f"{line}\t{account}\t{balance}\t\\N\n"
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
    (outcome.stated,) = staging.fetch_one(f"SELECT coalesce(sum(balance), 0) FROM {TABLE}")
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

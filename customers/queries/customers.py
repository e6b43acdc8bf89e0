"""Reads of customers: with their figures, by search, by what matures or moved."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db.models import (
    DateField,
    DecimalField,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce, Round
from django.db.models.query import QuerySet

from core import crypto
from core.pinyin import surname_readings
from customers.enums import AccountStatus
from customers.models import Account, AccountBalance, Customer, CustomerPosition, PositionChange, Product
from customers.models.accounts import AccountQuerySet
from customers.models.customers import CustomerQuerySet
from customers.rules.periods import periods_of
from customers.rules.search import COMMON_SURNAMES, grams, letters, read_search
from staff.access import scope_of
from staff.enums import Reach
from staff.models import User

Rows = TypeVar("Rows", bound=QuerySet[Any])

MONEY = DecimalField(max_digits=18, decimal_places=2)
SUM = DecimalField(max_digits=24, decimal_places=2)


@dataclass(frozen=True, slots=True)
class Holding:
    """An account as it is held: `balance` in its currency, `value` in yuan (None before the first balance)."""

    account: Account
    product: Product
    balance: Decimal | None
    value: Decimal | None


@dataclass(frozen=True, slots=True)
class Move:
    """A change of a customer's total between two days, in yuan."""

    customer: Customer
    before: Decimal
    after: Decimal

    @property
    def difference(self) -> Decimal:
        """After minus before."""
        return self.after - self.before


def sum_since(mark: str, as_of: date, path: str = "") -> Any:
    """Sum of end-of-day totals since the mark up to `as_of`, as arithmetic on the narrow row: no history is read."""
    # Date minus date is a number of days in PostgreSQL, which Django would take for an interval.
    since = Func(
        Value(as_of), F(f"{path}on"), template="(%(expressions)s)", arg_joiner=" - ", output_field=IntegerField()
    )
    # day_sum stands at `on`; days after it carry the total.
    until = F(f"{path}day_sum") + ExpressionWrapper(F(f"{path}total") * since, output_field=SUM)
    return ExpressionWrapper(until - F(f"{path}{mark}"), output_field=SUM)


def _average(mark: str, start: date, as_of: date) -> Any:
    """ADB from `start` to `as_of`."""
    days = (as_of - start).days + 1
    return Round(sum_since(mark, as_of, "position__") / Value(days), precision=2, output_field=MONEY)


def with_figures(customers: CustomerQuerySet, as_of: date | None) -> CustomerQuerySet:
    """Add tier, balance, averages of the running month, quarter and year, last contact and next maturity.

    `as_of` is the ledger day; amounts are yuan, zero before the first balance.
    """
    maturing = Account.everything.filter(
        customer=OuterRef("pk"),
        matures_on__gte=as_of or date.min,
        status__in=[AccountStatus.OPEN, AccountStatus.FROZEN],
    ).order_by("matures_on", "pk")
    customers = customers.annotate(
        tier=F("position__tier"),
        balance=F("position__total"),
        last_contact_on=F("position__last_contact_on"),
        next_maturity_on=Subquery(maturing.values("matures_on")[:1]),
        next_maturity_amount=Subquery(maturing.values("balance__balance")[:1]),
    )
    return customers.annotate(**_averages(as_of))


def _averages(as_of: date | None) -> dict[str, Any]:
    zero = Value(Decimal("0.00"), output_field=MONEY)
    if as_of is None:
        return {"adb_month": zero, "adb_quarter": zero, "adb_year": zero}
    periods = periods_of(as_of)
    starts = {"month": periods.month_start, "quarter": periods.quarter_start, "year": periods.year_start}
    return {
        f"adb_{name}": Coalesce(_average(f"{name}_mark", start, as_of), zero, output_field=MONEY)
        for name, start in starts.items()
    }


def search(rows: Rows, text: str, path: str = "", *, narrow: bool = True) -> Rows:
    """Rows whose customer (at `path`, such as "customer__") a text means.

    (Part of) a name, pinyin, initials, phone tail, number, full identity number or phone. Over rows that are not
    `narrow`, those of a whole bank, letters with which some name begins in full pinyin mean just those names.
    """
    found = _meant(text, narrow=narrow)
    return rows if found is None else rows.filter(_at(path, found))


def _at(path: str, condition: Q) -> Q:
    """The condition on the customer at `path`."""
    children: Any = condition.children  # conditions, and pairs of a path and a value
    parts = [_at(path, part) if isinstance(part, Q) else (path + part[0], part[1]) for part in children]
    return Q(*parts, _connector=condition.connector, _negated=condition.negated)


def _meant(text: str, *, narrow: bool) -> Q | None:
    term = read_search(text)
    if term.kind == "nothing":
        return None
    if term.kind == "id_no":
        return Q(id_no_index=crypto.blind_index("customers.customer.id_no", term.text)) | _has_number(term.text)
    if term.kind == "phone":
        return Q(phone_index=crypto.blind_index("customers.customer.phone", term.text)) | _has_number(text.strip())
    if term.kind == "phone_tail":
        tail = crypto.blind_index("customers.customer.phone_tail", term.text)
        return Q(phone_tail_index=tail) | _has_number(term.text)
    if term.kind == "number":
        return Q(customer_no__startswith=term.text) | _has_number(term.text)
    if term.kind == "pinyin":
        beginning = _from(letters(term.text))
        if not narrow and beginning and Customer.everything.filter(beginning).exists():
            return beginning
        return _sounds_like(term.text)
    if term.text in COMMON_SURNAMES:
        return _begins_with(term.text)
    return Q(name_grams__contains=grams(term.text), name__icontains=term.text)


def _begins_with(char: str) -> Q:
    """Names that begin with a surname: all of one stand together in the index by name, so it must begin there."""
    spans = Q()
    for sound in surname_readings(char):
        spans |= _from(sound)
    return Q(name__startswith=char) & spans


def _from(sound: str) -> Q:
    """Names whose pinyin begins so, as a stretch of the index by name; the empty condition for no letters."""
    return Q(name_pinyin__gte=sound, name_pinyin__lt=sound[:-1] + chr(ord(sound[-1]) + 1)) if sound else Q()


def _has_number(text: str) -> Q:
    """The customer of this number, or the one it was merged into."""
    merged = Customer.everything.filter(customer_no=text, merged_into__isnull=False)
    # The key, not a subquery: PostgreSQL can then combine index look-ups.
    kept = merged.values_list("merged_into", flat=True).first()
    return Q(customer_no=text) | Q(pk=kept) if kept else Q(customer_no=text)


def _sounds_like(text: str) -> Q:
    """Names that begin like this in pinyin, by full sound or initials; of Latin names any part."""
    joined = letters(text)
    found = Q(name_pinyin__startswith=text) | Q(name_grams__contains=grams(text), name__icontains=text)
    return found | Q(name_pinyin__startswith=joined) | Q(name_initials__startswith=joined) if joined else found


def holdings(customer_id: int) -> list[Holding]:
    """All accounts of a customer, open ones first, the largest value on top."""
    accounts = Account.everything.filter(customer_id=customer_id).select_related("product", "balance")
    found = []
    for account in accounts.order_by("account_no"):
        balance: AccountBalance | None = getattr(account, "balance", None)
        found.append(
            Holding(account, account.product, balance.balance if balance else None, balance.value if balance else None)
        )
    return sorted(found, key=lambda h: (h.account.status == AccountStatus.CLOSED, -(h.value or Decimal(0))))


def day_due(user: User | AnonymousUser) -> Any:
    """The day deposits mature, to sort those in sight by.

    Of a branch or a book it is no bare column: else PostgreSQL reads a whole bank's maturities in the order of their
    days until it has met a page of the branch's (0.28 s of a million customers; so it is 0.01).
    """
    if scope_of(user).reach == Reach.BANK:
        return F("matures_on")
    return Func(F("matures_on"), Value(0), template="(%(expressions)s)", arg_joiner=" + ", output_field=DateField())


def maturities(user: User | AnonymousUser, start: date, end: date) -> AccountQuerySet:
    """Accounts in sight that mature within start..end and still hold money, the earliest first; by `due`, their day."""
    return (
        Account.objects.visible_to(user)
        .filter(matures_on__range=(start, end), balance__balance__gt=0)
        .exclude(status=AccountStatus.CLOSED)
        .select_related("customer", "customer__position", "product", "balance")
        .annotate(due=day_due(user))
        .order_by("due", "pk")
    )


def biggest_moves(user: User | AnonymousUser, since: date, until: date, limit: int) -> list[Move]:
    """Customers in sight whose total moved most between the close of `since` and of `until`, up or down."""
    before = PositionChange.objects.filter(customer=OuterRef("customer"), on__lte=since).order_by("-on")
    after = PositionChange.objects.filter(customer=OuterRef("customer"), on__lte=until).order_by("-on")
    zero = Value(Decimal("0.00"), output_field=MONEY)
    rows = (
        CustomerPosition.objects.visible_to(user)
        .filter(on__gt=since)
        .annotate(
            before=Coalesce(Subquery(before.values("total")[:1]), zero),
            after=Coalesce(Subquery(after.values("total")[:1]), zero),
        )
        .annotate(size=(F("after") - F("before")) * (F("after") - F("before")))
        .filter(size__gt=0)
        .select_related("customer")
        .order_by("-size", "customer_id")[:limit]
    )
    return [Move(row.customer, row.before, row.after) for row in rows]


def total_balance(positions: QuerySet[CustomerPosition]) -> Decimal:
    """Sum of the positions' totals in yuan."""
    return positions.order_by().aggregate(sum=Sum("total"))["sum"] or Decimal("0.00")


def day_before(day: date) -> date:
    """The calendar day before: what "since yesterday" is measured from."""
    return day - timedelta(days=1)

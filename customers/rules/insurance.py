"""Deposit interest, and what of a depositor's money is within the insurance limit (domain.md 2 and 3).

Rates are per cent a year, money is Decimal yuan. Day count: a year of 360 days, whole months from anniversary to
anniversary, odd days by the calendar; the opening day counts, the day of withdrawal does not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from core.money import ZERO, yuan
from customers.enums import ProductKind
from customers.rules.kyc import add_months

# The limit of article 5 of the Deposit Insurance Regulation; the demand rate is what a matured deposit that was not
# renewed earns, which no feed brings.
BUILT_IN: Final[Mapping[str, Any]] = {"limit": 500000, "demand_rate": "0.05"}

BY_TIME: Final = frozenset({ProductKind.TERM, ProductKind.CD})
SETTLED: Final = frozenset({ProductKind.DEMAND, ProductKind.AGREEMENT})
SETTLEMENTS: Final = ((3, 21), (6, 21), (9, 21), (12, 21))
MONTHS, DAYS, PER_CENT = 12, 360, 100
LOOK_AHEAD: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class InsurancePolicy:
    """The limit in yuan per depositor and bank, and the demand rate in per cent a year."""

    limit: Decimal
    demand_rate: Decimal


def read_insurance(values: Mapping[str, Any]) -> InsurancePolicy:
    """The rules that these values are. Raises ValueError with the name of the value that makes no sense."""
    found = {}
    for name, most in (("limit", Decimal(1_000_000_000)), ("demand_rate", Decimal(20))):
        try:
            found[name] = Decimal(str(values.get(name)))
        except InvalidOperation:
            raise ValueError(name) from None
        if not found[name].is_finite() or not 0 <= found[name] <= most:
            raise ValueError(name)
    if not found["limit"]:
        raise ValueError("limit")
    return InsurancePolicy(**found)


@dataclass(frozen=True, slots=True)
class Deposit:
    """A holding as the lens reads it: `principal` in yuan, `rate` None when the core did not say.

    `day_sum` is the sum of end-of-day balances since `since` up to the day before `until` (yuan x days), for deposits
    whose interest goes by balances; others are reckoned from `since` (the value date) by time.
    """

    kind: str
    principal: Decimal
    rate: Decimal | None
    since: date | None
    until: date
    day_sum: Decimal = ZERO
    matures_on: date | None = None
    rollover: bool = False


@dataclass(frozen=True, slots=True)
class Coverage:
    """A sum in yuan against the limit: `covered` within it, `above` the rest."""

    principal: Decimal
    interest: Decimal
    covered: Decimal
    above: Decimal

    @property
    def total(self) -> Decimal:
        """Principal and interest."""
        return self.principal + self.interest


@dataclass(frozen=True, slots=True)
class Lens:
    """A depositor's money here against the limit: on `day`, and on `projected_on`, when the last deposit has matured.

    `crosses_on` is the first day after `day` on which interest alone carries the sum above the limit; None = it is
    above already, or stays below as far as is looked ahead. Nothing is assumed to be paid in or taken out.
    """

    day: date
    limit: Decimal
    now: Coverage
    projected_on: date | None
    projected: Coverage | None
    crosses_on: date | None


def interest_by_time(principal: Decimal, rate: Decimal, since: date, until: date) -> Decimal:
    """Interest of a time deposit from `since` to `until`: whole months, then odd days. Unrounded."""
    if until <= since:
        return ZERO
    months = (until.year - since.year) * MONTHS + until.month - since.month
    if add_months(since, months) > until:
        months -= 1
    days = (until - add_months(since, months)).days
    return principal * rate * (months * (DAYS // MONTHS) + days) / (DAYS * PER_CENT)


def interest_by_balances(day_sum: Decimal, rate: Decimal) -> Decimal:
    """Interest on a sum of end-of-day balances (yuan x days). Unrounded."""
    return day_sum * rate / (DAYS * PER_CENT)


def settled_since(day: date) -> date:
    """The day interest of demand deposits was last credited on or before `day`: the 21st of March, June, ..."""
    credited = [date(day.year, month, on) for month, on in SETTLEMENTS if date(day.year, month, on) <= day]
    return credited[-1] if credited else date(day.year - 1, *SETTLEMENTS[-1])


def interest_until(deposit: Deposit, day: date, demand_rate: Decimal) -> Decimal:
    """Interest of a deposit not yet credited, as of `day` (from `deposit.until` on), rounded to the cent."""
    if deposit.kind not in BY_TIME:
        ahead = deposit.principal * (day - deposit.until).days
        return yuan(interest_by_balances(deposit.day_sum + ahead, deposit.rate or ZERO))
    if deposit.since is None:
        return ZERO
    matures_on, rate = deposit.matures_on, deposit.rate or ZERO
    if matures_on is None or day <= matures_on or deposit.rollover:
        return yuan(interest_by_time(deposit.principal, rate, deposit.since, day))
    late = interest_by_balances(deposit.principal * (day - matures_on).days, demand_rate)
    return yuan(interest_by_time(deposit.principal, rate, deposit.since, matures_on) + late)


def interest_at_maturity(deposit: Deposit) -> Decimal | None:
    """Interest a time deposit will have earned when it matures; None where nothing matures."""
    if deposit.kind not in BY_TIME or deposit.since is None or deposit.matures_on is None:
        return None
    return yuan(interest_by_time(deposit.principal, deposit.rate or ZERO, deposit.since, deposit.matures_on))


def cover(deposits: Sequence[Deposit], day: date, policy: InsurancePolicy) -> Coverage:
    """All deposits of one depositor on a day against the limit."""
    principal = sum((deposit.principal for deposit in deposits), ZERO)
    interest = sum((interest_until(deposit, day, policy.demand_rate) for deposit in deposits), ZERO)
    total = principal + interest
    covered = min(max(total, ZERO), policy.limit)
    return Coverage(principal, interest, covered, max(total - policy.limit, ZERO))


def look_at(deposits: Sequence[Deposit], day: date, policy: InsurancePolicy) -> Lens:
    """The lens on a depositor's money as of `day`, the day all deposits are reckoned `until`."""
    ahead = [d.matures_on for d in deposits if d.kind in BY_TIME and d.matures_on and d.matures_on > day]
    last = max(ahead, default=None)
    return Lens(
        day=day,
        limit=policy.limit,
        now=cover(deposits, day, policy),
        projected_on=last,
        projected=cover(deposits, last, policy) if last else None,
        crosses_on=_crossing(deposits, day, max(last or day, day + LOOK_AHEAD), policy),
    )


def _crossing(deposits: Sequence[Deposit], day: date, end: date, policy: InsurancePolicy) -> date | None:
    """The first day in (day, end] above the limit; interest never shrinks, so halving finds it."""
    if cover(deposits, day, policy).above or not cover(deposits, end, policy).above:
        return None
    below, above = day, end
    while (above - below).days > 1:
        middle = below + (above - below) // 2
        if cover(deposits, middle, policy).above:
            above = middle
        else:
            below = middle
    return above

"""A depositor's holdings through the lens of deposit insurance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection

from core.money import ZERO
from customers.enums import AccountStatus
from customers.models import Account, Customer
from customers.queries.customers import Holding, holdings
from customers.rules.insurance import (
    BUILT_IN,
    BY_TIME,
    SETTLED,
    Deposit,
    InsurancePolicy,
    Lens,
    interest_at_maturity,
    interest_until,
    look_at,
    read_insurance,
    settled_since,
)
from staff.queries import policy_on

POLICY_KIND = "insurance"
# The running sum at a day is one index look-up per account and end (architecture.md 6).
DAY_SUMS = """
    SELECT asked.account_id, coalesce(upto.sum, 0) - coalesce(before.sum, 0)
    FROM unnest(%(accounts)s::bigint[], %(starts)s::date[]) AS asked (account_id, start)
    LEFT JOIN LATERAL (
        SELECT day_sum + value * (%(end)s::date - "on") AS sum FROM customers_balancechange c
        WHERE c.account_id = asked.account_id AND "on" <= %(end)s::date ORDER BY "on" DESC LIMIT 1
    ) upto ON true
    LEFT JOIN LATERAL (
        SELECT day_sum + value * (asked.start - 1 - "on") AS sum FROM customers_balancechange c
        WHERE c.account_id = asked.account_id AND "on" < asked.start ORDER BY "on" DESC LIMIT 1
    ) before ON true
"""


@dataclass(frozen=True, slots=True)
class InsuredHolding:
    """A deposit with its interest in yuan, so far and when it matures (None = it never does)."""

    holding: Holding
    principal: Decimal
    interest: Decimal
    at_maturity: Decimal | None


@dataclass(frozen=True, slots=True)
class InsuranceView:
    """The lens and the deposits behind it; `uncounted` are in a currency without a rate, `unrated` without interest."""

    lens: Lens
    holdings: list[InsuredHolding]
    uncounted: list[Holding]
    unrated: int
    policy_version: int


def insurance_of(customer: Customer, day: date) -> InsuranceView:
    """What of a customer's deposits is within the limit as of `day` (the ledger day). All amounts are estimates."""
    in_force = policy_on(POLICY_KIND, day, BUILT_IN)
    policy = read_insurance(in_force.values)
    held = [found for found in holdings(customer.pk) if found.account.status != AccountStatus.CLOSED and found.balance]
    counted = [found for found in held if found.value]
    deposits = _deposits(counted, day)
    return InsuranceView(
        lens=look_at(deposits, day, policy),
        holdings=[_line(found, deposit, day, policy) for found, deposit in zip(counted, deposits, strict=True)],
        uncounted=[found for found in held if not found.value],
        unrated=sum(deposit.rate is None for deposit in deposits),
        policy_version=in_force.version,
    )


def _line(holding: Holding, deposit: Deposit, day: date, policy: InsurancePolicy) -> InsuredHolding:
    interest = interest_until(deposit, day, policy.demand_rate)
    return InsuredHolding(holding, deposit.principal, interest, interest_at_maturity(deposit))


def _deposits(held: Sequence[Holding], day: date) -> list[Deposit]:
    starts = {found.account.pk: _start(found, day) for found in held}
    sums = _day_sums({pk: start for found in held if (start := starts[pk := found.account.pk]) and _by_sum(found)}, day)
    return [_deposit(found, starts[found.account.pk], sums, day) for found in held]


def _by_sum(found: Holding) -> bool:
    return found.product.kind not in BY_TIME


def _start(found: Holding, day: date) -> date | None:
    """Since when interest is not credited yet: the value date, or for demand deposits the last settlement."""
    account: Account = found.account
    began_on = account.value_date or account.opened_on
    if found.product.kind not in SETTLED:
        return began_on
    return max(settled_since(day), began_on) if began_on else settled_since(day)


def _deposit(found: Holding, start: date | None, sums: Mapping[int, Decimal], day: date) -> Deposit:
    account, principal = found.account, found.value or ZERO
    return Deposit(
        kind=found.product.kind,
        principal=principal,
        rate=account.rate,
        since=start,
        until=day,
        day_sum=sums.get(account.pk, ZERO) + principal * _days_unfed(found, start),
        matures_on=account.matures_on,
        rollover=bool(account.rollover),
    )


def _days_unfed(found: Holding, start: date | None) -> int:
    """Days of interest before the first balance that was fed; the present balance stands for them."""
    return max((found.account.balance.first_on - start).days, 0) if start and _by_sum(found) else 0


def _day_sums(starts: Mapping[int, date], day: date) -> dict[int, Decimal]:
    """For each account the sum of end-of-day values from its start up to the day before `day`."""
    if not starts:
        return {}
    with connection.cursor() as cursor:
        end = date.fromordinal(day.toordinal() - 1)
        cursor.execute(DAY_SUMS, {"accounts": list(starts), "starts": list(starts.values()), "end": end})
        return dict(cursor.fetchall())

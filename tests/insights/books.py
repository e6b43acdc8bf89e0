"""Customers with balance histories, as the ledger and the re-tiering leave them."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from customers.models import Customer, CustomerPosition
from tests.factories import TODAY, make_customer
from tests.tiers.ledgers import approved, run, write_ledger
from tiers.models import Scheme, TierChange

DAY = timedelta(days=1)
YESTERDAY = TODAY - DAY

History = Mapping[int, int | str]


def days_ago(history: History) -> dict[date, Decimal]:
    """{days before TODAY: total} as {day: total}."""
    return {TODAY - n * DAY: Decimal(total) for n, total in history.items()}


def make_holder(history: History, *, ledger_day: date = TODAY, **fields: Any) -> Customer:
    """A customer whose total changed as {days before TODAY: total from that day on}."""
    customer = make_customer(**fields)
    write_ledger({customer.pk: days_ago(history)}, ledger_day)
    return customer


def a_scheme() -> Scheme:
    """The scheme in force; a test that emptied the tables took the first one away."""
    return Scheme.objects.in_force_on(TODAY) or approved(effective_on=date(2000, 1, 1))


def move_tier(customer: Customer, *changes: tuple[int, int]) -> None:
    """Tier changes as (days before TODAY, tier), in order of time."""
    before, scheme = 0, a_scheme()
    for ago, tier in changes:
        on = TODAY - ago * DAY
        TierChange.everything.create(
            customer=customer,
            on=on,
            event="first" if not before else "up" if tier > before else "down",
            from_tier=before,
            to_tier=tier,
            scheme=scheme,
            measure="balance",
            value=0,
            window_from=on,
            window_to=on,
            branch=customer.branch,
            manager=customer.manager,
        )
        CustomerPosition.everything.filter(pk=customer.pk).update(tier=tier, tier_since=on)
        before = tier


def retier(*days: date) -> None:
    """Re-tier these days."""
    a_scheme()
    for day in days:
        run(day)

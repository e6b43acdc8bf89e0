"""The roll-up, against a slow day-by-day count."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.models import Customer, CustomerPosition, PositionChange
from insights.models import BranchDay, DepositDay
from insights.services import roll_up_day, roll_up_range
from tests.factories import TODAY, make_branch, make_customer, make_user
from tests.insights.books import DAY, days_ago, make_holder, move_tier
from tests.tiers.ledgers import write_ledger
from tiers.models import TierChange

pytestmark = pytest.mark.django_db

Key = tuple[int, int | None, int]
Figures = dict[Key, tuple[int, Decimal]]


def oracle(day: date, ledger_day: date = TODAY) -> Figures:
    """Every customer's last change up to the day, one after the other."""
    heads: Counter[Key] = Counter()
    totals: dict[Key, Decimal] = defaultdict(Decimal)
    for position in CustomerPosition.everything.all():
        known = PositionChange.objects.filter(customer_id=position.pk, on__lte=day).order_by("-on").first()
        change = TierChange.everything.filter(customer_id=position.pk, on__lte=day).order_by("-on").first()
        if day >= ledger_day:
            tier, total = position.tier, position.total
        elif known is None and change is None:
            continue
        else:
            tier, total = (change.to_tier if change else 0), (known.total if known else Decimal(0))
        key = (position.branch_id, position.manager_id, tier)
        heads[key] += 1
        totals[key] += total
    return {key: (count, totals[key]) for key, count in heads.items()}


def stored(day: date) -> Figures:
    """What the roll-up wrote for the day."""
    rows = DepositDay.objects.filter(on=day)
    return {(row.branch_id, row.manager_id, row.tier): (row.customers, row.total) for row in rows}


def by_branch(day: date) -> dict[tuple[int, int], tuple[int, Decimal]]:
    rows = BranchDay.everything.filter(on=day)
    return {(row.branch_id, row.tier): (row.customers, row.total) for row in rows}


def without_managers(figures: Figures) -> dict[tuple[int, int], tuple[int, Decimal]]:
    found: dict[tuple[int, int], tuple[int, Decimal]] = {}
    for (branch, _manager, tier), (customers, total) in figures.items():
        before = found.get((branch, tier), (0, Decimal(0)))
        found[branch, tier] = (before[0] + customers, before[1] + total)
    return found


def make_bank() -> list[Customer]:
    """Owned and unowned, rising, falling, late, empty, overdrawn and never tiered customers of two branches."""
    manager = make_user(role="manager")
    other = make_branch()
    people = [
        make_holder({9: 60_000, 3: "499999.99", 0: 500_000}, manager=manager),
        make_holder({9: 600_000, 1: 0}, manager=manager),
        make_holder({2: 70_000}, branch=other),
        make_holder({9: "-12.34"}, branch=other),
        make_customer(branch=other, tier=0, position={"tier_since": None, "on": None}),
    ]
    move_tier(people[0], (9, 2), (0, 3))
    move_tier(people[1], (9, 3), (1, 1))
    move_tier(people[2], (2, 2))
    CustomerPosition.everything.filter(pk=people[3].pk).update(tier=0, tier_since=None)
    return people


@pytest.mark.parametrize("ago", [0, 1, 2, 3, 5, 9, 10])
def test_a_day_is_what_a_count_of_its_close_gives(ago: int) -> None:
    make_bank()
    day = TODAY - ago * DAY

    counts = roll_up_day(day)

    assert stored(day) == oracle(day)
    assert by_branch(day) == without_managers(oracle(day))
    assert (counts.days, counts.rows) == (1, len(oracle(day)))


def test_the_latest_day_holds_everybody_in_the_books() -> None:
    people = make_bank()
    roll_up_day(TODAY)
    assert sum(customers for customers, _total in stored(TODAY).values()) == len(people)


def test_nobody_is_counted_before_the_first_balance() -> None:
    make_holder({5: 100})
    roll_up_day(TODAY - 6 * DAY)
    assert stored(TODAY - 6 * DAY) == {}


def test_rolling_up_again_replaces_the_day_and_no_other() -> None:
    people = make_bank()
    roll_up_day(TODAY - DAY)
    roll_up_day(TODAY)
    before = stored(TODAY - DAY)
    CustomerPosition.everything.filter(pk=people[2].pk).update(total=80_000)

    roll_up_day(TODAY)
    roll_up_day(TODAY)

    assert stored(TODAY) == oracle(TODAY)
    assert stored(TODAY - DAY) == before


def test_a_range_is_its_days_one_by_one() -> None:
    make_bank()
    days = [TODAY - n * DAY for n in range(12)]

    counts = roll_up_range(days[-1], TODAY + 3 * DAY)

    assert {day: stored(day) for day in days} == {day: oracle(day) for day in days}
    assert {day: by_branch(day) for day in days} == {day: without_managers(oracle(day)) for day in days}
    assert counts.rows == sum(len(oracle(day)) for day in days)
    assert counts.days == len(days)
    assert not DepositDay.objects.filter(on__gt=TODAY).exists()


def test_without_balances_there_is_nothing_to_roll_up() -> None:
    make_customer()
    assert roll_up_day(TODAY).rows == 0
    assert roll_up_range(TODAY, TODAY).rows == 0


amounts = st.decimals(min_value=-1000, max_value=5_000_000, places=2)
ages = st.integers(min_value=0, max_value=12)
histories = st.lists(
    st.tuples(st.dictionaries(ages, amounts, max_size=6), st.dictionaries(ages, st.integers(1, 4), max_size=4)),
    min_size=1,
    max_size=5,
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories)
def test_any_history_rolls_up_as_counted(drawn: list[tuple[dict[int, Decimal], dict[int, int]]]) -> None:
    for model in (DepositDay.objects, BranchDay.everything, TierChange.everything, PositionChange.objects):
        model.all().delete()
    CustomerPosition.everything.all().delete()
    branch, manager = make_branch(), make_user(role="manager")
    for n, (totals, tiers) in enumerate(drawn):
        customer = make_customer(branch=branch, manager=manager if n % 2 else None, tier=0)
        CustomerPosition.everything.filter(pk=customer.pk).update(tier_since=None, on=None)
        write_ledger({customer.pk: days_ago(totals)}, TODAY)
        changes = sorted(tiers.items(), reverse=True)
        kept = [pair for n, pair in enumerate(changes) if n == 0 or changes[n - 1][1] != pair[1]]
        move_tier(customer, *kept)

    roll_up_range(TODAY - timedelta(days=14), TODAY)

    for ago in range(15):
        day = TODAY - ago * DAY
        assert stored(day) == oracle(day), day
        roll_up_day(day)
        assert stored(day) == oracle(day), day

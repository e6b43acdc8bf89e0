"""Movements of deposits since an earlier close."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.models import Customer, CustomerPosition, FedDay
from insights.queries import moves
from tests.factories import TODAY, make_branch, make_customer, make_user
from tests.insights.books import DAY, YESTERDAY, days_ago, make_holder
from tests.tiers.ledgers import total_on, write_ledger

pytestmark = pytest.mark.django_db


def moved(since: date) -> dict[int, tuple[Decimal, Decimal]]:
    """Before and difference by customer."""
    rows = moves.moved_since(CustomerPosition.everything.all(), since)
    return {row.pk: (row.before, row.difference) for row in rows}


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ({5: 100, 0: 250}, ("100.00", "150.00")),
        ({5: 100, 0: "99.99"}, ("100.00", "-0.01")),
        ({5: 100, 1: 300}, None),
        ({5: 100}, None),
        ({0: 70}, ("0.00", "70.00")),
        ({5: 100, 0: 0}, ("100.00", "-100.00")),
        ({5: -50, 0: 10}, ("-50.00", "60.00")),
        ({5: 100, 1: 90, 0: 100}, ("90.00", "10.00")),
        ({}, None),
    ],
)
def test_what_moved_since_yesterdays_close(history: dict[int, int | str], expected: tuple[str, str] | None) -> None:
    customer = make_holder(history)
    found = moved(YESTERDAY)
    assert found == ({customer.pk: (Decimal(expected[0]), Decimal(expected[1]))} if expected else {})


def test_there_and_back_again_is_no_movement() -> None:
    make_holder({9: 100, 3: 500, 1: 100})
    assert moved(TODAY - 5 * DAY) == {}


def test_the_sums_of_a_book() -> None:
    for history in ({5: 100, 0: 250}, {5: 300, 0: 200}, {0: 40}, {5: 60, 0: 0}, {5: 7}):
        make_holder(history)

    found = moves.movement_since(CustomerPosition.everything.all(), YESTERDAY)

    assert found == moves.Movement(
        since=YESTERDAY, up=2, up_amount=Decimal(190), down=2, down_amount=Decimal(-160), gained=1, emptied=1
    )
    assert found.net == Decimal(30)


def test_nothing_moved_is_zero_and_not_nothing() -> None:
    found = moves.movement_since(CustomerPosition.everything.all(), YESTERDAY)
    assert (found.net, found.up, found.down) == (Decimal("0.00"), 0, 0)


def test_a_hand_over_moves_no_figure() -> None:
    customer, branch = make_holder({5: 100, 0: 250}), make_branch()
    Customer.everything.filter(pk=customer.pk).update(branch=branch)
    CustomerPosition.everything.filter(pk=customer.pk).update(branch=branch)
    here = moves.movement_since(CustomerPosition.everything.filter(branch=branch), YESTERDAY)
    there = moves.movement_since(CustomerPosition.everything.filter(branch=customer.branch_id), YESTERDAY)
    assert (here.net, there.net) == (Decimal(150), Decimal(0))


def test_the_biggest_moves_either_way_come_first() -> None:
    people = [make_holder({5: 1000, 0: total}) for total in (900, 1500, 100, 1001)]
    found = moves.biggest_moves(CustomerPosition.everything.all(), YESTERDAY, 3)
    assert [row.customer for row in found] == [people[2], people[1], people[0]]


def test_a_book_moves_only_with_its_own_customers() -> None:
    manager = make_user(role="manager")
    mine = make_holder({5: 100, 0: 250}, manager=manager)
    make_holder({5: 100, 0: 9_999_999}, branch=manager.branch)
    rows = moves.moved_since(CustomerPosition.objects.visible_to(manager), YESTERDAY)
    assert [row.pk for row in rows] == [mine.pk]


def test_openings_are_the_fed_day_before_and_the_months_eve() -> None:
    for ago in (0, 3, 4):
        FedDay.objects.create(on=TODAY - ago * DAY, is_full=True)
    assert moves.openings(TODAY) == moves.Openings(TODAY - 3 * DAY, date(2026, 10, 31))
    assert moves.openings(TODAY - 4 * DAY).day == TODAY - 5 * DAY


histories = st.dictionaries(st.integers(0, 9), st.decimals(-100, 1000, places=2), max_size=5)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(histories, min_size=1, max_size=6), st.integers(0, 11))
def test_movement_is_the_totals_now_less_the_totals_then(drawn: list[dict[int, Decimal]], ago: int) -> None:
    CustomerPosition.everything.all().delete()
    branch, since = make_branch(), TODAY - ago * DAY
    known = {make_customer(branch=branch, position={"on": None}).pk: days_ago(history) for history in drawn}
    write_ledger(known, TODAY)

    expected = {pk: total_on(history, TODAY) - total_on(history, since) for pk, history in known.items()}

    assert {pk: difference for pk, (_before, difference) in moved(since).items()} == {
        pk: difference for pk, difference in expected.items() if difference
    }
    net = moves.movement_since(CustomerPosition.everything.all(), since).net
    assert net == sum(expected.values())

"""The bridge of average daily balances: every partition adds up to the cent, and every bar is the rows behind it."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from customers.models import Customer, CustomerPosition, FedDay
from insights.enums import BridgePart, UnitKind
from insights.models import Kpi, MonthClose
from insights.queries.bridge import (
    Line,
    Place,
    Unit,
    bridge_of,
    bridges_by_manager,
    bridges_kept,
    closed_months,
    span_of,
)
from insights.rules.bridge import Parts, added, change_of, months_before, parts_of
from insights.rules.measures import ALL_TIERS
from insights.services.kpis import roll_up_kpis
from servicing.models import Maturity
from staff.models import Branch, User
from tests import factories as make
from tests.factories import NOW, TODAY
from tests.insights.books import DAY
from tests.insights.test_boards import walk

ClientOf = Callable[[User], Client]
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
SPAN = span_of(OCTOBER, NOVEMBER, TODAY)
ZERO = Decimal(0)
CENTS = st.decimals(-1_000, 10**9, places=2)


@pytest.mark.parametrize(
    ("opening", "closing", "left", "parts"),
    [
        ("0", "5.01", "0", {"new": "5.01"}),
        ("-3", "5", "0", {"new": "8"}),
        ("5", "5", "9", {}),
        ("5", "8", "9", {"up": "3"}),
        ("8", "5", "0", {"down": "-3"}),
        ("8", "5", "2", {"down": "-1", "matured_left": "-2"}),
        ("8", "5", "9", {"matured_left": "-3"}),
        ("8", "0", "0", {"lost": "-8"}),
        ("8", "-1", "5", {"lost": "-4", "matured_left": "-5"}),
        ("0", "-1", "0", {"down": "-1"}),
        ("-2", "-1", "0", {"up": "1"}),
    ],
)
def test_a_change_is_one_part_less_what_matured_and_left(
    opening: str, closing: str, left: str, parts: dict[str, str]
) -> None:
    found = change_of(Decimal(opening), Decimal(closing), Decimal(left))
    assert found == Parts(**{name: Decimal(value) for name, value in parts.items()})


def test_a_hand_over_moves_no_result() -> None:
    given_away = parts_of(opening=Decimal(9), opening_here=Decimal(9), closing=Decimal(5), is_here=False)
    taken = parts_of(opening=Decimal(9), opening_here=ZERO, closing=Decimal(5), is_here=True, left=Decimal(1))
    assert given_away == Parts(opening=Decimal(9), handed_out=Decimal(-9))
    assert taken == Parts(handed_in=Decimal(9), down=Decimal(-3), matured_left=Decimal(-1), closing=Decimal(5))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.lists(st.tuples(st.integers(1, 3), CENTS), max_size=3), st.integers(1, 3), CENTS, CENTS)))
def test_every_partition_adds_up(rows: list[tuple[list[tuple[int, Decimal]], int, Decimal, Decimal]]) -> None:
    lines = [
        Line(n, [Place(1, who, adb) for who, adb in openings], Place(1, now, closing), left)
        for n, (openings, now, closing, left) in enumerate(rows)
    ]
    whole = added(line.parts(lambda place: True) for line in lines)
    units = [added(line.parts(lambda place, who=who: place.manager_id == who) for line in lines) for who in (1, 2, 3)]
    assert all(unit.is_whole for unit in (whole, *units))
    total = added(units)
    assert total.handed == whole.handed == ZERO
    for name in ("opening", "new", "up", "down", "lost", "matured_left", "closing"):
        assert getattr(total, name) == getattr(whole, name)


def test_spans_know_their_days() -> None:
    assert (SPAN.last, SPAN.is_running, SPAN.days, SPAN.is_next) == (TODAY, True, 20, True)
    closed = span_of(date(2026, 7, 1), OCTOBER, TODAY)
    assert (closed.last, closed.is_running, closed.days, closed.is_next) == (date(2026, 10, 31), False, 31, False)
    assert months_before(date(2026, 1, 15), 1) == date(2025, 12, 1)
    assert months_before(OCTOBER, -3) == date(2027, 1, 1)


@dataclass
class Bank:
    """Two branches of a region and one of their own, with managers; customers between two months."""

    top: Branch
    region: Branch
    branches: list[Branch]
    managers: list[User]
    lines: list[Line]


@pytest.fixture
def bank(db: None) -> Bank:
    """Forty customers with averages of October and November, every fifth handed over, some matured and left, some
    records merged since."""
    rng = random.Random(8)
    top = make.make_head_office()
    region = make.make_branch(parent=top, kind="region")
    branches = [make.make_branch(parent=region), make.make_branch(parent=region), make.make_branch(parent=top)]
    managers = [make.make_user(role="manager", branch=unit, password="") for unit in branches for _n in range(2)]
    for day in (date(2026, 7, 1), OCTOBER, TODAY):
        FedDay.objects.create(on=day, is_full=True)
    found = Bank(top, region, branches, managers, [])
    for n in range(40):
        found.lines.append(_customer(rng, found, is_moved=n % 5 == 0, is_matured=n % 4 == 0, is_merged=n % 12 == 0))
    return found


def _place(rng: random.Random, bank: Bank) -> Place:
    manager = rng.choice([*bank.managers, None])
    branch = manager.branch if manager else rng.choice(bank.branches)
    return Place(branch.pk, manager.pk if manager else None, _money(rng))


def _money(rng: random.Random) -> Decimal:
    return Decimal(rng.choice([0, 0, 1, 4_999_999, 123_456_789, rng.randrange(10**9)])) / 100


def _customer(rng: random.Random, bank: Bank, *, is_moved: bool, is_matured: bool, is_merged: bool) -> Line:
    """One customer as the tables have it, and as the bridge should read it."""
    then = _place(rng, bank)
    now = _place(rng, bank) if is_moved else then
    closing = _money(rng)
    customer = make.make_customer(branch=Branch.objects.get(pk=now.branch_id), manager_id=now.manager_id)
    CustomerPosition.everything.filter(pk=customer.pk).update(
        branch_id=now.branch_id,
        manager_id=now.manager_id,
        total=ZERO,
        on=TODAY,
        day_sum=closing * SPAN.days + 7,
        month_mark=7,
        tier=customer.pk % 4 + 1,
    )
    openings = [then] if then.adb else []
    if is_merged:
        openings.append(_place(rng, bank))
        dropped = make.make_customer(branch=customer.branch, merged_into=customer)
        CustomerPosition.everything.filter(pk=dropped.pk).delete()
        _close(dropped, openings[-1])
    if then.adb:
        _close(customer, then)
    left = _matured(rng, customer) if is_matured else ZERO
    return Line(customer.pk, openings, Place(now.branch_id, now.manager_id, closing), left)


def _close(customer: Customer, place: Place) -> None:
    MonthClose.everything.create(
        month=OCTOBER,
        customer=customer,
        branch_id=place.branch_id,
        manager_id=place.manager_id,
        tier=1,
        adb=place.adb,
        total=place.adb,
    )


def _matured(rng: random.Random, customer: Customer) -> Decimal:
    """Three deposits: one that left and was measured, one measured too late to count, one that stayed."""
    amount = Decimal(rng.randrange(1, 10**8)) / 100
    for matured_on, measured_on, stayed in (
        (OCTOBER, TODAY, ZERO),
        (OCTOBER + DAY, TODAY + DAY, ZERO),
        (OCTOBER - DAY, TODAY - DAY, ZERO),
        (OCTOBER, TODAY, amount),
    ):
        account = make.make_term_account(customer=customer, matures_in=30, balance=0)
        Maturity.everything.create(
            account=account,
            customer=customer,
            matures_on=matured_on,
            amount=amount,
            stayed=stayed,
            measured_on=measured_on,
            outcome="rolled" if stayed else "left",
        )
    CustomerPosition.everything.filter(pk=customer.pk).update(on=TODAY)
    return amount


def expected(bank: Bank, unit: Unit) -> Parts:
    return added(line.parts(unit.has) for line in bank.lines)


def test_the_bridge_of_every_unit_is_what_its_customers_add_up_to(bank: Bank) -> None:
    whole = expected(bank, Unit())
    assert all(getattr(whole, name) for name in ("new", "up", "down", "lost", "matured_left"))
    found = []
    for branch in bank.branches:
        unit = Unit(frozenset({branch.pk}))
        parts = bridge_of(unit, SPAN)
        assert parts == expected(bank, unit)
        assert parts.is_whole
        managers = bridges_by_manager(unit, SPAN)
        total = added(managers.values())
        assert (total.handed, total.change) == (parts.handed, parts.change)
        assert (total.opening, total.closing) == (parts.opening, parts.closing)
        found.append(parts)
    total = added(found)
    assert (total.handed, total.change) == (ZERO, whole.change)
    for manager in bank.managers:
        mine = Unit(frozenset({manager.branch_id}), frozenset({manager.pk}))
        assert bridge_of(mine, SPAN) == expected(bank, mine)


def test_the_night_keeps_the_same_to_the_cent(bank: Bank) -> None:
    roll_up_kpis(business_day=TODAY, at=NOW)
    assert Kpi.everything.filter(measure="adb").exclude(tier=ALL_TIERS).update(value=-1)  # read by tier alone
    hq = make.make_user(role="head_office", branch=bank.top, password="")
    keys = [branch.pk for branch in bank.branches]
    below = bridges_kept(hq, UnitKind.BRANCH, keys, SPAN)
    assert below == {key: expected(bank, Unit(frozenset({key}))) for key in keys}
    kept = bridges_kept(hq, UnitKind.BANK, [bank.top.pk], SPAN)[bank.top.pk]
    assert kept == expected(bank, Unit())
    region = bridges_kept(hq, UnitKind.REGION, [bank.region.pk], SPAN)[bank.region.pk]
    assert region == expected(bank, Unit(frozenset(keys[:2])))
    head = make.make_user(role="branch_head", branch=bank.branches[0], password="")
    assert set(bridges_kept(head, UnitKind.BRANCH, keys, SPAN)) == {keys[0]}


def numbers_of(client: Client, name: str, **params: Any) -> Iterator[tuple[Any, Any]]:
    board = client.get(reverse(name), params).context["board"]
    yield from ((board, number) for number in board.numbers)


def test_every_bar_is_the_customers_behind_it(
    bank: Bank, client_of: ClientOf, django_assert_max_num_queries: Any
) -> None:
    roll_up_kpis(business_day=TODAY, at=NOW)
    head = make.make_user(role="branch_head", branch=bank.branches[0], password="")
    for person, least in ((head, 9), (bank.managers[0], 4)):
        client = client_of(person)
        with django_assert_max_num_queries(32):
            found = [number for _board, number in numbers_of(client, "insights:bridge") if number.url]
        # All bars, and some of the many numbers below them.
        checked = [*found[:9], *random.Random(1).sample(found[9:], min(3, len(found[9:])))]
        for number in checked:
            assert sum((row.part for row in walk(client, number.url)), ZERO) == number.value, (person, number)
        assert len(checked) >= least
    hq = client_of(make.make_user(role="head_office", branch=bank.top, password=""))
    board = next(numbers_of(hq, "insights:bridge"))[0]
    assert len(board.rows) == 2
    for place, total in enumerate(board.total):  # lines add up to the bars, hand-overs by their net
        assert sum((row.cells[place].value for row in board.rows), ZERO) == total.value
    assert all(bar.number.url == "#units" or not bar.number.value for bar in board.bars)


def test_a_closed_month_is_compared_with_an_earlier_one(bank: Bank) -> None:
    branch = bank.branches[0]
    unit = Unit(frozenset({branch.pk}))
    handed = make.make_customer(branch=branch)
    lost = make.make_customer(branch=branch)
    august = date(2026, 8, 1)
    for customer, month, home, adb in (
        (handed, august, bank.branches[1], "10.10"),
        (handed, OCTOBER, branch, "15.15"),
        (lost, august, branch, "7.07"),
    ):
        MonthClose.everything.create(month=month, customer=customer, branch_id=home.pk, tier=1, adb=adb, total=adb)
    MonthClose.everything.exclude(customer__merged_into=None).delete()
    assert closed_months() == [OCTOBER, august]
    found = bridge_of(unit, span_of(august, OCTOBER, TODAY))
    kept = MonthClose.everything.filter(month=OCTOBER, branch_id=branch.pk)
    assert (found.opening, found.handed_in, found.lost) == (Decimal("7.07"), Decimal("10.10"), Decimal("-7.07"))
    assert found.closing == sum(kept.values_list("adb", flat=True), ZERO)
    assert found.is_whole


def test_pages_refuse_what_is_not_in_sight(bank: Bank, client_of: ClientOf) -> None:
    head, manager = make.make_user(role="branch_head", branch=bank.branches[0], password=""), bank.managers[0]
    foreign = bank.branches[2].code
    client = client_of(head)
    assert client.get(reverse("insights:bridge"), {"unit": foreign}).context["board"] is None
    assert client.get(reverse("insights:bridge_rows"), {"unit": foreign, "part": "up"}).status_code == 400
    assert client.get(reverse("insights:bridge_rows"), {"part": "nothing"}).status_code == 400
    assert client.get(reverse("insights:bridge"), {"month": "x"}).status_code == 200
    assert client.get(reverse("insights:bridge"), {"month": "2026-11-01", "against": "2026-11-01"}).status_code == 200
    gone = client_of(manager).get(reverse("insights:bridge_rows"), {"part": BridgePart.HANDED_OUT})
    assert not gone.context["listing"].rows  # whom a manager gave away is out of sight
    assert client_of(manager).get(reverse("insights:bridge_widget")).status_code == 200

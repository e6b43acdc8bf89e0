"""Simulations equal the real run of the day, from the positions and from a spread alike."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.models import Customer, CustomerPosition, FedDay
from staff.access import scope_of
from tests.factories import NOW, make_branch, make_customer, make_head_office, make_user
from tests.tiers.ledgers import OPERATOR, approved, run, write_accounts, write_ledger
from tiers.enums import Event, Measure
from tiers.models import RetierRun, Scheme, Spread, TierChange, TierOverride
from tiers.queries import MANAGERS, content_of, ready_spread, shifts, simulate, simulate_content, yearly
from tiers.queries.simulation import Simulation
from tiers.queries.spreads import stance
from tiers.rules import Band, Basis, State, decide, watch_limit
from tiers.services.simulating import make_spread, prepare_night, prepare_spread, spread_from, tidy_spreads

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)
FLOORS = [Decimal(0), Decimal(50_000), Decimal(500_000), Decimal(3_000_000)]
BEGIN, SPAN = date(2026, 8, 25), 90
TOTALS = st.sampled_from(["0", "1", "39999.99", "40000", "49999.99", "50000", "499999.99", "500000", "3000000"])
DAYS = st.integers(0, SPAN - 1).map(lambda n: BEGIN + timedelta(days=n))
HISTORY = st.dictionaries(DAYS, TOTALS.map(Decimal), max_size=5)
RULES = st.fixed_dictionaries(
    {
        "measure": st.sampled_from(Measure.values),
        "watch_periods": st.integers(0, 2),
        "trailing_days": st.sampled_from([2, 30]),
        "best_of": st.just(["balance", "adb_month"]),
        "counted": st.sampled_from([[], ["demand"]]),
    }
)


def customer_with(total: object, **fields: Any) -> Customer:
    """An untiered customer with a total from DAY on."""
    customer = make_customer(tier=0, position={"tier_since": None, "on": None}, **fields)
    write_ledger({customer.pk: {DAY: Decimal(str(total))}}, DAY)
    return customer


def override(customer_id: int, letter: str, first: date, last: date) -> TierOverride:
    """A tier given by two people."""
    asked, decided = make_user(role="manager"), make_user(role="branch_head")
    return TierOverride.everything.create(
        customer_id=customer_id,
        letter=letter,
        reason="r",
        starts_on=first,
        ends_on=last,
        status="ended",
        requested_by=asked,
        requested_at=NOW,
        decided_by=decided,
        decided_at=NOW,
    )


def facts(simulation: Simulation) -> tuple[object, ...]:
    """A simulation without the order of its units."""
    return simulation.cells, sorted(simulation.units, key=lambda unit: unit.id or 0)


def assert_equals_the_run(found: Simulation, result: dict[str, Any], day: date) -> None:
    """All that a run counts, and what its history says of each branch."""
    assert {str(rank): n for rank, n in found.by_tier.items() if n} == {k: n for k, n in result["by_tier"].items() if n}
    assert (found.run_up, found.run_down, found.watched, found.overridden, found.customers) == (
        result["up"],
        result["down"],
        result["watch"],
        result["overridden"],
        result["customers"],
    )
    rows = TierChange.objects.filter(on=day).moved().values_list("from_tier", "to_tier")
    if not TierChange.everything.filter(on=day, event=Event.RENUMBERED).exists():
        moves = Counter({pair: n for pair, n in found.run_matrix.items() if pair[0] and pair[0] != pair[1]})
        assert sum(moves.values()) == len(rows)
    for unit in found.units:
        here = CustomerPosition.everything.filter(branch_id=unit.id)
        assert Counter(here.values_list("tier", flat=True)) == Counter({r: n for r, n in unit.then.items() if n})
        assert unit.watched == here.exclude(watch_since=None).count()


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    holdings=st.lists(st.fixed_dictionaries({"demand": HISTORY, "time": HISTORY}), min_size=4, max_size=4),
    rules=st.tuples(RULES, RULES),
    change_on=DAYS,
    days=st.lists(DAYS, min_size=1, max_size=4),
    given_tier=st.tuples(st.integers(0, 3), st.sampled_from("DCBAE"), DAYS, st.integers(0, 60)),
)
def test_the_simulation_of_a_day_equals_its_run(
    holdings: list[dict[str, dict[date, Decimal]]],
    rules: tuple[dict[str, Any], dict[str, Any]],
    change_on: date,
    days: list[date],
    given_tier: tuple[int, str, date, int],
) -> None:
    with transaction.atomic():
        bank = make_head_office()
        branches = [make_branch(parent=bank), make_branch(parent=bank)]
        people = [
            make_customer(tier=0, branch=branches[n % 2], position={"tier_since": None, "on": None}) for n in range(4)
        ]
        write_accounts(
            {person.pk: held for person, held in zip(people, holdings, strict=True)}, BEGIN + timedelta(days=SPAN)
        )
        approved(effective_on=BEGIN, **rules[0])
        approved("0", "40000", "500000", letters="DEB", effective_on=change_on, **rules[1])
        who, letter, first, length = given_tier
        override(people[who].pk, letter, first, first + timedelta(days=length))
        # The last of them once more: of a day that was run the simulation starts from what stood before.
        for day in [*days, days[-1]]:
            content = content_of(Scheme.objects.in_force_on(day))
            live = simulate_content(content, day)
            spread = make_spread(basis=content.basis, day=day, at=NOW)
            stored = simulate_content(content, day, spread=spread)
            assert facts(live) == facts(stored)
            result = run(day)
            if not RetierRun.objects.filter(on__gt=day).exists():
                assert_equals_the_run(live, result, day)
            else:
                assert {str(r): n for r, n in live.by_tier.items() if n} == {
                    r: n for r, n in result["by_tier"].items() if n
                }
                assert (live.run_up, live.run_down, live.watched) == (result["up"], result["down"], result["watch"])
            again = simulate_content(content, day)
            assert (again.up, again.down, again.by_tier) == (0, 0, live.by_tier)
        transaction.set_rollback(True)


@pytest.mark.parametrize("periods", [0, 1, 2, 3])
def test_the_simulation_ends_a_watch_on_the_same_day_as_the_run(periods: int) -> None:
    approved(effective_on=BEGIN, watch_periods=periods)
    customer = make_customer(tier=0, position={"tier_since": None, "on": None})
    began = date(2026, 8, 31)
    write_ledger({customer.pk: {BEGIN: Decimal(600_000), began: Decimal(10)}}, date(2026, 11, 30))
    days = [BEGIN, began, *(date(2026, month, day) for month, day in [(9, 1), (9, 30), (10, 1), (10, 31), (11, 1)])]

    for day in days:
        foreseen = simulate_content(content_of(Scheme.objects.in_force_on(day)), day)  # type: ignore[arg-type]
        result = run(day)
        assert (foreseen.run_down, foreseen.watched) == (result["down"], result["watch"]), day


@settings(max_examples=300, deadline=None)
@given(
    watch=st.none() | DAYS,
    day=DAYS,
    measure=st.sampled_from(Measure.values),
    periods=st.integers(0, 4),
    held=st.integers(1, 4),
    band=st.integers(1, 4),
)
def test_the_month_a_watch_began_in_is_all_that_decides(
    watch: date | None, day: date, measure: str, periods: int, held: int, band: int
) -> None:
    if watch and watch > day:
        watch = day
    limit = watch_limit(measure, periods, day)

    exact = decide(State(held, None, watch), band, day=day, limit=limit, ranks=(1, 2, 3, 4))
    month = decide(State(held, None, watch and watch.replace(day=1)), band, day=day, limit=limit, ranks=(1, 2, 3, 4))

    assert (exact.tier, exact.watch is None) == (month.tier, month.watch is None)


def test_a_state_is_read_back_from_its_number() -> None:
    months = 2026 * 12 + 8
    code = (((months * 128 + ord("B")) * 16 + 3) * 16 + 2) * 16 + 4

    found = stance(code)

    assert (found.now, found.before, found.letter) == (4, State(2, 3, date(2026, 9, 1)), "B")
    assert (stance(0).before, stance(0).letter) == (State(), "")


def test_a_spread_counts_heads_and_money_of_every_bound_exactly() -> None:
    for total in ("49999.99", "50000", "50000", "50000.01", "-3"):
        customer_with(total)
    run(DAY)
    make_spread(basis=Basis("balance"), day=DAY, at=NOW)

    found = simulate(FLOORS, "balance", DAY)

    assert found.by_tier == {1: 2, 2: 3, 3: 0, 4: 0}
    assert found.amounts == {1: Decimal("49996.99"), 2: Decimal("150000.01"), 3: 0, 4: 0}
    assert (found.up, found.down, found.matrix) == (0, 0, {(1, 1): 2, (2, 2): 3})
    above = simulate([Decimal(0), Decimal("50000.01")], "balance", DAY)
    assert (above.by_tier, above.down, above.amounts[2]) == ({1: 4, 2: 1}, 2, Decimal("50000.01"))
    lines = shifts(above, above.bands)
    assert [(line.rank, line.now, line.then, line.amount_now) for line in lines] == [
        (2, 3, 1, Decimal("150000.01")),
        (1, 2, 4, Decimal("49996.99")),
    ]


def test_units_are_the_branches_or_managers_one_may_see() -> None:
    bank = make_head_office()
    mine, other = make_branch(parent=bank), make_branch(parent=bank)
    manager = make_user(role="manager", branch=mine)
    customer_with(10, branch=mine, manager=manager)
    customer_with(60_000, branch=mine)
    customer_with(60_000, branch=other)
    run(DAY)
    content = content_of(RetierRun.objects.get().scheme)
    head, officer = (
        scope_of(make_user(role="branch_head", branch=mine)),
        scope_of(make_user(role="head_office", branch=bank)),
    )
    make_spread(basis=content.basis, day=DAY, at=NOW)

    bank_wide, by_manager = simulate_content(content, DAY, officer), simulate_content(content, DAY, head, by=MANAGERS)

    assert {unit.id: unit.heads for unit in bank_wide.units} == {mine.pk: 2, other.pk: 1}
    assert {unit.id: dict(unit.then) for unit in by_manager.units} == {manager.pk: {1: 1}, None: {2: 1}}
    assert simulate_content(content, DAY, scope_of(manager)).customers == 1
    assert simulate_content(content, DAY, scope_of(make_user(role="admin"))).customers == 0


def test_a_spread_is_ready_until_what_it_was_made_from_changes() -> None:
    customer = customer_with(60_000)
    run(DAY)
    basis = Basis("balance")
    first = make_spread(basis=basis, day=DAY, at=NOW)
    assert (ready_spread(basis, DAY), first.customers) == (first, 1)
    assert make_spread(basis=basis, day=DAY, at=NOW) == first
    assert ready_spread(Basis("balance", 77), DAY) == first  # no trailing average in it

    override(customer.pk, "A", DAY, DAY)

    assert ready_spread(basis, DAY) is None
    assert simulate(FLOORS, "balance", DAY).by_tier == {1: 0, 2: 0, 3: 0, 4: 1}
    assert tidy_spreads(at=NOW) == 1
    second = make_spread(basis=basis, day=DAY, at=NOW)
    assert tidy_spreads(at=NOW) == 0
    FedDay.objects.create(on=DAY + timedelta(days=1), is_full=True)
    assert prepare_night(business_day=DAY, at=NOW + timedelta(days=1))["rows"] == 1
    assert not Spread.objects.filter(pk=second.pk).exists()
    assert tidy_spreads(at=NOW + timedelta(days=9)) == 1


def test_a_spread_is_asked_for_once_and_again_after_it_was_thrown_away() -> None:
    customer_with(60_000)
    run(DAY)
    asked: dict[str, Any] = {"basis": Basis("adb_month"), "day": DAY, "actor": OPERATOR, "at": NOW}
    job = prepare_spread(**asked)
    assert job is not None
    assert prepare_spread(**asked) == job

    spread = spread_from(job.args, NOW)
    assert prepare_spread(**asked) is None
    assert ready_spread(Basis("adb_month"), DAY) == spread

    type(job).objects.filter(pk=job.pk).update(state="done")
    spread.delete()
    again = prepare_spread(**asked)
    assert again is not None
    assert (again.pk, again.state) == (job.pk, "waiting")


def test_what_a_year_of_tiers_comes_to() -> None:
    bands = (Band(1, Decimal(0), "D"), Band(2, Decimal(5), "C"))

    assert yearly({0: 9, 1: 2, 2: 3}, bands, {"C": Decimal("10.50"), "X": Decimal(7)}) == Decimal("31.50")

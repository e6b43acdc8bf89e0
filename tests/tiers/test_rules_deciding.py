"""Up fast, down slow: what runs make of customers, from plain values."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tiers.ledgers import bands
from tiers.enums import Event
from tiers.rules import (
    NEAR_DOWN,
    NEAR_UP,
    BestOfTooFew,
    State,
    TrailingDaysOutOfRange,
    Window,
    check_basis,
    classify,
    decide,
    event_of,
    near,
    period_start,
    renumbered,
    renumbering,
    watch_limit,
    watch_over,
    window_for,
    zones,
)
from tiers.rules.measures import Basis

FLOORS = [band.floor for band in bands()]
SAME = (1, 2, 3, 4)
MAY = date(2026, 5, 29)


def month(n: int, day: int = 28) -> date:
    """A day n months after May 2026."""
    return period_start(MAY, 1, -n).replace(day=day)


def go(
    state: State, band: int, day: date, *, periods: int, measure: str = "balance", given: int | None = None
) -> State:
    """A run of one day."""
    return decide(state, band, day=day, limit=watch_limit(measure, periods, day), ranks=SAME, override=given)


def test_three_months_below_go_down_in_the_fourth_month_only() -> None:
    state = State(3)
    for n in range(3):
        state = go(state, 1, month(n), periods=3)
        assert state == State(3, None, month(0)), n
        state = go(state, 2, month(n, 1) + timedelta(days=29), periods=3)
        assert state.tier == 3

    assert go(state, 2, month(3, 1), periods=3) == State(2)
    assert watch_over("balance", 3, month(0)) == month(3, 1)


def test_back_above_in_the_second_month_ends_the_watch_and_the_count() -> None:
    state = go(State(3), 1, month(0), periods=3)
    state = go(state, 3, month(1), periods=3)
    assert state == State(3)

    state = go(state, 1, month(2), periods=3)
    assert state.watch == month(2)
    assert go(state, 1, month(4), periods=3).tier == 3
    assert go(state, 1, month(5, 1), periods=3) == State(1)


def test_promotion_is_at_the_next_run_also_out_of_a_watch() -> None:
    assert go(State(1), 4, MAY, periods=3) == State(4)
    assert go(State(3, None, month(-1)), 4, MAY, periods=3) == State(4)


def test_without_a_watch_everybody_goes_down_at_once() -> None:
    assert go(State(3), 1, MAY, periods=0) == State(1)
    # A watch that began under another version is over too.
    assert go(State(3, None, MAY), 1, MAY, periods=0) == State(1)


@pytest.mark.parametrize(
    ("measure", "periods", "day", "limit", "over"),
    [
        ("balance", 1, date(2026, 5, 29), date(2026, 5, 1), date(2026, 6, 1)),
        ("adb_month", 3, date(2026, 1, 1), date(2025, 11, 1), date(2026, 4, 1)),
        ("adb_trailing", 12, date(2026, 12, 31), date(2026, 1, 1), date(2027, 12, 1)),
        ("adb_quarter", 1, date(2026, 5, 29), date(2026, 4, 1), date(2026, 7, 1)),
        ("adb_quarter", 2, date(2026, 2, 28), date(2025, 10, 1), date(2026, 7, 1)),
        ("balance", 0, date(2026, 5, 29), date(2026, 5, 30), date(2026, 5, 1)),
    ],
)
def test_periods_are_months_and_for_a_quarters_average_quarters(
    measure: str, periods: int, day: date, limit: date, over: date
) -> None:
    assert (watch_limit(measure, periods, day), watch_over(measure, periods, day)) == (limit, over)


@given(
    st.sampled_from(["balance", "adb_quarter"]),
    st.integers(1, 12),
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.integers(0, 900),
)
@settings(max_examples=25)
def test_a_watch_is_over_on_the_day_it_says(measure: str, periods: int, began: date, later: int) -> None:
    day = began + timedelta(days=later)

    assert (began < watch_limit(measure, periods, day)) == (day >= watch_over(measure, periods, began))


def test_while_an_override_holds_the_rule_goes_on_beneath() -> None:
    state = go(State(3), 3, month(0), periods=1, given=4)
    assert state == State(4, 3)
    state = go(state, 1, month(0) + timedelta(days=1), periods=1, given=4)
    assert state == State(4, 3, month(0) + timedelta(days=1))
    state = go(state, 1, month(1), periods=1, given=4)
    assert state == State(4, 1)
    assert go(state, 1, month(2), periods=1) == State(1)
    assert go(State(4, 3), 3, month(1), periods=1) == State(3)


def test_a_tier_that_is_gone_holds_nobody() -> None:
    ranks = renumbering(bands(), bands("0", "50000", "3000000", letters="DBA"))

    assert ranks == (1, 0, 2, 3)
    assert [renumbered(rank, ranks) for rank in (0, 1, 2, 3, 4, 5)] == [0, 1, 0, 2, 3, 0]
    limit = watch_limit("balance", 3, MAY)
    assert decide(State(2), 1, day=MAY, limit=limit, ranks=ranks) == State(1)
    assert decide(State(4), 1, day=MAY, limit=limit, ranks=ranks) == State(3, None, MAY)


INSERTED = renumbering(bands(), bands("0", "20000", "50000", "500000", "3000000", letters="DECBA"))
GONE = (1, 0, 2, 3)


@pytest.mark.parametrize(
    ("before", "after", "ranks", "event"),
    [
        (State(), State(2), SAME, Event.FIRST),
        (State(2), State(2), SAME, None),
        (State(2), State(3), SAME, Event.UP),
        (State(2), State(1), SAME, Event.DOWN),
        (State(2), State(2, None, MAY), SAME, Event.WATCHED),
        (State(2, None, MAY), State(2), SAME, Event.CLEARED),
        (State(2), State(2, 2), SAME, Event.OVERRIDDEN),
        (State(2), State(3, 2), SAME, Event.UP),
        (State(3, 2), State(2), SAME, Event.DOWN),
        (State(2, 2), State(2), SAME, Event.RETURNED),
        (State(4, 2), State(4, 3), SAME, Event.RULED),
        (State(2), State(3), INSERTED, Event.RENUMBERED),
        (State(2), State(2), INSERTED, Event.DOWN),
        (State(2), State(4), INSERTED, Event.UP),
        (State(1), State(1), INSERTED, None),
        (State(2), State(3, None, MAY), INSERTED, Event.RENUMBERED),
        (State(2), State(1), GONE, Event.DOWN),
        (State(2), State(2), GONE, Event.RENUMBERED),
        (State(3), State(2), GONE, Event.RENUMBERED),
    ],
)
def test_a_run_in_one_word(before: State, after: State, ranks: tuple[int, ...], event: Event | None) -> None:
    assert event_of(before, after, ranks) == event


CENTS = st.integers(-(10**7), 4 * 10**8).map(lambda cents: Decimal(cents) / 100)


@given(CENTS, st.lists(st.integers(1, 3 * 10**8), min_size=1, max_size=7, unique=True))
@settings(max_examples=25)
def test_zones_tell_band_and_nearness_as_counting_does(value: Decimal, cents: list[int]) -> None:
    floors = [Decimal(0), *(Decimal(n) / 100 for n in sorted(cents))]
    cut = zones(floors)
    # What width_bucket counts: the bounds at or below the value. Those of the floors themselves are tried as well.
    for tried in (value, *floors, *(floor - Decimal("0.01") for floor in floors), *cut.bounds):
        zone = sum(bound <= tried for bound in cut.bounds)
        assert cut.bands[zone] == max(1, sum(floor <= tried for floor in floors))
        assert cut.near[zone] == near(tried, floors)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("44999.99", 0),
        ("45000", NEAR_UP),
        ("49999.99", NEAR_UP),
        ("50000", NEAR_DOWN),
        ("54999.99", NEAR_DOWN),
        ("55000", 0),
        ("450000", NEAR_UP),
        ("3300000", 0),
        ("-1", 0),
    ],
)
def test_near_is_within_a_tenth_of_a_bound(value: str, expected: int) -> None:
    assert near(Decimal(value), FLOORS) == expected
    assert (
        classify(Decimal(value), bands()).rank
        == zones(FLOORS).bands[sum(bound <= Decimal(value) for bound in zones(FLOORS).bounds)]
    )


def test_near_both_bounds_of_a_narrow_band() -> None:
    assert near(Decimal(100), [Decimal(0), Decimal(100), Decimal(105)]) == NEAR_UP + NEAR_DOWN


def test_a_trailing_window_ends_on_the_day_and_a_basis_takes_its_figures_in_order() -> None:
    assert window_for("adb_trailing", MAY, 30) == Window(date(2026, 4, 30), MAY)
    assert Basis("best", best_of=("adb_quarter", "balance")).figures == ("balance", "adb_quarter")
    check_basis(Basis("adb_trailing", 366))
    with pytest.raises(TrailingDaysOutOfRange):
        check_basis(Basis("adb_trailing", 1))
    with pytest.raises(BestOfTooFew):
        check_basis(Basis("best", best_of=("balance",)))

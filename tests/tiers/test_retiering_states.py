"""Watch, overrides, averages, counted products and new schemes against the slow oracle, whatever happens in between."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tiers.ledgers import Histories, approved, give_tier, run, start_job, write_accounts, write_ledger
from tests.tiers.oracle import Oracle, Row, assert_as, stored_rows, stored_totals
from tests.tiers.test_retiering import customers, ledger_of, stop_after
from tests.tiers.test_rules import EDGES
from tiers.models import Scheme, TierChange
from tiers.rules import FIGURES
from tiers.services import foretell_retier
from tiers.services.retiering import retier_customer

pytestmark = pytest.mark.django_db
DAY = date(2026, 8, 20)
ONE = timedelta(days=1)


def events(customer_id: int) -> dict[date, str]:
    """What happened to a customer, by day."""
    found = TierChange.everything.filter(customer_id=customer_id).order_by("on")
    return {row.on: row.event for row in found}


def test_three_months_below_go_down_in_the_fourth() -> None:
    approved(effective_on=date(2026, 1, 1), watch_periods=3)
    [falls, clears] = customers(2)
    histories: Histories = {
        falls.pk: {date(2026, 7, 1): Decimal(600_000), date(2026, 8, 10): Decimal(40_000)},
        clears.pk: {
            date(2026, 7, 1): Decimal(600_000),
            date(2026, 8, 10): Decimal(499_999),
            date(2026, 9, 15): Decimal(500_000),
        },
    }
    days = [date(2026, 7, 31), date(2026, 8, 31), date(2026, 9, 30), date(2026, 10, 31), date(2026, 11, 1)]
    write_ledger(histories, days[-1])

    for day in days:
        run(day)

    assert events(falls.pk) == {days[0]: "first", days[1]: "watched", days[4]: "down"}
    assert events(clears.pk) == {days[0]: "first", days[1]: "watched", days[2]: "cleared"}
    last = stored_rows([falls.pk])[falls.pk, days[4]]
    assert (last.from_tier, last.to_tier, last.from_watch, last.to_watch) == (3, 1, days[1], None)
    assert stored_totals(days[1])[4] == 2
    assert stored_totals(days[3])[3:6] == (0, 1, 0)


def test_quarters_are_the_periods_of_a_quarters_average() -> None:
    approved(effective_on=date(2026, 1, 1), measure="adb_quarter", watch_periods=1)
    [one] = customers(1)
    write_ledger({one.pk: {date(2026, 1, 1): Decimal(600_000), date(2026, 4, 1): Decimal(1)}}, date(2026, 7, 1))
    days = [date(2026, 3, 31), date(2026, 4, 1), date(2026, 6, 30), date(2026, 7, 1)]

    for day in days:
        run(day)

    assert events(one.pk) == {days[0]: "first", days[1]: "watched", days[3]: "down"}


def test_an_override_gives_its_tier_for_its_days_and_the_rule_goes_on_beneath() -> None:
    approved(effective_on=date(2026, 1, 1), watch_periods=1)
    histories = ledger_of("600000", on=DAY)
    [customer_id] = histories
    given_tier = give_tier(customer_id, "A", DAY + ONE, DAY + 3 * ONE)
    histories[customer_id][DAY + 2 * ONE] = Decimal(10)
    write_ledger(histories, DAY + 4 * ONE)
    days = [DAY + n * ONE for n in range(5)]

    for day in days:
        assert foretell_retier(business_day=day) == run(day)

    found = stored_rows([customer_id])
    assert events(customer_id) == {days[0]: "first", days[1]: "up", days[2]: "watched", days[4]: "down"}
    began, ended = found[customer_id, days[1]], found[customer_id, days[4]]
    assert (began.to_tier, began.to_ruled, began.override_id) == (4, 3, given_tier.pk)
    assert (ended.to_tier, ended.to_ruled, ended.to_watch, ended.override_id) == (3, None, days[2], None)
    assert stored_totals(days[3])[4:6] == (1, 1)


def test_tiers_keep_their_letter_when_a_band_is_put_in() -> None:
    histories = ledger_of("60000", "400000", "600000", "10", on=DAY)
    [becomes_e, stays_c, stays_b, lowest] = histories
    later = approved(
        "0", "50000", "100000", "500000", "3000000", letters="DECBA", effective_on=DAY + ONE, watch_periods=0
    )
    run(DAY)

    result = run(DAY + ONE)

    rows = stored_rows(histories)
    assert [(key[0], row.event, row.from_tier, row.to_tier) for key, row in rows.items() if key[1] == DAY + ONE] == [
        (becomes_e, "down", 2, 2),  # the same number, but now it is the tier below
        (stays_c, "renumbered", 2, 3),
        (stays_b, "renumbered", 3, 4),
    ]
    assert (lowest, DAY + ONE) not in rows
    assert (result["up"], result["down"], result["unchanged"]) == (0, 1, 3)
    assert rows[becomes_e, DAY + ONE].scheme_id == later.pk
    assert [row.customer_id for row in TierChange.objects.moved("down")] == [becomes_e]
    assert not TierChange.objects.moved("up").exists()


@pytest.mark.parametrize("measure", [*FIGURES, "best"])
@pytest.mark.parametrize("counted", [[], ["term"]])
def test_edges_hold_by_every_measure(measure: str, counted: list[str]) -> None:
    days = [date(2026, 12, 31), date(2026, 12, 30)]
    scheme = approved(
        effective_on=date(2026, 1, 1), measure=measure, counted=counted, best_of=["adb_month", "adb_trailing"]
    )
    people = customers(len(EDGES))
    holdings = {
        person.pk: {"term": {date(2026, 1, 1): Decimal(value)}, **({} if not counted else OTHERS)}
        for person, (value, _rank) in zip(people, EDGES, strict=True)
    }
    histories = write_accounts(holdings, days[0])
    oracle = Oracle([scheme], holdings)

    for day in days:
        run(day)
        oracle.retier(histories, day)

    assert_as(oracle, list(histories))
    assert [oracle.tier(person.pk, days[0]) for person in people] == [rank for _value, rank in EDGES]
    assert foretell_retier(business_day=days[0])["by_tier"] == stored_totals(days[0])[-1]


OTHERS = {"demand": {date(2026, 12, 3): Decimal("123456.78")}}


def test_a_future_version_takes_over_at_midnight_of_its_date() -> None:
    histories = ledger_of("60000", on=DAY)
    approved("0", "70000", effective_on=DAY + 2 * ONE)
    foretold = [foretell_retier(business_day=DAY + n * ONE)["by_tier"] for n in (1, 2)]

    assert foretold == [{"1": 0, "2": 1, "3": 0, "4": 0}, {"1": 1, "2": 0}]
    assert [run(DAY + n * ONE)["by_tier"] for n in (1, 2)] == foretold
    assert events(next(iter(histories))) == {DAY + ONE: "first", DAY + 2 * ONE: "down"}


def test_a_day_left_half_done_is_done_before_the_next_one() -> None:
    schemes = [Scheme.objects.get(version=1)]
    schemes.append(approved("0", "50000", "60000", "3000000", letters="DECB", effective_on=DAY + ONE))
    histories = ledger_of("60000", "60000", on=DAY)
    oracle = Oracle(schemes)
    run(DAY)
    stop_after(start_job(DAY + ONE), chunks=1)

    result = run(DAY + 2 * ONE)

    for n in range(3):
        oracle.retier(histories, DAY + n * ONE)
    assert_as(oracle, list(histories))
    assert result["redone"] == [(DAY + ONE).isoformat()]


def test_one_customer_is_done_again_while_everybody_is_half_done() -> None:
    scheme = approved(effective_on=date(2026, 1, 1), watch_periods=2)
    histories = ledger_of("60000", "600000", on=DAY)
    [one, other] = histories
    oracle = Oracle([scheme])
    run(DAY)
    oracle.retier(histories, DAY)
    progress = start_job(DAY + ONE)
    stop_after(progress, chunks=1)
    histories[one][DAY] = Decimal(3_000_000)
    write_ledger(histories, DAY)

    retier_customer(customer_id=one, since=DAY)

    oracle.days.add(DAY + ONE)
    oracle.retier({one: histories[one]}, DAY)
    assert stored_rows([one]) == {key: row for key, row in oracle.rows.items() if key[0] == one}
    run(DAY + ONE, progress=progress)
    oracle.retier(histories, DAY + ONE)
    assert stored_rows([one, other]) == oracle.rows


BEGIN = date(2026, 7, 1)
DAYS = [date(2026, month, day) for month in (7, 8, 9, 10, 11) for day in (1, 14, 15, 30)]
POLICIES: list[tuple[str, tuple[str, ...]]] = [
    ("DCBA", ("0", "50000", "500000", "3000000")),
    ("DECBA", ("0", "20000", "50000", "500000", "3000000")),
    ("DBA", ("0", "50000", "3000000")),
    ("DCB", ("0", "50000", "500000")),
    ("CD", ("0", "60000")),
    ("XY", ("0", "100000")),
]
SCHEME = st.tuples(
    st.sampled_from(POLICIES),
    st.sampled_from([*FIGURES, "best"]),
    st.fixed_dictionaries(
        {
            "trailing_days": st.sampled_from([2, 7, 40]),
            "best_of": st.lists(st.sampled_from(FIGURES), min_size=2, max_size=3, unique=True),
            "counted": st.sampled_from([[], [], ["demand"], ["term", "notice"]]),
            "watch_periods": st.integers(0, 3),
        }
    ),
)
TOTALS = st.sampled_from(
    [Decimal(value) for value in ("-1", "0", "19999.99", "20000", "49999.99", "55000", "500000", "2900000", "3000000")]
)
WHO, WHEN = st.integers(0, 2), st.sampled_from(DAYS)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("feed"), WHEN, WHO, st.tuples(st.sampled_from(["demand", "term"]), TOTALS)),
        st.tuples(st.just("run"), WHEN, st.just(0), st.none()),
        st.tuples(st.just("run"), WHEN, st.just(0), st.none()),
        st.tuples(st.just("kill"), WHEN, st.integers(0, 2), st.none()),
        st.tuples(st.just("again"), WHEN, WHO, st.none()),
        st.tuples(st.just("override"), WHEN, WHO, st.tuples(st.sampled_from("DCBAEX"), st.integers(0, 60))),
    ),
    min_size=4,
    max_size=14,
)


class Story:
    """A random history, told to the product and to the oracle alike."""

    def __init__(self, schemes: list[Scheme], chunk_size: int) -> None:
        self.people = [customer.pk for customer in customers(3)]
        self.holdings: dict[int, dict[str, dict[date, Decimal]]] = {n: {"demand": {}, "term": {}} for n in self.people}
        self.oracle, self.chunk_size = Oracle(schemes, self.holdings), chunk_size
        self.histories: Histories = {n: {} for n in self.people}
        self.left: set[date] = set()
        self.are_totals_due = True

    def feed(self, day: date, who: int, what: tuple[str, Decimal]) -> None:
        kind, total = what
        self.holdings[self.people[who]][kind][day] = total
        fed = [on for kinds in self.holdings.values() for history in kinds.values() for on in history]
        self.histories = write_accounts(self.holdings, max(fed))

    def run(self, day: date, _who: int = 0, _what: None = None) -> None:
        run(day, chunk_size=self.chunk_size)
        self.oracle.days.add(day)
        self.oracle.retier(self.histories, min({day, *self.left}))
        self.left.clear()
        self.are_totals_due = self.are_totals_due or day == min(self.oracle.days)

    def kill(self, day: date, chunks: int, _what: None) -> None:
        stop_after(start_job(day), chunks=chunks)
        self.oracle.days.add(day)
        # Whatever comes after has to be done again as well, and is not.
        self.left = {on for on in self.oracle.days if on >= min({day, *self.left})}

    def again(self, day: date, who: int, _what: None) -> None:
        """What a merge does."""
        with transaction.atomic():
            retier_customer(customer_id=self.people[who], since=day)
        mine = {self.people[who]: self.histories[self.people[who]]}
        days = [on for on in self.oracle.days if on >= min({day, *self.left})]
        if days:
            self.oracle.retier(mine, min(days))
            self.are_totals_due = False

    def override(self, day: date, who: int, what: tuple[str, int]) -> None:
        letter, days = what
        give_tier(self.people[who], letter, day, day + days * ONE)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=STEPS,
    schemes=st.lists(SCHEME, min_size=1, max_size=3),
    changes=st.lists(WHEN, min_size=2, max_size=2, unique=True),
    chunk_size=st.sampled_from([1, 2, 50_000]),
)
def test_equals_the_slow_oracle_whatever_happens(
    steps: Sequence[tuple[str, date, int, Any]],
    schemes: list[tuple[tuple[str, tuple[str, ...]], str, dict[str, Any]]],
    changes: list[date],
    chunk_size: int,
) -> None:
    with transaction.atomic():
        made = [
            approved(*floors, letters=letters, effective_on=on, measure=measure, **fields)
            for on, ((letters, floors), measure, fields) in zip([BEGIN, *sorted(changes)], schemes, strict=False)
        ]
        story = Story(made, chunk_size)
        for kind, day, who, what in steps:
            getattr(story, kind)(day, who, what)
        if story.left:
            story.run(max(story.oracle.days))
        assert_as(story.oracle, story.people, totals=story.are_totals_due)
        transaction.set_rollback(True)


def test_rows_of_the_oracle_have_every_column_a_run_decides() -> None:
    stored = {field.attname for field in TierChange._meta.concrete_fields}
    assert set(Row.__dataclass_fields__) == stored - {"id", "customer_id", "on", "branch_id", "manager_id", "job_id"}

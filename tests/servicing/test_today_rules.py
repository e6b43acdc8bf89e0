"""V06: the order of the day and all that makes it, from plain values."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicing.enums import Priority, Proposal, SkipReason
from servicing.forms.today import TODAY as KIND_OF_RULES
from servicing.rules.today import (
    BUILT_IN,
    Candidate,
    Mark,
    Signal,
    Verdicts,
    birthdays,
    expected_benefit,
    is_move,
    lessons_from,
    merged,
    rank,
    read_today,
    score,
    silenced,
    taught,
)
from tests.factories import TODAY

RULES = read_today(BUILT_IN)
DAY = timedelta(days=1)


def test_the_built_in_rules_can_be_read_and_edited() -> None:
    form = KIND_OF_RULES.form(kind=KIND_OF_RULES, values=BUILT_IN)
    typed = {**form.initial, "effective_on": "2026-12-01", "note": "test"}
    again = KIND_OF_RULES.form(typed, kind=KIND_OF_RULES, values=BUILT_IN)
    assert again.is_valid(), again.errors
    assert again.typed_values() == BUILT_IN
    for name, value in (("chance_drop", 101), ("base_task", -1), ("shown", True), ("learn_most", 30)):
        with pytest.raises(ValueError, match=name):
            read_today({**BUILT_IN, name: value})


@pytest.mark.parametrize(
    ("amount", "chance", "starts_in", "benefit"),
    [
        (500_000, 30, 0, "150000.00"),
        (500_000, 30, 9, "135000.00"),
        (500_000, 30, 90, "0.00"),
        (500_000, 30, 400, "0.00"),
        (500_000, 30, -3, "150000.00"),
        ("0.05", 10, 0, "0.01"),
        (-5, 30, 0, "0.00"),
    ],
)
def test_the_expected_benefit(amount: Any, chance: int, starts_in: int, benefit: str) -> None:
    assert expected_benefit(Decimal(amount), chance, starts_in, 90) == Decimal(benefit)


def test_points_and_all_that_makes_them() -> None:
    signal = Signal(Proposal.MATURITY, ("maturity:1",), Decimal(90_000), starts_in=45, late=3, priority=Priority.HIGH)
    found = score(signal, RULES, {Proposal.MATURITY: Verdicts(done=0, unwanted=10)})
    assert (found.base, found.chance, found.benefit) == (10_000, 30, Decimal("13500.00"))
    assert (found.lateness, found.priority, found.taught) == (130, 150, 50)
    assert found.points == Decimal("22912.50")


@pytest.mark.parametrize(
    ("done", "unwanted", "percent"), [(0, 0, 100), (10, 0, 100), (0, 10, 50), (30, 10, 80), (0, 500, 40)]
)
def test_what_verdicts_teach(done: int, unwanted: int, percent: int) -> None:
    assert taught(Verdicts(done, unwanted), RULES) == percent


def test_only_skips_that_blame_the_proposal_teach() -> None:
    said = [("drop", "skipped", why, 2) for why in SkipReason.values]
    assert lessons_from([*said, ("drop", "done", "", 4)]) == {"drop": Verdicts(done=4, unwanted=6)}


signals = st.builds(
    Signal,
    kind=st.sampled_from(list(Proposal)),
    keys=st.integers(1, 9).map(lambda n: (f"x:{n}",)),
    amount=st.integers(0, 3).map(lambda n: Decimal(n * 100_000)),
    late=st.integers(0, 3),
)
candidates = st.lists(
    st.builds(
        Candidate,
        customer_id=st.integers(1, 6),
        customer_no=st.integers(1, 6).map(lambda n: f"C{n}"),
        signals=st.lists(signals, max_size=4).map(tuple),
    ),
    max_size=6,
    unique_by=(lambda c: c.customer_id, lambda c: c.customer_no),
)


@given(people=candidates, data=st.data())
def test_the_same_inputs_give_the_same_order(people: list[Candidate], data: Any) -> None:
    found = rank(people, RULES, {}, [], TODAY)
    assert rank(data.draw(st.permutations(people)), RULES, {}, [], TODAY) == found
    assert [(-each.points, each.customer_no) for each in found] == sorted(
        (-each.points, each.customer_no) for each in found
    )
    assert {each.customer_id for each in found} == {person.customer_id for person in people if person.signals}


def test_ties_go_by_customer_number_and_further_reasons_count_a_little() -> None:
    task = Signal(Proposal.TASK, ("t:1",))
    gain = Signal(Proposal.GAIN, ("g:1",))
    people = [Candidate(1, "C9", (task,)), Candidate(2, "C1", (task,)), Candidate(3, "C5", (gain, task))]
    found = rank(people, RULES, {}, [], TODAY)
    assert [(each.customer_no, each.points) for each in found] == [
        ("C5", Decimal("20400.00")),
        ("C1", Decimal("20000.00")),
        ("C9", Decimal("20000.00")),
    ]
    assert [s.signal.kind for s in found[0].scores] == [Proposal.TASK, Proposal.GAIN]


ALL = tuple(Signal(kind, (f"{kind}:1",)) for kind in Proposal)
OFFERS = {"birthday", "gain", "near_up", "tier_up", "campaign"}


@pytest.mark.parametrize(
    ("alerts", "left"),
    [
        (set(), set(Proposal.values)),
        ({"complaint"}, set(Proposal.values) - OFFERS),
        ({"bereavement"}, {"promise", "referral", "feedback", "task", "call_back"}),
        ({"do_not_contact"}, {"promise", "referral", "feedback", "task", "call_back"}),
        ({"vulnerable"}, set(Proposal.values)),
    ],
)
def test_alerts_keep_proposals_back(alerts: set[str], left: set[str]) -> None:
    (found,) = rank([Candidate(1, "C1", ALL, frozenset(alerts))], RULES, {}, [], TODAY)
    assert {s.signal.kind for s in found.scores} == left


@pytest.mark.parametrize(
    ("key", "verdict", "why", "quiet"),
    [
        ("drop:1", "done", "", 30),
        ("drop:1", "skipped", "not_now", 3),
        ("drop:1", "skipped", "not_wanted", 90),
        ("promise:1", "done", "", 1),
        ("referral:1", "skipped", "wrong", 1),
    ],
)
def test_how_long_a_verdict_silences(key: str, verdict: str, why: str, quiet: int) -> None:
    mark = Mark(key, TODAY, verdict, why)
    assert silenced([mark], RULES, TODAY + (quiet - 1) * DAY) == {key}
    assert silenced([mark], RULES, TODAY + quiet * DAY) == frozenset()


def test_a_follow_up_about_what_the_figures_say_is_one_signal() -> None:
    figures = Signal(Proposal.CADENCE, ("cadence:1",), Decimal(5), late=2, on=TODAY)
    planned = Signal(Proposal.CADENCE, ("follow_up:7",), late=9, priority=1, follow_ups=(7,))
    task = Signal(Proposal.TASK, ("follow_up:8",), title="call", follow_ups=(8,))
    joined, left = merged([planned, task, figures])
    assert (joined.keys, joined.late, joined.priority, joined.follow_ups) == (("cadence:1", "follow_up:7"), 9, 1, (7,))
    assert left == task


@pytest.mark.parametrize(
    ("born", "day", "is_today"),
    [
        (date(1980, 11, 20), TODAY, True),
        (date(1980, 11, 21), TODAY, False),
        (date(1980, 2, 29), date(2027, 2, 28), True),
        (date(1980, 2, 29), date(2028, 2, 28), False),
        (date(1980, 2, 29), date(2028, 2, 29), True),
    ],
)
def test_birthdays(born: date, day: date, is_today: bool) -> None:
    assert ((born.month, born.day) in birthdays(day, 0)) is is_today


@pytest.mark.parametrize(
    ("before", "now", "counts"),
    [
        (300_000, 250_000, False),
        (250_000, 200_000, True),
        (250_000, "200000.01", False),
        (0, 50_000, True),
        (5_000_000, 4_100_000, False),
    ],
)
def test_moves_worth_a_talk(before: Any, now: Any, counts: bool) -> None:
    assert is_move(Decimal(before), Decimal(now), RULES) is counts

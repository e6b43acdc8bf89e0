"""Back-tests equal a slow oracle, whatever dies on the way."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import jobs
from core.models import TrailEntry
from customers.models import FedDay
from tests.factories import NOW, make_customer, make_user
from tests.tiers.ledgers import bands, total_on, write_ledger
from tiers import tasks
from tiers.models import Backtest
from tiers.queries.backtests import content_from, month_ends, outcomes, steps_of, summed
from tiers.rules import SchemeContent, State, classify, decide, watch_limit
from tiers.services.backtesting import (
    HistoryTooShort,
    RuleUnusable,
    ask_again,
    ask_backtest,
    run_backtest,
)

pytestmark = pytest.mark.django_db
UNTIL = date(2026, 11, 20)
ENDS = [date(2026, 7, 31), date(2026, 8, 31), date(2026, 9, 30), date(2026, 10, 31)]
TOTALS = st.sampled_from(["0", "39999.99", "40000", "50000", "499999.99", "500000", "3000000"]).map(Decimal)
LONG = [date(2026, 4, 30), date(2026, 5, 31), date(2026, 6, 30), *ENDS]
HISTORY = st.dictionaries(st.integers(0, 200).map(lambda n: date(2026, 4, 1) + timedelta(days=n)), TOTALS, max_size=9)


def rule(*floors: str, measure: str = "balance", **fields: Any) -> SchemeContent:
    """A rule to try."""
    return SchemeContent("方案", measure, date(2026, 1, 1), "", bands(*floors), **fields)


def fed_since(first: date) -> None:
    """Days with balances from `first` until UNTIL."""
    for day in (first, UNTIL):
        FedDay.objects.get_or_create(on=day, defaults={"is_full": True})


def value(history: Mapping[date, Decimal], content: SchemeContent, day: date) -> Decimal:
    """The measure on a day, summed day by day."""
    window = content.basis.window(content.measure, day)
    days = [window.start + timedelta(days=n) for n in range(window.days)]
    return (sum((total_on(history, on) for on in days), Decimal(0)) / len(days)).quantize(
        Decimal("0.01"), "ROUND_HALF_UP"
    )


def slow(histories: Mapping[int, Mapping[date, Decimal]], content: SchemeContent, days: list[date]) -> list[list[int]]:
    """The steps as a person would take them: each customer, each month-end, in order."""
    found: Counter[tuple[int, int, int]] = Counter()
    watched: Counter[tuple[int, int, int]] = Counter()
    back: Counter[tuple[int, int, int]] = Counter()
    ranks = tuple(range(1, len(content.bands) + 1))
    for history in histories.values():
        states = [State()]
        for day in days:
            limit = watch_limit(content.measure, content.watch_periods, day)
            band = classify(value(history, content, day), content.bands).rank
            states.append(decide(states[-1], band, day=day, limit=limit, ranks=ranks))
        for at in range(1, len(states)):
            was, state = states[at - 1].tier, states[at]
            key = (at, was, state.tier)
            found[key] += 1
            watched[key] += state.watch is not None
            back[key] += 0 < was != state.tier and was in [later.tier for later in states[at + 1 : at + 4]]
    return [[*key, found[key], watched[key], back[key]] for key in sorted(found)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    histories=st.lists(HISTORY, min_size=3, max_size=3),
    measure=st.sampled_from(["balance", "adb_month", "adb_quarter", "adb_trailing"]),
    watch=st.integers(0, 3),
)
def test_the_steps_equal_the_slow_oracle(histories: list[dict[date, Decimal]], measure: str, watch: int) -> None:
    with transaction.atomic():
        people = [make_customer(position={"on": None}).pk for _ in histories]
        known = dict(zip(people, histories, strict=True))
        write_ledger(known, UNTIL)
        content = rule("0", "40000", "500000", measure=measure, watch_periods=watch, trailing_days=40)

        found = [steps_of(content, LONG, low, high) for low, high in [(people[0], people[1]), (people[2], people[2])]]

        assert summed(found) == slow(known, content, LONG)
        transaction.set_rollback(True)


def asked(first: date = date(2026, 7, 1), *rules: SchemeContent) -> Backtest:
    """A back-test of two rules by an administrator."""
    fed_since(first)
    pair = rules or (rule("0", "50000"), rule("0", "500000", measure="adb_month", watch_periods=1))
    return ask_backtest(rules=[("A", pair[0]), ("B", pair[1])], until=UNTIL, actor=make_user(role="admin"), at=NOW)


def people_back_and_forth() -> None:
    """One who leaves the second tier and comes back, one who stays."""
    goes, stays = make_customer(position={"on": None}).pk, make_customer(position={"on": None}).pk
    write_ledger(
        {
            goes: {
                date(2026, 7, 1): Decimal(600_000),
                date(2026, 8, 31): Decimal(10),
                date(2026, 9, 30): Decimal(600_000),
            },
            stays: {date(2026, 7, 1): Decimal(50_000)},
        },
        UNTIL,
    )


def test_month_ends_are_the_last_twelve_months_and_the_one_to_start_from() -> None:
    assert month_ends(UNTIL) == []
    fed_since(date(2026, 8, 31))
    assert month_ends(UNTIL) == ENDS[1:]
    fed_since(date(2020, 1, 1))
    assert (len(month_ends(UNTIL)), month_ends(UNTIL)[0], month_ends(date(2026, 10, 31))[-1]) == (
        13,
        date(2025, 10, 31),
        date(2026, 10, 31),
    )


def test_two_rules_come_out_side_by_side() -> None:
    people_back_and_forth()
    backtest = asked()
    assert backtest.job is not None

    tasks.backtest(backtest.job.pk)

    backtest.refresh_from_db()
    first, second = outcomes(backtest)
    assert [month.on for month in first.months] == ENDS
    assert [dict(month.heads) for month in first.months] == [{1: 0, 2: 2}, {1: 1, 2: 1}, {1: 0, 2: 2}, {1: 0, 2: 2}]
    assert (first.up, first.down, first.followed, first.back, first.back_share) == (1, 1, 2, 1, Decimal("50.0"))
    assert (second.up, second.down, second.last.watched, second.back_share) == (0, 0, 0, None)
    assert [month.watched for month in second.months] == [0, 0, 1, 0]
    assert first.last.cost >= 0
    assert first.contacts == sum(int(month.contacts) for month in first.moved) or first.contacts > 0
    entry = TrailEntry.objects.get(subject="tiers.backtest")
    assert (entry.subject_id, entry.changes["rules"]) == (str(backtest.pk), ["A", "B"])


def test_a_killed_back_test_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    people_back_and_forth()
    backtest = asked()
    job = backtest.job
    assert job is not None
    calls: list[int] = []

    def dies(content: SchemeContent, days: list[date], low: int, high: int) -> list[list[int]]:
        calls.append(low)
        if len(calls) == 3:
            raise ConnectionError("gone")
        return steps_of(content, days, low, high)

    with monkeypatch.context() as patch:
        patch.setattr("tiers.services.backtesting.steps_of", dies)
        with pytest.raises(ConnectionError):
            run_backtest(job=job, progress=jobs.Progress(job.pk), at=NOW, chunk_size=1)
    assert job.chunks.filter(is_done=True).count() == 1

    run_backtest(job=job, progress=jobs.Progress(job.pk), at=NOW, chunk_size=1)

    backtest.refresh_from_db()
    assert len(outcomes(backtest)) == 2
    assert sum(outcomes(backtest)[0].last.heads.values()) == 2


def test_others_help_with_the_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    people_back_and_forth()
    backtest = asked()
    job = backtest.job
    assert job is not None
    helped: list[int] = []

    def send(task: str, job_id: int) -> bool:
        helped.append(tasks.backtest_help(job_id) if task == "tiers.backtest_help" else 0)
        return True

    monkeypatch.setattr("core.jobs.send", send)
    run_backtest(job=job, progress=jobs.Progress(job.pk), at=NOW, chunk_size=1)

    assert helped == [2]
    backtest.refresh_from_db()
    assert sum(outcomes(backtest)[0].last.heads.values()) == 2


def test_a_failed_job_is_let_go_on() -> None:
    backtest = asked()
    job = backtest.job
    assert job is not None
    type(job).objects.filter(pk=job.pk).update(state="parked", attempts=3)

    ask_again(backtest=backtest, at=NOW)

    job.refresh_from_db()
    assert (job.state, job.attempts) == ("waiting", 0)


def test_refuses_what_cannot_be_tried() -> None:
    with pytest.raises(HistoryTooShort):
        asked(date(2026, 10, 31))
    with pytest.raises(RuleUnusable):
        asked(date(2026, 7, 1), rule("0", "5"), rule("0", "5", measure="best"))


def test_a_rule_is_read_back_as_it_was() -> None:
    content = rule("0", "5", measure="best", best_of=("adb_month", "balance"), counted=("demand",), watch_periods=3)

    assert content_from(content.facts) == content

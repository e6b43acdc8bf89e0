"""Re-tiering against a slow day-by-day oracle: any order of days, corrections, averages, chunks."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.enums import JobState
from core.jobs import Progress
from core.models import Job, TrailEntry
from customers.models import Customer, CustomerPosition
from tests.factories import make_customer
from tests.tiers.ledgers import Histories, approved, at_night, run, start_job, write_ledger
from tests.tiers.oracle import Oracle, assert_as, history_rows, latest_totals, placed
from tests.tiers.test_rules import EDGES
from tiers.models import RetierRun, Scheme, TierChange
from tiers.services import NoScheme, foretell_retier
from tiers.services.retiering import Superseded, do_chunk

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)
NEXT = DAY + timedelta(days=1)


def customers(n: int) -> list[Customer]:
    """Customers nobody has tiered yet."""
    first = make_customer(tier=0, position={"tier_since": None, "on": None})
    return [first, *(make_customer(tier=0, branch=first.branch, position={"tier_since": None}) for _ in range(n - 1))]


def ledger_of(*totals: str, on: date = DAY) -> Histories:
    """One customer for each total, which it has had since `on`."""
    histories = {c.pk: {on: Decimal(total)} for c, total in zip(customers(len(totals)), totals, strict=True)}
    write_ledger(histories, on)
    return histories


def with_total(histories: Histories, customer_id: int, total: str, on: date) -> None:
    """A balance fed for a day, first or corrected."""
    histories[customer_id][on] = Decimal(total)
    write_ledger(histories, max(day for history in histories.values() for day in history))


def test_edges_of_the_first_scheme() -> None:
    histories = ledger_of(*(value for value, _ in EDGES))

    result = run(DAY)

    ranks = [rank for _, rank in EDGES]
    assert [tier for tier, _ in placed(histories).values()] == ranks
    assert result == {
        "business_date": "2026-11-20",
        "scheme": 1,
        "customers": 10,
        "up": 0,
        "down": 0,
        "watch": 0,
        "unchanged": 10,
        "overridden": 0,
        "by_tier": {str(rank): ranks.count(rank) for rank in (1, 2, 3, 4)},
        "first": 10,
        "redone": [],
        "rows": 10,
    }


def test_customers_without_balances_are_in_the_first_tier() -> None:
    [nobody] = customers(1)

    run(DAY)

    assert placed([nobody.pk]) == {nobody.pk: (1, DAY)}
    assert history_rows([nobody.pk]) == {(nobody.pk, DAY): (0, 1, Decimal("0.00"))}


def test_a_change_row_holds_every_input() -> None:
    histories = ledger_of("50000")
    [customer_id] = histories
    run(DAY)
    with_total(histories, customer_id, "3000000", NEXT)
    progress = start_job(NEXT)

    run(NEXT, progress=progress)

    position = CustomerPosition.everything.get(pk=customer_id)
    change = TierChange.everything.get(customer_id=customer_id, on=NEXT)
    assert (change.from_tier, change.to_tier, change.value) == (2, 4, Decimal("3000000.00"))
    assert (change.measure, change.window_from, change.window_to) == ("balance", NEXT, NEXT)
    assert (change.scheme.version, change.job_id) == (1, progress.job_id)
    assert (change.branch_id, change.manager_id) == (position.branch_id, position.manager_id)


def test_a_second_run_of_the_day_writes_nothing() -> None:
    histories = ledger_of("10", "60000", "700000")
    run(DAY)
    before = list(TierChange.everything.order_by("pk").values())

    again = run(DAY)

    assert list(TierChange.everything.order_by("pk").values()) == before
    assert (again["up"], again["down"], again["first"]) == (0, 0, 3)
    assert [tier for tier, _ in placed(histories).values()] == [1, 2, 3]


def test_corrected_balances_replace_and_undo_the_day() -> None:
    histories = ledger_of("10", "10", "10")
    risen, undone, replaced = histories
    run(DAY)
    for customer_id in (undone, replaced):
        with_total(histories, customer_id, "60000", NEXT)
    run(NEXT)
    with_total(histories, undone, "20", NEXT)
    with_total(histories, replaced, "700000", NEXT)
    with_total(histories, risen, "50000", NEXT)

    result = run(NEXT)

    assert (result["up"], result["unchanged"]) == (2, 1)
    assert history_rows([undone]) == {(undone, DAY): (0, 1, Decimal("10.00"))}
    assert history_rows([replaced])[replaced, NEXT] == (1, 3, Decimal("700000.00"))
    assert history_rows([risen])[risen, NEXT] == (1, 2, Decimal("50000.00"))
    assert placed(histories) == {risen: (2, NEXT), undone: (1, DAY), replaced: (3, NEXT)}


def test_a_past_day_is_put_in_and_later_days_follow() -> None:
    histories = ledger_of("10", "10")
    one, other = histories
    later = NEXT + timedelta(days=1)
    run(DAY)
    with_total(histories, one, "60000", later)
    run(later)
    with_total(histories, one, "55000", NEXT)
    with_total(histories, other, "500000", NEXT)

    result = run(NEXT)

    assert result["redone"] == [later.isoformat()]
    assert history_rows([one]) == {
        (one, DAY): (0, 1, Decimal("10.00")),
        (one, NEXT): (1, 2, Decimal("55000.00")),
    }
    assert placed(histories) == {one: (2, NEXT), other: (3, NEXT)}
    assert latest_totals(later) == (2, 0, 0, 0, {"1": 0, "2": 1, "3": 1, "4": 0})


def test_a_later_version_takes_over_on_its_day() -> None:
    histories = ledger_of("60000")
    [customer_id] = histories
    approved("0", "100000", effective_on=NEXT)

    run(DAY)
    run(NEXT)

    assert history_rows(histories) == {
        (customer_id, DAY): (0, 2, Decimal("60000.00")),
        (customer_id, NEXT): (2, 1, Decimal("60000.00")),
    }
    assert RetierRun.objects.get(on=DAY).by_tier == {"1": 0, "2": 1, "3": 0, "4": 0}
    assert RetierRun.objects.get(on=NEXT).by_tier == {"1": 1, "2": 0}


def test_month_average_of_430_and_640_thousand_reaches_500_exactly() -> None:
    approved(effective_on=date(2026, 1, 1), measure="adb_month")
    month_end = date(2026, 11, 30)
    [customer] = customers(1)
    histories = {customer.pk: {date(2026, 11, 1): Decimal(430_000), date(2026, 11, 21): Decimal(640_000)}}
    write_ledger(histories, month_end)

    run(month_end)
    run(month_end - timedelta(days=1))

    assert history_rows(histories)[customer.pk, month_end - timedelta(days=1)][1] == 2
    assert history_rows(histories)[customer.pk, month_end] == (2, 3, Decimal("500000.00"))


def test_days_without_a_scheme_are_refused() -> None:
    with pytest.raises(NoScheme):
        run(date(1999, 12, 31))
    assert not RetierRun.objects.exists()


def test_dry_run_foretells_and_writes_nothing() -> None:
    histories = ledger_of("10", "60000")
    told = foretell_retier(business_day=DAY)
    assert not TierChange.everything.exists()
    assert told == run(DAY)
    with_total(histories, min(histories), "3000000", NEXT)
    told = foretell_retier(business_day=NEXT)
    assert told == run(NEXT)
    assert told["up"] == 1
    # For a day that others follow, and for one that was run.
    assert foretell_retier(business_day=DAY)["first"] == 2
    assert foretell_retier(business_day=NEXT)["up"] == 1


def test_a_run_is_recorded_in_the_trail() -> None:
    ledger_of("10")

    run(DAY)

    entry = TrailEntry.objects.get(subject="tiers.retierrun")
    assert (entry.action, entry.subject_id, entry.actor_no) == ("run", "2026-11-20", "tester")
    assert entry.changes["by_tier"] == {"1": 1, "2": 0, "3": 0, "4": 0}


def test_an_unfinished_run_is_taken_up_where_it_stopped() -> None:
    histories = ledger_of("10", "60000", "700000", "3000000")
    progress = start_job(DAY)
    stop_after(progress, chunks=2)
    assert len(history_rows(histories)) == 2
    rows = list(TierChange.everything.order_by("pk").values_list("pk", flat=True))

    run(DAY, progress=progress, chunk_size=1)

    assert [tier for tier, _ in placed(histories).values()] == [1, 2, 3, 4]
    assert list(TierChange.everything.order_by("pk").values_list("pk", flat=True)[:2]) == rows
    assert latest_totals(DAY) == (4, 4, 0, 0, {"1": 1, "2": 1, "3": 1, "4": 1})


def test_a_run_left_half_done_does_not_spoil_the_next_day() -> None:
    histories = ledger_of("10", "60000")
    oracle = Oracle(list(Scheme.objects.all()))
    stop_after(start_job(DAY), chunks=1)
    [first, second] = histories
    with_total(histories, first, "500000", NEXT)

    result = run(NEXT)

    assert history_rows(histories) == {
        (first, DAY): (0, 1, Decimal("10.00")),
        (first, NEXT): (1, 3, Decimal("500000.00")),
        (second, DAY): (0, 2, Decimal("60000.00")),
    }
    # The day left half done is done first, and told of.
    assert result["redone"] == [DAY.isoformat()]
    oracle.retier(histories, DAY)
    oracle.retier(histories, NEXT)
    assert_as(oracle, list(histories))
    run(DAY)
    assert_as(oracle, list(histories))


def test_workers_of_a_job_that_was_overtaken_write_nothing() -> None:
    ledger_of("10", "60000")
    progress = start_job(DAY)
    stop_after(progress, chunks=1)
    left = Job.objects.get(pk=progress.job_id).chunks.get(is_done=False)

    run(NEXT)

    with pytest.raises(Superseded):
        do_chunk(left)
    assert TierChange.everything.filter(on=DAY, job_id=progress.job_id).count() == 1


class Stopped(BaseException):
    """A worker's sudden end."""


def stop_after(progress: Progress, *, chunks: int) -> None:
    """Lead a run in chunks of one id and die after some of them."""
    done = 0

    def dying(chunk: object) -> object:
        nonlocal done
        if done == chunks:
            raise Stopped
        done += 1
        return do_chunk(chunk)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tiers.services.retiering.do_chunk", dying)
        with pytest.raises(Stopped):
            run(Job.objects.get(pk=progress.job_id).business_day or DAY, progress=progress, chunk_size=1)


def test_the_task_runs_the_job_and_keeps_its_counts() -> None:
    from tiers.tasks import retier as task

    ledger_of("60000")
    progress = start_job(DAY)

    task(progress.job_id)

    job = Job.objects.get(pk=progress.job_id)
    assert (job.state, job.counts["by_tier"]["2"], job.done_count) == (JobState.DONE, 1, 1)


TOTALS = st.one_of(
    st.sampled_from([Decimal(value) for value, _ in EDGES[:-1]]),
    st.integers(-(10**7), 4 * 10**8).map(lambda cents: Decimal(cents) / 100),
)
BEGIN = date(2026, 9, 24)
SPAN = 20
DAYS = st.integers(0, SPAN - 1).map(lambda n: BEGIN + timedelta(days=n))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("feed"), DAYS, st.dictionaries(st.integers(0, 2), TOTALS, min_size=1)),
        st.tuples(st.just("run"), DAYS, st.just({})),
    ),
    min_size=2,
    max_size=10,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=STEPS,
    measures=st.tuples(*[st.sampled_from(["balance", "adb_month", "adb_quarter"])] * 2),
    change_on=DAYS,
    chunk_size=st.sampled_from([1, 2, 50_000]),
)
def test_equals_the_slow_oracle_on_random_histories(
    steps: Sequence[tuple[str, date, dict[int, Decimal]]],
    measures: tuple[str, str],
    change_on: date,
    chunk_size: int,
) -> None:
    with transaction.atomic():
        schemes = [
            approved(effective_on=BEGIN, measure=measures[0]),
            approved("0", "40000", "500000", effective_on=change_on, measure=measures[1]),
        ]
        people = [customer.pk for customer in customers(3)]
        histories: Histories = {customer_id: {} for customer_id in people}
        oracle = Oracle(schemes)
        for kind, day, totals in steps:
            if kind == "feed":
                for n, total in totals.items():
                    histories[people[n]][day] = total
                write_ledger(histories, max(on for history in histories.values() for on in history))
            else:
                run(day, chunk_size=chunk_size)
                oracle.retier(histories, day)
        assert_as(oracle, people)
        transaction.set_rollback(True)


def test_times_are_given_not_read() -> None:
    ledger_of("10")

    run(DAY)

    assert RetierRun.objects.get(on=DAY).finished_at == at_night(DAY)

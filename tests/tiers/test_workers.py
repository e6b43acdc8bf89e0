"""Several workers, killed workers: the result is always that of one unbroken run."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction

from core import jobs
from core.enums import JobState
from core.models import Job, JobChunk
from customers.models import Customer, CustomerPosition
from customers.services.feeds import IMPORT_LOCK
from tests.factories import NOW, make_branch
from tests.tiers.ledgers import (
    Histories,
    Oracle,
    approved,
    expected_places,
    history_rows,
    latest_totals,
    placed,
    run,
    start_job,
    write_ledger,
)
from tests.tiers.worker import lead
from tiers.models import RetierRun, TierChange

pytestmark = pytest.mark.django_db(transaction=True)
DAY = date(2026, 11, 20)
NEXT = DAY + timedelta(days=1)
ROOT = Path(__file__).resolve().parents[2]


def many(count: int) -> Histories:
    """Customers with two balances each, about half of which mean another tier on the second day."""
    branch, rng = make_branch(), random.Random(7)
    people = Customer.everything.bulk_create(
        Customer(
            customer_no=f"M{n:06}",
            name="客户",
            name_pinyin="",
            name_initials="",
            branch=branch,
            created_at=NOW,
            updated_at=NOW,
        )
        for n in range(count)
    )
    CustomerPosition.everything.bulk_create(CustomerPosition(customer=person, branch=branch) for person in people)
    totals = [Decimal(value) for value in ("-1", "49999.99", "50000", "499999.99", "500000", "3000000")]
    histories = {person.pk: {DAY: rng.choice(totals), NEXT: rng.choice(totals)} for person in people}
    write_ledger(histories, NEXT)
    return histories


def oracle_of(histories: Histories, *days: date) -> Oracle:
    """What one unbroken run of each day gives."""
    oracle = Oracle([approved(effective_on=date(2000, 1, 1))])
    for day in days:
        oracle.retier(histories, day)
    return oracle


def assert_as(oracle: Oracle, histories: Histories) -> None:
    """History, positions and totals are the oracle's, with nothing left over."""
    assert history_rows(histories) == oracle.changes
    assert TierChange.everything.count() == len(oracle.changes)
    assert placed(histories) == expected_places(oracle, histories)
    for day in oracle.days:
        tiers = [oracle.tier(customer_id, day) for customer_id in histories]
        by_tier = {str(rank): tiers.count(rank) for rank in (1, 2, 3, 4)}
        first = sum(row[0] == 0 for (_, on), row in oracle.changes.items() if on == day)
        up = sum(0 < row[0] < row[1] for (_, on), row in oracle.changes.items() if on == day)
        down = sum(row[0] > row[1] for (_, on), row in oracle.changes.items() if on == day)
        assert latest_totals(day) == (len(histories), first, up, down, by_tier)


def worker(part: str, job_id: int, chunk_size: int) -> subprocess.Popen[bytes]:
    """A real process on the test database."""
    found = connection.settings_dict
    host, port = found["HOST"], found["PORT"]
    address = f"postgres://{found['USER']}:{found['PASSWORD']}@/{found['NAME']}?host={host}&port={port}"
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": address,
        "DATABASE_OWNER_URL": address,
        "REDIS_URL": os.environ["REDIS_URL"],
        "DEPOSITCRM_VAR": str(settings.VAR),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "tests.tiers.worker", part, str(job_id), str(chunk_size)],
        cwd=ROOT,
        env=env,
        stderr=subprocess.DEVNULL,
    )


@contextmanager
def workers(*parts: str, job_id: int, chunk_size: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes that are certainly gone afterwards."""
    started = [worker(part, job_id, chunk_size) for part in parts]
    try:
        yield started
    finally:
        for process in started:
            process.kill()
            process.wait()


def until(condition: Callable[[], object], seconds: float = 90) -> None:
    """Wait for something other processes do."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.01)


def done_chunks(job_id: int) -> int:
    return JobChunk.objects.filter(job_id=job_id, is_done=True).count()


def test_several_processes_give_the_result_of_one() -> None:
    histories = many(240)
    oracle = oracle_of(histories, DAY)
    job_id = start_job(DAY).job_id

    with workers("lead", "help", job_id=job_id, chunk_size=10) as processes:
        until(lambda: JobChunk.objects.filter(job_id=job_id).exists())
        with workers("help", "help", job_id=job_id, chunk_size=10) as more:
            assert [process.wait(180) for process in [*processes, *more]] == [0, 0, 0, 0]

    assert_as(oracle, histories)
    assert Job.objects.get(pk=job_id).state == JobState.DONE
    assert done_chunks(job_id) == 24


def test_a_worker_killed_inside_a_chunk_loses_and_doubles_nothing() -> None:
    histories = many(120)
    oracle = oracle_of(histories, DAY, NEXT)
    run(DAY)
    job_id = start_job(NEXT).job_id
    moving = [customer_id for (customer_id, on) in oracle.changes if on == NEXT]

    with workers("lead", job_id=job_id, chunk_size=12) as [leader]:
        with transaction.atomic():
            # The worker gets as far as this customer and hangs inside its statement.
            CustomerPosition.everything.select_for_update().get(pk=moving[len(moving) // 2])
            until(lambda: waiting_for_a_lock() == 1)
            os.kill(leader.pid, signal.SIGKILL)
            leader.wait()
        until(lambda: waiting_for_a_lock() == 0)
    assert 0 < done_chunks(job_id) < 10

    finish(job_id, chunk_size=12)

    assert_as(oracle, histories)


def waiting_for_a_lock() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])


def test_leaders_and_helpers_killed_again_and_again() -> None:
    histories = many(360)
    oracle = oracle_of(histories, DAY, NEXT)
    run(NEXT)
    # A past day with a later one behind it: two days a chunk.
    job_id = start_job(DAY).job_id
    for _round in range(3):
        seen = done_chunks(job_id)
        with workers("lead", "help", job_id=job_id, chunk_size=12) as processes:
            until(lambda: done_chunks(job_id) > seen)  # noqa: B023  called before the next round
            for process in processes:
                os.kill(process.pid, signal.SIGKILL)
        # What a killed worker still had to say is rolled back before the next one starts.
        Job.objects.filter(pk=job_id).update(attempts=0)

    finish(job_id, chunk_size=12)

    assert_as(oracle, histories)
    assert not RetierRun.objects.filter(is_open=True).exists()


def finish(job_id: int, *, chunk_size: int) -> None:
    """Lead the job to its end in this process, as the sweeper's next message would have it done."""
    until(lambda: _led(job_id, chunk_size))


def _led(job_id: int, chunk_size: int) -> bool:
    try:
        job = jobs.execute(job_id, lambda job, progress: lead(job, progress, chunk_size))
    except jobs.JobBusy:
        return False  # the dead worker's connection is not closed yet
    return job.state == JobState.DONE


def test_one_run_at_a_time() -> None:
    histories = many(60)
    oracle = oracle_of(histories, DAY, NEXT)
    first, second = start_job(DAY).job_id, start_job(NEXT).job_id

    with workers("lead", job_id=first, chunk_size=3) as [one], workers("lead", job_id=second, chunk_size=3) as [two]:
        assert [one.wait(180), two.wait(180)] == [0, 0]

    assert_as(oracle, histories)


def test_a_chunk_waits_for_an_import_that_is_posting() -> None:
    histories = many(60)
    oracle = oracle_of(histories, DAY)
    job_id = start_job(DAY).job_id

    with workers("lead", job_id=job_id, chunk_size=12) as [leader]:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IMPORT_LOCK])
            until(lambda: waiting_for_a_lock() == 1)
            assert done_chunks(job_id) == 0
        assert leader.wait(180) == 0

    assert_as(oracle, histories)

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
from tests.factories import NOW, make_branch, make_user
from tests.tiers.ledgers import Histories, approved, lead, run, start_job, write_ledger
from tests.tiers.oracle import Oracle, assert_as
from tiers.models import RetierRun, TierOverride

pytestmark = pytest.mark.django_db(transaction=True)
DAY = date(2026, 11, 20)
NEXT = DAY + timedelta(days=1)
ROOT = Path(__file__).resolve().parents[2]


def many(count: int, *earlier: date) -> Histories:
    """Customers with a balance for each of the days, about half of which mean another tier on the next."""
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
    histories = {person.pk: {day: rng.choice(totals) for day in (*earlier, DAY, NEXT)} for person in people}
    write_ledger(histories, NEXT)
    return histories


def oracle_of(histories: Histories, *days: date) -> Oracle:
    """What one unbroken run of each day gives."""
    oracle = Oracle([approved(effective_on=date(2000, 1, 1))])
    for day in days:
        oracle.retier(histories, day)
    return oracle


def worker(part: str, *numbers: int, pipes: bool = False) -> subprocess.Popen[bytes]:
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
        [sys.executable, "-m", "tests.tiers.worker", part, *map(str, numbers)],
        cwd=ROOT,
        env=env,
        stdin=subprocess.PIPE if pipes else None,
        stdout=subprocess.PIPE if pipes else None,
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

    assert_as(oracle, list(histories))
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

    assert_as(oracle, list(histories))


def waiting_for_a_lock() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])


KILLS = 50
OCTOBER = date(2026, 10, 30)


class Nursery:
    """Workers that are there at once, to be killed at any moment."""

    def __init__(self) -> None:
        self._process = worker("nursery", pipes=True)

    def __enter__(self) -> "Nursery":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def start(self, part: str, job_id: int, chunk_size: int) -> int:
        """A worker's number."""
        return self._ask(f"{part} {job_id} {chunk_size}")

    def kill(self, pid: int) -> int:
        """Kill -9; 1 = it was alive until then."""
        return self._ask(f"kill {pid}")

    def _ask(self, line: str) -> int:
        pipes = self._process
        assert pipes.stdin
        assert pipes.stdout
        pipes.stdin.write(f"{line}\n".encode())
        pipes.stdin.flush()
        return int(pipes.stdout.readline())


def test_fifty_kills_change_nothing() -> None:
    """reliability.md R10: with a watch, overrides and later days behind the one that is done."""
    rng = random.Random(10)
    histories = many(320, OCTOBER)
    oracle = Oracle([approved(effective_on=date(2000, 1, 1), watch_periods=1)])
    give_tiers(rng.sample(sorted(histories), 40))
    for day in (OCTOBER, DAY, NEXT):
        oracle.retier(histories, day)
    run(DAY)
    run(NEXT)
    job_id = start_job(OCTOBER).job_id

    with Nursery() as nursery:
        killed = 0
        while killed < KILLS or not done_chunks(job_id):
            born = [nursery.start(part, job_id, 6) for part in ("lead", "help")]
            # On a busy machine they come to nothing in so short a time: longer, after so many kills.
            time.sleep(rng.uniform(0.02, 0.14) * (1 + killed // KILLS))
            killed += sum(nursery.kill(pid) for pid in rng.sample(born, 2))
            Job.objects.filter(pk=job_id).update(attempts=0)
            assert Job.objects.get(pk=job_id).state != JobState.DONE, "too little to do for so many kills"

    finish(job_id, chunk_size=6)

    assert_as(oracle, list(histories))
    assert not RetierRun.objects.filter(is_open=True).exists()
    assert min(oracle.totals(sorted(histories), NEXT)[4:6]) > 0


def give_tiers(customer_ids: list[int]) -> None:
    """Overrides of some customers, a few of which end on the second of the days."""
    asked, decided = make_user(role="manager"), make_user(role="branch_head")
    TierOverride.everything.bulk_create(
        TierOverride(
            customer_id=customer_id,
            letter="DCBA"[n % 4],
            reason="大额存款在途",
            starts_on=OCTOBER,
            ends_on=DAY if n % 3 else NEXT,
            status="ended",
            requested_by=asked,
            requested_at=NOW,
            decided_by=decided,
            decided_at=NOW,
        )
        for n, customer_id in enumerate(customer_ids)
    )


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

    assert_as(oracle, list(histories))


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

    assert_as(oracle, list(histories))

"""The night in other processes: killed, waited for, started by several clocks at once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from threading import Thread
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction

from core import jobs
from core.clock import now
from core.enums import JobState
from core.models import Job
from core.trail import NIGHT
from depositcrm import tasks
from insights.rules.nights import latest_business_day
from insights.services import start_night
from tests.factories import TODAY
from tests.night_scene import (
    COMMAND,
    DAY,
    NAMES,
    ROOT,
    balances,
    inbox,
    make_accounts,
    rolled_up,
    run,
    statuses,
    steps,
    tiers,
)
from tiers.models import TierChange

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("inbox")]
__all__ = ["inbox"]


def environment() -> dict[str, str]:
    """Of a process on the test's own database and broker."""
    found = connection.settings_dict
    address = (
        f"postgres://{found['USER']}:{found['PASSWORD']}@/{found['NAME']}?host={found['HOST']}&port={found['PORT']}"
    )
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": address,
        "DATABASE_OWNER_URL": address,
        "DEPOSITCRM_VAR": str(settings.VAR),
        "DEPOSITCRM_INBOX": str(settings.FEED_INBOX),
    }


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Another process, certainly gone afterwards."""
    started = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


def until(condition: Callable[[], object], seconds: float = 40) -> None:
    """Wait for something other processes do."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.02)


def waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            # Not pg_stat_activity: one transaction sees the same snapshot of it for ever.
            "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
            " WHERE NOT l.granted AND d.datname = current_database() AND l.locktype = 'relation'"
        )
        return bool(cursor.fetchone()[0])


def holds_a_job() -> bool:
    """Whether some process has the lock of a job."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
            " WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.pid <> pg_backend_pid()"
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize(
    ("table", "step"), [("tiers_tierchange", "retier"), ("insights_depositday", "roll_up"), ("core_trailseal", "seal")]
)
def test_a_killed_night_goes_on_where_it_stopped(table: str, step: str) -> None:
    make_accounts("A1", "A2", "A3")
    balances("49999.99", "50000", "3000000")
    command = ("django", "run_night", "--business-date", "2026-11-20", "--inline", "--json")

    with transaction.atomic(), process(*command) as first:
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        until(waits_for_a_lock)
        first.send_signal(signal.SIGKILL)
        first.wait()

    assert Job.objects.get(name=f"night.{step}").state == JobState.RUNNING
    until(lambda: not holds_a_job())  # its database process has yet to hear of its end
    status, result, _prose = run("--inline")

    place = NAMES.index(step)
    expected = ["already_done"] * place + ["done"] * (len(NAMES) - place)
    assert (status, statuses(result)) == (0, dict(zip(NAMES, expected, strict=True)))
    assert tiers() == {"A1": 1, "A2": 2, "A3": 4}
    assert TierChange.everything.count() == 3
    assert rolled_up() == {1: (1, Decimal("49999.99")), 2: (1, Decimal(50_000)), 4: (1, Decimal(3_000_000))}


def test_a_worker_does_the_night_the_command_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{COMMAND}.WORKER_SECONDS", 90)  # it has yet to start
    make_accounts("A1")
    balances("70000")
    queue = settings.CELERY_TASK_DEFAULT_QUEUE
    with process("celery", "-A", "depositcrm", "worker", "--pool", "solo", "-Q", queue, "--loglevel", "error"):
        status, result, _prose = run()
    assert (status, statuses(result)) == (0, dict.fromkeys(NAMES, "done"))
    assert tiers() == {"A1": 2}


def in_threads(count: int, work: Callable[[], object]) -> None:
    def one() -> None:
        try:
            work()
        finally:
            connection.close()

    threads = [Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_the_same_night_in_several_processes_runs_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []

    def work() -> int:
        ran.append(1)
        time.sleep(0.3)
        return 1

    job = start_night(business_day=TODAY, actor=NIGHT, at=now(), publish=False)
    with steps(monkeypatch, ("one", work)):
        in_threads(4, lambda: tasks.run_night(job.pk))
    job.refresh_from_db()
    assert (ran, job.state, job.attempts) == ([1], JobState.DONE, 1)


def test_two_nights_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    inside, most = [], []

    def work() -> int:
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.2)
        inside.pop()
        return 1

    nights = [start_night(business_day=TODAY - n * DAY, actor=NIGHT, at=now(), publish=False).pk for n in range(3)]
    with steps(monkeypatch, ("one", work)):
        in_threads(3, lambda: tasks.run_night(nights.pop()))
    assert most == [1, 1, 1]
    assert Job.objects.filter(name="depositcrm.night", state=JobState.DONE).count() == 3


def test_three_clocks_start_one_night(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, int]] = []
    monkeypatch.setattr(jobs, "send", lambda task, *args: sent.append((task, *args)) or True)
    day = latest_business_day(now())
    make_accounts("A1")
    balances("70000", on=day)

    for _round in range(3):
        in_threads(3, tasks.tick)

    assert sent == [("depositcrm.night", Job.objects.get(name="depositcrm.night").pk)]
    clock = Job.objects.get(name="depositcrm.tick")
    assert clock.state == JobState.DONE
    assert isinstance(clock.started_at, datetime)


def test_the_clock_sees_a_file_that_lies_in_the_inbox(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(jobs, "send", lambda task, *args: True)
    day = latest_business_day(now())
    path = settings.FEED_INBOX / f"balances_{day:%Y%m%d}.csv"
    path.write_text("account_no,balance\n")
    tasks.tick()
    assert not Job.objects.filter(name="depositcrm.night").exists()  # somebody may still be writing it
    os.utime(path, (time.time() - 120,) * 2)
    tasks.tick()
    assert Job.objects.get(name="depositcrm.night").business_day == day

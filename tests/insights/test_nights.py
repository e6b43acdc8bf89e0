"""Starting nights by hand and by the clock, and what the console shows of them."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core import jobs
from core.clock import SHANGHAI, now
from core.enums import JobState
from core.models import Job, TrailEntry
from core.trail import NIGHT
from customers.models import FedDay
from insights.queries import nights
from insights.rules import nights as rules
from insights.services import start_due_nights, start_night
from staff.enums import Role
from staff.models import User
from tests.factories import make_user

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)
ONE = timedelta(days=1)
AT = datetime(2026, 11, 21, 2, 0, tzinfo=SHANGHAI)


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> list[tuple[str, int]]:
    """What would have been published."""
    found: list[tuple[str, int]] = []
    monkeypatch.setattr(jobs, "send", lambda task, *args: found.append((task, *args)) or True)
    return found


def make_feed(day: date = DAY) -> None:
    """Balances of a day are in."""
    FedDay.objects.create(on=day, is_full=True)


def make_night(day: date = DAY, *, state: str = JobState.DONE, steps: tuple[str, ...] = ("done",) * 3) -> Job:
    """A night as it was left behind."""
    night = start_night(business_day=day, actor=NIGHT, at=AT, publish=False)
    for n, step_state in enumerate(steps):
        step = jobs.enqueue(
            name=f"night.step{n}",
            key=day.isoformat(),
            actor=NIGHT,
            at=AT,
            business_day=day,
            parent=night,
            publish=False,
        )
        Job.objects.filter(pk=step.pk).update(state=step_state, started_at=AT, finished_at=AT, attempts=1)
    Job.objects.filter(pk=night.pk).update(state=state, started_at=AT, finished_at=AT, attempts=1)
    night.refresh_from_db()
    return night


def states(night: Job) -> list[str]:
    night.refresh_from_db()
    return [night.state, *(step.state for step in night.steps.order_by("pk"))]


def test_a_night_is_one_job_a_day_however_often_it_is_started() -> None:
    first, second = (start_night(business_day=DAY, actor=NIGHT, at=AT) for _ in range(2))
    assert first == second
    assert (first.name, first.key, first.business_day) == ("depositcrm.night", "2026-11-20", DAY)


def test_a_night_that_is_done_stays_done() -> None:
    night = make_night()
    start_night(business_day=DAY, actor=NIGHT, at=AT)
    assert states(night) == ["done"] * 4


@pytest.mark.parametrize("state", [JobState.PARKED, JobState.REFUSED, JobState.FAILED])
def test_a_night_that_failed_is_armed_again_and_keeps_its_finished_steps(state: JobState) -> None:
    night = make_night(state=state, steps=("done", state))
    start_night(business_day=DAY, actor=NIGHT, at=AT)
    assert states(night) == ["waiting", "done", state]


def test_steps_a_feed_reopened_arm_their_night_again() -> None:
    night = make_night()
    jobs.reopen(prefix=rules.STEP_PREFIX, since=DAY, at=AT)
    start_night(business_day=DAY, actor=NIGHT, at=AT)
    assert states(night) == ["waiting"] * 4


def test_repeating_a_night_opens_all_its_steps() -> None:
    night, other = make_night(), make_night(DAY - ONE)
    start_night(business_day=DAY, actor=NIGHT, at=AT, again=True)
    assert states(night) == ["waiting"] * 4
    assert states(other) == ["done"] * 4


def test_repeating_a_night_that_runs_disturbs_nothing() -> None:
    night = make_night(state=JobState.RUNNING, steps=("done", "running"))
    start_night(business_day=DAY, actor=NIGHT, at=AT, again=True)
    assert states(night) == ["running", "done", "running"]


def test_only_people_leave_a_trail_of_starting() -> None:
    user = make_user(role="admin")
    start_night(business_day=DAY, actor=NIGHT, at=AT)
    assert not TrailEntry.objects.filter(subject="core.job").exists()
    start_night(business_day=DAY, actor=user.actor, at=AT)
    entry = TrailEntry.objects.get(subject="core.job")
    assert (entry.action, entry.actor_no, entry.changes) == ("run", user.staff_no, {"night": "2026-11-20"})


def test_the_clock_starts_the_night_of_a_fed_day_once(
    sent: list[tuple[str, int]], django_capture_on_commit_callbacks: Any
) -> None:
    make_feed()
    with django_capture_on_commit_callbacks(execute=True):
        days = [start_due_nights(at=AT + n * timedelta(minutes=1)) for n in range(3)]
    assert days == [[DAY], [], []]
    assert sent == [("depositcrm.night", Job.objects.get(name=rules.NIGHT_JOB).pk)]


def test_the_clock_starts_nothing_for_days_without_balances_or_to_come() -> None:
    make_feed(DAY + ONE)
    assert start_due_nights(at=AT) == []


def test_files_in_the_inbox_start_a_night_too() -> None:
    assert start_due_nights(at=AT, waiting={DAY}) == [DAY]


def test_one_night_at_a_time_oldest_first() -> None:
    make_night(DAY - 3 * ONE)
    for n in range(3):
        make_feed(DAY - n * ONE)
    started = []
    for _n in range(4):
        started += start_due_nights(at=AT)
        assert start_due_nights(at=AT) == []
        Job.objects.filter(name=rules.NIGHT_JOB).update(state=JobState.DONE)
    assert started == [DAY - 2 * ONE, DAY - ONE, DAY]


def test_a_reopened_night_waits_until_feeds_have_stopped_coming() -> None:
    night = make_night()
    jobs.reopen(prefix=rules.STEP_PREFIX, since=DAY, at=AT)
    assert start_due_nights(at=AT + timedelta(minutes=9)) == []
    assert start_due_nights(at=AT + timedelta(minutes=11)) == [DAY]
    assert states(night)[0] == "waiting"


def test_a_file_that_came_after_its_night_repeats_it() -> None:
    night = make_night()
    assert start_due_nights(at=AT, waiting={DAY}) == [DAY]
    assert states(night) == ["waiting"] * 4


def test_a_night_that_was_refused_is_left_to_people() -> None:
    make_night(state=JobState.REFUSED, steps=("refused",))
    assert start_due_nights(at=AT, waiting={DAY}) == []


def shown(at: datetime) -> dict[date, tuple[bool, bool, bool]]:
    return {night.day: (night.is_done, night.is_late, night.has_failed) for night in nights.nights(at=at)}


def test_the_console_lists_nights_fed_started_or_due() -> None:
    make_feed(DAY - 2 * ONE)
    make_night(DAY - 3 * ONE)
    make_night(DAY - ONE, state=JobState.PARKED, steps=("done", "parked"))
    late = AT.replace(hour=8)
    assert shown(AT) == {
        DAY: (False, False, False),
        DAY - ONE: (False, True, True),
        DAY - 2 * ONE: (False, True, False),
        DAY - 3 * ONE: (True, False, False),
    }
    assert shown(late)[DAY] == (False, True, False)


def test_a_new_bank_is_not_late_with_its_past() -> None:
    for n in range(10):
        make_feed(DAY - n * ONE)
    assert list(shown(AT)) == [DAY]


def test_a_step_waiting_for_its_next_try_is_red() -> None:
    night = make_night(state=JobState.WAITING, steps=("done", "waiting"))
    Job.objects.filter(parent=night, state="waiting").update(error="OperationalError: gone")
    assert nights.latest_night(at=AT).has_failed


def test_the_scheduler_is_missed_after_two_ticks() -> None:
    assert nights.clock_state(at=AT).is_missing
    tick = jobs.enqueue(name="depositcrm.tick", key="clock", actor=NIGHT, at=AT, publish=False)
    Job.objects.filter(pk=tick.pk).update(started_at=AT)
    assert not nights.clock_state(at=AT + timedelta(seconds=119)).is_missing
    assert nights.clock_state(at=AT + timedelta(seconds=121)).is_missing


def test_other_jobs_show_what_needs_a_look_first() -> None:
    make_night()
    for n, state in enumerate(["done", "parked", "done", "running"]):
        job = jobs.enqueue(name="customers.import_feed", key=str(n), actor=NIGHT, at=AT, publish=False)
        Job.objects.filter(pk=job.pk).update(state=state, heartbeat_at=AT - timedelta(minutes=11))
    found = nights.other_jobs()
    assert [job.state for job in found] == ["running", "parked", "done", "done"]
    assert [nights.is_stuck(job, AT) for job in found] == [True, False, False, False]
    assert nights.failed_count() == 1


ClientOf = Callable[[User], Client]


@pytest.mark.parametrize("role", list(Role))
def test_who_sees_the_console_and_who_runs_a_night(as_role: Callable[..., Client], role: Role) -> None:
    client = as_role(role)
    may_see, may_run = role in {Role.ADMIN, Role.HEAD_OFFICE}, role == Role.ADMIN
    assert client.get(reverse("insights:jobs")).status_code == (200 if may_see else 403)
    answer = client.post(reverse("insights:run_night", args=["2026-11-20"]))
    assert answer.status_code == (302 if may_run else 403)
    assert Job.objects.filter(name=rules.NIGHT_JOB).exists() is may_run


@pytest.mark.parametrize("day", ["2026-13-01", "today", "2099-01-01"])
def test_a_night_that_cannot_be_is_not_found(as_role: Callable[..., Client], day: str) -> None:
    assert as_role("admin").post(reverse("insights:run_night", args=[day])).status_code == 404


def test_the_console_shows_failures_in_red_with_a_button(as_role: Callable[..., Client]) -> None:
    day = nights.rules.latest_business_day(now())
    night = make_night(day, state=JobState.PARKED, steps=("done", "parked"))
    Job.objects.filter(parent=night, state="parked").update(error="OperationalError: disk full")
    page = as_role("admin").get(reverse("insights:jobs")).content.decode()
    assert "OperationalError: disk full" in page
    assert "badge is-bad" in page
    assert reverse("insights:run_night", args=[day.isoformat()]) in page


def test_head_office_reads_without_buttons(as_role: Callable[..., Client]) -> None:
    make_night(nights.rules.latest_business_day(now()))
    page = as_role("head_office").get(reverse("insights:jobs")).content.decode()
    assert "/run/" not in page


def test_a_parked_job_is_run_again_by_its_button(
    as_role: Callable[..., Client], sent: list[tuple[str, int]], django_capture_on_commit_callbacks: Any
) -> None:
    job = jobs.enqueue(name="customers.import_feed", key="7", actor=NIGHT, at=AT, publish=False)
    Job.objects.filter(pk=job.pk).update(state=JobState.PARKED, attempts=3, error="boom")
    with django_capture_on_commit_callbacks(execute=True):
        answer = as_role("admin").post(reverse("insights:rerun_job", args=[job.pk]))
    job.refresh_from_db()
    assert (answer.status_code, job.state, job.attempts, job.error) == (302, "waiting", 0, "")
    assert sent == [("customers.import_feed", job.pk)]


def test_a_job_that_is_done_cannot_be_run_again(as_role: Callable[..., Client]) -> None:
    job = jobs.enqueue(name="customers.import_feed", key="7", actor=NIGHT, at=AT, publish=False)
    Job.objects.filter(pk=job.pk).update(state=JobState.DONE)
    assert as_role("admin").post(reverse("insights:rerun_job", args=[job.pk])).status_code == 404


def test_liveness_answers_without_a_worker(as_role: Callable[..., Client], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("insights.gateways.ANSWER_SECONDS", 0.1)
    answer = as_role("admin").get(reverse("insights:liveness"))
    assert answer.status_code == 200
    assert "badge is-bad" in answer.content.decode()

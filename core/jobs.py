"""Background work: jobs and chunks are PostgreSQL rows, the broker only wakes workers up for them.

A job runs under a session-level advisory lock, which PostgreSQL frees the moment its holder dies, so the same
message delivered twice runs once and a killed worker's job can be taken up at once.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from celery import current_app
from django.db import OperationalError, connection, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from core.clock import now
from core.enums import JobState
from core.errors import DomainError
from core.history import signed
from core.models import Job, JobChunk
from core.trail import Actor

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
RETRY_AFTER = timedelta(seconds=30)
REPUBLISH_AFTER = timedelta(seconds=45)
LOCK_CLASS = 0x6A6F62  # "job"

Counts = Mapping[str, Any]


class JobBusy(DomainError):
    """Somebody else is running this job right now."""

    code = "job_busy"
    message = _("This job is already running.")


@dataclass(frozen=True, slots=True)
class Progress:
    """Handed to a running job so that it can say how far it is."""

    job_id: int

    def report(self, done: int, total: int | None = None) -> None:
        """Show `done` of `total` pieces on the console."""
        changes: dict[str, Any] = {"done_count": done, "heartbeat_at": now()}
        if total is not None:
            changes["total_count"] = total
        Job.objects.filter(pk=self.job_id).update(**changes)

    def report_beside(self, done: int, total: int) -> None:
        """The same from inside a long transaction, over a connection of its own; at most about once a second."""
        beside = connection.copy()
        try:
            with beside.cursor() as cursor:
                cursor.execute("SET lock_timeout = '200ms'")
                cursor.execute(
                    "UPDATE core_job SET done_count = %s, total_count = %s, heartbeat_at = %s WHERE id = %s",
                    [done, total, now(), self.job_id],
                )
        except OperationalError as error:
            log.info("progress of job %s not shown: %s", self.job_id, error)
        finally:
            beside.close()


@transaction.atomic
def enqueue(
    *,
    name: str,
    key: str,
    actor: Actor,
    at: datetime,
    args: Mapping[str, Any] | None = None,
    business_day: date | None = None,
    parent: Job | None = None,
    publish: bool = True,
) -> Job:
    """The job (name, key), created or, when it had failed, armed again; its worker is woken after commit."""
    job, created = Job.objects.select_for_update().get_or_create(
        name=name,
        key=key,
        defaults={
            "args": dict(args or {}),
            "business_day": business_day,
            "parent": parent,
            "due_at": at,
            "created_at": at,
            "actor_id": actor.id,
            "actor_no": actor.number,
        },
    )
    if not created and job.state in {JobState.FAILED, JobState.PARKED, JobState.REFUSED}:
        rearm(job, at=at)
    if publish and job.state == JobState.WAITING:
        transaction.on_commit(lambda: publish_job(job, at=at))
    return job


def rearm(job: Job, *, at: datetime) -> None:
    """Let a finished or failed job run again."""
    job.state, job.attempts, job.due_at, job.error = JobState.WAITING, 0, at, ""
    job.save(update_fields=["state", "attempts", "due_at", "error"])


def reopen(*, prefix: str, since: date, at: datetime) -> int:
    """Let finished jobs whose name begins with `prefix` run again for business days from `since` on."""
    done = Job.objects.filter(name__startswith=prefix, business_day__gte=since, state=JobState.DONE)
    return done.update(state=JobState.WAITING, attempts=0, published_at=at, due_at=at + timedelta(days=3650))


def publish_job(job: Job, *, at: datetime) -> bool:
    """Wake a worker up for the job; False when the broker cannot be reached (the sweeper will try again)."""
    if not send(job.name, job.pk):
        return False
    Job.objects.filter(pk=job.pk).update(published_at=at)
    return True


def send(task: str, *args: int) -> bool:
    """Publish a task by name; never raises for a broker that is away."""
    try:
        current_app.send_task(task, args=args)
    except Exception as error:  # kombu raises its transports' own errors: any of them means "not sent"
        log.warning("broker unreachable, %s left to the sweeper: %s", task, error)
        return False
    return True


def sweep(*, at: datetime) -> int:
    """Publish again what the broker forgot: unfinished, due, not published lately, and run by nobody."""
    woken = 0
    for job in Job.objects.due(at).filter(parent=None).exclude(published_at__gt=at - REPUBLISH_AFTER):
        with _lock(job.pk) as free:
            if not free:
                continue
        woken += publish_job(job, at=at)
    return woken


@contextlib.contextmanager
def _lock(job_id: int) -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK_CLASS, job_id % 2**31])
        (got,) = cursor.fetchone()
    try:
        yield got
    finally:
        if got:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_CLASS, job_id % 2**31])


def execute(job_id: int, work: Callable[[Job, Progress], Counts]) -> Job:
    """Run `work` for the job unless it is finished or running elsewhere (JobBusy); the outcome is written down.

    A DomainError means refused and is not tried again; any other error is tried MAX_ATTEMPTS times, then parked.
    """
    with _lock(job_id) as got:
        if not got:
            raise JobBusy()
        job = Job.objects.get(pk=job_id)
        if job.state not in {JobState.WAITING, JobState.RUNNING}:
            return job
        if job.attempts >= MAX_ATTEMPTS:
            return _finish(job, JobState.PARKED, error=job.error or "its worker died each time it was tried")
        job.state, job.attempts, job.started_at = JobState.RUNNING, job.attempts + 1, now()
        job.heartbeat_at, job.finished_at = job.started_at, None
        job.save(update_fields=["state", "attempts", "started_at", "heartbeat_at", "finished_at"])
        try:
            with signed(source=job.name, actor=job.actor_no):
                counts = work(job, Progress(job.pk))
        except DomainError as error:
            return _finish(job, JobState.REFUSED, error=str(error))
        except Exception as error:
            log.exception("job %s failed", job)
            return _failed(job, error)
        return _finish(job, JobState.DONE, counts=counts)


def _failed(job: Job, error: Exception) -> Job:
    text = f"{type(error).__name__}: {error}"[:2000]
    if job.attempts >= MAX_ATTEMPTS:
        return _finish(job, JobState.PARKED, error=text)
    job.state, job.error, job.finished_at = JobState.WAITING, text, now()
    job.due_at = job.finished_at + RETRY_AFTER * job.attempts
    job.save(update_fields=["state", "error", "finished_at", "due_at"])
    return job


def _finish(job: Job, state: JobState, *, counts: Counts | None = None, error: str = "") -> Job:
    job.state, job.finished_at, job.error = state, now(), error
    job.counts = dict(counts or {})
    job.save(update_fields=["state", "finished_at", "error", "counts"])
    return job


def wait(job: Job, *, seconds: float, poll: float = 0.2) -> Job:
    """The job once it is finished; TimeoutError when nothing at all moves for `seconds`."""
    seen, deadline = None, time.monotonic() + seconds
    while True:
        job.refresh_from_db()
        if job.state not in {JobState.WAITING, JobState.RUNNING}:
            return job
        moved = (job.state, job.heartbeat_at, job.done_count, job.steps.filter(finished_at__isnull=False).count())
        if moved != seen:
            seen, deadline = moved, time.monotonic() + seconds
        if time.monotonic() > deadline:
            raise TimeoutError(str(job))
        time.sleep(poll)


def plan_chunks(job: Job, *, low: int, high: int, size: int) -> None:
    """Cut ids low..high into chunks of `size`; planning again keeps what stands."""
    JobChunk.objects.bulk_create(
        [JobChunk(job=job, low=n, high=min(n + size - 1, high)) for n in range(low, high + 1, size)],
        ignore_conflicts=True,
    )
    Job.objects.filter(pk=job.pk).update(total_count=job.chunks.count())


def work_chunks(job_id: int, work: Callable[[JobChunk], Counts], *, until_all_done: bool) -> int:
    """Claim and do open chunks, each in its own transaction, until none is left to claim; returns how many.

    With `until_all_done` it also waits for chunks other workers hold, and does those whose worker died.
    """
    finished = 0
    while _one_chunk(job_id, work, skip_locked=True):
        finished += 1
    while until_all_done and _one_chunk(job_id, work, skip_locked=False):
        finished += 1
    return finished


def _one_chunk(job_id: int, work: Callable[[JobChunk], Counts], *, skip_locked: bool) -> bool:
    with transaction.atomic():
        open_chunks = JobChunk.objects.filter(job_id=job_id, is_done=False).order_by("low")
        chunk = open_chunks.select_for_update(skip_locked=skip_locked).first()
        if chunk is None:
            return False
        chunk.counts, chunk.is_done = dict(work(chunk)), True
        chunk.save(update_fields=["counts", "is_done"])
    Job.objects.filter(pk=job_id).update(done_count=F("done_count") + 1, heartbeat_at=now())
    return True

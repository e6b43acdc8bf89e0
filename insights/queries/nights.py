"""What the job console shows: nights with their steps, other jobs, whether anything is late."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Max, Q, QuerySet

from core.enums import JobState
from core.models import Job
from customers.models import FedDay
from insights.enums import JobName, NightStep
from insights.rules import nights as rules

TICK = "depositcrm.tick"
# The clock ticks each minute: two missed ticks show.
TICK_LATE = timedelta(minutes=2)
STUCK_AFTER = timedelta(minutes=10)
FAILED_STATES = (JobState.FAILED, JobState.PARKED, JobState.REFUSED)


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step of a night and its name in words."""

    label: str
    job: Job


@dataclass(frozen=True, slots=True)
class Night:
    """A business day's night: its job (None = never started), its steps in order, whether it is late."""

    day: date
    job: Job | None
    steps: Sequence[StepLine]
    is_done: bool
    is_late: bool
    has_failed: bool

    @property
    def is_red(self) -> bool:
        """Whether somebody has to look."""
        return self.is_late or self.has_failed


@dataclass(frozen=True, slots=True)
class ClockState:
    """The scheduler: its last tick, and whether it is missing."""

    last_tick_at: datetime | None
    is_missing: bool


def nights(*, at: datetime, days: int = 14) -> list[Night]:
    """The nights of the last `days` days that were fed or started, latest first, and the one due now."""
    latest = rules.latest_business_day(at)
    jobs = {job.business_day: job for job in _nights().filter(business_day__gt=latest - timedelta(days=days))}
    fed = FedDay.objects.filter(on__gt=latest - timedelta(days=days), on__lte=latest).values_list("on", flat=True)
    # A bank that never had a night is not late with all that lies before its first.
    first = _nights().order_by("business_day").values_list("business_day", flat=True).first() or latest
    wanted = {day for day in {*fed, *jobs, latest} if day and day >= first}
    return [_night(day, jobs.get(day), at) for day in sorted(wanted, reverse=True)]


def _nights() -> QuerySet[Job]:
    return Job.objects.filter(name=rules.NIGHT_JOB).prefetch_related("steps")


def _night(day: date, job: Job | None, at: datetime) -> Night:
    steps = sorted(job.steps.all(), key=lambda step: step.pk) if job else []
    is_done = job is not None and all(one.state == JobState.DONE for one in (job, *steps))
    failed = any(_failed(one) for one in (*steps, *([job] if job else [])))
    late = rules.is_late(day, is_done=is_done, at=at)
    return Night(day, job, [StepLine(_label(step), step) for step in steps], is_done, late, failed)


def _failed(job: Job) -> bool:
    """Given up, or failed and waiting to be tried again."""
    return job.state in FAILED_STATES or (job.state == JobState.WAITING and bool(job.error))


def _label(step: Job) -> str:
    name = step.name.removeprefix(rules.STEP_PREFIX)
    return str(NightStep(name).label) if name in NightStep.values else name


def job_label(job: Job) -> str:
    """A job outside the night in words; its technical name where there are none."""
    return str(JobName(job.name).label) if job.name in JobName.values else job.name


def latest_night(*, at: datetime) -> Night:
    """The night of the latest business day, as boards warn of it."""
    day = rules.latest_business_day(at)
    return _night(day, _nights().filter(business_day=day).first(), at)


def other_jobs(limit: int = 50) -> list[Job]:
    """Jobs that are no part of a night: what failed or is unfinished first, then the latest."""
    rows = Job.objects.exclude(Q(name__startswith=rules.STEP_PREFIX) | Q(name__in=[rules.NIGHT_JOB, TICK]))
    open_rows = rows.filter(state__in=[*FAILED_STATES, JobState.WAITING, JobState.RUNNING]).order_by("-pk")[:limit]
    found = {job.pk: job for job in open_rows} | {job.pk: job for job in rows.order_by("-pk")[:limit]}
    is_settled = {JobState.DONE: 1}
    return sorted(found.values(), key=lambda job: (is_settled.get(JobState(job.state), 0), -job.pk))[:limit]


def is_stuck(job: Job, at: datetime) -> bool:
    """Whether a job says it runs but has not been heard of for ten minutes."""
    return job.state == JobState.RUNNING and at - (job.heartbeat_at or job.created_at) > STUCK_AFTER


def failed_count() -> int:
    """Jobs somebody has to look at."""
    return Job.objects.filter(state__in=FAILED_STATES).count()


def clock_state(*, at: datetime) -> ClockState:
    """When the scheduler last ticked."""
    last = Job.objects.filter(name=TICK).aggregate(last=Max("started_at"))["last"]
    return ClockState(last, last is None or at - last > TICK_LATE)

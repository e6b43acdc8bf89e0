"""Starting nights. What a night does is `depositcrm.night`; here are only its jobs."""

from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.db import transaction

from core import jobs, trail
from core.enums import ActorKind, JobState
from core.models import Job
from core.trail import NIGHT, Actor
from customers.models import FedDay
from insights.rules import nights as rules

# Feeds often come in a row: a night they reopened is run again when none has come for so long.
QUIET = timedelta(minutes=10)


@transaction.atomic
def start_night(*, business_day: date, actor: Actor, at: datetime, again: bool = False, publish: bool = True) -> Job:
    """The night of the day, waiting to run unless every step is done; with `again` even then."""
    night = jobs.enqueue(
        name=rules.NIGHT_JOB, key=business_day.isoformat(), actor=actor, at=at, business_day=business_day, publish=False
    )
    done = night.steps.filter(state=JobState.DONE)
    if again and night.state != JobState.RUNNING:
        done.update(state=JobState.WAITING, attempts=0)
    if night.state == JobState.DONE and night.steps.exclude(state=JobState.DONE).exists():
        jobs.rearm(night, at=at)
    if actor.kind == ActorKind.USER:
        trail.record(
            actor=actor, action="run", subject="core.job", subject_id=night.pk, at=at, changes={"night": night.key}
        )
    if publish and night.state in {JobState.WAITING, JobState.RUNNING}:
        transaction.on_commit(lambda: jobs.publish_job(night, at=at))
    return night


@transaction.atomic
def rerun(*, job: Job, actor: Actor, at: datetime) -> None:
    """Let a failed job of any kind run again; one that meanwhile finished is left alone."""
    job = Job.objects.select_for_update().get(pk=job.pk)
    jobs.enqueue(name=job.name, key=job.key, actor=actor, at=at)
    trail.record(actor=actor, action="run", subject="core.job", subject_id=job.pk, at=at, changes={"job": str(job)})


def start_due_nights(*, at: datetime, waiting: Collection[date] = ()) -> list[date]:
    """Start the earliest night that is due, unless one is under way; `waiting` are days with files in the inbox."""
    nights = Job.objects.filter(name=rules.NIGHT_JOB)
    if nights.unfinished().exists():
        return []
    since = rules.latest_business_day(at) - rules.CATCH_UP_DAYS * rules.DAY
    fed = FedDay.objects.filter(on__gt=since).values_list("on", flat=True)
    due = rules.nights_due(
        fed={*fed, *waiting},
        started=[day for day in nights.values_list("business_day", flat=True) if day],
        at=at,
    )
    # Imported files leave the inbox: one that lies there after its day's night has come late.
    late = nights.filter(state=JobState.DONE, business_day__in=waiting).values_list("business_day", flat=True)
    again = {day for day in late if day}
    days = sorted({*due, *_reopened(at), *again})[:1]
    for day in days:
        start_night(business_day=day, actor=NIGHT, at=at, again=day in again)
    return days


def _reopened(at: datetime) -> list[date]:
    """Days whose finished night has steps to do again, since a feed changed what they stand on."""
    steps = Job.objects.filter(name__startswith=rules.STEP_PREFIX, state=JobState.WAITING, parent__state=JobState.DONE)
    fresh = steps.filter(published_at__gt=at - QUIET).values_list("business_day", flat=True)
    return sorted({day for day in steps.values_list("business_day", flat=True) if day} - set(fresh))

"""The night: climbing the ladder once for a business day, each step a job of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from campaigns.services import calls, events, launching, occasions, uplift, win_back
from complaints.services import aftercare, escalation
from core import jobs, trail
from core.clock import now
from core.enums import JobState
from core.errors import DomainError
from core.jobs import Counts, Progress
from core.models import Job
from core.trail import NIGHT, Actor
from customers.services import balances, intake, kyc, lifecycle, quality
from customers.services.merge_requests import forget_snapshots
from customers.services.openings import forget_openings
from insights.rules.nights import STEP_PREFIX
from insights.services import kpis, outflow, reporting, roll_up_day
from insights.services import supervision as draws
from servicing.services import feedback, maturity, planning, reminders, surveys
from staff.services import exports, notices, supervision, targets, training
from staff.services.supervision_scorers import tell_of_leavers
from tiers import services as tiers
from tiers.services import overrides
from tiers.services.simulating import prepare_night

LOCK_CLASS = 0x6E6967  # "nig"

Work = Callable[[date, Actor, datetime, Progress], Counts]


class StepFailed(Exception):
    """A step did not get done; the night is tried again from it."""


class StepRefused(DomainError):
    """A step was refused by a control: trying again alone would change nothing."""

    code = "step_refused"
    message = _("Step %(step)s was refused: %(reason)s")


@dataclass(frozen=True, slots=True)
class Step:
    """A named piece of the night; its counts hold "rows"."""

    name: str
    work: Work


def _import_feeds(day: date, actor: Actor, at: datetime, progress: Progress) -> Counts:
    return intake.import_inbox(business_date=day, actor=actor, at=at)


def _roll_balances(day: date, actor: Actor, at: datetime, progress: Progress) -> Counts:
    return balances.roll(business_day=day, actor=actor, at=at)


def _retier(day: date, actor: Actor, at: datetime, progress: Progress) -> Counts:
    counts = tiers.retier(business_day=day, actor=actor, at=at, progress=progress)
    over = overrides.close_expired(on=day, actor=actor, at=at)
    return {**counts, "rows": counts["customers"], "overrides_over": over}


def _lifecycle(day: date, actor: Actor, at: datetime, progress: Progress) -> Counts:
    return lifecycle.run(business_day=day, actor=actor, at=at, progress=progress)


def _quality(day: date, actor: Actor, at: datetime, progress: Progress) -> Counts:
    return quality.run(business_day=day, actor=actor, at=at)


def _kyc(day: date, actor: Actor, at: datetime, progress: Progress) -> Counts:
    return kyc.run(business_day=day, actor=actor, at=at)


def _follow_ups(day: date, actor: Actor, at: datetime, progress: Progress) -> Counts:
    return planning.run(business_day=day, actor=actor, at=at, progress=progress)


def _maturities(day: date, actor: Actor, at: datetime, progress: Progress) -> Counts:
    return maturity.run(business_day=day, actor=actor, at=at)


def _voices(day: date, actor: Actor, at: datetime, progress: Progress) -> Counts:
    invited = surveys.run(business_day=day, actor=actor, at=at)["rows"]
    reminded = feedback.remind(business_day=day, actor=actor, at=at)["rows"]
    told = reminders.remind_of_day(business_day=day, at=at)
    return {"rows": invited + reminded + told, "invited": invited, "reminded": reminded, "told": told}


def _complaint_clocks(day: date, actor: Actor, at: datetime, progress: Progress) -> Counts:
    return escalation.run(business_day=day, actor=actor, at=at)


def _complaint_causes(day: date, actor: Actor, at: datetime, progress: Progress) -> Counts:
    return aftercare.run(business_day=day, actor=actor, at=at)


def _outreach(day: date, actor: Actor, at: datetime, progress: Progress) -> Counts:
    ended, due = launching.end_past(at=at), launching.launch_due(at=at)
    closed = events.close_past(at=at)
    found = occasions.run(business_day=day, actor=actor, at=at)["rows"]
    called = calls.run(business_day=day, actor=actor, at=at)["rows"]
    measured = uplift.run(business_day=day, actor=actor, at=at)["rows"]
    regained = win_back.measure_win_backs(business_day=day, actor=actor, at=at)["rows"]
    rows = ended + due["launched"] + found + called + measured + regained + closed
    told = {"events": closed, "occasions": found, "calls": called, "measured": measured, "win_backs": regained}
    return {"rows": rows, "ended": ended, **due, **told}


def _tidy(day: date, actor: Actor, at: datetime, progress: Progress) -> Counts:
    files, snapshots, told = exports.expire(at=at), forget_snapshots(at=at), notices.tidy(at=at)
    notices.queue_digest(at=at)
    opened = forget_openings(business_day=day)
    counts = {"files": files, "snapshots": snapshots, "notifications": told, "openings": opened}
    return {"rows": sum(counts.values()), **counts}


def _roll_up(day: date, actor: Actor, at: datetime, progress: Progress) -> Counts:
    deposits, figures = roll_up_day(day).rows, kpis.roll_up_kpis(business_day=day, at=at).rows
    return {"rows": deposits + figures, "deposits": deposits, "figures": figures}


def _warnings(day: date, actor: Actor, at: datetime, progress: Progress) -> Counts:
    return outflow.run(business_day=day, actor=actor, at=at)


def _people(day: date, actor: Actor, at: datetime, progress: Progress) -> Counts:
    trained = training.run(business_day=day, actor=actor, at=at)["rows"]
    supervised = supervision.run(business_day=day, actor=actor, at=at)["rows"] + tell_of_leavers(at=at)
    drawn = draws.draw_due(business_day=day, actor=actor, at=at)["rows"]
    aimed = targets.run(business_day=day, actor=actor, at=at)["rows"]
    rows = trained + supervised + drawn + aimed
    return {"rows": rows, "training": trained, "supervision": supervised, "drawn": drawn, "targets": aimed}


def _reports(day: date, actor: Actor, at: datetime, progress: Progress) -> Counts:
    return reporting.run(business_day=day, actor=actor, at=at)


def _simulator(day: date, actor: Actor, at: datetime, progress: Progress) -> Counts:
    return prepare_night(business_day=day, at=at)


def _seal(day: date, actor: Actor, at: datetime, progress: Progress) -> Counts:
    return {"rows": trail.seal(at=at)}


# What a step reads, an earlier one has written (architecture.md 5).
STEPS = (
    Step("import_feeds", _import_feeds),
    Step("roll_balances", _roll_balances),
    Step("retier", _retier),
    Step("lifecycle", _lifecycle),
    Step("quality", _quality),
    Step("kyc", _kyc),
    Step("maturities", _maturities),
    Step("follow_ups", _follow_ups),
    Step("voices", _voices),
    Step("complaint_clocks", _complaint_clocks),
    Step("complaint_causes", _complaint_causes),
    Step("outreach", _outreach),
    Step("warnings", _warnings),
    Step("roll_up", _roll_up),
    Step("people", _people),
    Step("reports", _reports),
    Step("simulator", _simulator),
    Step("tidy", _tidy),
    Step("seal", _seal),
)


def climb(night: Job, progress: Progress) -> Counts:
    """Do the steps that are not done yet, in order. Raises StepFailed or StepRefused at the first that fails."""
    with connection.cursor() as cursor:
        # Two nights at once would read each other's half-written tiers; PostgreSQL frees this lock with its holder.
        cursor.execute("SELECT pg_advisory_lock(%s, 0)", [LOCK_CLASS])
        try:
            return _climb(night, progress)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s, 0)", [LOCK_CLASS])


def _climb(night: Job, progress: Progress) -> Counts:
    rows = 0
    for done, step in enumerate(STEPS):
        progress.report(done, len(STEPS))
        job = do_step(night, step)
        if job.state != JobState.DONE:
            notices.night_failed(business_day=date.fromisoformat(night.key), step=step.name, at=now())
        if job.state == JobState.REFUSED:
            raise StepRefused(step=step.name, reason=job.error)
        if job.state != JobState.DONE:
            raise StepFailed(f"{step.name}: {job.error}")
        rows += job.counts.get("rows") or 0
    progress.report(len(STEPS))
    return {"rows": rows}


def do_step(night: Job, step: Step) -> Job:
    """The step's job after it has run, or as it stands when it was done before."""
    day = date.fromisoformat(night.key)
    child = jobs.enqueue(
        name=STEP_PREFIX + step.name,
        key=day.isoformat(),
        actor=NIGHT,
        at=now(),
        business_day=day,
        parent=night,
        publish=False,
    )
    return jobs.execute(child.pk, lambda _job, progress: step.work(day, NIGHT, now(), progress))


def outcome(night: Job, *, since: datetime) -> list[dict[str, Any]]:
    """The steps reached so far: name, status (done since `since`, already_done or failed), rows, seconds."""
    found = {job.name.removeprefix(STEP_PREFIX): job for job in night.steps.all()}
    return [
        _line(step.name, found[step.name], since) for step in STEPS if step.name in found and _ran(found[step.name])
    ]


def _ran(job: Job) -> bool:
    return job.started_at is not None


def _line(name: str, job: Job, since: datetime) -> dict[str, Any]:
    status = "failed"
    if job.state == JobState.DONE:
        status = "done" if job.started_at and job.started_at >= since else "already_done"
    return {
        "name": name,
        "status": status,
        "rows": job.counts.get("rows") or 0,
        "seconds": round(job.seconds, 3),
        **({"error": job.error} if status == "failed" else {}),
    }

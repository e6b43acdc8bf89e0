"""What Celery runs for the night, and for work that reaches across apps."""

from contextlib import suppress
from pathlib import Path

from celery import shared_task
from django.conf import settings

from campaigns.services import launching, sending
from complaints.services import escalation
from core import jobs
from core.clock import now
from core.models import Job
from core.trail import NIGHT
from customers.services.handover import HAND_BACK, HAND_OVER
from customers.services.merge_requests import MERGE_JOB, UNDO_JOB
from depositcrm import exporting, merging, night, portfolio
from insights.gateways import inbox_days
from insights.services import outflow_trial, start_due_nights
from servicing.services.reminders import remind
from staff.services import exports


@shared_task(name="depositcrm.night")
def run_night(job_id: int) -> None:
    """Climb the night of this job; a second message for a night under way does nothing."""
    try:
        jobs.execute(job_id, night.climb)
    except jobs.JobBusy:
        return


@shared_task(name="depositcrm.tick")
def tick(job_id: int | None = None) -> None:
    """Once a minute: start the night that is due, tell of reminders, wake who sends; once an hour, tell of complaints.

    Its job row shows that the clock runs.
    """
    at = now()
    job = jobs.enqueue(name="depositcrm.tick", key="clock", actor=NIGHT, at=at, publish=False)
    try:
        jobs.rearm(job, at=at)
        jobs.execute(job.pk, lambda _job, _progress: _start_due())
        sending.wake(at=at)
        _complaint_clocks()
    except jobs.JobBusy:
        return


def _start_due() -> jobs.Counts:
    at = now()
    days = start_due_nights(at=at, waiting=inbox_days(Path(settings.FEED_INBOX), at))
    return {"rows": len(days), "started": [day.isoformat() for day in days], "reminders": remind(at=at)}


def _complaint_clocks() -> None:
    """Once an hour, as a job of its own: what fails in it stops no night."""
    at = now()
    if Job.objects.filter(name=escalation.HOURLY_JOB, started_at__gt=at - escalation.EVERY).exists():
        return
    job = jobs.enqueue(name=escalation.HOURLY_JOB, key="clock", actor=NIGHT, at=at, publish=False)
    jobs.rearm(job, at=at)
    complaint_clocks(job.pk)


@shared_task(name=escalation.HOURLY_JOB)
def complaint_clocks(job_id: int) -> None:
    """Tell of complaints whose time runs out; a second message for a running job does nothing."""
    with suppress(jobs.JobBusy):
        jobs.execute(job_id, lambda _job, _progress: escalation.run_hourly(at=now()))


@shared_task(name=HAND_OVER)
def hand_over(job_id: int) -> None:
    """Do a hand-over; a second message for one under way does nothing."""
    with suppress(jobs.JobBusy):
        jobs.execute(job_id, portfolio.hand_over)


@shared_task(name=HAND_BACK)
def hand_back(job_id: int) -> None:
    """Take a hand-over back; a second message for one under way does nothing."""
    with suppress(jobs.JobBusy):
        jobs.execute(job_id, portfolio.hand_back)


@shared_task(name=MERGE_JOB)
def merge_customers(job_id: int) -> None:
    """Make two records one; a second message for a running job does nothing."""
    try:
        jobs.execute(job_id, merging.do_merge)
    except jobs.JobBusy:
        return


@shared_task(name=UNDO_JOB)
def unmerge_customers(job_id: int) -> None:
    """Take a merge back; a second message for a running job does nothing."""
    try:
        jobs.execute(job_id, merging.do_undo)
    except jobs.JobBusy:
        return


@shared_task(name=launching.LAUNCH_JOB)
def launch_campaign(job_id: int) -> None:
    """Launch a campaign with a large audience; a second message for one under way does nothing."""
    with suppress(jobs.JobBusy):
        jobs.execute(job_id, lambda job, progress: launching.run_launch(job, progress, at=now()))


@shared_task(name=exports.JOB)
def export_list(job_id: int) -> None:
    """Make the file of a list; a second message for one being made does nothing."""
    with suppress(jobs.JobBusy):
        jobs.execute(job_id, exporting.export_list)


@shared_task(name=outflow_trial.JOB)
def try_outflow(job_id: int) -> None:
    """Try the rules of outflow warnings on the past; a second message for a trial under way does nothing."""
    with suppress(jobs.JobBusy):
        jobs.execute(job_id, lambda job, progress: outflow_trial.run_trial(job, progress, at=now()))

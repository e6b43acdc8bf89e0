"""What Celery runs for the night."""

from pathlib import Path

from celery import shared_task
from django.conf import settings

from core import jobs
from core.clock import now
from core.trail import NIGHT
from depositcrm import night
from insights.gateways import inbox_days
from insights.services import start_due_nights


@shared_task(name="depositcrm.night")
def run_night(job_id: int) -> None:
    """Climb the night of this job; a second message for a night under way does nothing."""
    try:
        jobs.execute(job_id, night.climb)
    except jobs.JobBusy:
        return


@shared_task(name="depositcrm.tick")
def tick(job_id: int | None = None) -> None:
    """Once a minute: start the night that is due. Its own job row shows the console that the clock is running."""
    at = now()
    job = jobs.enqueue(name="depositcrm.tick", key="clock", actor=NIGHT, at=at, publish=False)
    try:
        jobs.rearm(job, at=at)
        jobs.execute(job.pk, lambda _job, _progress: _start_due())
    except jobs.JobBusy:
        return


def _start_due() -> jobs.Counts:
    at = now()
    days = start_due_nights(at=at, waiting=inbox_days(Path(settings.FEED_INBOX), at))
    return {"rows": len(days), "started": [day.isoformat() for day in days]}

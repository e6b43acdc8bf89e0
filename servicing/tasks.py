"""What workers do for servicing."""

from contextlib import suppress

from celery import shared_task

from core import jobs
from core.clock import now
from servicing.services import survey_links
from servicing.services.surveys import SEND_JOB


@shared_task(name=SEND_JOB)
def send_surveys(job_id: int) -> None:
    """Send the survey links that wait; a second message for a running job does nothing."""
    with suppress(jobs.JobBusy):
        jobs.execute(job_id, lambda _job, progress: survey_links.send_waiting(at=now(), progress=progress))

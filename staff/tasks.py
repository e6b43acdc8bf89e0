"""What workers do for the bank's people."""

from contextlib import suppress

from celery import shared_task

from core import jobs
from core.clock import now
from core.models import Job
from staff.services import notices


@shared_task(name=notices.MAIL_JOB)
def mail_notices(job_id: int) -> None:
    """Write the letters of a digest; a second message for one being written does nothing."""
    with suppress(jobs.JobBusy):
        jobs.execute(job_id, _mail)


def _mail(job: Job, progress: jobs.Progress) -> jobs.Counts:
    return notices.send_letters(digest=job.args["digest"], at=now(), progress=progress)

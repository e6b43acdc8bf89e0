"""Re-tiering in workers: one leads a job, the others help with its chunks."""

from celery import shared_task

from core import jobs
from core.clock import now
from core.models import Job
from core.trail import Actor
from tiers import services


@shared_task(name="tiers.retier")
def retier(job_id: int) -> None:
    """Lead the re-tiering of the job's business day; a second message for a running job does nothing."""
    try:
        jobs.execute(job_id, _lead)
    except jobs.JobBusy:
        return


def _lead(job: Job, progress: jobs.Progress) -> jobs.Counts:
    if job.business_day is None:
        raise ValueError(f"{job} has no business day")
    actor = Actor(job.actor_id, job.actor_no)
    return services.retier(business_day=job.business_day, actor=actor, at=now(), progress=progress)


@shared_task(name="tiers.retier_help")
def retier_help(job_id: int) -> int:
    """Do chunks of a re-tiering until none is left; returns how many."""
    return services.help_retier(job_id=job_id)

"""Re-tiering in workers: one leads a job, the others help with its chunks."""

from celery import shared_task

from core import jobs
from core.clock import now
from core.models import Job
from core.trail import Actor
from tiers import services
from tiers.services import backtesting, simulating


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


@shared_task(name="tiers.spread")
def spread(job_id: int) -> None:
    """Make the spread a simulation asked for; a second message for a running job does nothing."""
    try:
        jobs.execute(job_id, _spread)
    except jobs.JobBusy:
        return


def _spread(job: Job, progress: jobs.Progress) -> jobs.Counts:
    made = simulating.spread_from(job.args, now())
    return {"rows": made.customers, "seconds": made.seconds}


@shared_task(name="tiers.backtest")
def backtest(job_id: int) -> None:
    """Do a back-test; a second message for a running job does nothing."""
    try:
        jobs.execute(job_id, lambda job, progress: backtesting.run_backtest(job=job, progress=progress, at=now()))
    except jobs.JobBusy:
        return


@shared_task(name="tiers.backtest_help")
def backtest_help(job_id: int) -> int:
    """Do chunks of a back-test until none is left; returns how many."""
    return backtesting.help_backtest(job_id=job_id)

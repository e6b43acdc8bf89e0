"""What workers do for campaigns."""

from contextlib import suppress

from celery import shared_task

from campaigns.services import learning, segments, sending
from core import jobs
from core.clock import now


@shared_task(name=sending.SEND_JOB)
def send_outreach(job_id: int) -> None:
    """Send what is due over the job's channel; a second message for a running job does nothing."""
    with suppress(jobs.JobBusy):
        jobs.execute(job_id, lambda job, progress: sending.run(channel=job.key, clock=now, progress=progress))


@shared_task(name=segments.COUNT_JOB)
def count_segment(job_id: int) -> None:
    """Count a segment to the end; a second message for a running job does nothing."""
    with suppress(jobs.JobBusy):
        jobs.execute(job_id, lambda job, _progress: segments.finish_count(job.args))


@shared_task(name=learning.TRAIN_JOB)
def train_call_model(job_id: int) -> None:
    """Train a model of whom to call; a second message for a running job does nothing."""
    with suppress(jobs.JobBusy):
        jobs.execute(job_id, lambda job, _progress: learning.run_training(job.args))

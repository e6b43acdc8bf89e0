"""Feed uploads in the background."""

from celery import shared_task

from core import jobs
from core.clock import now
from customers.services import intake


@shared_task(name=intake.CHECK)
def check_feed(job_id: int) -> None:
    """Dry-run an upload."""
    jobs.execute(
        job_id, lambda job, progress: intake.run_stored_feed(job=job, progress=progress, dry_run=True, at=now())
    )


@shared_task(name=intake.IMPORT)
def import_feed(job_id: int) -> None:
    """Import an upload that was checked."""
    jobs.execute(
        job_id, lambda job, progress: intake.run_stored_feed(job=job, progress=progress, dry_run=False, at=now())
    )

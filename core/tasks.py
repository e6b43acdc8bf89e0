"""What Celery runs for core."""

from datetime import timedelta

from celery import shared_task

from core import jobs
from core.clock import now
from core.models import IdempotencyKey

KEYS_KEPT = timedelta(hours=24)


@shared_task(name="core.sweep")
def sweep() -> int:
    """Publish again what the broker forgot and drop answers nobody will ask for again; how many jobs were woken."""
    at = now()
    IdempotencyKey.objects.filter(created_at__lt=at - KEYS_KEPT).delete()
    return jobs.sweep(at=at)

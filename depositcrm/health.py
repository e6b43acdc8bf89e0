"""Is it alive, is it ready, how is it doing: for load balancers and monitoring."""

import secrets
from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from core.clock import now
from core.enums import JobState
from core.models import Job, TrailEntry, TrailSeal


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The process answers; touches nothing."""
    return HttpResponse("ok", content_type="text/plain")


@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Database, broker and migrations, each true or false; 503 while any of them is false."""
    found = {name: _holds(check) for name, check in CHECKS.items()}
    return JsonResponse(found, status=200 if all(found.values()) else 503)


def _holds(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception:  # whatever a dependency raises, it is not ready
        return False


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone())


def _broker() -> bool:
    cache.set("health", "1", 5)
    return bool(cache.get("health") == "1")


def _migrations() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


CHECKS: dict[str, Callable[[], bool]] = {"database": _database, "broker": _broker, "migrations": _migrations}


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus figures, for whoever holds METRICS_TOKEN; without a token set the address does not exist."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not settings.METRICS_TOKEN or not secrets.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        raise Http404
    registry = CollectorRegistry()
    jobs = Gauge("depositcrm_jobs", "Jobs by state", ["state"], registry=registry)
    for state in JobState.values:
        jobs.labels(state).set(Job.objects.filter(state=state).count())
    oldest = Job.objects.due(now()).order_by("due_at").values_list("due_at", flat=True).first()
    waiting = Gauge("depositcrm_job_wait_seconds", "How long the oldest due job has waited", registry=registry)
    waiting.set((now() - oldest).total_seconds() if oldest else 0)
    sealed = TrailSeal.objects.order_by("-last_id").values_list("last_id", flat=True).first() or 0
    unsealed = Gauge("depositcrm_trail_unsealed", "Trail entries not sealed yet", registry=registry)
    unsealed.set(TrailEntry.objects.filter(pk__gt=sealed).count())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

"""Everybody's life-cycle stage on a business day, with its history, in short transactions over ranges of customers.

The stages are those one would get by deciding each day in order. A run of a day that later days were decided after
does these again too, chunk by chunk: what later days say stands on the position. Killed in between and run again, the
chunks that were done change nothing and the others follow.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Min

from core import trail
from core.jobs import Progress
from core.sql import statement
from core.trail import Actor
from customers.models import CustomerPosition, LifecycleChange
from customers.queries.lifecycle import decided_params, decided_sql, rules_on
from customers.rules.lifecycle import STAGES
from customers.services.feeds import IMPORT_LOCK

CHUNK_SIZE = 20_000
LOCK_CLASS = 0x6C6966  # "lif"


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one day: customers looked at, changes of stage on it, history rows written or withdrawn, positions moved."""

    customers: int = 0
    changes: int = 0
    written: int = 0
    moved: int = 0

    def plus(self, other: "Counts") -> "Counts":
        """Both together."""
        return Counts(
            self.customers + other.customers,
            self.changes + other.changes,
            self.written + other.written,
            self.moved + other.moved,
        )


def run(
    *, business_day: date, actor: Actor, at: datetime, progress: Progress | None = None, chunk_size: int = CHUNK_SIZE
) -> dict[str, Any]:
    """Decide the stages of the day, and of the decided days after it; a second run changes nothing.

    "rows" counts the customers, "changes" those whose stage is another than the day before, "written" what this run
    had to write into the history.
    """
    later = (
        LifecycleChange.everything.filter(on__gt=business_day).order_by("on").values_list("on", flat=True).distinct()
    )
    days = [business_day, *later]
    chunks = _chunks(max(1, chunk_size // len(days)))
    total = Counts()
    for done, (low, high) in enumerate(chunks):
        if progress:
            progress.report(done, len(chunks))
        total = total.plus(_do_chunk(days, low, high))
    if progress:
        progress.report(len(chunks), len(chunks))
    return _record(business_day, days[1:], total, actor, at)


def _chunks(size: int) -> list[tuple[int, int]]:
    found = CustomerPosition.everything.aggregate(low=Min("pk"), high=Max("pk"))
    if found["low"] is None:
        return []
    return [(low, min(low + size - 1, found["high"])) for low in range(found["low"], found["high"] + 1, size)]


@transaction.atomic
def _do_chunk(days: Sequence[date], low: int, high: int) -> Counts:
    """Customers low..high on every day in order; the counts of the first, and what was written on all of them."""
    with connection.cursor() as cursor:
        # One run at a time, and none while an import is posting: all of them write positions.
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [LOCK_CLASS])
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [IMPORT_LOCK])
        cursor.execute("SET LOCAL work_mem = '32MB'")
    found = [_decide(day, low, high, is_last=day == days[-1]) for day in days]
    written = sum(counts.written for counts in found)
    return Counts(found[0].customers, found[0].changes, written, found[-1].moved)


def _decide(day: date, low: int, high: int, *, is_last: bool) -> Counts:
    version, rules = rules_on(day)
    params = {
        **decided_params(day, rules),
        "stages": json.dumps({rule.value: stage.value for rule, stage in STAGES.items()}),
        "version": version,
        "is_last": is_last,
        "low": low,
        "high": high,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement("customers", "lifecycle").replace("{decided}", decided_sql()), params)
        return Counts(*cursor.fetchone())


@transaction.atomic
def _record(business_day: date, redone: Sequence[date], total: Counts, actor: Actor, at: datetime) -> dict[str, Any]:
    result = {
        "rows": total.customers,
        "changes": total.changes,
        "written": total.written,
        "moved": total.moved,
        "redone": [day.isoformat() for day in redone],
    }
    trail.record(
        actor=actor,
        action="run",
        subject="customers.lifecyclechange",
        subject_id=business_day,
        at=at,
        changes=result,
    )
    return result

"""The night's follow-ups, in short transactions over ranges of customers: what has lost its reason is closed, what has
come due is planned, what belongs to somebody else by now passes on.

Nothing is planned twice (constraints of FollowUp): killed in between and run again, the chunks that were done change
nothing and the others follow. Customers without a manager get none: nobody owes them a rhythm until a head names one.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Min

from core import trail
from core.jobs import Progress
from core.sql import statement
from core.trail import Actor
from customers.models import Customer
from servicing.enums import FollowUpKind
from servicing.queries.planning import BLOCKING, STOPPING, plan_values, standing
from servicing.services.series import make_missing

CHUNK_IDS = 50_000
# Of each statement the pieces of SQL it is put together from; steps of playbooks alone are for one begun by hand.
PIECES: Mapping[str, tuple[str, ...]] = {
    "enrolled": ("enrol",),
    "stopped": ("stop",),
    "looked": ("away", "look", "owned", "look_end"),
    "planned": ("away", "steps", "due", "owned", "insert"),
    "steps": ("away", "steps", "owned", "insert"),
}
COUNTED = ("closed", "moved", "cadence", "review", "tiers", "enrolled", "stopped", "steps")
# As what a planned follow-up counts.
PLANNED: Mapping[str, str] = {
    FollowUpKind.CADENCE: "cadence",
    FollowUpKind.REVIEW: "review",
    FollowUpKind.TIER_UP: "tiers",
    FollowUpKind.TIER_WATCH: "tiers",
    FollowUpKind.PLAYBOOK: "steps",
}
CLOSE = """
UPDATE servicing_followup f SET state = u.state, closed_at = %(at)s
FROM unnest(%(keys)s::bigint[], %(states)s::text[]) u(id, state)
WHERE f.id = u.id AND f.id = ANY(%(keys)s) AND f.state = 'open'
"""
# A mark says that somebody stands in for the manager.
MOVE = """
UPDATE servicing_followup f SET owner_id = u.owner_id,
    facts = CASE WHEN u.is_manager THEN f.facts - 'stands_in' ELSE f.facts || '{"stands_in": true}' END
FROM unnest(%(keys)s::bigint[], %(owners)s::bigint[], %(managers)s::boolean[]) u(id, owner_id, is_manager)
WHERE f.id = u.id AND f.id = ANY(%(keys)s) AND f.state = 'open'
"""


@cache
def sql(name: str) -> str:
    """A statement of planning; its values are those of `plan_values` and the range, low and high."""
    text = "\n".join(statement("servicing", f"planning_{piece}") for piece in PIECES[name])
    text = text.replace("{rows}", "stepped" if name == "steps" else "wanted")
    return text.replace("{blocking}", standing(BLOCKING)).replace("{stopping}", standing(STOPPING))


def run(
    *,
    business_day: date,
    actor: Actor,
    at: datetime,
    progress: Progress | None = None,
    chunk_ids: int = CHUNK_IDS,
    after_chunk: Callable[[int], None] | None = None,
) -> dict[str, int]:
    """Plan everybody's follow-ups after a business day; a second run of the day changes nothing.

    "rows" counts all that was written: "closed", planned by "cadence", "review", "tiers" and "steps" of playbooks,
    customers "enrolled" in one, playbooks "stopped" or finished, follow-ups "moved" to another owner, "series".
    """
    values = plan_values(business_day, at)
    ends = Customer.everything.aggregate(first=Min("pk"), last=Max("pk"))
    first, last = (ends["first"] or 1) - 1, ends["last"] or 0
    counts = dict.fromkeys(COUNTED, 0)
    for low in range(first, last, chunk_ids):
        if progress:
            progress.report(low - first, last - first)
        for name, rows in _do_range({**values, "low": low, "high": low + chunk_ids}).items():
            counts[name] += rows
        if after_chunk:
            after_chunk(low)
    counts["series"] = make_missing(business_day=business_day, at=at)
    counts["rows"] = sum(counts.values())
    _record(business_day, counts, actor, at)
    return counts


@transaction.atomic
def _do_range(values: Mapping[str, Any]) -> Counter[str]:
    """All steps for the customers with low < id <= high; rows written by each."""
    done: Counter[str] = Counter()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute("SET LOCAL jit = off")
        # A range is too small to wake helpers for.
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        for name in ("enrolled", "stopped"):
            cursor.execute(sql(name), values)
            done[name] = int(cursor.rowcount)
        cursor.execute(sql("looked"), values)
        found = cursor.fetchall()
        done["closed"] = _close([row for row in found if row[1]], values["at"])
        done["moved"] = _move([row for row in found if not row[1]])
        cursor.execute(sql("planned"), values)
        for kind, rows in cursor.fetchall():
            done[PLANNED[kind]] += rows
    return done


def _close(rows: Sequence[tuple[Any, ...]], at: datetime) -> int:
    """Close what has lost its reason, by (key, state); what somebody has closed meanwhile stays as it is."""
    if not rows:
        return 0
    keys, states, *_ = zip(*rows, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(CLOSE, {"keys": list(keys), "states": list(states), "at": at})
        return int(cursor.rowcount)


def _move(rows: Sequence[tuple[Any, ...]]) -> int:
    """Give follow-ups to whom they belong, by (key, -, owner, is the manager)."""
    if not rows:
        return 0
    keys, _states, owners, managers = (list(column) for column in zip(*rows, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(MOVE, {"keys": keys, "owners": owners, "managers": managers})
        return int(cursor.rowcount)


@transaction.atomic
def _record(business_day: date, counts: Mapping[str, int], actor: Actor, at: datetime) -> None:
    trail.record(
        actor=actor, action="run", subject="servicing.planning", subject_id=business_day, at=at, changes=dict(counts)
    )

"""The night's follow-ups, in short transactions over ranges of customers: what has lost its reason is closed, what has
come due is planned, what belongs to somebody else by now passes on.

Nothing is planned twice (constraints of FollowUp): killed in between and run again, the chunks that were done change
nothing and the others follow. Customers without a manager get none: nobody owes them a rhythm until a head names one.
"""

from collections.abc import Callable, Iterable, Mapping
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
from servicing.enums import FollowUpState
from servicing.models import FollowUp
from servicing.queries.planning import BLOCKING, STOPPING, plan_values, standing_alert
from servicing.services.series import make_missing

CHUNK_IDS = 50_000
# In their order: what is done frees the place for what is planned. Of each the pieces of SQL it is put together from.
WRITES: Mapping[str, tuple[str, ...]] = {
    "closed": ("close",),
    "cadence": ("away", "cadence", "owned", "insert"),
    "review": ("away", "review", "owned", "insert"),
    "tiers": ("away", "tiers", "owned", "insert"),
    "enrolled": ("enrol",),
    "stopped": ("stop",),
    "steps": ("away", "steps", "owned", "insert"),
    "moved": ("away", "reown", "owned", "moved"),
}
HASHED = frozenset({"cadence", "review", "tiers"})


@cache
def sql(name: str) -> str:
    """The statement of a step of planning; its values are those of `plan_values` and the range, low and high."""
    text = "\n".join(statement("servicing", f"planning_{piece}") for piece in WRITES[name])
    return text.replace("{blocked}", standing_alert(BLOCKING)).replace("{stopping}", standing_alert(STOPPING))


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
    counts = dict.fromkeys(WRITES, 0)
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
def _do_range(values: Mapping[str, Any]) -> dict[str, int]:
    """All steps for the customers with low < id <= high; rows written by each."""
    done = {}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute("SET LOCAL jit = off")
        for name in WRITES:
            # On the first night the planner takes the follow-ups for few and would compare each with each.
            cursor.execute(f"SET LOCAL enable_nestloop = {'off' if name in HASHED else 'on'}")
            cursor.execute(sql(name), values)
            rows = cursor.fetchall() if name in WRITTEN_BY_KEY else []
            done[name] = WRITTEN_BY_KEY[name](rows, values) if name in WRITTEN_BY_KEY else int(cursor.rowcount)
    return done


def _close(rows: Iterable[tuple[int, str]], values: Mapping[str, Any]) -> int:
    """Close what has lost its reason, by (key, state); what somebody has closed meanwhile stays as it is."""
    by_state: dict[str, list[int]] = {}
    for key, state in rows:
        by_state.setdefault(state, []).append(key)
    open_ones = FollowUp.everything.filter(state=FollowUpState.OPEN)
    return sum(
        open_ones.filter(pk__in=keys).update(state=state, closed_at=values["at"]) for state, keys in by_state.items()
    )


def _move(rows: Iterable[tuple[int, int, bool]], values: Mapping[str, Any]) -> int:
    """Give follow-ups to whom they belong, by (key, owner, is the manager): a mark says that somebody stands in."""
    by_owner: dict[tuple[int, bool], list[int]] = {}
    for key, owner, is_manager in rows:
        by_owner.setdefault((owner, is_manager), []).append(key)
    moved = 0
    with connection.cursor() as cursor:
        for (owner, is_manager), keys in by_owner.items():
            marked = "facts - 'stands_in'" if is_manager else "facts || '{\"stands_in\": true}'"
            cursor.execute(
                f"UPDATE servicing_followup SET owner_id = %s, facts = {marked} WHERE id = ANY(%s) AND state = 'open'",
                [owner, keys],
            )
            moved += int(cursor.rowcount)
    return moved


WRITTEN_BY_KEY: Mapping[str, Callable[[Any, Mapping[str, Any]], int]] = {"closed": _close, "moved": _move}


@transaction.atomic
def _record(business_day: date, counts: Mapping[str, int], actor: Actor, at: datetime) -> None:
    trail.record(
        actor=actor, action="run", subject="servicing.planning", subject_id=business_day, at=at, changes=dict(counts)
    )

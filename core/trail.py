"""The trail: who did, saw, revealed or exported what. Written inside the transaction of the act it records."""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from core.enums import ActorKind
from core.models import TrailEntry, TrailSeal

request_id: ContextVar[str] = ContextVar("request_id", default="")

SEAL_ROWS = 100_000
# One row's bytes as they are digested; every column takes part, so any change of any of them shows.
ROW_TEXT = (
    "id::text || chr(31) || extract(epoch from at)::text || chr(31) || coalesce(actor_id::text, '') || chr(31)"
    " || actor_no || chr(31) || actor_kind || chr(31) || action || chr(31) || subject || chr(31) || subject_id"
    " || chr(31) || reason || chr(31) || changes::text || chr(31) || request_id"
)
RANGE_DIGEST = f"""
    SELECT count(*), max(id),
           sha256(%s::bytea || convert_to(coalesce(string_agg({ROW_TEXT}, chr(30) ORDER BY id), ''), 'UTF8'))
    FROM core_trailentry WHERE id BETWEEN %s AND %s
"""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who stands behind an act: a member of staff, a token of theirs, or a job."""

    id: int | None
    number: str
    kind: ActorKind = ActorKind.USER


NIGHT = Actor(None, "night", ActorKind.JOB)


@dataclass(frozen=True, slots=True)
class TrailCheck:
    """What `check_trail` found: entries and seals counted, and the first seal that does not hold."""

    entries: int
    seals: int
    unsealed: int
    first_bad: int | None

    @property
    def ok(self) -> bool:
        """True when every seal holds."""
        return self.first_bad is None


def record(
    *,
    actor: Actor,
    action: str,
    subject: str,
    subject_id: object = "",
    at: datetime,
    changes: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Write one entry. `changes` maps a field to [old, new] or holds counts; never an unmasked personal value."""
    TrailEntry.objects.create(
        at=at,
        actor_id=actor.id,
        actor_no=actor.number,
        actor_kind=actor.kind,
        action=action,
        subject=subject,
        subject_id=str(subject_id),
        reason=reason[:500],
        changes=dict(changes or {}),
        request_id=request_id.get(),
    )


@transaction.atomic
def seal(*, at: datetime) -> int:
    """Digest all unsealed entries into chained seals; returns how many entries were sealed."""
    sealed = 0
    with connection.cursor() as cursor:
        # No insert may be in flight, or an id below the seal could still appear.
        cursor.execute("SELECT core_lock_trail()")
        last = TrailSeal.objects.order_by("-last_id").first()
        previous, start = (bytes(last.digest), last.last_id + 1) if last else (b"", 1)
        while bounds := _next_range(start):
            cursor.execute(RANGE_DIGEST, [previous, start, bounds])
            entries, last_id, digest = cursor.fetchone()
            TrailSeal.objects.create(
                first_id=start, last_id=last_id, entries=entries, digest=bytes(digest), sealed_at=at
            )
            previous, start, sealed = bytes(digest), last_id + 1, sealed + entries
    return sealed


def _next_range(start: int) -> int | None:
    ids = TrailEntry.objects.filter(id__gte=start).order_by("id").values_list("id", flat=True)[:SEAL_ROWS]
    return max(ids, default=None)


def check() -> TrailCheck:
    """Recompute every seal from the rows themselves; an edit, a deletion, an insertion or a swap breaks one."""
    previous, end, entries, seals = b"", 0, 0, 0
    first_bad = None
    with connection.cursor() as cursor:
        for found in TrailSeal.objects.order_by("first_id").iterator():
            cursor.execute(RANGE_DIGEST, [previous, found.first_id, found.last_id])
            count, _last, digest = cursor.fetchone()
            holds = bytes(digest) == bytes(found.digest) and count == found.entries and found.first_id == end + 1
            if not holds and first_bad is None:
                first_bad = found.pk
            previous, end = bytes(found.digest), found.last_id
            entries, seals = entries + count, seals + 1
    unsealed = TrailEntry.objects.filter(id__gt=end).count()
    return TrailCheck(entries + unsealed, seals, unsealed, first_bad)

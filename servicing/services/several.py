"""Several follow-ups at once: done or passed on, and taken back; each that cannot go is told with the reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core import trail
from core.errors import DomainError
from servicing.enums import FollowUpState
from servicing.models import FollowUp
from servicing.queries import follow_ups as queries
from servicing.services import follow_ups as services
from servicing.services import series as recurring
from staff.models import User

MOST = 2_000


class TooMany(DomainError):
    """More rows than one step of several changes."""

    code = "too_many"
    message = _("More than %(most)s follow-ups at once; narrow the choice down.")


@dataclass(frozen=True, slots=True)
class Several:
    """What became of several at once: keys that changed, and why others did not."""

    done: list[int] = field(default_factory=list)
    refused: dict[int, str | Promise] = field(default_factory=dict)


@transaction.atomic
def reassign_several(*, ids: Sequence[int], owner: User, actor: User, at: datetime) -> Several:
    """Give several to somebody else; those who cannot go are told with the reason. Raises TooMany."""
    rows, found = _several(ids), Several()
    seen = queries.seen_by(owner, [row.customer_id for row in rows])
    moving = []
    for row in rows:
        why = services.refusal(row, actor) or (
            "" if row.customer_id in seen else str(services.OwnerCannotSee(name=owner.name))
        )
        why = why or (_("Is theirs already.") if row.owner_id == owner.pk else "")
        if why:
            found.refused[row.pk] = why
            continue
        services.pass_on(row, owner, actor, at)
        moving.append(row)
    FollowUp.everything.bulk_update(moving, ["owner", "facts"], batch_size=500)
    found.done.extend(row.pk for row in moving)
    _record_several(actor, "reassign", found, at, {"owner": owner.staff_no})
    return found


@transaction.atomic
def complete_several(*, ids: Sequence[int], outcome: str = "", actor: User, at: datetime) -> Several:
    """Mark several as done, with one word on what came of them. Raises TooMany."""
    rows, found = _several(ids), Several()
    closing = []
    for row in rows:
        if why := services.refusal(row, actor):
            found.refused[row.pk] = why
            continue
        row.state, row.closed_by, row.closed_at, row.outcome = FollowUpState.DONE, actor, at, outcome.strip()
        closing.append(row)
    FollowUp.everything.bulk_update(closing, ["state", "closed_by", "closed_at", "outcome"], batch_size=500)
    recurring.make_next(closing, at=at)
    found.done.extend(row.pk for row in closing)
    _record_several(actor, "complete", found, at, {})
    return found


@transaction.atomic
def undo_several(*, ids: Sequence[int], actor: User, at: datetime) -> Several:
    """Take back what was just done to several; what came after something else stays. Raises TooMany."""
    rows, found = _several(ids), Several()
    undone = []
    for row in rows:
        try:
            services.take_back(row, actor, at)
        except services.CannotUndo as error:
            found.refused[row.pk] = str(error)
            continue
        undone.append(row)
    FollowUp.everything.bulk_update(undone, services.UNDONE, batch_size=500)
    found.done.extend(row.pk for row in undone)
    _record_several(actor, "undo_follow_up", found, at, {})
    return found


def _several(ids: Sequence[int]) -> list[FollowUp]:
    if len(ids) > MOST:
        raise TooMany(most=f"{MOST:,}")
    rows = FollowUp.everything.select_for_update(of=("self",)).select_related("customer", "owner", "series")
    return list(rows.filter(pk__in=ids).order_by("pk"))


def _record_several(actor: User, action: str, found: Several, at: datetime, changes: Mapping[str, Any]) -> None:
    trail.record(
        actor=actor.actor,
        action=action,
        subject=services.SUBJECT,
        at=at,
        changes={"follow_ups": found.done, "refused": len(found.refused), **changes},
    )

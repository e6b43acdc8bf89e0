"""The one place a move of a case is done: by the table of moves, with its row of history and on the trail."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from complaints.enums import CaseState, Move
from complaints.models import CaseMove, Complaint
from complaints.queries.cases import SUBJECT
from complaints.queries.clocks import day_of
from complaints.rules.moves import ENDED, leads_to
from complaints.services.alerts import keep_alert, quiet_until
from complaints.services.clock_stops import after_move
from core import trail
from core.enums import ActorKind
from core.errors import DomainError
from core.trail import Actor
from staff.models import User

MAX_NOTE = 500
# Whoever wrote a case on the web form, signed in as nobody.
PUBLIC = Actor(None, "", ActorKind.USER)


class NotAllowed(DomainError):
    """The table of moves has none of this name from where the case stands: often somebody else was quicker."""

    code = "complaint_state"
    message = _("This is not possible while the case is “%(state)s”. Load the page again.")


class Recused(DomainError):
    """Whoever is kept away from a case does nothing to it."""

    code = "complaint_not_yours"
    message = _("This case is not yours to work on.")


def locked_case(complaint: Complaint, actor: User | None) -> Complaint:
    """The case as it stands now, locked until the transaction ends. Raises Recused for whoever is kept away from it."""
    rows = Complaint.everything.select_for_update(of=("self",))
    found = rows.select_related("branch", "desk", "customer", "handler", "registered_by").get(pk=complaint.pk)
    if actor is not None and actor.pk in found.recused:
        raise Recused()
    return found


@transaction.atomic
def move(
    *, complaint: Complaint, move: Move, actor: User | None, at: datetime, note: str = "", **fields: Any
) -> Complaint:
    """Take one move of the table; `fields` of the case change with it. Returns the case as it is now.

    Writes the days a state brings, what the clocks make of it, the history, the trail and the customer's alert; who may
    take the move is for the caller to say. Raises NotAllowed, Recused.
    """
    case = locked_case(complaint, actor)
    before, after = CaseState(case.state), leads_to(move, CaseState(case.state))
    if after is None:
        raise NotAllowed(state=before.label)
    changed = {**_days(after, day_of(at)), **fields, "state": after, "state_at": at}
    for name, value in changed.items():
        setattr(case, name, value)
    case.save(update_fields=list(changed))
    after_move(case=case, actor=actor, at=at)
    write_move(case=case, move=move, before=before, actor=actor, at=at, note=note)
    record_case(case=case, action=move, actor=actor, at=at, changes={"state": [before, after]})
    keep_alert(case=case, actor=actor, at=at)
    return case


def _days(after: CaseState, day: date) -> dict[str, Any]:
    if after in ENDED:
        return {"closed_on": day, "quiet_until": quiet_until(day)}
    if after == CaseState.REOPENED:
        return {"answered_on": None, "closed_on": None, "quiet_until": None}
    return {"answered_on": day} if after == CaseState.ANSWERED else {}


def write_move(*, case: Complaint, move: Move, before: str, actor: User | None, at: datetime, note: str = "") -> None:
    """One row of the case's history; registering, the first of them, comes from no state (`before` "")."""
    CaseMove.everything.create(
        complaint=case,
        move=move,
        from_state=before,
        to_state=case.state,
        by=actor,
        at=at,
        note=note.strip()[:MAX_NOTE],
        due_on=case.due_on,
    )


def record_case(
    *, case: Complaint, action: str, actor: User | None, at: datetime, changes: Mapping[str, Any] | None = None
) -> None:
    """Write an act on a case to the trail: that it was, never the words; those kept away do not read it there."""
    kept = {"kept_from": case.recused} if case.recused else {}
    trail.record(
        actor=actor.actor if actor else PUBLIC,
        action=action,
        subject=SUBJECT,
        subject_id=case.number,
        at=at,
        changes={"customer": case.customer_id, **kept, **(changes or {})},
    )

"""What a move of a case does to its clocks: nothing stands still, or waits for more time, that is over."""

from datetime import datetime

from complaints.enums import ExtensionState
from complaints.models import Complaint, Extension, Pause
from complaints.queries.clocks import day_of, internal_deadline_of
from complaints.queries.extensions import WAITING_REQUESTS
from complaints.rules.clocks import PAUSABLE
from complaints.rules.moves import OPEN
from staff.models import User


def after_move(*, case: Complaint, actor: User | None, at: datetime) -> None:
    """Bring the clocks in line with the state a case has just moved to; called in the move's own transaction.

    Once a decision is proposed the internal clock runs on; an ended case waits for no more time.
    """
    if case.paused_at is not None and case.state not in PAUSABLE:
        end_pause(case=case, actor=actor, at=at)
    if case.state not in OPEN:
        Extension.everything.filter(complaint=case, state__in=WAITING_REQUESTS).update(state=ExtensionState.LAPSED)


def end_pause(*, case: Complaint, actor: User | None, at: datetime) -> None:
    """Let the internal clock of a locked case run on from `at`; its deadline moves by the workdays it stood."""
    Pause.everything.filter(complaint=case, ended_at=None).update(ended_at=at, ended_by=actor)
    case.paused_at = None
    case.internal_due_on = internal_deadline_of(case, days=case.internal_days, until=day_of(at))
    case.save(update_fields=["paused_at", "internal_due_on"])

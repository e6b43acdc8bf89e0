"""Tries to reach the complainant, and pauses of the internal clock."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from complaints.models import Complaint, ContactAttempt, Pause
from complaints.queries import clocks as queries
from complaints.queries.cases import may_work_on
from complaints.queries.clocks import day_of
from complaints.rules import clocks as rules
from complaints.rules.moves import OPEN
from complaints.services.clock_stops import end_pause
from complaints.services.states import locked_case, record_case
from core.errors import DomainError
from staff.models import User


class NotYours(DomainError):
    """Its handler works on a case, whoever stands in for them, and the heads of its desk."""

    code = "complaint_not_yours"
    message = _("This case is not yours to work on.")


class ClockStopped(DomainError):
    """The case is decided or withdrawn: its clocks are still."""

    code = "complaint_clock_stopped"
    message = _("The clocks of this case have stopped. Load the page again.")


class NotPausable(DomainError):
    """The internal clock waits for the complainant only."""

    code = "complaint_not_pausable"
    message = _("The internal clock cannot be stopped now: it stands still already, or nobody is being waited for.")


class NotPaused(DomainError):
    """It runs already."""

    code = "complaint_not_paused"
    message = _("The internal clock is running already.")


class TriedWhen(DomainError):
    """A try lies between the day the complaint came in and now."""

    code = "complaint_tried_when"
    message = _("The time must lie between %(first)s and now.")


@transaction.atomic
def record_attempt(
    *, complaint: Complaint, how: str, result: str, tried_at: datetime, note: str = "", actor: User, at: datetime
) -> ContactAttempt:
    """Write down one try to reach the complainant; when they were reached, or it was tried often enough at different
    times, the first contact counts as made. Raises NotYours, ClockStopped, TriedWhen."""
    case = open_case(complaint, actor)
    if not case.received_on <= day_of(tried_at) or tried_at > at:
        raise TriedWhen(first=case.received_on.isoformat())
    attempt = ContactAttempt.everything.create(
        complaint=case, at=tried_at, how=how[:40], result=result, note=note.strip()[:300], by=actor, recorded_at=at
    )
    if case.contacted_on is None:
        _mark_contacted(case)
    _record(case, "attempt", actor, at, {"how": how, "result": result})
    return attempt


def _mark_contacted(case: Complaint) -> None:
    numbers, tries = queries.rules_of(case), queries.attempts_of_round(case).values_list("at", "result")
    case.contacted_on = rules.contacted_on(
        tries, tries=numbers.contact_tries, apart_hours=numbers.tries_apart_hours, day_of=day_of
    )
    if case.contacted_on is not None:
        case.save(update_fields=["contacted_on"])


@transaction.atomic
def pause_clock(*, complaint: Complaint, reason: str, note: str = "", actor: User, at: datetime) -> Pause:
    """Stop the internal clock while the complainant is waited for; the law's runs on. Raises NotYours, NotPausable."""
    case = worked_case(complaint, actor)
    if case.paused_at is not None or case.state not in rules.PAUSABLE:
        raise NotPausable()
    pause = Pause.everything.create(complaint=case, reason=reason, note=note.strip()[:300], started_at=at, by=actor)
    case.paused_at, case.internal_due_on = at, None
    case.save(update_fields=["paused_at", "internal_due_on"])
    _record(case, "pause", actor, at, {"reason": reason})
    return pause


@transaction.atomic
def resume_clock(*, complaint: Complaint, actor: User, at: datetime) -> Complaint:
    """Let the internal clock run on. Raises NotYours, NotPaused."""
    case = worked_case(complaint, actor)
    if case.paused_at is None:
        raise NotPaused()
    end_pause(case=case, actor=actor, at=at)
    _record(case, "resume", actor, at, {"internal_due_on": str(case.internal_due_on)})
    return case


def worked_case(complaint: Complaint, actor: User) -> Complaint:
    """The case, locked, for somebody who works on it. Raises NotYours."""
    case = locked_case(complaint, actor)
    if not may_work_on(actor, case):
        raise NotYours()
    return case


def open_case(complaint: Complaint, actor: User) -> Complaint:
    """The same while it is still to be decided. Raises NotYours, ClockStopped."""
    case = worked_case(complaint, actor)
    if case.state not in OPEN:
        raise ClockStopped()
    return case


def _record(case: Complaint, action: str, actor: User, at: datetime, changes: Mapping[str, Any]) -> None:
    record_case(case=case, action=action, actor=actor, at=at, changes=changes)

"""Writes on one case: its moves that need no decision, who works on it, who keeps away from it, how serious it is."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from complaints.enums import CaseState, Grade, Move, ReviewState
from complaints.models import Complaint, CorrectiveAction, Recusal, Review
from complaints.queries import cases as queries
from complaints.queries.clocks import clock_rules_on, day_of, regraded_clock
from complaints.queries.intake import desk_for
from complaints.rules.clocks import reopened_clocks
from complaints.rules.moves import LIVE, OPEN
from complaints.services import states
from complaints.services.alerts import keep_alert
from complaints.services.escalation import escalate_case
from complaints.services.states import locked_case, record_case
from core.calendar import bank_calendar
from core.errors import DomainError
from staff.access import HEADS
from staff.enums import Event
from staff.models import Branch, User
from staff.queries import heads_near
from staff.services.notices import forget, notify

MIN_REASON = 2


class NotYours(DomainError):
    """The handler works on a case; the heads of its desk and compliance lead it."""

    code = "complaint_not_yours"
    message = _("Only the handler, the heads of the unit that decides and compliance do this.")


class ReasonMissing(DomainError):
    """What changes a case against somebody's wish is said in words."""

    code = "complaint_reason"
    message = _("Say why, in at least %(least)s characters.")


class CannotHandle(DomainError):
    """Not of the desk, gone, or kept away from the case."""

    code = "complaint_handler"
    message = _("%(name)s cannot be given this case.")


class NoHandler(DomainError):
    """Nobody works on the case."""

    code = "complaint_no_handler"
    message = _("Give the case to somebody first.")


class WrongDesk(DomainError):
    """A case is decided by the unit complained of or by one above it."""

    code = "complaint_desk"
    message = _("A case is decided by the unit complained of or by one above it.")


class NotKeptAway(DomainError):
    """There is nothing to lift."""

    code = "complaint_no_recusal"
    message = _("%(name)s is not kept away from this case.")


@transaction.atomic
def accept(
    *, complaint: Complaint, actor: User, at: datetime, handler: User | None = None, note: str = ""
) -> Complaint:
    """Take a case on and give it to its handler; without one to whoever has it, or who accepts it.

    Raises NotYours, CannotHandle, NoHandler, states.NotAllowed.
    """
    case = _for_move(complaint, Move.ACCEPT, actor)
    if handler is not None and handler.pk != case.handler_id and not queries.may_lead(actor, case):
        raise NotYours()
    chosen = handler or case.handler or (actor if queries.handlers_for(case).filter(pk=actor.pk).exists() else None)
    if chosen is None:
        raise NoHandler()
    _check_handler(case, chosen)
    case = states.move(complaint=case, move=Move.ACCEPT, actor=actor, at=at, note=note, handler=chosen)
    _tell_handler(case, actor, at)
    return case


@transaction.atomic
def investigate(*, complaint: Complaint, actor: User, at: datetime, note: str = "") -> Complaint:
    """Begin to look into an accepted or reopened case. Raises NotYours, NoHandler, states.NotAllowed."""
    case = _for_move(complaint, Move.INVESTIGATE, actor)
    if case.handler_id is None:
        raise NoHandler()
    return states.move(complaint=case, move=Move.INVESTIGATE, actor=actor, at=at, note=note)


@transaction.atomic
def withdraw(*, complaint: Complaint, note: str, actor: User, at: datetime) -> Complaint:
    """The complainant takes it back: the case ends the same day; `note` says how they said so.

    Those who lead the desk hear of it when somebody else does it. Raises NotYours, ReasonMissing, states.NotAllowed.
    """
    case = _for_move(complaint, Move.WITHDRAW, actor)
    ended = states.move(complaint=case, move=Move.WITHDRAW, actor=actor, at=at, note=_words(note))
    if not queries.may_lead(actor, ended):
        once, params = f"{ended.number} withdrawn {ended.round}", {"number": ended.number}
        heads = heads_near(ended.desk, but=actor.pk).exclude(pk__in=ended.recused)
        notify(users=list(heads), event=Event.CASE_WITHDRAWN, once=once, at=at, url=_url(ended), params=params)
    return ended


@transaction.atomic
def reopen(*, complaint: Complaint, note: str, actor: User, at: datetime) -> Complaint:
    """Open an ended or answered case again, with a new round of both clocks from today on.

    Raises NotYours, ReasonMissing, states.NotAllowed. A review that changes a decision calls `reopen_round`.
    """
    case = _for_move(complaint, Move.REOPEN, actor)
    return reopen_round(complaint=case, note=_words(note), actor=actor, at=at)


@transaction.atomic
def reopen_round(*, complaint: Complaint, note: str, actor: User, at: datetime) -> Complaint:
    """The move of `reopen` for callers that have decided who may: reviews. A handler who has left is let go."""
    case, day = locked_case(complaint, actor), day_of(at)
    began = reopened_clocks(
        reopened_on=day, tier=case.tier, grade=case.grade, calendar=bank_calendar(), rules=clock_rules_on(day)
    )
    fields: dict[str, Any] = {name: getattr(began, name) for name in began.__dataclass_fields__}
    if case.handler is not None and not queries.handlers_for(case).filter(pk=case.handler.pk).exists():
        fields["handler"] = None
    case = states.move(
        complaint=case,
        move=Move.REOPEN,
        actor=actor,
        at=at,
        note=note,
        round=case.round + 1,
        paused_at=None,
        contacted_on=None,
        **fields,
    )
    _tell_handler(case, actor, at)
    return case


@transaction.atomic
def assign_handler(*, complaint: Complaint, handler: User, actor: User, at: datetime) -> Complaint:
    """Give a case to somebody of its desk. Raises NotYours, CannotHandle, states.NotAllowed for one that has ended."""
    case = _led(complaint, actor)
    if case.state not in LIVE:
        raise states.NotAllowed(state=CaseState(case.state).label)
    _check_handler(case, handler)
    before, case.handler = case.handler, handler
    case.save(update_fields=["handler"])
    changes = {"handler": [before.staff_no if before else "", handler.staff_no]}
    record_case(case=case, action="assign", actor=actor, at=at, changes=changes)
    if before is not None and before != handler:
        forget(user_ids=[before.pk], url=_url(case))
    _tell_handler(case, actor, at)
    return case


@transaction.atomic
def recuse(
    *, complaint: Complaint, user: User, reason: str, actor: User, at: datetime, is_named: bool = False
) -> Complaint:
    """Keep somebody away from a case from now on: complained of (`is_named`), or with an interest in it.

    Who lead the case do it, and everybody who works on it for themselves. The case leaves them: as handler, in their
    notices and their customer's alert; a head's desk hands it to the unit above. Raises NotYours, ReasonMissing.
    """
    case, why = locked_case(complaint, actor), _words(reason)
    if not (queries.may_lead(actor, case) or (actor == user and queries.may_work_on(actor, case))):
        raise NotYours()
    _row, is_new = Recusal.everything.get_or_create(
        complaint=case, user=user, defaults={"is_named": is_named, "reason": why, "by": actor, "at": at}
    )
    if is_new:
        case.recused = sorted({*case.recused, user.pk})
        if case.handler_id == user.pk:
            case.handler = None
        if user.role in HEADS and user.branch_id == case.desk_id:
            case.desk, case.handler = desk_for(case.desk, frozenset(case.recused)), None
        case.save(update_fields=["recused", "handler", "desk"])
        Review.everything.filter(complaint=case, reviewer=user, state=ReviewState.ASKED).update(reviewer=None)
        changes = {"who": user.staff_no, "is_named": is_named, "desk": case.desk.code}
        record_case(case=case, action="recuse", actor=actor, at=at, changes=changes)
        for url in (_url(case), *_actions_of(case, user)):
            forget(user_ids=[user.pk], url=url)
        keep_alert(case=case, actor=actor, at=at)
    return case


def step_aside(*, complaint: Complaint, reason: str, actor: User, at: datetime) -> Complaint:
    """Keep oneself away from a case one has an interest in; see `recuse`."""
    return recuse(complaint=complaint, user=actor, reason=reason, actor=actor, at=at)


@transaction.atomic
def lift_recusal(*, complaint: Complaint, user: User, reason: str, actor: User, at: datetime) -> Complaint:
    """Let somebody near a case again, by those who lead it; whoever is complained of, by somebody above the desk.

    Raises NotYours, ReasonMissing, NotKeptAway.
    """
    case, why = _led(complaint, actor), _words(reason)
    found = Recusal.everything.filter(complaint=case, user=user).first()
    if found is None:
        raise NotKeptAway(name=user.name)
    if found.is_named and case.desk.parent_id is not None and actor.branch_id == case.desk_id:
        raise NotYours()
    found.delete()
    case.recused = [pk for pk in case.recused if pk != user.pk]
    case.save(update_fields=["recused"])
    record_case(case=case, action="lift_recusal", actor=actor, at=at, changes={"who": user.staff_no, "why": why})
    keep_alert(case=case, actor=actor, at=at)
    return case


@transaction.atomic
def regrade(*, complaint: Complaint, grade: int, reason: str, actor: User, at: datetime) -> Complaint:
    """Say how serious a case is; the internal clock gets the workdays of that from its own day 0.

    Raises NotYours, ReasonMissing, states.NotAllowed for a case that is decided.
    """
    case, why = _led(complaint, actor), _words(reason)
    if case.state not in OPEN:
        raise states.NotAllowed(state=CaseState(case.state).label)
    before, case.grade = case.grade, Grade(grade)
    case.internal_days, case.internal_due_on = regraded_clock(case, grade=case.grade, day=day_of(at))
    case.save(update_fields=["grade", "internal_days", "internal_due_on"])
    changes = {"grade": [before, case.grade], "why": why}
    record_case(case=case, action="regrade", actor=actor, at=at, changes=changes)
    escalate_case(complaint=case, at=at)
    return case


@transaction.atomic
def move_desk(*, complaint: Complaint, desk: Branch, reason: str, actor: User, at: datetime) -> Complaint:
    """Have a case decided by the unit complained of or one above it; the desk gives it to a handler of its own.

    Raises NotYours, ReasonMissing, WrongDesk.
    """
    case, why = _led(complaint, actor), _words(reason)
    if not queries.desks_for(case).filter(pk=desk.pk).exists():
        raise WrongDesk()
    before, case.desk = case.desk, desk
    if case.handler is not None and case.handler.branch_id != desk.pk:
        forget(user_ids=[case.handler.pk], url=_url(case))
        case.handler = None
    case.save(update_fields=["desk", "handler"])
    record_case(
        case=case, action="move_desk", actor=actor, at=at, changes={"desk": [before.code, desk.code], "why": why}
    )
    return case


def open_account(*, complaint: Complaint, actor: User, at: datetime) -> queries.Account:
    """What the complainant said and left of themselves, in clear; the trail entry is committed first.

    Raises states.Recused.
    """
    if actor.pk in complaint.recused:
        raise states.Recused()
    with transaction.atomic():
        record_case(case=complaint, action="open_account", actor=actor, at=at)
    return queries.account_of(complaint)


def _for_move(complaint: Complaint, move: Move, actor: User) -> Complaint:
    case = locked_case(complaint, actor)
    if not queries.may_move(actor, case, move):
        raise NotYours()
    return case


def _led(complaint: Complaint, actor: User) -> Complaint:
    case = locked_case(complaint, actor)
    if not queries.may_lead(actor, case):
        raise NotYours()
    return case


def _check_handler(case: Complaint, handler: User) -> None:
    if not queries.handlers_for(case).filter(pk=handler.pk).exists():
        raise CannotHandle(name=handler.name)


def _words(text: str) -> str:
    words = text.strip()[: states.MAX_NOTE]
    if len(words) < MIN_REASON:
        raise ReasonMissing(least=MIN_REASON)
    return words


def _tell_handler(case: Complaint, actor: User, at: datetime) -> None:
    if case.handler_id is None or case.handler_id == actor.pk:
        return
    params = {"number": case.number, "day": case.due_on.isoformat()}
    once = f"case {case.number} {case.round} {case.handler_id} {at.isoformat()}"
    notify(users=[case.handler_id], event=Event.CASE_ASSIGNED, once=once, at=at, url=_url(case), params=params)


def _actions_of(case: Complaint, owner: User) -> list[str]:
    rows = CorrectiveAction.everything.filter(complaint=case, owner=owner).values_list("pk", flat=True)
    return [reverse("complaints:action", args=[pk]) for pk in rows]


def _url(case: Complaint) -> str:
    return reverse("complaints:detail", args=[case.number])

"""What is put right after a complaint: its root cause, and corrective actions with owner, day and evidence (P10)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from complaints.enums import ActionState, ProblemState
from complaints.models import Complaint, CorrectiveAction, Problem
from complaints.queries import actions as queries
from complaints.queries.choices import intake_choices
from complaints.queries.clocks import day_of
from complaints.rules.moves import ENDED
from complaints.services.states import locked_case, record_case
from core import trail
from core.errors import DomainError
from core.jobs import Counts
from staff.access import has_role
from staff.enums import Event
from staff.models import User
from staff.services.notices import Told, notify, notify_rows, settle

SUBJECT = "complaints.action"
MIN_WORDS = 2


class CauseUnknown(DomainError):
    """A cause the rules do not have."""

    code = "cause_unknown"
    message = _("This root cause does not exist any more; choose another one.")


class CaseOver(DomainError):
    """The file of a case that has ended stays as it is."""

    code = "complaint_file_is_closed"
    message = _("The case has ended, so its root cause stays as it is.")


class NotYoursToSet(DomainError):
    """The handler and those who oversee the case say what is to be put right."""

    code = "action_not_yours_to_set"
    message = _("Only the handler, heads and compliance do this.")


class CannotOwnAction(DomainError):
    """Somebody of another unit, or whom the case keeps away."""

    code = "action_owner"
    message = _("%(name)s cannot be given this action.")


class ActionDayPast(DomainError):
    """Nobody is given something for a day that is over."""

    code = "action_day"
    message = _("The action can be due today at the earliest.")


class WordsMissing(DomainError):
    """What, how or why must be said."""

    code = "action_words"
    message = _("Write at least %(least)s characters.")


class ActionEnded(DomainError):
    """Somebody was quicker."""

    code = "action_ended"
    message = _("This action was done or dropped before.")


class NotYoursToEnd(DomainError):
    """Its owner and those who oversee the case end an action."""

    code = "action_not_yours"
    message = _("Only its owner, heads and compliance end this action.")


@transaction.atomic
def set_cause(*, complaint: Complaint, cause: str, actor: User, at: datetime) -> Complaint:
    """Say why it came to the complaint. Raises CaseOver, CauseUnknown, NotYoursToSet, states.Recused."""
    case = locked_case(complaint, actor)
    if case.state in ENDED:
        raise CaseOver()
    if not queries.may_set(actor, case):
        raise NotYoursToSet()
    if cause not in {leaf.code for leaf in intake_choices(day_of(at)).leaves()}:
        raise CauseUnknown()
    before, case.cause = case.cause, cause
    if before != cause:
        case.save(update_fields=["cause"])
        record_case(case=case, action="cause", actor=actor, at=at, changes={"cause": [before, cause]})
    return case


@dataclass(frozen=True, slots=True)
class ToDo:
    """What is to be put right, by whom and until when; with `once`, sending it again finds the first."""

    text: str
    owner: User
    due_on: date
    once: UUID | None = None


@transaction.atomic
def add_action(*, complaint: Complaint, todo: ToDo, actor: User, at: datetime) -> CorrectiveAction:
    """Write down what is to be put right after a case, also one that has ended.

    Raises NotYoursToSet, CannotOwnAction, ActionDayPast, WordsMissing, states.Recused.
    """
    case = locked_case(complaint, actor)
    if not queries.may_set(actor, case):
        raise NotYoursToSet()
    if not queries.owners_for(case.branch, case.recused).filter(pk=todo.owner.pk).exists():
        raise CannotOwnAction(name=todo.owner.name)
    return _added(CorrectiveAction(branch=case.branch, cause=case.cause, complaint=case), todo, actor, at)


@transaction.atomic
def add_action_for(*, problem: Problem, todo: ToDo, actor: User, at: datetime) -> CorrectiveAction:
    """Write down what is to be put right for an open problem. Raises as `add_action`."""
    problem = Problem.everything.select_for_update(of=("self",)).select_related("branch").get(pk=problem.pk)
    if not has_role(actor, *queries.SETTERS) or problem.state != ProblemState.OPEN:
        raise NotYoursToSet()
    if not queries.owners_of_problem(problem).filter(pk=todo.owner.pk).exists():
        raise CannotOwnAction(name=todo.owner.name)
    return _added(CorrectiveAction(branch=problem.branch, cause=problem.cause, problem=problem), todo, actor, at)


def _added(action: CorrectiveAction, todo: ToDo, actor: User, at: datetime) -> CorrectiveAction:
    if todo.once and (first := CorrectiveAction.everything.filter(once=todo.once).first()):
        return first
    if todo.due_on < day_of(at):
        raise ActionDayPast()
    action.text, action.owner, action.due_on, action.once = _text(todo.text, 300), todo.owner, todo.due_on, todo.once
    action.made_by, action.made_at = actor, at
    action.save(force_insert=True)
    _record(action, "add", actor, at, {"owner": todo.owner.staff_no, "due_on": todo.due_on.isoformat()})
    if todo.owner != actor:
        notify(
            users=[todo.owner],
            event=Event.ACTION_ASSIGNED,
            once=f"action {action.pk}",
            at=at,
            url=_url(action.pk),
            params={"number": action.pk, "day": action.due_on.isoformat()},
        )
    return action


@transaction.atomic
def finish_action(*, action: CorrectiveAction, evidence: str, actor: User, at: datetime) -> CorrectiveAction:
    """Say that it is done, and by what that shows. Raises ActionEnded, NotYoursToEnd, WordsMissing."""
    return _ended(action, ActionState.DONE, evidence, actor, at)


@transaction.atomic
def drop_action(*, action: CorrectiveAction, reason: str, actor: User, at: datetime) -> CorrectiveAction:
    """Say that it is no longer to be done, and why. Raises ActionEnded, NotYoursToEnd, WordsMissing."""
    return _ended(action, ActionState.DROPPED, reason, actor, at)


def _ended(action: CorrectiveAction, state: ActionState, words: str, actor: User, at: datetime) -> CorrectiveAction:
    action = CorrectiveAction.everything.select_for_update().get(pk=action.pk)
    if action.state != ActionState.OPEN:
        raise ActionEnded()
    if not queries.may_end(actor, action):
        raise NotYoursToEnd()
    action.state, action.evidence = state, _text(words, 500)
    action.ended_by, action.ended_at = actor, at
    action.save(update_fields=["state", "evidence", "ended_by", "ended_at"])
    settle(user_id=action.owner_id, url=_url(action.pk), at=at)
    _record(action, state, actor, at, {"state": [ActionState.OPEN, state]})
    return action


def remind(*, business_day: date, at: datetime) -> Counts:
    """Tell owners of actions that are overdue after the business day, once each. Called by the night; safe twice."""
    late = CorrectiveAction.everything.filter(queries.overdue_on(business_day + timedelta(days=1)))
    late = late.exclude(complaint__recused__contains=[F("owner")]).order_by("pk")
    rows = [
        Told(owner, f"action {pk} overdue {due}", _url(pk), {"number": pk, "day": due.isoformat()})
        for pk, owner, due in late.values_list("pk", "owner", "due_on")
    ]
    return {"rows": notify_rows(event=Event.ACTION_OVERDUE, rows=rows, at=at)}


def _text(words: str, most: int) -> str:
    said = words.strip()[:most]
    if len(said) < MIN_WORDS:
        raise WordsMissing(least=MIN_WORDS)
    return said


def _url(pk: int) -> str:
    return reverse("complaints:action", args=[pk])


def _record(action: CorrectiveAction, did: str, actor: User, at: datetime, changes: Mapping[str, Any]) -> None:
    """What is put right may name people: the trail keeps that it was, never the words."""
    case = action.complaint
    where: dict[str, Any] = {"complaint": case and case.number, "problem": action.problem_id}
    if case is not None and case.recused:
        where["kept_from"] = case.recused
    trail.record(
        actor=actor.actor, action=did, subject=SUBJECT, subject_id=action.pk, at=at, changes={**where, **changes}
    )

"""Every write of feedback: written down, given to somebody, answered, told to the customer, closed, opened again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core import trail
from core.calendar import bank_calendar
from core.clock import SHANGHAI
from core.enums import ActorKind
from core.errors import DomainError
from core.jobs import Counts
from core.trail import Actor
from customers.models import Customer
from servicing.enums import FeedbackState
from servicing.models import Feedback
from servicing.queries import feedback as queries
from servicing.rules import feedback as rules
from staff.enums import Event
from staff.models import Branch, User
from staff.services.notices import Told, notify, notify_rows, settle

SUBJECT = "servicing.feedback"
MIN_TEXT = 2
LOCK_CLASS = 0x66646B  # "fdk"
# Whoever wrote it at a kiosk or over a link.
CUSTOMER = Actor(None, "", ActorKind.USER)


class TextMissing(DomainError):
    """Words are what it is about."""

    code = "text_missing"
    message = _("Write at least %(least)s characters.")


class UnknownTag(DomainError):
    """A tag the rules do not have."""

    code = "unknown_tag"
    message = _("This tag does not exist any more; choose another one.")


class NotNow(DomainError):
    """The step does not fit the state: somebody else was quicker."""

    code = "feedback_state"
    message = _("This is no longer possible: the feedback has moved on. Load the page again.")


class NotYours(DomainError):
    """Its owner works on feedback, and the heads of the unit."""

    code = "feedback_not_yours"
    message = _("Only its owner and the heads of the unit work on this feedback.")


class CannotOwn(DomainError):
    """Somebody who may not see what it is about, or who left."""

    code = "cannot_own"
    message = _("%(name)s cannot be given this feedback: they do not see the customer or the unit.")


class NobodyToTell(DomainError):
    """It was said anonymously."""

    code = "nobody_to_tell"
    message = _("It was said anonymously, so there is nobody to tell; close it without telling.")


class ToldDayImpossible(DomainError):
    """The customer was told between the day it was written down and today."""

    code = "told_day"
    message = _("The customer can have been told from %(first)s to %(last)s.")


class UndoTooLate(DomainError):
    """Closing is taken back within days; later it is opened again, with a reason."""

    code = "feedback_undo_late"
    message = _("Closing can no longer be taken back; open the feedback again and say why.")


@dataclass(frozen=True, slots=True)
class Said:
    """What was said, where, and how it is sorted."""

    source: str
    kind: str
    text: str
    product_tag: str = ""
    process_tag: str = ""


def _day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


@transaction.atomic
def record_feedback(
    *,
    said: Said,
    branch: Branch,
    at: datetime,
    actor: User | None,
    customer: Customer | None = None,
    owner: User | None = None,
    once: UUID | None = None,
) -> Feedback:
    """Write feedback down, about a customer or anonymous, with an owner and a day to answer by.

    `actor` None = the customer wrote it (survey, kiosk). With `once`, sending it again finds the first. Raises
    TextMissing, UnknownTag, CannotOwn.
    """
    if once is not None:
        one_at_a_time(once)
        if first := Feedback.everything.filter(once=once).first():
            return first
    text = _text(said.text)
    found = queries.feedback_rules(_day(at))
    _check_tags(found, said.product_tag, said.process_tag)
    branch = customer.branch if customer else branch
    if owner is not None:
        _check_owner(owner, customer, branch)
    owner = owner or queries.first_owner(customer, branch)
    feedback = Feedback.everything.create(
        customer=customer,
        branch=branch,
        source=said.source,
        kind=said.kind,
        text=text,
        product_tag=said.product_tag,
        process_tag=said.process_tag,
        owner=owner,
        due_on=_due(said.kind, at),
        recorded_by=actor,
        recorded_at=at,
        once=once,
    )
    _record(feedback, "create", actor, at, {"kind": said.kind, "source": said.source, "owner": _number(owner)})
    _tell_owner(feedback, actor, at)
    return feedback


@transaction.atomic
def answer_feedback(*, feedback: Feedback, answer: str, actor: User, at: datetime) -> Feedback:
    """Answer it, or put an answer right the customer was not told yet. Raises TextMissing, NotNow, NotYours."""
    feedback, text = _locked(feedback, "answer", actor), _text(answer)
    before, feedback.answer, feedback.state = feedback.answer, text, FeedbackState.ANSWERED
    feedback.answered_at = feedback.answered_at or at
    feedback.save(update_fields=["answer", "state", "answered_at"])
    _settle(feedback.owner_id, feedback, at)
    _record(feedback, "answer", actor, at, {"answer": [len(before), len(text)]})
    return feedback


@transaction.atomic
def tell_customer(*, feedback: Feedback, told_on: date, actor: User, at: datetime) -> Feedback:
    """Close the loop: the customer heard the answer on that day.

    Raises NobodyToTell, ToldDayImpossible, NotNow, NotYours.
    """
    feedback = _locked(feedback, "tell", actor)
    if feedback.customer_id is None:
        raise NobodyToTell()
    first, last = _day(feedback.recorded_at), _day(at)
    if not first <= told_on <= last:
        raise ToldDayImpossible(first=first.isoformat(), last=last.isoformat())
    feedback.state, feedback.told_on, feedback.closed_at = FeedbackState.TOLD, told_on, at
    feedback.save(update_fields=["state", "told_on", "closed_at"])
    _record(feedback, "tell", actor, at, {"told_on": told_on.isoformat()})
    return feedback


@transaction.atomic
def close_feedback(*, feedback: Feedback, reason: str, actor: User, at: datetime) -> Feedback:
    """Close it though nobody was told: said anonymously, praise, not reached. Raises TextMissing, NotNow, NotYours."""
    feedback, why = _locked(feedback, "close", actor), _text(reason)
    feedback.state, feedback.closed_at = FeedbackState.CLOSED, at
    feedback.save(update_fields=["state", "closed_at"])
    _settle(feedback.owner_id, feedback, at)
    _record(feedback, "close", actor, at, {}, why)
    return feedback


@transaction.atomic
def undo_close(*, feedback: Feedback, actor: User, at: datetime) -> Feedback:
    """Take a wrong closing back: it stands where it stood, due when it was. Raises UndoTooLate, NotNow, NotYours."""
    feedback = _locked(feedback, "undo", actor)
    if not queries.may_put_back(feedback, at):
        raise UndoTooLate()
    return _open_again(feedback, "undo_close", actor, at, "", feedback.due_on)


@transaction.atomic
def reopen_feedback(*, feedback: Feedback, reason: str, actor: User, at: datetime) -> Feedback:
    """Open it again for a reason, with a new day to answer by. Raises TextMissing, NotNow, NotYours."""
    feedback, why = _locked(feedback, "reopen", actor), _text(reason)
    feedback.answered_at = None
    _open_again(feedback, "reopen", actor, at, why, _due(feedback.kind, at))
    _tell_owner(feedback, actor, at)
    return feedback


def _open_again(feedback: Feedback, action: str, actor: User, at: datetime, reason: str, due_on: date) -> Feedback:
    before = feedback.state
    feedback.state = rules.state_before(has_answer=feedback.answered_at is not None)
    feedback.told_on, feedback.closed_at, feedback.due_on = None, None, due_on
    feedback.save(update_fields=["state", "told_on", "closed_at", "due_on", "answered_at"])
    _record(feedback, action, actor, at, {"state": [before, feedback.state], "due_on": due_on.isoformat()}, reason)
    return feedback


@transaction.atomic
def assign_feedback(*, feedback: Feedback, owner: User, actor: User, at: datetime) -> Feedback:
    """Give it to somebody else. Raises CannotOwn, NotNow, NotYours."""
    feedback = _locked(feedback, "assign", actor)
    _check_owner(owner, feedback.customer, feedback.branch)
    before, feedback.owner = feedback.owner, owner
    feedback.save(update_fields=["owner"])
    _record(feedback, "assign", actor, at, {"owner": [_number(before), owner.staff_no]})
    if before != owner:
        _settle(before.pk if before else None, feedback, at)
        _tell_owner(feedback, actor, at)
    return feedback


@transaction.atomic
def sort_feedback(
    *, feedback: Feedback, kind: str, product_tag: str, process_tag: str, actor: User, at: datetime
) -> Feedback:
    """Sort it anew; the day to answer by stays, as the customer waits already. Raises UnknownTag, NotNow, NotYours."""
    feedback = _locked(feedback, "change", actor)
    found = queries.feedback_rules(_day(at))
    new = {"kind": kind, "product_tag": product_tag, "process_tag": process_tag}
    changes = {name: [getattr(feedback, name), value] for name, value in new.items()}
    changes = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
    # A tag that is no longer offered may stay where it is.
    _check_tags(found, *(changes.get(name, ["", ""])[1] for name in ("product_tag", "process_tag")))
    for name, (_old, value) in changes.items():
        setattr(feedback, name, value)
    if changes:
        feedback.save(update_fields=list(changes))
        _record(feedback, "change", actor, at, changes)
    return feedback


def remind(*, business_day: date, actor: Actor, at: datetime) -> Counts:
    """Tell owners of feedback that is overdue after the business day, once each. Called by the night; safe twice."""
    late = Feedback.everything.filter(queries.overdue_on(business_day + timedelta(days=1))).exclude(owner=None)
    rows = [
        Told(owner, f"feedback {pk} overdue {due}", _url(pk), {"number": pk, "day": due.isoformat()})
        for pk, owner, due in late.order_by("pk").values_list("pk", "owner", "due_on")
    ]
    return {"rows": notify_rows(event=Event.FEEDBACK_OVERDUE, rows=rows, at=at)}


def one_at_a_time(once: UUID) -> None:
    """Of a form sent twice at once the second one waits for the first, and then finds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCK_CLASS, str(once)])


def _tell_owner(feedback: Feedback, actor: User | None, at: datetime) -> None:
    if feedback.owner is None or feedback.owner == actor:
        return
    notify(
        users=[feedback.owner],
        event=Event.FEEDBACK_ASSIGNED,
        once=f"feedback {feedback.pk} {at.isoformat()}",
        at=at,
        url=_url(feedback.pk),
        params={"number": feedback.pk, "day": feedback.due_on.isoformat()},
    )


def _settle(owner_id: int | None, feedback: Feedback, at: datetime) -> None:
    if owner_id is not None:
        settle(user_id=owner_id, url=_url(feedback.pk), at=at)


def _url(pk: int) -> str:
    return reverse("servicing:feedback_item", args=[pk])


def _locked(feedback: Feedback, step: str, actor: User) -> Feedback:
    locked = (
        Feedback.everything.select_for_update(of=("self",))
        .select_related("customer__manager", "branch", "owner")
        .get(pk=feedback.pk)
    )
    if not queries.may_work_on(actor, locked):
        raise NotYours()
    if not rules.may_step(step, locked.state):
        raise NotNow()
    return locked


def _text(text: str) -> str:
    words = text.strip()[:1000]
    if len(words) < MIN_TEXT:
        raise TextMissing(least=MIN_TEXT)
    return words


def _check_tags(found: rules.FeedbackRules, product: str, process: str) -> None:
    for tag, offered in ((product, found.products), (process, found.processes)):
        if tag and tag not in {one.code for one in offered}:
            raise UnknownTag()


def _check_owner(owner: User, customer: Customer | None, branch: Branch) -> None:
    if not queries.owners_for(customer, branch).filter(pk=owner.pk).exists():
        raise CannotOwn(name=owner.name)


def _due(kind: str, at: datetime) -> date:
    return bank_calendar().add_workdays(_day(at), queries.feedback_rules(_day(at)).days[kind])


def _number(user: User | None) -> str:
    return user.staff_no if user else ""


def _record(
    feedback: Feedback, action: str, actor: User | None, at: datetime, changes: Mapping[str, Any], reason: str = ""
) -> None:
    """What was said and answered is the customer's: the trail keeps that it was, never the words."""
    trail.record(
        actor=actor.actor if actor else CUSTOMER,
        action=action,
        subject=SUBJECT,
        subject_id=feedback.pk,
        at=at,
        changes={"customer": feedback.customer_id, **changes},
        reason=reason,
    )

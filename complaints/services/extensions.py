"""More time on the law's clock: asked for, decided by a second person, in force once the complainant was told."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from complaints.enums import ExtensionState
from complaints.models import Complaint, Extension
from complaints.queries import extensions as queries
from complaints.queries.clocks import day_of, rules_of
from complaints.rules import clocks as rules
from complaints.rules.moves import OPEN
from complaints.services.clocks import open_case
from complaints.services.states import locked_case, record_case
from core.errors import DomainError
from staff.enums import Event
from staff.models import User
from staff.services.notices import notify, settle

MIN_TEXT = 2


class NoMoreTime(DomainError):
    """Once a round, a special cause only after the first, and never after the deadline."""

    code = "complaint_no_more_time"
    message = _("More time of this kind cannot be asked for: it was asked for already, or the deadline has passed.")


class TextMissing(DomainError):
    """More time needs a reason, and a notice its record."""

    code = "text_missing"
    message = _("Write at least %(least)s characters.")


class RequestMoved(DomainError):
    """Somebody else decided, or the deadline has passed."""

    code = "complaint_request_moved"
    message = _("This request has moved on. Load the page again.")


class CannotDecide(DomainError):
    """A second person decides, and for a special cause one of the unit above."""

    code = "complaint_cannot_decide"
    message = _("You cannot decide on this request: a head of the unit does, for a special cause one of a unit above.")


class ToldTooLate(DomainError):
    """More time counts from the notice, and the notice comes before the deadline."""

    code = "complaint_told_when"
    message = _("The complainant must have been told between %(first)s and %(last)s.")


@transaction.atomic
def ask_extension(*, complaint: Complaint, kind: str, reason: str, actor: User, at: datetime) -> Extension:
    """Ask for more time on the law's clock; nothing changes before it is approved and the complainant was told.

    Raises NotYours, ClockStopped, NoMoreTime, TextMissing.
    """
    case, why = open_case(complaint, actor), _text(reason, 500)
    if kind not in queries.kinds_to_ask(case, day=day_of(at)):
        raise NoMoreTime()
    extension = Extension.everything.create(
        complaint=case,
        round=case.round,
        kind=kind,
        days=rules_of(case).more_days(kind),
        reason=why,
        asked_by=actor,
        asked_at=at,
    )
    record_case(case=case, action="ask_extension", actor=actor, at=at, changes={"kind": kind, "days": extension.days})
    notify(
        users=queries.extension_deciders(extension),
        event=Event.CASE_TIME_ASKED,
        once=f"extension {extension.pk}",
        at=at,
        url=case.get_absolute_url(),
        params={"number": case.number, "day": case.due_on.isoformat()},
    )
    return extension


@transaction.atomic
def decide_extension(
    *, extension: Extension, approved: bool, comment: str = "", actor: User, at: datetime
) -> Extension:
    """Approve or refuse more time; refusing needs words. It counts once the complainant was told.

    Raises CannotDecide, RequestMoved, TextMissing.
    """
    case = locked_case(extension.complaint, actor)
    row = _request(extension, case, ExtensionState.ASKED, at)
    if not queries.may_decide_extension(actor, row):
        raise CannotDecide()
    row.comment = comment.strip()[:300] if approved else _text(comment, 300)
    row.state = ExtensionState.APPROVED if approved else ExtensionState.REFUSED
    row.decided_by, row.decided_at = actor, at
    row.save(update_fields=["comment", "state", "decided_by", "decided_at"])
    record_case(
        case=case, action="decide_extension", actor=actor, at=at, changes={"kind": row.kind, "state": row.state}
    )
    url = case.get_absolute_url()
    settle(user_id=actor.pk, url=url, at=at)
    notify(
        users=[pk for pk in {row.asked_by_id, case.handler_id} if pk and pk not in case.recused],
        event=Event.CASE_TIME_DECIDED,
        once=f"extension {row.pk} decided",
        at=at,
        url=url,
        params={"number": case.number, "state": row.state},
    )
    return row


@transaction.atomic
def tell_extension(
    *, extension: Extension, told_on: date, told_how: str, proof: str, actor: User, at: datetime
) -> Extension:
    """The complainant was told of more time, with the record of it: from now on the deadline is later.

    Raises NotYours, RequestMoved, ToldTooLate, TextMissing.
    """
    case = open_case(extension.complaint, actor)
    row, record = _request(extension, case, ExtensionState.APPROVED, at), _text(proof, 200)
    first, last = day_of(row.decided_at or at), min(day_of(at), case.due_on)
    if not first <= told_on <= last:
        raise ToldTooLate(first=first.isoformat(), last=last.isoformat())
    row.state, row.told_on, row.told_how, row.proof = ExtensionState.GRANTED, told_on, told_how[:40], record
    row.save(update_fields=["state", "told_on", "told_how", "proof"])
    before, began = case.due_on, rules.began_on(due_on=case.due_on, due_days=case.due_days)
    case.due_days += row.days
    case.due_on = rules.deadline(began=began, days=case.due_days)
    case.save(update_fields=["due_on", "due_days"])
    record_case(
        case=case,
        action="extend",
        actor=actor,
        at=at,
        changes={"kind": row.kind, "due_on": [before.isoformat(), case.due_on.isoformat()]},
    )
    return row


def lapse_extensions(*, at: datetime) -> int:
    """Requests for more time whose deadline passed before the complainant was told lapse; returns how many."""
    late = Extension.everything.filter(state__in=queries.WAITING_REQUESTS, complaint__due_on__lt=day_of(at))
    return late.update(state=ExtensionState.LAPSED)


def _request(extension: Extension, case: Complaint, state: str, at: datetime) -> Extension:
    """The request as it stands under the lock of its case, if it can still be of use."""
    row = Extension.everything.select_for_update(of=("self",)).get(pk=extension.pk)
    row.complaint = case
    if row.state != state or row.round != case.round or case.due_on < day_of(at) or case.state not in OPEN:
        raise RequestMoved()
    return row


def _text(text: str, most: int) -> str:
    words = text.strip()[:most]
    if len(words) < MIN_TEXT:
        raise TextMissing(least=MIN_TEXT)
    return words

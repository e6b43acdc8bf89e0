"""Every write of one follow-up or of several at once: made, changed, moved, passed on, closed, taken back."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core import trail
from core.clock import SHANGHAI
from core.errors import DomainError
from customers.models import Customer
from servicing.enums import FollowUpKind, FollowUpState, Priority, SkipReason
from servicing.models import FollowUp, Interaction
from servicing.queries import follow_ups as queries
from servicing.queries.choices import choices_on
from servicing.services import series as recurring
from staff.models import User

SUBJECT = "servicing.followup"
SNOOZES = 20
ENDS = {FollowUpState.DONE: "complete", FollowUpState.SKIPPED: "skip", FollowUpState.CANCELLED: "cancel"}


class NothingToDo(DomainError):
    """A follow-up of nobody's reason and without words."""

    code = "nothing_to_do"
    message = _("Write down what is to be done.")


class DueInThePast(DomainError):
    """What is to be done is not due before today."""

    code = "due_in_the_past"
    message = _("The day must be today or later.")


class ReminderPast(DomainError):
    """A reminder for a moment that is over reminds nobody."""

    code = "reminder_past"
    message = _("The reminder must lie in the future.")


class OwnerCannotSee(DomainError):
    """Nobody can follow a customer up whom they do not see."""

    code = "owner_cannot_see"
    message = _("%(name)s does not look after this customer and cannot take this over.")


class NotYours(DomainError):
    """Somebody else's to do, and the person neither heads them nor looks after the customer."""

    code = "not_yours"
    message = _("This is somebody else's to do.")


class AlreadyClosed(DomainError):
    """Somebody was quicker, or the night found its reason gone."""

    code = "already_closed"
    message = _("This was closed already. Load the page again.")


class ReasonNeeded(DomainError):
    """Nothing is skipped without a reason."""

    code = "reason_needed"
    message = _("Say why it is not done.")


class OtherCustomer(DomainError):
    """A contact with one customer does not do what was to be done for another."""

    code = "other_customer"
    message = _("This contact was with another customer.")


class CannotUndo(DomainError):
    """Too late, somebody else's doing, or something came after it."""

    code = "cannot_undo"
    message = _("This can no longer be taken back.")


@transaction.atomic
def create_follow_up(
    *,
    customer: Customer,
    title: str,
    due_on: date,
    due_time: time | None = None,
    priority: int = Priority.NORMAL,
    note: str = "",
    remind_at: datetime | None = None,
    owner: User | None = None,
    kind: str = FollowUpKind.TASK,
    once: UUID | None = None,
    actor: User,
    at: datetime,
) -> FollowUp:
    """Something to do for a customer; `actor`'s own unless another owner is named. With `once`, sent twice is one.

    Raises NothingToDo, DueInThePast, ReminderPast, OwnerCannotSee.
    """
    owner = owner or actor
    if not title.strip():
        raise NothingToDo()
    _check_days(due_on, remind_at, at)
    if not queries.may_own(owner, customer):
        raise OwnerCannotSee(name=owner.name)
    values: dict[str, Any] = {
        "owner": owner,
        "kind": kind,
        "title": title.strip(),
        "note": note.strip(),
        "due_on": due_on,
        "due_time": due_time,
        "priority": priority,
        "remind_at": remind_at,
        "created_by": actor,
        "created_at": at,
    }
    if once is None:
        made, created = FollowUp.everything.create(customer=customer, **values), True
    else:
        made, created = FollowUp.everything.get_or_create(customer=customer, once=once, defaults=values)
    if created:
        _record(actor, "create", made, at, {"owner": owner.staff_no, "due_on": due_on.isoformat()})
    return made


@transaction.atomic
def change_follow_up(
    *,
    follow_up: FollowUp,
    title: str,
    due_on: date,
    due_time: time | None,
    priority: int,
    note: str,
    remind_at: datetime | None,
    actor: User,
    at: datetime,
) -> FollowUp:
    """Correct what is to be done, and when. Raises AlreadyClosed, NotYours, DueInThePast, ReminderPast, NothingToDo."""
    row = _open(follow_up, actor)
    if not title.strip() and not row.is_planned:
        raise NothingToDo()
    _check_days(max(due_on, _day(at)) if due_on == row.due_on else due_on, None, at)
    if remind_at != row.remind_at:
        _check_days(None, remind_at, at)
    new = {
        "title": title.strip(),
        "due_on": due_on,
        "due_time": due_time,
        "priority": priority,
        "note": note.strip(),
        "remind_at": remind_at,
    }
    changes = {name: [getattr(row, name), value] for name, value in new.items() if getattr(row, name) != value}
    for name, value in new.items():
        setattr(row, name, value)
    if changes:
        row.save(update_fields=list(changes))
        # Free text may name people: that it changed is enough.
        _record(actor, "change", row, at, {n: _told(n, pair) for n, pair in changes.items()})
    return row


@transaction.atomic
def snooze_follow_up(*, follow_up: FollowUp, until: date, actor: User, at: datetime) -> FollowUp:
    """Put it off to a later day; its reminder goes with the old one. Raises AlreadyClosed, NotYours, DueInThePast."""
    row = _open(follow_up, actor)
    _check_days(until, None, at)
    if until <= row.due_on and row.due_on >= _day(at):
        raise DueInThePast()
    _remember(row, "snooze", {"from": row.due_on.isoformat()}, actor, at)
    changes = {"due_on": [row.due_on.isoformat(), until.isoformat()]}
    row.due_on, row.snoozes, row.remind_at = until, min(row.snoozes + 1, SNOOZES), None
    row.save(update_fields=["due_on", "snoozes", "remind_at", "facts"])
    _record(actor, "snooze", row, at, changes)
    return row


@transaction.atomic
def reassign_follow_up(*, follow_up: FollowUp, owner: User, actor: User, at: datetime) -> FollowUp:
    """Give it to somebody else to do. Raises AlreadyClosed, NotYours, OwnerCannotSee."""
    row = _open(follow_up, actor)
    if not queries.may_own(owner, row.customer):
        raise OwnerCannotSee(name=owner.name)
    if owner.pk != row.owner_id:
        changes = {"owner": [row.owner.staff_no, owner.staff_no]}
        pass_on(row, owner, actor, at)
        row.save(update_fields=["owner", "facts"])
        _record(actor, "reassign", row, at, changes)
    return row


def complete_follow_up(
    *, follow_up: FollowUp, outcome: str = "", interaction: Interaction | None = None, actor: User, at: datetime
) -> FollowUp:
    """Done, with what came of it and the contact that did it. Raises AlreadyClosed, NotYours, OtherCustomer."""
    if interaction is not None and interaction.customer_id != follow_up.customer_id:
        raise OtherCustomer()
    return _close(follow_up, FollowUpState.DONE, actor, at, outcome=outcome.strip(), interaction=interaction)


def skip_follow_up(*, follow_up: FollowUp, reason: str, outcome: str = "", actor: User, at: datetime) -> FollowUp:
    """Not done, for a reason (servicing.enums.SkipReason). Raises ReasonNeeded, AlreadyClosed, NotYours."""
    if reason not in SkipReason.values:
        raise ReasonNeeded()
    return _close(follow_up, FollowUpState.SKIPPED, actor, at, skip_reason=reason, outcome=outcome.strip())


def cancel_follow_up(*, follow_up: FollowUp, outcome: str = "", actor: User, at: datetime) -> FollowUp:
    """No longer to be done: written by mistake, or overtaken. Raises AlreadyClosed, NotYours."""
    return _close(follow_up, FollowUpState.CANCELLED, actor, at, outcome=outcome.strip())


def close_with_contact(*, follow_up: FollowUp, interaction: Interaction, actor: User, at: datetime) -> FollowUp:
    """What the contact did of what was to be done: completes it, unless the customer was not reached.

    Raises AlreadyClosed, NotYours, OtherCustomer.
    """
    if interaction.customer_id != follow_up.customer_id:
        raise OtherCustomer()
    if not choices_on(_day(interaction.happened_at)).counts(interaction.outcome):
        return follow_up
    return complete_follow_up(follow_up=follow_up, interaction=interaction, actor=actor, at=at)


@transaction.atomic
def undo_follow_up(*, follow_up: FollowUp, actor: User, at: datetime) -> FollowUp:
    """Take one's own last step back (closing, putting off, passing on) within some minutes. Raises CannotUndo."""
    row = _locked(follow_up)
    what = take_back(row, actor, at)
    row.save(update_fields=UNDONE)
    _record(actor, "undo_follow_up", row, at, {"what": what})
    return row


def refusal(row: FollowUp, actor: User) -> str | Promise:
    """Why this person cannot change the follow-up; "" when nothing stands against it."""
    if row.state != FollowUpState.OPEN:
        return AlreadyClosed.message
    return "" if queries.may_change(actor, row) else NotYours.message


UNDONE = [
    "state",
    "closed_by",
    "closed_at",
    "skip_reason",
    "outcome",
    "interaction",
    "due_on",
    "owner",
    "snoozes",
    "facts",
]


def take_back(row: FollowUp, actor: User, at: datetime) -> str:
    """Undo the last step in the row, unsaved; returns what it was. Raises CannotUndo."""
    allowed = queries.cadence_on(_day(at)).undo
    if row.state != FollowUpState.OPEN:
        if row.closed_by_id != actor.pk or row.closed_at is None or at - row.closed_at > allowed:
            raise CannotUndo()
        if _is_replaced(row):
            raise CannotUndo()
        recurring.forget_next(row)
        what, row.state = ENDS[FollowUpState(row.state)], FollowUpState.OPEN
        row.closed_by = row.closed_at = row.interaction = None
        row.skip_reason = row.outcome = ""
        return what
    undo = row.facts.pop("undo", None)
    moment = parse_datetime(undo["at"]) if undo else None
    if undo is None or moment is None or undo["by"] != actor.pk or at - moment > allowed:
        raise CannotUndo()
    if undo["what"] == "snooze":
        row.due_on, row.snoozes = date.fromisoformat(undo["from"]), max(0, row.snoozes - 1)
    else:
        row.owner_id = undo["from"]
    return str(undo["what"])


def _is_replaced(row: FollowUp) -> bool:
    """Whether another of the rhythm was planned in the meantime: one at a time may be open."""
    if not row.is_planned or row.run_id or row.series_id:
        return False
    same = FollowUp.everything.filter(customer_id=row.customer_id, kind=row.kind, is_planned=True)
    return same.filter(state=FollowUpState.OPEN, run=None, series=None).exists()


@transaction.atomic
def _close(follow_up: FollowUp, state: FollowUpState, actor: User, at: datetime, **values: Any) -> FollowUp:
    row = _open(follow_up, actor)
    row.state, row.closed_by, row.closed_at = state, actor, at
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=["state", "closed_by", "closed_at", *values])
    recurring.make_next([row], at=at)
    changes: dict[str, Any] = {"kind": row.kind, "due_on": row.due_on.isoformat()}
    if row.skip_reason:
        changes["skip_reason"] = row.skip_reason
    _record(actor, ENDS[state], row, at, changes)
    return row


def pass_on(row: FollowUp, owner: User, actor: User, at: datetime) -> None:
    """Another owner in the row, unsaved, and how it was."""
    _remember(row, "reassign", {"from": row.owner_id}, actor, at)
    row.facts.pop("stands_in", None)  # given by a person: the night leaves it there
    row.owner = owner


def _remember(row: FollowUp, what: str, values: Mapping[str, Any], actor: User, at: datetime) -> None:
    row.facts["undo"] = {"what": what, "at": at.isoformat(), "by": actor.pk, **values}


def _day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


def _check_days(due_on: date | None, remind_at: datetime | None, at: datetime) -> None:
    if due_on is not None and due_on < _day(at):
        raise DueInThePast()
    if remind_at is not None and remind_at <= at:
        raise ReminderPast()


def _locked(follow_up: FollowUp) -> FollowUp:
    rows = FollowUp.everything.select_for_update(of=("self",)).select_related("customer", "owner", "series")
    return rows.get(pk=follow_up.pk)


def _open(follow_up: FollowUp, actor: User) -> FollowUp:
    row = _locked(follow_up)
    if row.state != FollowUpState.OPEN:
        raise AlreadyClosed()
    if not queries.may_change(actor, row):
        raise NotYours()
    return row


def _told(name: str, pair: list[Any]) -> list[Any]:
    if name in {"title", "note"}:
        return [len(pair[0]), len(pair[1])]
    return [str(value) if value is not None else None for value in pair]


def _record(actor: User, action: str, row: FollowUp, at: datetime, changes: Mapping[str, Any]) -> None:
    trail.record(
        actor=actor.actor,
        action=action,
        subject=SUBJECT,
        subject_id=row.pk,
        at=at,
        changes={"customer": row.customer_id, **changes},
    )

"""Guests of an event: invited, answering, moving up from the waiting list, let in at the door (M11).

Whoever changes how many seats are given holds the event's row, so that of many who answer at once only so many get a
seat as there are; the database counts along (`event_within_capacity`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Any, Final

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.enums import Arm, CampaignKind, EventState, SeatState
from campaigns.models import Campaign, Event, Member, Seat
from campaigns.queries.events import new_digest, refusals_of
from campaigns.rules.events import DOORS, SEATED, after_answer, may_answer
from core import trail
from core.calendar import bank_calendar
from core.clock import SHANGHAI
from core.errors import DomainError
from core.trail import Actor
from customers.models import Customer
from customers.services.alerts import PUBLIC
from servicing.services.campaign_calls import CampaignCall, make_calls, take_calls_away
from staff.models import Branch, User
from staff.queries import heads_near

SUBJECT: Final = "campaigns.event"
MOST: Final = 500
CHUNK: Final = 2_000


class CallFor(StrEnum):
    """Why a guest is called; servicing has the words."""

    MOVED_UP = "moved_up"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    MISSED = "missed"


class AnswersClosed(DomainError):
    """It was called off, took place, or the last moment for answers is past."""

    code = "event_answers_closed"
    message = _("Answers are no longer taken.")


class NotAtTheDoor(DomainError):
    """Guests are let in when it begins, and noted for as long as the event is not called off."""

    code = "event_door"
    message = _("Guests are let in from four hours before it begins.")


class NoSeatLeft(DomainError):
    """All seats belong to guests who said they come."""

    code = "event_full"
    message = _("All seats are given. One is free again when a guest declines.")


class NotLetIn(DomainError):
    """Only who was noted as there can be taken back."""

    code = "event_not_let_in"
    message = _("This guest was not noted as there.")


class TooManyGuests(DomainError):
    """More than are invited by hand; a campaign invites a segment."""

    code = "event_too_many"
    message = _("More than %(most)s at once; invite a segment by a campaign.")


class NotOpenForGuests(DomainError):
    """Nobody is invited to what cannot be answered."""

    code = "event_not_open"
    message = _("Guests are invited while the event is open for answers.")


@dataclass(frozen=True, slots=True)
class NotInvited:
    """A line that invited nobody, and why."""

    line: int
    number: str
    reason: str | Promise


@dataclass(slots=True)
class Invited:
    """What lines of customer numbers came to: new guests, those invited already, and lines refused."""

    added: int = 0
    known: int = 0
    refused: list[NotInvited] = field(default_factory=list)


UNKNOWN, TWICE, UNIT = (
    _("You see no customer with this number."),
    _("The number stands in an earlier line."),
    _("The customer is not of the event's unit."),
)


def locked_event(pk: int) -> Event:
    """The event as it stands now; until the end of the transaction nobody else gives or takes its seats."""
    rows = Event.everything.select_for_update(of=("self",), no_key=True)
    return rows.select_related("branch", "host", "campaign").get(pk=pk)


@transaction.atomic
def invite(*, event: Event, numbers: Sequence[tuple[int, str]], actor: User, at: datetime) -> Invited:
    """Invite customers by their numbers (line, number): all that can be, the others are named with a reason.

    Who may not be made offers is not invited. Raises NotOpenForGuests, TooManyGuests.
    """
    event = locked_event(event.pk)
    if not may_answer("yes", state=event.state, starts_at=event.starts_at, answer_by=event.answer_by, at=at):
        raise NotOpenForGuests()
    lines = [(line, number.strip()) for line, number in numbers if number.strip()]
    if len(lines) > MOST:
        raise TooManyGuests(most=MOST)
    found = Invited()
    wanted = _wanted(lines, event, actor, at, found)
    there = set(Seat.everything.filter(event=event, customer__in=wanted).values_list("customer", flat=True))
    fresh = [pk for pk in wanted if pk not in there]
    _seat(event, fresh, actor, at)
    found.added, found.known = len(fresh), len(wanted) - len(fresh)
    counts = {"added": found.added, "known": found.known, "refused": len(found.refused)}
    record(event, "invite_guests", actor.actor, at, {"event": event.name, **counts})
    return found


def _wanted(
    lines: Sequence[tuple[int, str]], event: Event, actor: User, at: datetime, found: Invited
) -> dict[int, None]:
    """Ids of the customers who may be invited, in the order of the lines."""
    rows = Customer.objects.visible_to(actor).filter(customer_no__in={number for _line, number in lines})
    known = {row.customer_no: row for row in rows.only("customer_no", "branch_id", "manager_id")}
    units = set(Branch.objects.below(event.branch).values_list("pk", flat=True))
    refused = refusals_of([row.pk for row in known.values()], at, actor)
    wanted: dict[int, None] = {}
    for line, number in lines:
        row = known.get(number)
        why: str | Promise = ""
        if row is None:
            why = UNKNOWN
        elif row.pk in wanted:
            why = TWICE
        elif row.branch_id not in units or (event.of_book and row.manager_id != event.created_by_id):
            why = UNIT
        elif row.pk in refused:
            why = refused[row.pk].label
        if why:
            found.refused.append(NotInvited(line, number[:40], why))
        elif row is not None:
            wanted[row.pk] = None
    return wanted


def _seat(event: Event, customer_ids: Iterable[int], actor: User | None, at: datetime) -> None:
    rows = (
        Seat(event=event, customer_id=pk, digest=new_digest(event.pk, pk), invited_by=actor, invited_at=at)
        for pk in customer_ids
    )
    while chunk := list(islice(rows, CHUNK)):
        Seat.everything.bulk_create(chunk, ignore_conflicts=True)


def seat_members(*, campaign: Campaign, at: datetime) -> int:
    """Make guests of those a campaign of invitations contacts, in the transaction that freezes its audience; how many.

    Those held out get no link. Without an event nothing happens; done again it changes nothing.
    """
    event = Event.everything.filter(campaign=campaign).first() if campaign.kind == CampaignKind.EVENT else None
    if event is None:
        return 0
    members = Member.everything.filter(campaign=campaign, arm=Arm.TREATED).order_by("customer_id")
    _seat(event, members.values_list("customer_id", flat=True).iterator(CHUNK), None, at)
    count = Seat.everything.filter(event=event, invited_by=None).count()
    record(event, "invite_guests", trail.NIGHT, at, {"event": event.name, "campaign": campaign.pk, "added": count})
    return count


@transaction.atomic
def answer(*, seat: Seat, says: str, at: datetime, actor: Actor = PUBLIC) -> Seat:
    """Take a guest's "yes" or "no": a yes gets a seat, or a place on the waiting list when none is left; a seat given
    back goes to who waits longest, and that customer is called. Raises AnswersClosed."""
    event = locked_event(seat.event_id)
    if not may_answer(says, state=event.state, starts_at=event.starts_at, answer_by=event.answer_by, at=at):
        raise AnswersClosed()
    seat = _locked_seat(seat)
    after = after_answer(says, seat.state, is_full=event.taken >= event.capacity)
    if after != seat.state:
        _change(event, seat, after, at)
        if after == SeatState.DECLINED and seat.follow_up_id is not None:
            take_calls_away(ids=[seat.follow_up_id], actor=actor, at=at)
        seat.answered_at = at
        seat.queued_at = at if after == SeatState.WAITING else None
        seat.save(update_fields=["state", "answered_at", "queued_at"])
        record(event, "answer", actor, at, {"customer": seat.customer_id, "answer": says, "state": after})
        move_up(event, actor, at)
    return seat


def _locked_seat(seat: Seat) -> Seat:
    return Seat.everything.select_for_update(of=("self",)).select_related("customer").get(pk=seat.pk)


def _change(event: Event, seat: Seat, after: SeatState, at: datetime) -> None:
    """Give the guest a seat or take it back with the state; the caller holds the event and saves the guest."""
    step = (after in SEATED) - (seat.state in SEATED)
    seat.state = after
    if step:
        event.taken += step
        event.save(update_fields=["taken"])


def move_up(event: Event, actor: Actor, at: datetime) -> int:
    """Give free seats of a locked event to who waits longest, and have them called; returns how many."""
    free = event.capacity - event.taken
    if free <= 0 or event.state != EventState.OPEN or event.starts_at <= at:
        return 0
    waiting = Seat.everything.select_for_update(of=("self",)).filter(event=event, state=SeatState.WAITING)
    first = list(waiting.order_by("queued_at", "pk")[:free])
    if not first:
        return 0
    event.taken += len(first)
    event.save(update_fields=["taken"])
    ids = [seat.pk for seat in first]
    Seat.everything.filter(pk__in=ids).update(state=SeatState.COMING, queued_at=None)
    record(event, "move_up", actor, at, {"customers": [seat.customer_id for seat in first]})
    _call(event, CallFor.MOVED_UP, first, actor, at)
    return len(first)


@transaction.atomic
def check_in(*, seat: Seat, actor: User, at: datetime) -> Seat:
    """Let a guest in; also noted after the event, when the call about not coming is taken away. Done again it changes
    nothing. Raises NotAtTheDoor, NoSeatLeft."""
    event, seat = locked_event(seat.event_id), _locked_seat(seat)
    if event.state not in (EventState.OPEN, EventState.OVER) or at < event.starts_at - DOORS:
        raise NotAtTheDoor()
    if seat.state == SeatState.CAME:
        return seat
    if seat.state not in SEATED and event.taken >= event.capacity:
        raise NoSeatLeft()
    _change(event, seat, SeatState.CAME, at)
    if seat.follow_up_id is not None:
        take_calls_away(ids=[seat.follow_up_id], actor=actor.actor, at=at)
    seat.came_at, seat.checked_in_by, seat.follow_up, seat.queued_at = at, actor, None, None
    seat.save(update_fields=["state", "came_at", "checked_in_by", "follow_up", "queued_at"])
    record(event, "check_in", actor.actor, at, {"customer": seat.customer_id})
    return seat


@transaction.atomic
def undo_check_in(*, seat: Seat, actor: User, at: datetime) -> Seat:
    """It was somebody else: the guest keeps the seat as before. Raises NotLetIn."""
    event, seat = locked_event(seat.event_id), _locked_seat(seat)
    if seat.state != SeatState.CAME:
        raise NotLetIn()
    seat.state = SeatState.MISSED if event.state == EventState.OVER else SeatState.COMING
    seat.came_at = seat.checked_in_by = None
    seat.save(update_fields=["state", "came_at", "checked_in_by"])
    record(event, "undo_check_in", actor.actor, at, {"customer": seat.customer_id})
    if seat.state == SeatState.MISSED:
        _call(event, CallFor.MISSED, [seat], actor.actor, at)
    return seat


def call_guests(event: Event, why: CallFor, states: Sequence[SeatState], actor: Actor, at: datetime) -> int:
    """Have the guests in these states called by their managers; returns how many."""
    return _call(event, why, list(Seat.everything.filter(event=event, state__in=states).order_by("pk")), actor, at)


def _call(event: Event, why: CallFor, seats: Sequence[Seat], actor: Actor, at: datetime) -> int:
    """A call for each guest, by their manager, else by a head of the unit: today's while it still matters."""
    if not seats:
        return 0
    day = at.astimezone(SHANGHAI).date()
    due = day if why != CallFor.MISSED and bank_calendar().is_workday(day) else bank_calendar().next_workday(day)
    people = Customer.everything.filter(pk__in=[seat.customer_id for seat in seats], merged_into=None)
    managers = dict(people.filter(manager__is_active=True).values_list("pk", "manager_id"))
    head = heads_near(event.branch).order_by("pk").first() or event.host
    alive = set(people.values_list("pk", flat=True))
    calls = [
        CampaignCall(seat.customer_id, managers.get(seat.customer_id, head.pk), due)
        for seat in seats
        if seat.customer_id in alive
    ]
    made = make_calls(calls=calls, title=event.name, facts={"event": event.pk, "why": why}, actor=actor, at=at)
    for seat in seats:
        seat.follow_up_id = made.get(seat.customer_id)
    Seat.everything.bulk_update(seats, ["follow_up"], batch_size=CHUNK)
    return len(made)


def record(event: Event, action: str, actor: Actor, at: datetime, changes: Mapping[str, Any], reason: str = "") -> None:
    """Write an act on an event to the trail."""
    trail.record(
        actor=actor, action=action, subject=SUBJECT, subject_id=event.pk, at=at, changes=changes, reason=reason
    )

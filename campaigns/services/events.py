"""Events from a draft to what came of them: opened, changed, called off, closed (M11)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from campaigns.enums import CampaignMove, CampaignState, EventState, SeatState
from campaigns.models import Campaign, Event, Seat
from campaigns.queries.campaigns import may_make_for
from campaigns.queries.events import may_lead
from campaigns.queries.wording import word_rules
from campaigns.rules.events import SETTLE
from campaigns.rules.moves import leads_to
from campaigns.rules.wording import banned_in
from campaigns.services.campaigns import finish
from campaigns.services.seats import CallFor, call_guests, locked_event, move_up, record
from campaigns.services.states import day_of, locked
from core.errors import DomainError
from core.trail import NIGHT
from core.wording import listed
from staff.models import Branch, User

MIN_REASON = 4


class EventNotYours(DomainError):
    """Events are led by who drew them up, their hosts and the heads of the unit."""

    code = "event_not_yours"
    message = _("This is not yours to do with this event.")


class EventMovedOn(DomainError):
    """Somebody else was quicker, or it is not the time for it."""

    code = "event_state"
    message = _("This is not possible while the event is “%(state)s”. Load the page again.")


class EventPast(DomainError):
    """What has begun, or takes no more answers, is not opened."""

    code = "event_past"
    message = _("The last moment for answers is past. Change it first.")


class EventNotBegun(DomainError):
    """What came of an event is known when it has begun."""

    code = "event_not_begun"
    message = _("It has not begun yet.")


class SeatsGiven(DomainError):
    """Nobody loses a seat that was promised."""

    code = "event_seats_given"
    message = _("%(taken)s seats are given already.")


class EventWords(DomainError):
    """What guests read on their invitation and behind its link keeps to the rules of words, too (M05)."""

    code = "event_words"
    message = _("No message to customers may hold these words: %(words)s")


class EventReason(DomainError):
    """Guests will ask why."""

    code = "event_reason"
    message = _("Say why, in at least %(least)s characters.")


@dataclass(frozen=True, slots=True)
class EventFacts:
    """What an event is; `answer_by` is the last moment for a yes."""

    name: str
    kind: str
    branch: Branch
    place: str
    starts_at: datetime
    ends_at: datetime
    answer_by: datetime
    capacity: int
    host: User
    about: str = ""
    of_book: bool = False


@transaction.atomic
def draft_event(*, facts: EventFacts, actor: User, at: datetime) -> Event:
    """Draw an event up; nobody can be invited before it is opened. Raises EventNotYours, EventWords."""
    if not may_make_for(actor, facts.branch, of_book=facts.of_book):
        raise EventNotYours()
    _check_words(facts, at)
    event = Event.everything.create(**_fields(facts), created_by=actor, created_at=at)
    record(event, "create", actor.actor, at, {"event": event.name, "seats": event.capacity})
    return event


@transaction.atomic
def change_event(*, event: Event, facts: EventFacts, actor: User, at: datetime) -> Event:
    """Change an event that is not over. More seats go to who waits; with another time or place guests are called.

    The unit stays. A running campaign of invitations ends where they would say what nobody approved. Raises
    EventNotYours, EventMovedOn, SeatsGiven, EventWords.
    """
    event = _entered(event, actor, EventState.DRAFT, EventState.OPEN)
    _check_words(facts, at)
    if facts.capacity < event.taken:
        raise SeatsGiven(taken=event.taken)
    before = {name: getattr(event, name) for name in _fields(facts)}
    after = {**_fields(facts), "branch": event.branch, "of_book": event.of_book}
    changed = [name for name, value in after.items() if value != before[name]]
    for name in changed:
        setattr(event, name, after[name])
    event.save(update_fields=changed)
    record(event, "change", actor.actor, at, {"event": event.name, "fields": changed})
    if {"name", "place", "starts_at"} & set(changed):
        _leave_campaign(event, CampaignMove.END, actor, at, _t("The event it invites to was changed."))
    if event.state == EventState.OPEN:
        move_up(event, actor.actor, at)
        if {"place", "starts_at"} & set(changed):
            call_guests(event, CallFor.CHANGED, (SeatState.COMING, SeatState.WAITING), actor.actor, at)
    return event


@transaction.atomic
def open_event(*, event: Event, actor: User, at: datetime) -> Event:
    """From now on guests are invited and answer. Raises EventNotYours, EventMovedOn, EventPast, EventWords."""
    event = _entered(event, actor, EventState.DRAFT)
    _check_words(event, at)
    if event.answer_by <= at:
        raise EventPast()
    return _moved(event, EventState.OPEN, "open", actor, at)


@transaction.atomic
def cancel_event(*, event: Event, note: str, actor: User, at: datetime) -> Event:
    """Call it off: its campaign stops, nobody can answer, and who was coming or waiting is called.

    Raises EventNotYours, EventMovedOn, EventReason.
    """
    event = _entered(event, actor, EventState.DRAFT, EventState.OPEN)
    if len(note.strip()) < MIN_REASON:
        raise EventReason(least=MIN_REASON)
    was_open = event.state == EventState.OPEN
    event = _moved(event, EventState.CANCELLED, "cancel_event", actor, at, note.strip())
    _leave_campaign(event, CampaignMove.STOP, actor, at, note)
    if was_open:
        call_guests(event, CallFor.CANCELLED, (SeatState.COMING, SeatState.WAITING), actor.actor, at)
    return event


def _check_words(said: EventFacts | Event, at: datetime) -> None:
    found = banned_in(f"{said.name}\n{said.place}\n{said.about}", word_rules(day_of(at)))
    if found:
        raise EventWords(words=listed(found))


def _leave_campaign(event: Event, way: CampaignMove, actor: User, at: datetime, note: str) -> None:
    """Invitations that still wait are not sent any more."""
    if event.campaign_id is None:
        return
    campaign = locked(Campaign.everything.get(pk=event.campaign_id))
    if leads_to(way, CampaignState(campaign.state)) is not None:
        finish(campaign, way, actor, at, note)


@transaction.atomic
def close_event(*, event: Event, result: str = "", actor: User, at: datetime) -> Event:
    """It took place: who had a seat and did not come is noted, and becomes a call for their manager.

    Closing again only changes what came of it. Raises EventNotYours, EventMovedOn, EventNotBegun.
    """
    event = _entered(event, actor, EventState.OPEN, EventState.OVER)
    if event.starts_at > at:
        raise EventNotBegun()
    if event.state == EventState.OPEN:
        _close(event, actor, at)
    if result.strip() != event.result:
        event.result = result.strip()
        event.save(update_fields=["result"])
        record(event, "change", actor.actor, at, {"event": event.name, "fields": ["result"]})
    return event


def close_past(*, at: datetime) -> int:
    """Close events that ended a day ago or more: until then the list of the door may be entered. The night's; safe
    twice."""
    past = Event.everything.filter(state=EventState.OPEN, ends_at__lte=at - SETTLE).order_by("pk")
    closed = 0
    for found in past:
        with transaction.atomic():
            event = locked_event(found.pk)
            if event.state == EventState.OPEN and event.ends_at <= at - SETTLE:
                _close(event, None, at)
                closed += 1
    return closed


def _close(event: Event, actor: User | None, at: datetime) -> None:
    missed = Seat.everything.filter(event=event, state=SeatState.COMING).update(state=SeatState.MISSED)
    _moved(event, EventState.OVER, "close", actor, at, counts={"missed": missed})
    call_guests(event, CallFor.MISSED, (SeatState.MISSED,), actor.actor if actor else NIGHT, at)


def _entered(event: Event, actor: User, *states: EventState) -> Event:
    """The event, locked, in one of the states, and the actor one of its leaders."""
    event = locked_event(event.pk)
    if not may_lead(actor, event):
        raise EventNotYours()
    if event.state not in states:
        raise EventMovedOn(state=event.get_state_display())
    return event


def _moved(
    event: Event,
    state: EventState,
    action: str,
    actor: User | None,
    at: datetime,
    note: str = "",
    counts: Mapping[str, Any] | None = None,
) -> Event:
    before, event.state = event.state, state
    event.save(update_fields=["state"])
    changes = {"event": event.name, "state": [before, state], **(counts or {})}
    record(event, action, actor.actor if actor else NIGHT, at, changes, note)
    return event


def _fields(facts: EventFacts) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in EventFacts.__dataclass_fields__}

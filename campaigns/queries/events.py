"""Reads of events: those in sight, their guests, a guest's link, and who may do what."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.timezone import localtime

from campaigns.enums import EventState
from campaigns.models import Campaign, Event, Seat
from campaigns.queries.campaigns import MAKERS, covers
from campaigns.rules.events import CODE_BYTES, calendar_entry, is_token, read_code, token_of
from complaints.queries.suppression import quiet_customers
from core.clock import SHANGHAI
from customers.queries import search
from servicing.enums import Refusal
from servicing.queries.permission import Permits, permits_for
from servicing.rules.surveys import digest_of
from staff.access import CUSTOMER_ROLES, HEADS, SERVING, has_role
from staff.models import User

READERS = CUSTOMER_ROLES
# Whoever stands at the door.
DOORKEEPERS = (*SERVING, *HEADS)
# What time alone lifts keeps nobody from being invited by hand.
PASSING = frozenset(
    {
        *(Refusal.CAP, Refusal.DAY_OFF, Refusal.NOT_CHOSEN_DAY, Refusal.AT_WORK),
        *(Refusal.NOT_CHOSEN_TIME, Refusal.HOURS),
    }
)
MOST_FOUND = 20


def events_of(user: User | AnonymousUser) -> QuerySet[Event]:
    """Events the person may open, with what lists and pages name."""
    return Event.objects.visible_to(user).select_related("branch", "host", "campaign", "created_by")


def open_for_campaigns(user: User | AnonymousUser, at: datetime, but: Campaign | None = None) -> QuerySet[Event]:
    """Events that may be given a campaign of invitations: to come, without one (or with the one given)."""
    free = Q(campaign=None) | Q(campaign=but) if but is not None else Q(campaign=None)
    rows = events_of(user).filter(free, state__in=[EventState.DRAFT, EventState.OPEN], answer_by__gt=at)
    return rows.order_by("starts_at", "pk")


def event_of(campaign: Campaign | None) -> Event | None:
    """What a campaign invites to."""
    return Event.everything.filter(campaign=campaign.pk).first() if campaign is not None and campaign.pk else None


def guests_of(user: User | AnonymousUser, event: Event) -> QuerySet[Seat]:
    """The guests of an event among the customers this person sees."""
    named = ("customer__position", "customer__manager", "checked_in_by")
    return Seat.objects.visible_to(user).filter(event=event).select_related(*named)


def counts_by_state(rows: QuerySet[Seat]) -> Mapping[str, int]:
    """How many of these guests are in each state."""
    return dict(rows.order_by().values_list("state").annotate(n=Count("pk")))


def find_guests(rows: QuerySet[Seat], text: str) -> list[Seat]:
    """Guests by the code they show, their name or the end of their number, the first twenty."""
    code = read_code(text)
    if code is not None:
        coded = rows.filter(digest__gte=code, digest__lte=code + b"\xff" * (32 - CODE_BYTES))
        if found := list(coded.order_by("pk")[:MOST_FOUND]):
            return found
    if not text.strip():
        return []
    return list(search(rows, text, "customer__", narrow=True).order_by("customer__name", "pk")[:MOST_FOUND])


def may_lead(user: User | AnonymousUser, event: Event) -> bool:
    """Whether the person may open, change, close or cancel it: who drew it up, its host, and the heads of the unit."""
    if not has_role(user, *MAKERS):
        return False
    return user.pk in (event.created_by_id, event.host_id) or (has_role(user, *HEADS) and covers(user, event.branch_id))


def _keys() -> list[bytes]:
    return [f"campaigns.rsvp:{secret!s}".encode() for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def new_digest(event_id: int, customer_id: int) -> bytes:
    """What a new guest's link is kept as."""
    return digest_of(token_of(event_id, customer_id, _keys()[0]))


def rsvp_of(token: str) -> Seat | None:
    """Whose link it is; None for any other text, and for customers whose record is gone."""
    if not is_token(token):
        return None
    rows = Seat.everything.select_related("event__branch", "customer").filter(digest=digest_of(token))
    return rows.exclude(event__state=EventState.DRAFT).filter(customer__merged_into=None).first()


def link_of(seat: Seat) -> str:
    """The whole address of a guest's link; "" for one made for a record that was merged or with a secret long gone."""
    digest = bytes(seat.digest)
    for key in _keys():
        token = token_of(seat.event_id, seat.customer_id, key)
        if digest_of(token) == digest:
            return _address(token)
    return ""


def _address(token: str) -> str:
    return settings.PUBLIC_URL.rstrip("/") + reverse("campaigns:rsvp", args=[token])


def rsvp_links(campaign: Campaign, customer_ids: Collection[int]) -> Callable[[int], str]:
    """By customer id the link a message of a campaign holds; "" for whom it does not invite. One statement for all."""
    seats = Seat.everything.filter(event__campaign=campaign, customer__in=customer_ids)
    found = {seat.customer_id: link_of(seat) for seat in seats}
    return lambda customer_id: found.get(customer_id, "")


def said_of(event: Event | None) -> Mapping[str, str]:
    """What a message says of an event, by variable; nothing without one."""
    if event is None:
        return {}
    begins = event.starts_at.astimezone(SHANGHAI)
    return {"event": event.name, "event_at": f"{begins:%Y-%m-%d %H:%M}", "event_place": event.place}


def entry_of(event: Event, at: datetime) -> str:
    """The event as a file for the guest's own calendar."""
    return calendar_entry(
        uid=f"event-{event.pk}@depositcrm",
        name=event.name,
        place=event.place,
        about=event.about,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        made_at=at,
    )


def refusals_of(customer_ids: Collection[int], at: datetime, viewer: User) -> dict[int, Refusal]:
    """Customers who may not be invited, with the reason: nothing may be offered to them over any way, ever or for now.

    Hours and caps are no reason: a person who speaks to them keeps to those. What is kept from the viewer is not named.
    """
    found = {}
    for customer_id, permits in permits_for(customer_ids, at, viewer).items():
        if (why := _lasting(permits)) is not None:
            found[customer_id] = why
    quiet = quiet_customers(localtime(at, SHANGHAI).date()).filter(customer__in=list(customer_ids))
    for customer_id in quiet:
        found.setdefault(customer_id, Refusal.NOT_NOW)
    return found


def _lasting(permits: Permits) -> Refusal | None:
    """The gravest reason when every way has one that time does not lift."""
    reasons = [[why for why in each.marketing.refusals if why not in PASSING] for each in permits.ways]
    if not all(reasons):
        return None
    # A way without an address says less than one whose consent is missing.
    told = {why for one in reasons for why in one} - {Refusal.NO_ADDRESS}
    return next((why for why in Refusal if why in told), Refusal.NO_ADDRESS)

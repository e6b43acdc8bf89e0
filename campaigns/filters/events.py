"""The lists of events and of the guests of one: filters and columns."""

from collections.abc import Callable
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.enums import EventKind, EventState, SeatState
from campaigns.models import Event, Seat
from core.clock import SHANGHAI, now, today
from core.pages import Cell, Column, ListFilter, ListPage
from core.pages.choices import LoadedChoiceFilter
from servicing.queries.contacts import units_of
from staff.models import Branch
from tiers.queries import bands_for_display, tier_name

WHEN = [("ahead", _("To come")), ("past", _("Past"))]
TONES = {
    EventState.DRAFT: "neutral",
    EventState.OPEN: "good",
    EventState.OVER: "neutral",
    EventState.CANCELLED: "bad",
}
SEAT_TONES = {
    SeatState.INVITED: "neutral",
    SeatState.COMING: "good",
    SeatState.WAITING: "warn",
    SeatState.DECLINED: "neutral",
    SeatState.CAME: "good",
    SeatState.MISSED: "bad",
}


def _units(request: Any) -> QuerySet[Branch]:
    return units_of(request.user) if request else Branch.objects.none()


class EventFilter(ListFilter):
    """Events by where they stand, when they are, and their unit."""

    state = django_filters.ChoiceFilter(label=_("State"), choices=EventState.choices, empty_label=_("All"))
    when = django_filters.ChoiceFilter(label=_("When"), choices=WHEN, method="at_time", empty_label=_("All"))
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=EventKind.choices, empty_label=_("All"))
    unit = LoadedChoiceFilter(
        label=_("Unit"), field_name="branch", queryset=_units, to_field_name="code", empty_label=_("All")
    )

    class Meta:
        model = Event
        fields: list[str] = []

    def at_time(self, rows: QuerySet[Event], name: str, when: str) -> QuerySet[Event]:
        return rows.filter(ends_at__gte=now()) if when == "ahead" else rows.filter(ends_at__lt=now())


class GuestFilter(ListFilter):
    """Guests by what they answered and did."""

    state = django_filters.ChoiceFilter(label=_("State"), choices=SeatState.choices, empty_label=_("All"))

    class Meta:
        model = Seat
        fields: list[str] = []


def event_url(row: Event) -> str:
    """The page of an event."""
    return reverse("campaigns:event", args=[row.pk])


def seat_url(row: Seat) -> str:
    """The page of a guest."""
    return reverse("campaigns:seat", args=[row.pk])


def state_cell(row: Event) -> Cell:
    """Where an event stands, as a badge."""
    return Cell(row.get_state_display(), "badge", tone=TONES[EventState(row.state)])


def seat_cell(row: Seat) -> Cell:
    """What a guest answered and did, as a badge."""
    return Cell(row.get_state_display(), "badge", tone=SEAT_TONES[SeatState(row.state)])


def minute(at: Any) -> str:
    """A moment as lists show it, "" for none."""
    return f"{localtime(at, SHANGHAI):%Y-%m-%d %H:%M}" if at else ""


def _tier() -> Callable[[Any], Cell]:
    bands = bands_for_display(today())
    return lambda row: Cell(tier_name(row.customer.position.tier, bands), "tier", rank=row.customer.position.tier)


EVENTS = ListPage(
    columns=(
        Column(
            "name",
            pgettext_lazy("salon", "Event"),
            lambda row: Cell(row.name, "main", event_url(row), hint=row.place),
            stays=True,
        ),
        Column("state", _("State"), state_cell),
        Column("kind", _("Kind"), lambda row: row.get_kind_display()),
        Column("starts", _("Begins"), lambda row: minute(row.starts_at), sort=("starts_at", "pk")),
        Column("answers", _("Answers until"), lambda row: minute(row.answer_by)),
        Column("seats", _("Seats given"), lambda row: f"{row.taken:,} / {row.capacity:,}", kind="num"),
        Column("host", pgettext_lazy("event", "Host"), "host__name"),
        Column("unit", _("Unit"), "branch__name"),
    ),
    default_order=("-starts_at", "-pk"),
    filterset=EventFilter,
    caption=_("Events"),
    noun=pgettext_lazy("counted", "events"),
    row_url=event_url,
    list_key="events",
    empty_title=_("No event yet"),
    empty_text=_("Salons, lectures and closed meetings stand here with their guests."),
)

GUESTS = ListPage(
    columns=(
        Column(
            "customer",
            _("Guest"),
            lambda row: Cell(row.customer.name, "main", seat_url(row), hint=row.customer.customer_no),
            stays=True,
        ),
        Column("tier", _("Tier"), per_page=_tier),
        Column("state", _("State"), seat_cell),
        Column("manager", _("Manager"), "customer__manager__name"),
        Column("answered", _("Answered"), lambda row: minute(row.answered_at), sort=("answered_at", "pk")),
        Column("came", _("Let in"), lambda row: minute(row.came_at), sort=("came_at", "pk")),
    ),
    default_order=("pk",),
    filterset=GuestFilter,
    caption=_("Guests"),
    noun=pgettext_lazy("counted", "guests"),
    row_url=seat_url,
    empty_title=_("No guests yet"),
    empty_text=_("Invite customers by number, or a segment by a campaign."),
)

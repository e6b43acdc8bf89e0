"""The lists of winning back: customers to win back, and attempts; filters and columns."""

from collections.abc import Callable, Iterator
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaigns.enums import WinBackCause, WinBackState
from campaigns.models import WinBack
from campaigns.queries.win_back import WORKERS
from campaigns.rules.win_back import STAGES, regained
from core.clock import today
from core.pages import BulkAction, Cell, Column, ListFilter, ListPage, Tile, count_tile, counted_tiles
from core.pages.choices import LoadedChoiceFilter
from customers.enums import Stage
from customers.models import CustomerPosition
from servicing.queries.contacts import units_of
from staff.models import Branch
from tiers.queries import bands_for_display, tier_name

STANDS = [
    ("open", WinBackState.OPEN.label),
    ("closed", WinBackState.CLOSED.label),
    ("measured", _("Measured")),
]
WHOSE = [("mine", _("Mine"))]
TONES = {Stage.DECLINING: "warn", Stage.LOST: "bad"}


def _units(request: Any) -> QuerySet[Branch]:
    return units_of(request.user) if request else Branch.objects.none()


class UnitFilter(ListFilter):
    """By unit, of those in sight."""

    unit = LoadedChoiceFilter(
        label=_("Branch"),
        field_name="customer__branch",
        queryset=_units,
        to_field_name="code",
        empty_label=_("All"),
    )


class ToWinBackFilter(UnitFilter):
    """By how far the deposits have gone, and whose customers they are."""

    stage = django_filters.ChoiceFilter(
        label=_("Life-cycle stage"), choices=[(stage.value, stage.label) for stage in STAGES], empty_label=_("All")
    )
    whose = django_filters.ChoiceFilter(label=_("Manager"), choices=WHOSE, method="managed", empty_label=_("All"))

    class Meta:
        model = CustomerPosition
        fields: list[str] = []

    def managed(self, rows: QuerySet[CustomerPosition], name: str, value: str) -> QuerySet[CustomerPosition]:
        return rows.filter(manager=self.request.user)


class WinBackFilter(UnitFilter):
    """By state, cause and owner."""

    stands = django_filters.ChoiceFilter(label=_("State"), choices=STANDS, method="at_state", empty_label=_("All"))
    whose = django_filters.ChoiceFilter(label=_("Owner"), choices=WHOSE, method="owned", empty_label=_("All"))
    cause = django_filters.ChoiceFilter(
        label=_("Why the money left"), choices=WinBackCause.choices, empty_label=_("All")
    )

    class Meta:
        model = WinBack
        fields: list[str] = []

    def at_state(self, rows: QuerySet[WinBack], name: str, value: str) -> QuerySet[WinBack]:
        if value == "measured":
            return rows.filter(after__isnull=False)
        return rows.filter(state=value)

    def owned(self, rows: QuerySet[WinBack], name: str, value: str) -> QuerySet[WinBack]:
        return rows.filter(owner=self.request.user)


def _tier(rank_of: Callable[[Any], int]) -> Callable[[], Callable[[Any], Cell]]:
    def for_page() -> Callable[[Any], Cell]:
        bands = bands_for_display(today())
        return lambda row: Cell(tier_name(rank_of(row), bands), "tier", rank=rank_of(row))

    return for_page


def _stage(row: CustomerPosition) -> Cell:
    stage = Stage(row.stage)
    return Cell(stage.label, "badge", tone=TONES.get(stage, "neutral"))


def _customer(row: CustomerPosition) -> Cell:
    return Cell(row.customer.name, "main", row.customer.get_absolute_url(), hint=row.customer.customer_no)


TO_WIN_BACK = ListPage(
    columns=(
        Column("customer", _("Customer"), _customer, stays=True),
        Column("tier", _("Tier"), per_page=_tier(lambda row: row.tier)),
        Column("stage", _("Life-cycle stage"), _stage),
        Column("balance", _("Balance"), "total", kind="wan", sort=("total", "pk"), amounts=True),
        Column("contact", _("Last contact"), "last_contact_on", kind="date"),
        Column("manager", _("Manager"), "customer__manager__name"),
        Column("branch", _("Branch"), "branch__name"),
    ),
    default_order=("-tier", "pk"),
    filterset=ToWinBackFilter,
    caption=_("Customers to win back"),
    noun=_("customers"),
    row_url=lambda row: row.customer.get_absolute_url(),
    empty_title=_("Nobody to win back"),
    empty_text=_("Customers whose deposits fall or left stand here until somebody works on it."),
    row_key="customer__customer_no",
    row_path="customer__customer_no",
    bulk=(BulkAction(_("Win back"), "campaigns:win_back_open", "heart-handshake", WORKERS),),
)


def _name(row: WinBack) -> Cell:
    return Cell(row.customer.name, "main", win_back_url(row), hint=row.customer.customer_no)


def win_back_url(row: WinBack) -> str:
    """The page of an attempt."""
    return reverse("campaigns:win_back", args=[row.pk])


def state_cell(row: WinBack) -> Cell:
    """Where it stands, as a badge."""
    if row.state == WinBackState.OPEN:
        return Cell(row.get_state_display(), "badge", tone="info")
    return Cell(row.get_state_display(), "badge", tone="neutral", hint=row.get_cause_display())


WIN_BACKS = ListPage(
    columns=(
        Column("customer", _("Customer"), _name, stays=True),
        Column("tier", _("Tier"), per_page=_tier(lambda row: row.customer.position.tier)),
        Column("state", _("State"), state_cell),
        Column("owner", _("Owner"), "owner__name"),
        Column("peak", _("Best month of the year"), kind="wan", amounts=True),
        Column("before", _("Average before"), kind="wan", amounts=True),
        Column("after", _("Average after"), kind="wan", amounts=True),
        Column("regained", _("Regained"), lambda row: regained(row.before, row.after), kind="wan", amounts=True),
        Column("opened", _("Begun on"), "opened_on", kind="date", sort=("opened_on", "pk")),
        Column("branch", _("Branch"), "customer__branch__name"),
    ),
    default_order=("-opened_on", "-pk"),
    filterset=WinBackFilter,
    caption=_("Win-backs"),
    noun=_("win-backs"),
    row_url=win_back_url,
    empty_title=_("No win-backs"),
    empty_text=_("Choose customers under “Customers to win back”."),
)


TILES = (
    (_("Mine under way"), "stands=open&whose=mine", ""),
    (_("Under way"), "stands=open", ""),
    (_("Measured"), "stands=measured", ""),
)


def tiles(request: HttpRequest, rows: QuerySet[WinBack], waiting: QuerySet[CustomerPosition]) -> Iterator[Tile]:
    """The counts on top: each is a list's own filter, so that it equals the rows behind it."""
    yield count_tile(TO_WIN_BACK.caption, waiting.count(), reverse("campaigns:win_back_candidates"))
    yield from counted_tiles(TILES, WinBackFilter, rows, request=request, url=reverse("campaigns:win_backs"))

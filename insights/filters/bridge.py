"""The list behind a bar of the bridge."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.clock import today
from core.pages import Cell, Column, ListFilter, ListPage
from customers.models import CustomerPosition
from tiers.queries import bands_for_display, tier_name

# Read by the view: the rows are those of this unit, bar and span.
ASKED = frozenset({"part", "unit", "manager", "team", "month", "against"})


class PartFilter(ListFilter):
    """Nothing more to choose: the list is what a bar adds up."""

    class Meta:
        model = CustomerPosition
        fields: list[str] = []


def customer_cell(row: Any) -> Cell:
    """The customer of a row."""
    return Cell(row.customer.name, "main", row.customer.get_absolute_url(), hint=row.customer.customer_no)


def tier_cells(rank: str) -> Callable[[], Callable[[Any], Cell]]:
    """Badges of the tiers at `rank` of a page's rows, as they are called now."""

    def ready() -> Callable[[Any], Cell]:
        bands = bands_for_display(today())
        return lambda row: Cell(tier_name(getattr(row, rank), bands), "tier", rank=getattr(row, rank))

    return ready


BRIDGE_ROWS = ListPage(
    columns=(
        Column("customer", _("Customer"), customer_cell, stays=True),
        Column("part", _("In this bar, yuan"), kind="change", sort="part", amounts=True),
        Column("opening", _("ADB before"), kind="money", sort="opening", amounts=True),
        Column("closing", _("ADB after"), kind="money", sort="closing", amounts=True),
        Column("left", _("Matured and left, yuan"), "left_amount", kind="money", amounts=True),
        Column("tier", _("Tier"), per_page=tier_cells("tier")),
        Column("branch", _("Branch"), "branch__name"),
        Column("manager", _("Manager"), "manager__name"),
    ),
    default_order=("-size",),
    filterset=PartFilter,
    caption=_("Customers of a bar"),
    noun=_("customers"),
    row_url=lambda row: row.customer.get_absolute_url(),
    also=ASKED,
    empty_title=_("Nobody"),
    empty_text=_("No customer counts in this bar."),
)

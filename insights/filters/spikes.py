"""The list of customers whose balance stood far above its average at a month end."""

from django.utils.translation import gettext_lazy as _

from core.pages import Column, ListFilter, ListPage
from insights.filters.bridge import customer_cell
from insights.models import MonthClose

# Read by the view: which month end, of whom then.
ASKED = frozenset({"month", "unit", "manager"})


class SpikeFilter(ListFilter):
    """Nothing more to choose."""

    class Meta:
        model = MonthClose
        fields: list[str] = []


SPIKES = ListPage(
    columns=(
        Column("customer", _("Customer"), customer_cell, stays=True),
        Column("total", _("At the close, yuan"), kind="money", sort="total", amounts=True),
        Column("adb", _("ADB of the month"), kind="money", sort="adb", amounts=True),
        Column("excess", _("Above the average, yuan"), kind="money", sort="excess", amounts=True),
        Column("lowest", _("Lowest in the days after, yuan"), kind="money", amounts=True),
        Column("fell", _("Gone again, yuan"), kind="money", sort="fell", amounts=True),
        Column("manager", _("Manager now"), "customer__manager__name"),
    ),
    default_order=("-excess", "customer_id"),
    filterset=SpikeFilter,
    caption=_("Month-end spikes"),
    noun=_("customers"),
    row_url=lambda row: row.customer.get_absolute_url(),
    also=ASKED,
    empty_title=_("No spikes"),
    empty_text=_("No customer's balance stood far above its average at this month end and fell right after."),
)

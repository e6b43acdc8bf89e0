"""The list of customers between two tiers: columns, filters and order."""

from datetime import date
from typing import Any

import django_filters
from django.db.models import QuerySet, Value
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _

from core.clock import today
from core.forms import DAY, choose_from
from core.pages import BulkAction, Cell, Column, ListPage
from customers.models import CustomerPosition
from staff.access import AMOUNT_ROLES
from tiers.filters.units import UnitFilter, customer_cell, customer_url
from tiers.queries import tier_name
from tiers.queries.flows import bands_at, flow_rows


class FlowFilter(UnitFilter):
    """Customers by their tier at two closes; without a first day by the one at the close of the last."""

    first = django_filters.DateFilter(label=_("From the close of"), method="as_given", widget=DAY)
    last = django_filters.DateFilter(label=_("To the close of"), method="as_given", widget=DAY)
    from_tier = django_filters.ChoiceFilter(label=_("From tier"), method="as_given", empty_label=_("All"))
    to_tier = django_filters.ChoiceFilter(label=_("To tier"), method="as_given", empty_label=_("All"))

    class Meta:
        model = CustomerPosition
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields = self.form.fields
        fields["first"].required = False
        before = [*_ranks(self.data.get("first") or ""), (0, _("not tiered yet"))]
        choose_from(self.form, from_tier=before, to_tier=_ranks(self.data.get("last") or ""))

    def filter_queryset(self, queryset: QuerySet[CustomerPosition]) -> QuerySet[CustomerPosition]:
        asked = self.form.cleaned_data
        first, last = asked["first"] or asked["last"], asked["last"]
        if last is None:
            return queryset.none()
        ranks = {name: int(asked[key]) if asked[key] else None for name, key in RANKS.items()}
        rows = flow_rows(super().filter_queryset(queryset), first, last, **ranks)
        return rows.annotate(first=Value(first), last=Value(last))

    def as_given(self, rows: QuerySet[CustomerPosition], name: str, value: object) -> QuerySet[CustomerPosition]:
        return rows


RANKS = {"before": "from_tier", "after": "to_tier"}


def _ranks(day: str) -> list[tuple[int, str]]:
    """The ranks there were at the close of a day of an address, highest first."""
    try:
        bands = bands_at(parse_date(day) or today())
    except ValueError:
        bands = ()
    return [(band.rank, tier_name(band.rank, bands)) for band in reversed(bands)]


def _tier_at(rank: int, day: date) -> Cell:
    return Cell(tier_name(rank, bands_at(day)), "tier", rank=rank)


FLOWS = ListPage(
    columns=(
        Column("customer", _("Customer"), customer_cell, stays=True),
        Column("from_tier", _("From tier"), lambda row: _tier_at(row.before, row.first)),
        Column("to_tier", _("To tier"), lambda row: _tier_at(row.after, row.last)),
        Column("held", _("Deposits at the last close, yuan"), kind="money", amounts=True),
        Column("total", _("Deposits now, yuan"), kind="money", sort="total", amounts=True),
        Column("branch", _("Branch"), "branch__name"),
        Column("manager", _("Manager"), "manager__name"),
    ),
    default_order=("-total",),
    filterset=FlowFilter,
    caption=_("Customers between two tiers"),
    noun=_("customers"),
    row_url=customer_url,
    empty_title=_("Nobody went this way"),
    empty_text=_("Choose other days or tiers, or take a filter away."),
    row_key="customer__customer_no",
    row_path="customer__customer_no",
    bulk=(BulkAction(_("Export"), "tiers:flow_export", "file-export", AMOUNT_ROLES),),
)

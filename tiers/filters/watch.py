"""The list of customers on watch: columns, filters and order."""

from collections.abc import Callable
from typing import Any

import django_filters
from django.utils.translation import gettext_lazy as _

from core.forms import DAY, choose_from
from core.money import ZERO
from core.pages import Cell, Column, ListPage
from customers.models import CustomerPosition
from tiers.filters.units import UnitFilter, customer_cell, tier_cell, tiers
from tiers.queries import watch_terms


class WatchFilter(UnitFilter):
    """Customers on watch, by the tier that is held for them."""

    tier = django_filters.ChoiceFilter(label=_("Tier held"), field_name="held", choices=tiers, empty_label=_("All"))
    since = django_filters.DateFilter(label=_("Since"), field_name="watch_since", lookup_expr="lte", widget=DAY)

    class Meta:
        model = CustomerPosition
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self.form, tier=tiers())


def _down_on() -> Callable[[Any], Cell]:
    terms = watch_terms()
    return lambda row: Cell(terms.down_on(row.watch_since), "date")


def _needs() -> Callable[[Any], Cell]:
    floors = watch_terms().floors
    return lambda row: Cell(floors.get(row.held), "money")


def _lacks() -> Callable[[Any], Cell]:
    floors = watch_terms().floors
    # Balances may have been corrected since the run: nobody lacks less than nothing.
    return lambda row: Cell(max(floors.get(row.held, ZERO) - row.value, ZERO), "money")


WATCH = ListPage(
    columns=(
        Column("customer", _("Customer"), customer_cell, stays=True),
        Column("held", _("Tier held"), lambda row: tier_cell(row.held)),
        Column("watch_since", _("On watch since"), kind="date", sort=("watch_since", "pk")),
        Column("down_on", _("Goes down from"), per_page=_down_on),
        Column("value", _("Figure now, yuan"), kind="money", amounts=True),
        Column("needs", _("Required, yuan"), per_page=_needs, amounts=True),
        Column("lacks", _("Shortfall, yuan"), per_page=_lacks, amounts=True),
        Column("branch", _("Branch"), "branch__name"),
        Column("manager", _("Manager"), "manager__name"),
    ),
    default_order=("watch_since", "pk"),
    filterset=WatchFilter,
    caption=_("Customers held below the floor of their tier"),
    noun=_("customers"),
    row_url=lambda row: f"{row.customer.get_absolute_url()}?tab=tier",
    list_key="watch",
    empty_title=_("Nobody is on watch"),
    empty_text=_("Customers appear here when a re-tiering finds them below the floor of a tier that is still held."),
)

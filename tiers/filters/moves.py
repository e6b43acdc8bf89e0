"""The list of movers: columns, filters and order."""

from typing import Any

import django_filters
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.forms import DAY, choose_from
from core.pages import Cell, Column, ListPage
from tiers.filters.units import UnitFilter, customer_cell, customer_url, tiers
from tiers.models import TierChange, TierChangeQuerySet
from tiers.queries import DOWN, UP, bands_of_run, lately, tier_name

DIRECTIONS = [(UP, _("Up")), (DOWN, _("Down"))]
CAUSES = [("rule", _("The rule")), ("watch", _("The rule, after a watch")), ("override", _("An override"))]


class MoverFilter(UnitFilter):
    """Business days, both ends included; the latest month when none is named."""

    since = django_filters.DateFilter(label=_("From"), field_name="on", lookup_expr="gte", widget=DAY)
    until = django_filters.DateFilter(label=_("To"), field_name="on", lookup_expr="lte", widget=DAY)
    direction = django_filters.ChoiceFilter(
        label=_("Direction"), choices=DIRECTIONS, method="moved", empty_label=_("All")
    )
    cause = django_filters.ChoiceFilter(label=_("Cause"), choices=CAUSES, method="caused", empty_label=_("All"))
    tier = django_filters.ChoiceFilter(label=_("New tier"), field_name="to_tier", choices=tiers, empty_label=_("All"))

    class Meta:
        model = TierChange
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self.form, tier=tiers())

    def filter_queryset(self, queryset: TierChangeQuerySet) -> TierChangeQuerySet:
        rows: TierChangeQuerySet = super().filter_queryset(queryset)
        asked = self.form.cleaned_data
        return rows if asked["since"] or asked["until"] else lately(rows)

    def moved(self, rows: TierChangeQuerySet, name: str, direction: str) -> TierChangeQuerySet:
        return rows.moved(direction)

    def caused(self, rows: TierChangeQuerySet, name: str, cause: str) -> TierChangeQuerySet:
        by_people = Q(from_ruled__isnull=False) | Q(to_ruled__isnull=False)
        if cause == "override":
            return rows.filter(by_people)
        rows = rows.exclude(by_people)
        return rows.filter(from_watch__isnull=False, event=DOWN) if cause == "watch" else rows


def _direction(row: TierChange) -> Cell:
    is_up = row.event == UP
    return Cell(_("Up") if is_up else _("Down"), "badge", tone="info" if is_up else "warn")


def _from_badge(row: TierChange) -> Cell:
    return Cell(tier_name(row.from_tier, bands_of_run(row.on, before=True)), "tier", rank=row.from_tier)


def _to_badge(row: TierChange) -> Cell:
    return Cell(tier_name(row.to_tier, bands_of_run(row.on)), "tier", rank=row.to_tier)


MOVERS = ListPage(
    columns=(
        Column("customer", _("Customer"), customer_cell, stays=True),
        Column("on", _("Day"), kind="date", sort=("day", "pk")),
        Column("direction", _("Direction"), _direction),
        Column("from_tier", _("From tier"), _from_badge),
        Column("to_tier", _("To tier"), _to_badge),
        Column("value", _("Decided on, yuan"), kind="money", amounts=True),
        Column("branch", _("Branch"), "branch__name"),
        Column("manager", _("Manager"), "manager__name"),
    ),
    default_order=("-day", "-pk"),
    filterset=MoverFilter,
    caption=_("Customers who moved between tiers"),
    noun=_("moves"),
    row_url=customer_url,
    list_key="movers",
    empty_title=_("Nobody moved"),
    empty_text=_("Moves between tiers appear after each re-tiering; choose other days or take a filter away."),
)

"""The list of movers: columns, filters and order."""

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core.clock import today
from core.pages import Cell, Column, ListFilter, ListPage
from core.pages.choices import LoadedChoiceFilter
from customers.models import Customer
from staff.models import Branch, User
from staff.queries import people_offered
from tiers.models import TierChange, TierChangeQuerySet
from tiers.queries import DOWN, UP, bands_for_display, branches_of, lately, managers_of, tier_name

DAY = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
DIRECTIONS = [(UP, _("Up")), (DOWN, _("Down"))]


def _branches(request: Any) -> QuerySet[Branch]:
    return branches_of(request.user) if request else Branch.objects.none()


def _managers(request: Any) -> QuerySet[User]:
    return managers_of(request.user) if request else User.objects.none()


def _tiers() -> list[tuple[int, str]]:
    bands = bands_for_display(today())
    return [(band.rank, tier_name(band.rank, bands)) for band in reversed(bands)]


class MoverFilter(ListFilter):
    """Business days, both ends included; the latest month when none is named."""

    since = django_filters.DateFilter(label=_("From"), field_name="on", lookup_expr="gte", widget=DAY)
    until = django_filters.DateFilter(label=_("To"), field_name="on", lookup_expr="lte", widget=DAY)
    direction = django_filters.ChoiceFilter(
        label=_("Direction"), choices=DIRECTIONS, method="moved", empty_label=_("All")
    )
    tier = django_filters.ChoiceFilter(label=_("New tier"), field_name="to_tier", choices=_tiers, empty_label=_("All"))
    branch = LoadedChoiceFilter(label=_("Branch"), queryset=_branches, to_field_name="code", empty_label=_("All"))
    manager = LoadedChoiceFilter(label=_("Manager"), queryset=_managers, to_field_name="staff_no", empty_label=_("All"))

    class Meta:
        model = TierChange
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields = self.form.fields
        fields["tier"].choices = _tiers()  # type: ignore[attr-defined]  # a choice field
        if self.request is not None:
            given = [self.data.get(name) or "" for name in ("branch", "manager")]
            people = people_offered(fields["manager"].queryset, self.request.user, *given)
            fields["manager"].offer(people, lambda person: person.staff_no)
            fields["branch"].offer(fields["branch"].queryset, lambda unit: unit.code)

    def filter_queryset(self, queryset: TierChangeQuerySet) -> TierChangeQuerySet:
        rows: TierChangeQuerySet = super().filter_queryset(queryset)
        asked = self.form.cleaned_data
        return rows if asked["since"] or asked["until"] else lately(rows)

    def moved(self, rows: TierChangeQuerySet, name: str, direction: str) -> TierChangeQuerySet:
        return rows.moved(direction)


def _customer(row: TierChange) -> Cell:
    return Cell(row.customer.name, "main", row.customer.get_absolute_url(), hint=row.customer.customer_no)


def _direction(row: TierChange) -> Cell:
    is_up = row.to_tier > row.from_tier
    return Cell(_("Up") if is_up else _("Down"), "badge", tone="info" if is_up else "warn")


def _badge(rank: int) -> Cell:
    return Cell(tier_name(rank, bands_for_display(today())), "tier", rank=rank)


def _row_url(row: TierChange) -> str:
    return Customer.get_absolute_url(row.customer)


MOVERS = ListPage(
    columns=(
        Column("customer", _("Customer"), _customer, stays=True),
        Column("on", _("Day"), kind="date", sort=("on", "pk")),
        Column("direction", _("Direction"), _direction),
        Column("from_tier", _("From tier"), lambda row: _badge(row.from_tier)),
        Column("to_tier", _("To tier"), lambda row: _badge(row.to_tier)),
        Column("value", _("Decided on, yuan"), kind="money", amounts=True),
        Column("branch", _("Branch"), "branch__name"),
        Column("manager", _("Manager"), "manager__name"),
    ),
    default_order=("-on", "-pk"),
    filterset=MoverFilter,
    caption=_("Customers who moved between tiers"),
    noun=_("moves"),
    row_url=_row_url,
    list_key="movers",
    empty_title=_("Nobody moved"),
    empty_text=_("Moves between tiers appear after each re-tiering; choose other days or take a filter away."),
)

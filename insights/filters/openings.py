"""The list of opened customer pages."""

from collections.abc import Mapping
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from core.clock import today
from core.forms import DAY
from core.pages import Cell, Column, ListFilter, ListPage
from core.pages.choices import LoadedChoiceFilter
from customers.models import PageOpening
from insights.queries.openings import CONTACT, FOLLOW_UP, NONE, WORK, without_need
from insights.queries.supervision import rules_on
from staff.access import has_role
from staff.enums import Role
from staff.models import Branch
from staff.queries import branches_by_tree
from staff.queries.supervision import units_to_check

NEED_WORDS: Mapping[str, str | Promise] = {
    CONTACT: _("A contact with the customer"),
    FOLLOW_UP: _("Something to do for the customer"),
    WORK: _("Other work for the customer"),
    NONE: _("None found"),
}
WITH_OR_WITHOUT = [("without", _("Without business need")), ("with", _("With business need"))]
WHERE = [("outside", _("Outside of own book and unit")), ("own", _("Own book or unit"))]


def _units(request: Any) -> QuerySet[Branch]:
    if request is None:
        return Branch.objects.none()
    # The auditor reads the whole trail and oversees no unit.
    return branches_by_tree() if has_role(request.user, Role.AUDITOR) else units_to_check(request.user)


class OpeningFilter(ListFilter):
    """By person, customer, unit, days, business need, and whether it was outside of the person's own book and unit."""

    who = django_filters.CharFilter(label=_("Staff number"), field_name="person__staff_no", max_length=40)
    customer = django_filters.CharFilter(label=_("Customer number"), field_name="customer__customer_no", max_length=32)
    unit = LoadedChoiceFilter(
        label=_("Branch"), field_name="branch", queryset=_units, to_field_name="code", empty_label=_("All")
    )
    since = django_filters.DateFilter(label=_("From day"), field_name="on", lookup_expr="gte", widget=DAY)
    until = django_filters.DateFilter(label=_("To day"), field_name="on", lookup_expr="lte", widget=DAY)
    need = django_filters.ChoiceFilter(
        label=_("Business need"), choices=WITH_OR_WITHOUT, method="by_need", empty_label=_("All")
    )
    where = django_filters.ChoiceFilter(
        label=_("Book and unit"), choices=WHERE, method="by_place", empty_label=_("All")
    )

    class Meta:
        model = PageOpening
        fields: list[str] = []

    def by_need(self, rows: QuerySet[PageOpening], name: str, value: str) -> QuerySet[PageOpening]:
        """With something the person had to do with the customer, or with nothing found."""
        without = without_need(rules_on(today()).bounds["need_days"])
        return rows.filter(without if value == "without" else ~without)

    def by_place(self, rows: QuerySet[PageOpening], name: str, value: str) -> QuerySet[PageOpening]:
        """Outside of the person's own book and unit, or not."""
        return rows.filter(is_outside=value == "outside")


def _person(row: PageOpening) -> Cell:
    return Cell(row.person.name, "main", hint=f"{row.person.staff_no} · {row.person.get_role_display()}")


def _customer(row: Any) -> Cell:
    number = row.customer.customer_no
    # Out of one's sight a customer is a number, as on the trail.
    return Cell(row.customer.name, url=row.customer.get_absolute_url(), hint=number) if row.in_sight else Cell(number)


def _clock(name: str) -> Any:
    return lambda row: f"{localtime(getattr(row, name)):%H:%M}"


def _place(row: PageOpening) -> Cell:
    return Cell(_t("Outside"), "badge", tone="warn") if row.is_outside else Cell(_t("Own"))


def _need(row: Any) -> Cell:
    word = NEED_WORDS[row.need]
    return Cell(word) if row.need else Cell(word, "badge", tone="warn")


OPENINGS = ListPage(
    columns=(
        Column("person", _("Colleague"), _person, stays=True),
        Column("branch", _("Unit"), "branch__name"),
        Column("customer", _("Customer"), _customer),
        Column("on", _("Day"), kind="date", sort=("on", "pk")),
        Column("first", _("First look"), _clock("first_at")),
        Column("last", _("Last look"), _clock("last_at")),
        Column("times", _("Times"), kind="num"),
        Column("need", _("Business need"), _need),
        Column("place", _("Book and unit"), _place),
    ),
    default_order=("-on", "-pk"),
    filterset=OpeningFilter,
    caption=_("Opened customer pages"),
    noun=_("openings"),
    row_path="customer__customer_no",
    empty_title=_("No opening fits these filters"),
    empty_text=_("Whoever opens a customer's page stands here, one line a person, customer and day."),
)

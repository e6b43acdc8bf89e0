"""The list of findings."""

from datetime import timedelta
from typing import Any

import django_filters
from django.utils.translation import gettext_lazy as _

from core.clock import today
from core.pages import Cell, Column, ListFilter, ListPage
from core.pages.choices import LoadedChoiceFilter
from customers.enums import FlagKind
from customers.filters.choices import MOST_DAYS, NOBODY, managers_of, offer_units_and_managers, tier_word, units_of
from customers.models import QualityFlag
from customers.models.customers import QualityFlagQuerySet


class FindingFilter(ListFilter):
    """Filters of findings; `age` in days since the finding."""

    kind = django_filters.ChoiceFilter(label=_("Finding"), choices=FlagKind.choices, empty_label=_("All"))
    branch = LoadedChoiceFilter(
        label=_("Branch"),
        field_name="customer__branch",
        queryset=units_of,
        to_field_name="code",
        empty_label=_("All"),
    )
    manager = LoadedChoiceFilter(
        label=_("Manager"),
        field_name="customer__manager",
        queryset=managers_of,
        to_field_name="staff_no",
        empty_label=_("All"),
        null_label=_("Without a manager"),
        null_value=NOBODY,
    )
    age = django_filters.NumberFilter(
        label=_("Open for days, at least"), method="open_for", min_value=1, max_value=MOST_DAYS, decimal_places=0
    )

    class Meta:
        model = QualityFlag
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.request is not None:
            offer_units_and_managers(self.form.fields, self.data, self.request.user)

    def open_for(self, rows: QualityFlagQuerySet, name: str, days: Any) -> QualityFlagQuerySet:
        return rows.filter(found_on__lte=today() - timedelta(days=int(days)))


def _customer(row: QualityFlag) -> Cell:
    return Cell(row.customer.name, "main", row.customer.get_absolute_url(), hint=row.customer.customer_no)


def _tier(row: QualityFlag) -> Cell:
    rank = row.customer.position.tier
    return Cell(tier_word(rank), "tier", rank=rank)


FINDINGS = ListPage(
    columns=(
        Column("customer", _("Customer"), _customer),
        Column("finding", _("Finding"), lambda row: row.get_kind_display(), kind="wrap"),
        Column("found_on", _("Found on"), kind="date", sort="found_on"),
        Column("age", _("Days"), lambda row: (today() - row.found_on).days, kind="num"),
        Column("tier", _("Tier"), _tier),
        Column("manager", _("Manager"), "customer__manager__name"),
        Column("branch", _("Branch"), "customer__branch__name"),
    ),
    default_order=("found_on", "pk"),
    filterset=FindingFilter,
    caption=_("Findings"),
    noun=_("findings"),
    empty_title=_("Nothing to put right"),
    empty_text=_("The rules find nothing in the records you may see. They are applied again every night."),
)

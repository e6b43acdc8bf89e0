"""The list of customers: columns, filters and order, once for page and API."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from core.clock import today
from core.forms import DAY
from core.pages import ORDERING, BulkAction, Cell, Column, ListFilter, ListPage
from core.pages.choices import LoadedChoiceFilter
from customers import queries
from customers.enums import CustomerKind, Stage
from customers.filters.choices import (
    MOST_DAYS,
    NOBODY,
    managers_of,
    offer_units_and_managers,
    tier_word,
    units_of,
    word_of_tier,
)
from customers.models import Customer, CustomerPosition
from customers.models.customers import CustomerPositionQuerySet
from customers.queries.lists import maturing_within, silent_since, waiting_since
from customers.rules.search import read_search
from customers.services import records
from staff.access import CUSTOMER_ROLES, HEADS, MANAGERS, scope_of
from staff.enums import Reach
from staff.models import Branch

RANKS = range(10)
# What the re-tiering writes on the position: the sum of 1 (the next tier is close) and 2 (losing this one is).
NEAR_VALUES, NEAR_BOTH = {"up": 1, "down": 2}, 3
NEAR = [("up", _("Close to the next tier")), ("down", _("Close to losing this tier"))]
WATCHED = forms.Select(choices=[("", _("All")), ("true", _("Yes")), ("false", _("No"))])
STAGES = {stage.name.lower(): stage for stage in Stage}
PERSONAL = _("Whole identity and telephone numbers are searched in the box on top: they must not stand in an address.")
SEARCH = forms.TextInput(
    {
        "type": "search",
        "autocomplete": "off",
        "spellcheck": "false",
        "placeholder": _("Name, pinyin, phone tail, number"),
    }
)


def refuse_personal(text: str) -> None:
    """Keep whole identity and telephone numbers out of addresses. Raises ValidationError."""
    if read_search(text).is_personal:
        raise ValidationError(PERSONAL, code="not_in_an_address")


class CustomerFilter(ListFilter):
    """Filters of customers, on their positions. Units and managers are named by numbers, as everywhere outside.

    `branch` is one unit, `area` it and those below it.
    """

    tier = django_filters.TypedMultipleChoiceFilter(
        label=_("Tier"),
        field_name="tier",
        coerce=int,
        choices=[(rank, tier_word(rank)) for rank in RANKS],
        widget=forms.CheckboxSelectMultiple,
        distinct=False,
    )
    kind = django_filters.ChoiceFilter(
        label=_("Kind"), field_name="customer__kind", choices=CustomerKind.choices, empty_label=_("All")
    )
    branch = LoadedChoiceFilter(label=_("Branch"), queryset=units_of, to_field_name="code", empty_label=_("All"))
    manager = LoadedChoiceFilter(
        label=_("Manager"),
        queryset=managers_of,
        to_field_name="staff_no",
        empty_label=_("All"),
        null_label=_("Without a manager"),
        null_value=NOBODY,
    )
    area = django_filters.ModelChoiceFilter(
        label=_("Unit with those below"),
        method="in_area",
        queryset=units_of,
        to_field_name="code",
        widget=forms.HiddenInput,
    )

    stage = django_filters.MultipleChoiceFilter(
        label=_("Life-cycle stage"),
        method="in_stages",
        choices=[(name, stage.label) for name, stage in STAGES.items()],
        widget=forms.CheckboxSelectMultiple,
    )
    silent = django_filters.NumberFilter(
        label=_("Days without contact"),
        method="silent_for",
        min_value=1,
        max_value=MOST_DAYS,
        decimal_places=0,
    )
    waited = django_filters.NumberFilter(
        label=_("Without contact for days, at least"),
        method="waited_for",
        min_value=1,
        max_value=MOST_DAYS,
        decimal_places=0,
        widget=forms.HiddenInput,
    )
    near = django_filters.ChoiceFilter(label=_("Near a bound"), method="near_bound", choices=NEAR, empty_label=_("All"))
    watched = django_filters.BooleanFilter(
        label=_("On watch"), field_name="watch_since", lookup_expr="isnull", exclude=True, widget=WATCHED
    )
    matures = django_filters.NumberFilter(
        label=_("Matures within days"), method="matures_in", min_value=0, max_value=MOST_DAYS, decimal_places=0
    )
    opened_since = django_filters.DateFilter(
        label=_("Customer since, from"), field_name="customer__opened_on", lookup_expr="gte", widget=DAY
    )

    class Meta:
        model = CustomerPosition
        fields: list[str] = []

    def filter_queryset(self, queryset: CustomerPositionQuerySet) -> CustomerPositionQuerySet:
        rows: CustomerPositionQuerySet = super().filter_queryset(queryset)
        by_name = self.data.get(ORDERING, "").removeprefix("-") in {"", "name"}
        # Always so; said again, it lets the index by branch and name serve a branch's list in its usual order. Of the
        # whole bank it would only make the planner expect a few rows where there are many.
        return rows.filter(customer__branch=F("branch")) if by_name and not self._is_bank() else rows

    def _is_bank(self) -> bool:
        """Whether neither the reader's scope nor the filter narrows the list to some units."""
        is_narrow = self.request is None or scope_of(self.request.user).reach != Reach.BANK
        return not (is_narrow or self.data.get("branch"))

    def in_area(self, rows: CustomerPositionQuerySet, name: str, top: Branch | None) -> CustomerPositionQuerySet:
        # Ids, so that PostgreSQL knows how many rows to expect.
        return rows.filter(branch_id__in=list(Branch.objects.below(top).values_list("pk", flat=True))) if top else rows

    def in_stages(self, rows: CustomerPositionQuerySet, name: str, stages: list[str]) -> CustomerPositionQuerySet:
        return rows.filter(stage__in=[STAGES[stage] for stage in stages]) if stages else rows

    def silent_for(self, rows: CustomerPositionQuerySet, name: str, days: Any) -> CustomerPositionQuerySet:
        return silent_since(rows, today() - timedelta(days=int(days)))

    def waited_for(self, rows: CustomerPositionQuerySet, name: str, days: Any) -> CustomerPositionQuerySet:
        return waiting_since(rows, today() - timedelta(days=int(days)))

    def near_bound(self, rows: CustomerPositionQuerySet, name: str, bound: str) -> CustomerPositionQuerySet:
        return rows.filter(near__in=[NEAR_VALUES[bound], NEAR_BOTH])

    def matures_in(self, rows: CustomerPositionQuerySet, name: str, days: Any) -> CustomerPositionQuerySet:
        start = queries.ledger_day() or today()
        return maturing_within(rows, start, start + timedelta(days=int(days)))

    def searched(self, rows: CustomerPositionQuerySet, name: str, text: str) -> CustomerPositionQuerySet:
        is_bank = self.request is not None and scope_of(self.request.user).reach == Reach.BANK
        return queries.search(rows, text, "customer__", narrow=not is_bank)


class CustomerPageFilter(CustomerFilter):
    """With the search text of the page, which its own box sends."""

    q = django_filters.CharFilter(
        label=_("Search"), method="searched", widget=SEARCH, max_length=60, validators=[refuse_personal]
    )
    field_order = (
        *("q", "tier", "stage", "kind", "branch", "area", "manager"),
        *("near", "watched", "silent", "waited", "matures", "opened_since"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.form.order_fields(self.field_order)
        fields = self.form.fields
        fields["tier"].widget.choices = [(rank, word) for rank in (*RANKS[1:], 0) if (word := str(tier_word(rank)))]
        if self.request is not None:
            offer_units_and_managers(fields, self.data, self.request.user)


class CustomerApiFilter(CustomerFilter):
    """With the names the API has for them."""

    search = django_filters.CharFilter(
        label=_("Search"), method="searched", max_length=60, validators=[refuse_personal]
    )


def _name(row: Customer) -> Cell:
    return Cell(row.name, "main", row.get_absolute_url(), hint=row.customer_no)


def _tier() -> Callable[[Any], Cell]:
    word = cache(word_of_tier)  # a page has many rows and few ranks
    return lambda row: Cell(word(row.tier), "tier", rank=row.tier)


STAGE_TONES = {
    Stage.NEW: "info",
    Stage.GROWING: "good",
    Stage.DECLINING: "warn",
    Stage.LOST: "bad",
    Stage.WON_BACK: "good",
}


def _stage(row: Any) -> Cell:
    stage = Stage(row.stage)
    return Cell(stage.label if stage else "", "badge", tone=STAGE_TONES.get(stage, "neutral"))


CUSTOMERS = ListPage(
    columns=(
        Column("name", _("Customer"), _name, sort="customer__name_pinyin", stays=True),
        Column("tier", _("Tier"), per_page=_tier),
        Column("balance", _("Balance"), kind="wan", sort="total", amounts=True),
        Column("adb_month", _("Average this month"), kind="wan", sort="month_sum", amounts=True),
        Column("next_maturity", _("Next maturity"), "next_maturity_on", kind="date"),
        Column("manager", _("Manager"), "manager__name"),
        Column("branch", _("Branch"), "branch__name"),
        Column("last_contact", _("Last contact"), "last_contact_on", kind="date"),
        Column("phone", _("Phone"), lambda row: records.masked(row, "phone")),
        Column("stage", _("Life-cycle stage"), _stage, is_default=False),
        Column("customer_no", _("Customer number"), is_default=False),
        Column("kind", _("Kind"), lambda row: row.get_kind_display(), is_default=False),
        Column("adb_quarter", _("Average this quarter"), kind="wan", amounts=True, is_default=False),
        Column("adb_year", _("Average this year"), kind="wan", amounts=True, is_default=False),
        Column("opened_on", _("Customer since"), kind="date", is_default=False),
        Column("origin", _("Source"), lambda row: row.get_origin_display(), is_default=False),
        Column("backup", _("Backup manager"), "backup__name", is_default=False),
    ),
    default_order=("customer__name_pinyin",),
    filterset=CustomerPageFilter,
    caption=_("Customers"),
    noun=_("customers"),
    row_url=Customer.get_absolute_url,
    empty_title=_("No customer matches"),
    empty_text=_(
        "Take a filter away, or search by the last four digits of the phone. Only customers you may see are searched."
    ),
    list_key="customers",
    row_key="customer_no",
    row_path="customer__customer_no",
    bulk=(
        BulkAction(_("Hand over"), "customers:handover_new", "arrows-exchange", (*MANAGERS, *HEADS)),
        BulkAction(_("Export"), "customers:export", "file-export", CUSTOMER_ROLES),
    ),
)
# Columns, views and ticked rows are the page's.
API_CUSTOMERS = replace(CUSTOMERS, filterset=CustomerApiFilter, list_key="", bulk=())

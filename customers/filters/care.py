"""The lists of promises and of prospects."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core.clock import today
from core.pages import Cell, Column, ListFilter, ListPage
from customers.enums import Origin, PromiseState, ProspectState
from customers.models import Promise, Prospect

TONES = {PromiseState.KEPT: "good", PromiseState.BROKEN: "bad"}
PROSPECT_TONES = {ProspectState.OPEN: "info", ProspectState.CONVERTED: "good"}


class PromiseFilter(ListFilter):
    """Open promises unless others are asked for."""

    state = django_filters.ChoiceFilter(
        label=_("State"), choices=PromiseState.choices, empty_label=None, initial=PromiseState.OPEN
    )

    class Meta:
        model = Promise
        fields: list[str] = []

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        self.form.fields["state"].initial = PromiseState.OPEN

    def filter_queryset(self, queryset: QuerySet[Promise]) -> QuerySet[Promise]:
        return queryset.filter(state=self.form.cleaned_data.get("state") or PromiseState.OPEN)


def _due(row: Promise) -> Cell:
    if row.state == PromiseState.OPEN and row.due_on < today():
        return Cell(row.due_on, "date", hint=str(_("overdue")))
    return Cell(row.due_on, "date")


def _promise_tone(row: Promise) -> str:
    if row.state != PromiseState.OPEN or row.due_on > today():
        return ""
    return "bad" if row.due_on < today() else "warn"


def promise_url(row: Promise) -> str:
    """Where a promise is closed: the tab of its customer."""
    return f"{row.customer.get_absolute_url()}?tab=promises"


PROMISES = ListPage(
    columns=(
        Column("due", _("Due on"), _due, sort=("due_on", "pk")),
        Column("text", _("Promise"), lambda row: Cell(row.text, "main", promise_url(row))),
        Column("customer", _("Customer"), lambda row: Cell(row.customer.name, "text", row.customer.get_absolute_url())),
        Column("owner", _("Owner"), "owner__name"),
        Column(
            "state",
            _("State"),
            lambda row: Cell(row.get_state_display(), "badge", tone=TONES.get(PromiseState(row.state), "")),
        ),
        Column("outcome", _("What happened"), kind="wrap"),
    ),
    default_order=("due_on", "pk"),
    filterset=PromiseFilter,
    caption=_("Promises"),
    noun=_("promises"),
    row_url=promise_url,
    row_tone=_promise_tone,
    empty_title=_("No promise waits"),
    empty_text=_("Promises are written down on a customer's page or while a contact is logged."),
)


class ProspectFilter(ListFilter):
    """Filters of prospects."""

    q = django_filters.CharFilter(label=_("Name or number"), method="named", max_length=60)
    state = django_filters.ChoiceFilter(label=_("State"), choices=ProspectState.choices, empty_label=_("All"))
    origin = django_filters.ChoiceFilter(label=_("Source"), choices=Origin.choices, empty_label=_("All"))

    class Meta:
        model = Prospect
        fields: list[str] = []

    def named(self, rows: QuerySet[Prospect], name: str, text: str) -> QuerySet[Prospect]:
        text = text.strip()
        return rows.filter(Q(name__icontains=text) | Q(name_pinyin__startswith=text.lower()) | Q(number=text.upper()))


PROSPECTS = ListPage(
    columns=(
        Column(
            "name",
            _("Prospect"),
            lambda row: Cell(row.name, "main", row.get_absolute_url(), hint=row.number),
            sort=("name_pinyin", "pk"),
        ),
        Column(
            "state",
            _("State"),
            lambda row: Cell(
                row.get_state_display(), "badge", tone=PROSPECT_TONES.get(ProspectState(row.state), "neutral")
            ),
        ),
        Column("origin", _("Source"), lambda row: row.get_origin_display()),
        Column("campaign", _("Campaign or partner"), "campaign"),
        Column("interest", _("Interested in"), kind="wrap"),
        Column("first_contact", _("First contact"), "first_contact_on", kind="date", sort=("first_contact_on", "pk")),
        Column("manager", _("Manager"), "manager__name"),
        Column("branch", _("Branch"), "branch__name"),
    ),
    default_order=("-pk",),
    filterset=ProspectFilter,
    caption=_("Prospects"),
    noun=_("prospects"),
    row_url=Prospect.get_absolute_url,
    empty_title=_("No prospect yet"),
    empty_text=_("Write down who asked for something and is not a customer yet; their source stays with them."),
)

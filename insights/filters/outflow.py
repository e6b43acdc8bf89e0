"""The lists of outflow: warnings, and customers whose deposits were halved; filters, columns, tiles."""

from collections.abc import Callable, Iterator
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _

from core.clock import today
from core.forms import DAY
from core.pages import Cell, Column, ListFilter, ListPage
from core.pages.choices import LoadedChoiceFilter
from insights.enums import OutflowSignal, OutflowState, OutflowVerdict
from insights.models import OutflowLoss, OutflowWarning
from insights.queries.outflow_words import reason_of, signs_of
from servicing.queries.contacts import units_of
from staff.models import Branch
from tiers.queries import bands_for_display, tier_name

# Without one of these, the open ones are listed.
STANDS = [
    ("all", _("All")),
    ("calls", _("Open, nobody is calling yet")),
    (OutflowState.JUDGED.value, OutflowState.JUDGED.label),
    (OutflowState.EXPIRED.value, OutflowState.EXPIRED.label),
]
WHOSE = [("mine", _("Mine"))]
TONES = {OutflowVerdict.RIGHT: "bad", OutflowVerdict.WRONG: "neutral", OutflowVerdict.UNSURE: "info"}


def _units(request: Any) -> QuerySet[Branch]:
    return units_of(request.user) if request else Branch.objects.none()


class OutflowFilter(ListFilter):
    """By state, sign, verdict, manager, unit and day; only the open ones unless a state is chosen."""

    stands = django_filters.ChoiceFilter(
        label=_("State"), choices=STANDS, method="at_state", empty_label=OutflowState.OPEN.label
    )
    sign = django_filters.ChoiceFilter(
        label=_("Main sign"), field_name="main", choices=OutflowSignal.choices, empty_label=_("All")
    )
    verdict = django_filters.ChoiceFilter(label=_("Verdict"), choices=OutflowVerdict.choices, empty_label=_("All"))
    whose = django_filters.ChoiceFilter(label=_("Manager"), choices=WHOSE, method="managed", empty_label=_("All"))
    unit = LoadedChoiceFilter(
        label=_("Branch"), field_name="customer__branch", queryset=_units, to_field_name="code", empty_label=_("All")
    )
    since = django_filters.DateFilter(label=_("Warned from"), field_name="raised_on", lookup_expr="gte", widget=DAY)

    class Meta:
        model = OutflowWarning
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet[OutflowWarning]) -> QuerySet[OutflowWarning]:
        """Open ones unless a state is chosen."""
        rows = super().filter_queryset(queryset)
        return rows if self.form.cleaned_data.get("stands") else rows.filter(state=OutflowState.OPEN)

    def at_state(self, rows: QuerySet[OutflowWarning], name: str, value: str) -> QuerySet[OutflowWarning]:
        if value == "calls":
            return rows.filter(state=OutflowState.OPEN, follow_up=None)
        return rows if value == "all" else rows.filter(state=value)

    def managed(self, rows: QuerySet[OutflowWarning], name: str, value: str) -> QuerySet[OutflowWarning]:
        return rows.filter(customer__manager=self.request.user)


def tier_cells() -> Callable[[Any], Cell]:
    """Badges of the tiers a page's rows were in."""
    bands = bands_for_display(today())
    return lambda row: Cell(tier_name(row.tier, bands), "tier", rank=row.tier)


def state_cell(row: OutflowWarning) -> Cell:
    """Where it stands, or the verdict, as a badge."""
    if row.state == OutflowState.JUDGED:
        return Cell(row.get_verdict_display(), "badge", tone=TONES[OutflowVerdict(row.verdict)], hint=row.note)
    if row.state == OutflowState.OPEN:
        called = row.follow_up_id is not None
        return Cell(
            _("Being followed up") if called else row.get_state_display(), "badge", tone="info" if called else "warn"
        )
    return Cell(row.get_state_display(), "badge", tone="neutral")


def _name(row: OutflowWarning) -> Cell:
    return Cell(row.customer.name, "main", row.get_absolute_url(), hint=row.customer.customer_no)


def _why(row: OutflowWarning) -> Cell:
    others = [sign.label for sign in signs_of(row) if sign.code != row.main]
    return Cell(reason_of(row), "wrap", hint=" · ".join(others))


WARNINGS = ListPage(
    columns=(
        Column("customer", _("Customer"), _name, stays=True),
        Column("tier", _("Tier"), per_page=tier_cells),
        Column("why", _("Reason"), _why, amounts=True),
        Column("balance", _("Still here"), kind="wan", amounts=True, sort=("balance", "pk")),
        Column("gone", _("Gone in 14 days"), kind="wan", amounts=True, sort=("gone", "pk")),
        Column("score", _("Score"), kind="num", sort=("score", "pk")),
        Column("raised", _("Warned on"), "raised_on", kind="date", sort=("raised_on", "pk")),
        Column("state", _("State"), state_cell),
        Column("manager", _("Manager"), "customer__manager__name"),
        Column("branch", _("Branch"), "customer__branch__name", is_default=False),
    ),
    default_order=("-score", "-balance", "-pk"),
    filterset=OutflowFilter,
    caption=_("Outflow warnings"),
    noun=_("warnings"),
    row_url=lambda row: row.get_absolute_url(),
    empty_title=_("No warnings"),
    empty_text=_("Customers whose money shows signs of leaving come up here in the morning."),
)


class LossFilter(ListFilter):
    """By whether somebody was warned, tier, unit and day."""

    warned = django_filters.BooleanFilter(
        label=_("Warned before"), field_name="warned_on", lookup_expr="isnull", exclude=True
    )
    tier = django_filters.NumberFilter(label=_("Tier"), min_value=0, max_value=99)
    unit = LoadedChoiceFilter(
        label=_("Branch"), field_name="customer__branch", queryset=_units, to_field_name="code", empty_label=_("All")
    )
    since = django_filters.DateFilter(label=_("Lost from"), field_name="on", lookup_expr="gte", widget=DAY)

    class Meta:
        model = OutflowLoss
        fields: list[str] = []


LOSSES = ListPage(
    columns=(
        Column(
            "customer",
            _("Customer"),
            lambda row: Cell(row.customer.name, "main", row.customer.get_absolute_url()),
            stays=True,
        ),
        Column("tier", _("Tier"), per_page=tier_cells),
        Column("before", _("Average 60 days before"), kind="wan", amounts=True),
        Column("after", _("Average"), kind="wan", amounts=True),
        Column("on", _("Lost on"), kind="date", sort=("on", "pk")),
        Column("warned", _("Warned on"), "warned_on", kind="date"),
        Column("manager", _("Manager"), "customer__manager__name"),
    ),
    default_order=("-on", "-pk"),
    filterset=LossFilter,
    caption=_("Deposits halved within 60 days"),
    noun=_("customers"),
    row_url=lambda row: row.customer.get_absolute_url(),
    empty_title=_("Nobody lost"),
    empty_text=_("Customers whose 30-day average is at most half of that 60 days before stand here."),
)

TILES = (
    (OutflowState.OPEN.label, ""),
    (_("Mine"), "whose=mine"),
    (_("Nobody is calling yet"), "stands=calls"),
)


def counts(request: HttpRequest, rows: QuerySet[OutflowWarning]) -> Iterator[tuple[str, int, str]]:
    """Label, count and query of each tile: the list's own filter, so that it equals the rows behind it."""
    for label, query in TILES:
        yield str(label), OutflowFilter(QueryDict(query), rows, request=request).qs.count(), query

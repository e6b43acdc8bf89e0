"""The lists of reports and of the files made of them."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from core.pages import Cell, Column, ListFilter, ListPage
from insights.enums import ReportRunState
from insights.models import Report, ReportRun

WHOSE = [("mine", _("Mine")), ("others", _("Of colleagues"))]
TONES = {
    ReportRunState.DONE: "good",
    ReportRunState.SKIPPED: "neutral",
    ReportRunState.FAILED: "bad",
    ReportRunState.EXPIRED: "neutral",
}


class ReportFilter(ListFilter):
    """Reports by name and owner."""

    name = django_filters.CharFilter(label=_("Name of the report"), lookup_expr="icontains", max_length=80)
    whose = django_filters.ChoiceFilter(label=_("Whose"), choices=WHOSE, method="owned", empty_label=_("All"))

    class Meta:
        model = Report
        fields: list[str] = []

    def owned(self, rows: QuerySet[Report], name: str, whose: str) -> QuerySet[Report]:
        mine = {"owner": self.request.user}
        return rows.filter(**mine) if whose == "mine" else rows.exclude(**mine)


def _shared(row: Report) -> Cell:
    return Cell(_t("Shared with %(unit)s") % {"unit": row.branch.name} if row.branch else "", "text")


REPORTS = ListPage(
    columns=(
        Column("name", _("Report"), lambda row: Cell(row.name, "main", row.get_absolute_url()), sort=("name", "pk")),
        Column("owner", _("Owner"), "owner__name"),
        Column("shared", _("Shared"), _shared),
        Column("schedule", _("Made by itself"), lambda row: row.get_schedule_display() if row.schedule else ""),
        Column(
            "changed", _("Changed on"), lambda row: localtime(row.updated_at), kind="date", sort=("updated_at", "pk")
        ),
    ),
    default_order=("name", "pk"),
    filterset=ReportFilter,
    caption=_("Reports"),
    noun=_("reports"),
    row_url=Report.get_absolute_url,
    empty_title=_("No report yet"),
    empty_text=_("Build one of the key figures: choose measures, rows and columns, and save it under a name."),
)


class RunFilter(ListFilter):
    """Files by what became of them."""

    state = django_filters.ChoiceFilter(label=_("State"), choices=ReportRunState.choices, empty_label=_("All"))

    class Meta:
        model = ReportRun
        fields: list[str] = []


def run_url(row: ReportRun) -> str:
    """The page of a file."""
    return reverse("insights:report_run", args=[row.pk])


def state_cell(row: ReportRun) -> Cell:
    """What became of a file, as a badge."""
    return Cell(row.get_state_display(), "badge", tone=TONES[ReportRunState(row.state)])


def _why(row: ReportRun) -> Any:
    return _t("On schedule") if row.due_on else row.reason


RUNS = ListPage(
    columns=(
        Column("report", _("Report"), lambda row: Cell(row.name, "main", run_url(row), hint=f"#{row.pk}")),
        Column("state", _("State"), state_cell),
        Column("made", _("Made at"), lambda row: localtime(row.made_at), kind="date", sort=("made_at", "pk")),
        Column("why", _("Reason"), _why, kind="wrap"),
        Column("rows", _("Rows"), "rows", kind="num"),
        Column("until", _("To be had until"), lambda row: row.expires_at and localtime(row.expires_at), kind="date"),
    ),
    default_order=("-made_at", "-pk"),
    filterset=RunFilter,
    caption=_("Files of reports"),
    noun=_("files"),
    row_url=run_url,
    empty_title=_("No file yet"),
    empty_text=_("Files of reports you ask for, or get on schedule, stand here as long as they are kept."),
)

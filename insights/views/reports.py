"""Reports: building one with a look at it, its page, what its owner does with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.clock import now
from core.errors import DomainError
from core.money import format_yuan, wan
from insights.charts import report_chart
from insights.enums import ReportDimension, ReportPeriod
from insights.filters.reports import REPORTS
from insights.forms.reports import PreviewForm, ReportForm
from insights.models import Report
from insights.queries import reports as queries
from insights.queries.definitions import definition_of
from insights.queries.reports import Figure, Line, Pivot
from insights.rules.measures import Kind
from insights.rules.reports import Definition, read_definition
from insights.services import reports as services
from insights.views.figures import figure_url
from insights.views.links import link
from staff.access import BOOK_KEEPERS, HEADS, roles
from staff.models import User

INVALID = 422  # htmx shows forms with errors under this status
READERS = (*BOOK_KEEPERS, *HEADS)
ON_PREVIEW, ON_PAGE = 20, 200
NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure ready to read, with the exact amount, what it is of, and the address of what is behind it."""

    text: str
    exact: str = ""
    title: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row ready to read."""

    label: str
    cells: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A report ready to read: of many rows the first."""

    corner: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    total: Row | None
    count: int
    period: str


@roles(*READERS)
@require_GET
def report_list(request: HttpRequest) -> HttpResponse:
    """One's own reports and those shared with one, and what was deleted lately."""
    context = {
        "listing": REPORTS.show(request, queries.reports_for(request.user)),
        "deleted": queries.deleted_reports(request.user, now()),
        "page_title": _("Reports"),
    }
    return render(request, "insights/reports.html", context)


@roles(*READERS)
@require_http_methods(["GET", "HEAD", "POST"])
def report_new(request: HttpRequest) -> HttpResponse:
    """Build a report; what it shows is seen beside it."""
    return _build(request, None)


@roles(*READERS)
@require_http_methods(["GET", "HEAD", "POST"])
def report_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change one's own report."""
    return _build(request, get_object_or_404(queries.reports_for(request.user).filter(owner=request.user), pk=pk))


def _build(request: HttpRequest, report: Report | None) -> HttpResponse:
    form = ReportForm(request.POST or None, user=request.user, initial=_initial(request.user, report))
    if request.method == "POST" and form.is_valid():
        saved = _saved(request, form, report)
        if saved:
            messages.success(request, _("The report is saved."))
            return redirect(saved)
    title = _("Change the report") if report else _("New report")
    context = {
        "form": form,
        "back": report.get_absolute_url() if report else reverse("insights:reports"),
        "page_title": title,
        "crumbs": _crumbs(title),
    }
    return render(request, "insights/report_form.html", context, status=INVALID if form.errors else 200)


def _saved(request: HttpRequest, form: ReportForm, report: Report | None) -> Report | None:
    name = form.cleaned_data["name"]
    try:
        return services.save_report(name=name, definition=form.definition, actor=request.user, at=now(), report=report)
    except services.NameTaken as error:
        form.add_error("name", str(error))
    except DomainError as error:
        form.add_error(None, str(error))
    return None


def _initial(user: User, report: Report | None) -> Mapping[str, Any]:
    if report is not None:
        return {**report.definition, "name": report.name}
    return {
        "measures": ["adb", "deposits"],
        "rows": ReportDimension.MONTH,
        "columns": ReportDimension.MEASURE,
        "unit_kind": queries.usual_kind(user),
        "period": ReportPeriod.LAST_12_MONTHS,
        "chart": "line",
    }


@roles(*READERS)
@require_POST
def report_preview(request: HttpRequest) -> HttpResponse:
    """What the choices of the form come to, for whoever chooses; with the units of the kind just chosen."""
    data = request.POST.copy()
    # Units of the kind chosen before are none of this one.
    is_other_kind = data.get("units_of") != data.get("unit_kind")
    if is_other_kind:
        data.pop("units", None)
    form = PreviewForm(data, user=request.user)
    context: dict[str, Any] = {"form": form, "swaps_units": is_other_kind}
    if form.is_valid():
        try:
            services.refuse_faulty(form.definition)
            context |= _view_of(form.definition, request.user, "", ON_PREVIEW)
        except DomainError as error:
            context["refusal"] = str(error)
    return render(request, "insights/_report_preview.html", context)


@roles(*READERS)
@require_GET
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """A report as this person may see it now."""
    row = get_object_or_404(queries.reports_for(request.user), pk=pk)
    context: dict[str, Any] = {
        "report": row,
        "is_mine": row.owner_id == request.user.pk,
        "recipients": row.recipients.count(),
        "page_title": row.name,
        "crumbs": _crumbs(row.name),
    }
    try:
        definition = read_definition(row.definition)
        context |= _view_of(definition, request.user, row.name, ON_PAGE)
        context["defined"] = [definition_of(code, context["figures_on"]) for code in definition.measures]
    except DomainError as error:
        context["refusal"] = str(error)
    except ValueError:
        context["refusal"] = _("This report was made by another version of the product. Build it anew.")
    return render(request, "insights/report.html", context)


def _view_of(definition: Definition, user: User, title: str, most: int) -> dict[str, Any]:
    pivot = queries.pivot_of(definition, user)
    chart = report_chart(pivot, definition.chart, title or _("Chart"))
    return {"table": _table(pivot, definition, most), "chart": chart, "figures_on": pivot.days[2]}


def _table(pivot: Pivot, definition: Definition, most: int) -> Table:
    total = _row(pivot.total, pivot.heads) if pivot.total else None
    rows = tuple(_row(line, pivot.heads) for line in pivot.lines[:most])
    period = queries.period_words(definition, pivot.days)
    return Table(pivot.corner, pivot.heads, rows, total, len(pivot.lines), period)


def _row(line: Line, heads: tuple[str, ...]) -> Row:
    return Row(line.label, tuple(_shown(cell, line.label, head) for cell, head in zip(line.cells, heads, strict=True)))


def _shown(figure: Figure, row: str, column: str) -> Shown:
    if figure.value is None:
        return Shown(NOTHING)
    text, exact = _words(figure.value, figure.kind)
    title = _("%(row)s, %(column)s: %(figure)s. What is behind it") % {
        "row": row,
        "column": column,
        "figure": exact or text,
    }
    return Shown(text, exact, title, figure_url(figure.place))


def _words(value: Decimal, kind: Kind) -> tuple[str, str]:
    """A figure to read, and the exact amount where it is money."""
    if kind == Kind.MONEY:
        return wan(value, get_language() or "zh-hans"), format_yuan(value)
    if kind == Kind.COUNT:
        return f"{value:,.0f}", ""
    return (f"{value}%" if kind == Kind.SHARE else f"{value}"), ""


def _crumbs(title: str) -> list[dict[str, str]]:
    return [{"label": _("Reports"), "url": reverse("insights:reports")}, {"label": title}]


Step = Callable[[Report, User, datetime], Report]


def _copy(row: Report, user: User, at: datetime) -> Report:
    return services.copy_report(report=row, name=_("Copy of %(name)s") % {"name": row.name}, actor=user, at=at)


STEPS: Final[Mapping[str, Step]] = {
    "share": lambda row, user, at: services.share_report(report=row, shared=True, actor=user, at=at),
    "unshare": lambda row, user, at: services.share_report(report=row, shared=False, actor=user, at=at),
    "copy": _copy,
    "delete": lambda row, user, at: services.delete_report(report=row, actor=user, at=at),
    "restore": lambda row, user, at: services.restore_report(report=row, actor=user, at=at),
}


@roles(*READERS)
@require_POST
def report_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Share it, take that back, copy, delete, or take a deletion back."""
    take, at = STEPS.get(step), now()
    if take is None:
        raise Http404
    rows = queries.deleted_reports(request.user, at) if step == "restore" else queries.reports_for(request.user)
    row = get_object_or_404(rows, pk=pk)
    try:
        done = take(row, request.user, at)
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("insights:reports" if step == "restore" else row)
    messages.success(request, _words_of(step, done))
    return redirect(link("insights:reports") if step == "delete" else done)


def _words_of(step: str, row: Report) -> str:
    words = {
        "share": _("Everybody of your unit can open it now; each sees their own figures."),
        "unshare": _("Only you can open it now."),
        "copy": _("This copy is yours; the first one stays as it is."),
        "delete": _("Deleted: %(name)s. It can be taken back below for 30 days."),
        "restore": _("The report is back, with its schedule."),
    }
    return words[step] % {"name": row.name} if step == "delete" else words[step]

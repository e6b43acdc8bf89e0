"""Files of reports: asked for with a reason, made on a schedule, opened by their recipient alone."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from core.clock import now
from core.errors import DomainError
from core.exporting import ExportForm, sent_file
from insights.enums import ReportRunState
from insights.filters.reports import RUNS, TONES
from insights.forms.reports import ScheduleForm
from insights.models import Report, ReportRun
from insights.queries import reports as queries
from insights.services import reporting, reports
from insights.views.reports import READERS
from staff.access import roles

INVALID = 422  # htmx shows forms with errors under this status


@roles(*READERS)
@require_http_methods(["GET", "HEAD", "POST"])
def report_schedule(request: HttpRequest, pk: int) -> HttpResponse:
    """When one's own report is made by itself, and for whom."""
    row = get_object_or_404(queries.reports_for(request.user).filter(owner=request.user), pk=pk)
    form = ScheduleForm.of(row, request.POST or None)
    if request.method == "POST" and form.is_valid() and _scheduled(request, row, form):
        messages.success(request, _("The schedule is set.") if row.schedule else _("It is not made by itself."))
        return redirect(row)
    context = {
        "form": form,
        "report": row,
        "runs": queries.latest_runs(row),
        "page_title": _("Schedule and recipients"),
        "crumbs": _crumbs(row, _("Schedule and recipients")),
    }
    return render(request, "insights/report_schedule.html", context, status=INVALID if form.errors else 200)


def _scheduled(request: HttpRequest, row: Report, form: ScheduleForm) -> bool:
    asked = form.cleaned_data
    try:
        done = reports.schedule_report(
            report=row,
            schedule=asked["schedule"],
            day=form.day,
            file_format=asked["file_format"],
            staff_nos=asked["recipients"],
            actor=request.user,
            at=now(),
        )
    except DomainError as error:
        form.add_error("recipients", str(error))
        return False
    row.schedule = done.schedule
    return True


@roles(*READERS)
@require_http_methods(["GET", "HEAD", "POST"])
def report_file(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a report as a file, with a reason."""
    row = get_object_or_404(queries.reports_for(request.user), pk=pk)
    form = ExportForm(request.POST or None, initial={"file_format": row.file_format})
    if request.method == "POST" and form.is_valid():
        try:
            made = reporting.make_file(report=row, **form.cleaned_data, actor=request.user, at=now())
            return redirect("insights:report_run", made.pk)
        except DomainError as error:
            form.add_error(None, str(error))
        except ValueError:
            form.add_error(None, _("This report was made by another version of the product. Build it anew."))
    context = {
        "form": form,
        "back": row.get_absolute_url(),
        "page_title": _("Take it as a file"),
        "crumbs": _crumbs(row, _("File")),
    }
    return render(request, "insights/report_file.html", context, status=INVALID if form.errors else 200)


@roles(*READERS)
@require_GET
def report_runs(request: HttpRequest) -> HttpResponse:
    """One's own files of reports, the latest first."""
    listing = RUNS.show(request, ReportRun.objects.visible_to(request.user))
    reports_crumb = {"label": _("Reports"), "url": reverse("insights:reports")}
    context = {
        "listing": listing,
        "page_title": _("Files of reports"),
        "crumbs": [reports_crumb, {"label": _("Files of reports")}],
    }
    return render(request, "insights/report_runs.html", context)


@roles(*READERS)
@require_GET
def report_run(request: HttpRequest, pk: int) -> HttpResponse:
    """One file: what it is, and the way to have it."""
    row = _own(request, pk)
    may_open = reporting.may_open(row, request.user, at=now())
    context = {
        "run": row,
        "may_open": may_open,
        "is_closed": row.state == ReportRunState.DONE and not may_open,
        "tone": TONES[ReportRunState(row.state)],
        "facts": _facts(row),
        "page_title": row.name,
        "crumbs": [
            {"label": _("Files of reports"), "url": reverse("insights:report_runs")},
            {"label": f"{row.pk}"},
        ],
    }
    return render(request, "insights/report_run.html", context)


def _facts(row: ReportRun) -> list[dict[str, Any]]:
    facts = [
        {"label": _("Number"), "value": row.pk},
        {"label": _("Made at"), "value": f"{localtime(row.made_at):%Y-%m-%d %H:%M}"},
        {"label": _("Reason"), "value": _("On schedule") if row.due_on else row.reason},
        {"label": _("Figures of"), "value": row.figures_on, "kind": "date"},
        {"label": _("Rows"), "value": f"{row.rows:,}"},
        {"label": _("Format"), "value": row.file_format.upper()},
    ]
    if row.expires_at:
        facts.append({"label": _("To be had until"), "value": f"{localtime(row.expires_at):%Y-%m-%d %H:%M}"})
    if row.content_hash:
        facts.append({"label": _("SHA-256"), "value": bytes(row.content_hash).hex()})
    return facts


@roles(*READERS)
@never_cache
@require_GET
def report_run_file(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """The file itself, opened while it is sent; for its recipient with the rights it was made under, in its time."""
    row, at = _own(request, pk), now()
    if not reporting.may_open(row, request.user, at=at):
        raise Http404
    response = sent_file(reporting.path_of(row), name=row.file_name, size=row.size, kind=row.file_format)
    reporting.record_download(made=row, actor=request.user, at=at)
    return response


def _own(request: HttpRequest, pk: int) -> ReportRun:
    return get_object_or_404(ReportRun.objects.visible_to(request.user), pk=pk)


def _crumbs(row: Report, title: str) -> list[dict[str, str]]:
    return [
        {"label": _("Reports"), "url": reverse("insights:reports")},
        {"label": row.name, "url": row.get_absolute_url()},
        {"label": title},
    ]

"""Files taken from lists: one's own, their download, and the requests that wait for a second person."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from core.clock import now
from core.enums import JobState
from core.errors import DomainError
from core.exporting import sent_file
from core.models import Job
from core.wording import listed
from staff import queries
from staff.access import CUSTOMER_ROLES, has_role, roles
from staff.enums import ExportState
from staff.filters import EXPORT_TONES, EXPORTS, EXPORTS_WAITING
from staff.forms import ExportDecisionForm
from staff.models import Export
from staff.queries import EXPORT_DECIDERS
from staff.services import exports as services

INVALID = 422  # htmx shows forms with errors under this status
UNFINISHED = {JobState.WAITING, JobState.RUNNING}


@roles(*CUSTOMER_ROLES)
@require_GET
def export_list(request: HttpRequest) -> HttpResponse:
    """One's own files and requests, the latest first."""
    decides = has_role(request.user, *EXPORT_DECIDERS)
    context = {
        "listing": EXPORTS.show(request, Export.objects.visible_to(request.user).select_related("job")),
        "decides": decides,
        "waiting": queries.exports_to_decide(request.user).count() if decides else 0,
        "page_title": _("Exports"),
    }
    return render(request, "staff/exports.html", context)


@roles(*CUSTOMER_ROLES)
@require_GET
def export_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What became of one of one's own requests."""
    export = _own(request, pk)
    context = {
        "export": export,
        "tone": EXPORT_TONES[ExportState(export.state)],
        "running": _is_running(export),
        "broken": export.state == ExportState.QUEUED and not _is_running(export),
        "progress": _progress(export.job) if export.job else {},
        "may_download": queries.may_download(export, request.user, at=now()),
        "facts": _facts(export),
        "page_title": export.said.get("list", export.list_key),
        "crumbs": [{"label": _("Exports"), "url": reverse("staff:exports")}, {"label": f"{export.pk}"}],
    }
    return render(request, "staff/export.html", context)


def _own(request: HttpRequest, pk: int) -> Export:
    mine = Export.objects.visible_to(request.user).select_related("job", "approval__decided_by", "requested_by__branch")
    return get_object_or_404(mine, pk=pk)


def _is_running(export: Export) -> bool:
    return export.state == ExportState.QUEUED and export.job is not None and export.job.state in UNFINISHED


def _progress(job: Job) -> dict[str, Any]:
    detail = f"{job.done_count:,} / {job.total_count:,}" if job.total_count else ""
    return {"state": job.state, "value": job.done_count, "max": job.total_count or "", "detail": detail}


def _facts(export: Export) -> list[dict[str, Any]]:
    """What was asked for, in words; the approver sees the same."""
    filters = "; ".join(f"{label}: {value}" for label, value in export.said.get("filters", []))
    facts = [
        {"label": _("Number"), "value": export.pk},
        {"label": _("List"), "value": export.said.get("list", export.list_key)},
        {"label": _("Asked for by"), "value": f"{export.requested_by.name} {export.requested_by.staff_no}"},
        {"label": _("Unit"), "value": export.requested_by.branch.name},
        {"label": _("Asked for on"), "value": export.requested_at, "kind": "date"},
        {"label": _("Reason"), "value": export.reason},
        {"label": _("Filters"), "value": filters or _("none")},
        {"label": _("Columns in the file"), "value": listed(export.said.get("columns", export.columns))},
        {"label": _("Rows"), "value": f"{export.rows or export.expected_rows:,}"},
        {"label": _("Format"), "value": export.file_format.upper()},
    ]
    if export.approval is not None and export.approval.decided_by is not None:
        facts.append({"label": _("Decided by"), "value": export.approval.decided_by.name})
    if export.content_hash:
        facts.append({"label": _("SHA-256"), "value": bytes(export.content_hash).hex()})
    return facts


@roles(*CUSTOMER_ROLES)
@require_GET
def export_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far the file is; once it is finished the page loads again."""
    export = _own(request, pk)
    if not _is_running(export) or export.job is None:
        return HttpResponseClientRefresh() if request.htmx else redirect("staff:export_detail", pk)
    context = {"export": export, "progress": _progress(export.job)}
    return render(request, "staff/_export_progress.html", context)


@roles(*CUSTOMER_ROLES)
@never_cache
@require_GET
def export_file(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """The file itself, opened while it is sent; for its asker with the rights it was made under, in its time."""
    export, at = _own(request, pk), now()
    if not queries.may_download(export, request.user, at=at):
        raise Http404
    response = sent_file(services.path_of(export), name=export.file_name, size=export.size, kind=export.file_format)
    services.record_download(export=export, actor=request.user, at=at)
    return response


@roles(*CUSTOMER_ROLES)
@require_POST
def export_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back a request nobody has decided on."""
    try:
        services.withdraw_export(export=_own(request, pk), by=request.user, at=now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The request was taken back."))
    return redirect("staff:export_detail", pk)


@roles(*EXPORT_DECIDERS)
@require_GET
def exports_waiting(request: HttpRequest) -> HttpResponse:
    """Requests of colleagues for large files."""
    context = {
        "listing": EXPORTS_WAITING.show(request, queries.exports_to_decide(request.user)),
        "page_title": _("Exports to decide on"),
        "crumbs": [{"label": _("Exports"), "url": reverse("staff:exports")}, {"label": _("To decide on")}],
    }
    return render(request, "staff/exports_waiting.html", context)


@roles(*EXPORT_DECIDERS)
@require_http_methods(["GET", "HEAD", "POST"])
def export_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Who asks for which rows and columns and why, and the decision; the rows themselves are not shown."""
    export = get_object_or_404(queries.exports_to_decide(request.user), pk=pk)
    form = ExportDecisionForm(request.POST or None, initial={"digest": services.digest_of(export)})
    if form.is_bound and form.is_valid():
        approve = form.cleaned_data["decision"] == "approve"
        try:
            services.decide_export(
                export=export,
                approve=approve,
                digest=form.cleaned_data["digest"],
                comment=form.cleaned_data["comment"],
                decided_by=request.user,
                at=now(),
            )
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Approved; the file is being made.") if approve else _("Rejected."))
            return redirect("staff:exports_waiting")
    waiting = {"label": _("To decide on"), "url": reverse("staff:exports_waiting")}
    context = {
        "export": export,
        "form": form,
        "facts": _facts(export),
        "page_title": _("Decide on an export"),
        "crumbs": [{"label": _("Exports"), "url": reverse("staff:exports")}, waiting, {"label": f"{export.pk}"}],
    }
    return render(request, "staff/export_decide.html", context, status=INVALID if form.errors else 200)

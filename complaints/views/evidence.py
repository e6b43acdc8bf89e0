"""The files of a case: the part of its page that shows them, filing, opening, taking out, and the whole file as one."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from complaints.forms.evidence import EvidenceForm, RemoveForm
from complaints.gateways import scan
from complaints.models import Complaint, Evidence
from complaints.queries.evidence import OVERSEERS, evidence_of
from complaints.queries.limits import limits_on
from complaints.rules.moves import ENDED
from complaints.services import evidence as services
from complaints.services import pack
from core.clock import now, today
from core.errors import DomainError
from staff.access import CUSTOMER_ROLES, has_role, roles

INVALID = 422  # htmx shows forms with errors under this status
CHANGED = "case-changed"  # the history and the facts on the page of a case load again


def _case(request: HttpRequest, number: str) -> Complaint:
    rows = Complaint.objects.visible_to(request.user).select_related("branch", "desk", "customer")
    return get_object_or_404(rows, number=number)


@roles(*CUSTOMER_ROLES)
@require_http_methods(["GET", "HEAD", "POST"])
def evidence(request: HttpRequest, number: str) -> HttpResponse:
    """The files of a case as a part of its page; POST files what is sent."""
    case = _case(request, number)
    form = EvidenceForm(request.POST, request.FILES) if request.method == "POST" else EvidenceForm()
    if form.is_valid():
        filed = sum(_filed(request, case, form, file) for file in form.cleaned_data["files"])
        if filed:
            text = ngettext("%(count)d file was filed.", "%(count)d files were filed.", filed)
            messages.success(request, text % {"count": filed})
    return _part(request, case, form if form.errors else EvidenceForm())


def _filed(request: HttpRequest, case: Complaint, form: EvidenceForm, file: UploadedFile) -> bool:
    stored: Any = file
    received = services.Received(
        UUID(hex=stored.path.stem), file.name or "", file.size or 0, bytes.fromhex(stored.sha256)
    )
    try:
        services.add_evidence(
            complaint=case, file=received, note=form.cleaned_data["note"], actor=request.user, at=now()
        )
    except DomainError as error:
        form.add_error("files", str(error))
        return False
    stored.keep()  # a refused one goes with the request
    return True


def _part(
    request: HttpRequest, case: Complaint, form: EvidenceForm, wrong: dict[int, RemoveForm] | None = None
) -> HttpResponse:
    filed = evidence_of(case, request.user)
    context = {
        "case": case,
        "files": [(one, (wrong or {}).get(one.row.pk) or RemoveForm(prefix=f"f{one.row.pk}")) for one in filed],
        "form": form if case.state not in ENDED else None,
        "limit": limits_on(today()).file_mb,
        "is_scanned": scan.is_on(),
        "oversees": has_role(request.user, *OVERSEERS),
        "page_title": _("Evidence"),
        "crumbs": [{"label": case.number, "url": case.get_absolute_url()}, {"label": _("Evidence")}],
    }
    template = "complaints/_evidence.html" if request.htmx else "complaints/evidence.html"
    is_wrong = bool(form.errors or wrong)
    response = render(request, template, context, status=INVALID if is_wrong else 200)
    return trigger_client_event(response, CHANGED) if request.method == "POST" and not is_wrong else response


def _file(request: HttpRequest, number: str, pk: int) -> Evidence:
    rows = Evidence.objects.visible_to(request.user).select_related("complaint__desk", "complaint__branch")
    if not has_role(request.user, *OVERSEERS):
        rows = rows.filter(removed_at=None)
    return get_object_or_404(rows, complaint__number=number, pk=pk)


@roles(*CUSTOMER_ROLES)
@never_cache
@require_GET
def evidence_file(request: HttpRequest, number: str, pk: int) -> HttpResponse | StreamingHttpResponse:
    """One file, to be saved, never shown in the page; only if it is still the one that was added."""
    row = _file(request, number, pk)
    try:
        pieces = services.open_evidence(evidence=row, actor=request.user, at=now())
    except DomainError as error:
        messages.error(request, str(error))
        return redirect(row.complaint)
    return _sent(pieces, row.kind, row.name, row.size)


def _sent(pieces: Any, kind: str, name: str, size: int | None) -> StreamingHttpResponse:
    response = StreamingHttpResponse(pieces, content_type=kind)
    response.headers["Content-Disposition"] = content_disposition_header(True, name)
    if size is not None:
        response.headers["Content-Length"] = str(size)
    return response


@roles(*CUSTOMER_ROLES)
@require_POST
def evidence_remove(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Take a file out, with the reason."""
    row, case = _file(request, number, pk), _case(request, number)
    form = RemoveForm(request.POST, prefix=f"f{pk}")
    if form.is_valid():
        try:
            services.remove_evidence(evidence=row, actor=request.user, at=now(), **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The file was taken out."))
            return _part(request, case, EvidenceForm())
    return _part(request, case, EvidenceForm(), {pk: form})


@roles(*OVERSEERS)
@never_cache
@require_POST
def case_pack(request: HttpRequest, number: str) -> StreamingHttpResponse:
    """Everything of a case as one zip, with a manifest; made while it is sent."""
    made = pack.pack_case(complaint=_case(request, number), actor=request.user, at=now())
    return _sent(made.pieces, "application/zip", made.name, None)

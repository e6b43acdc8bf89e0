"""Taking contacts of an earlier system over: check a file, import it, take the rejected rows back."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from core.clock import now
from core.errors import DomainError
from customers.services.sheets import Source
from servicing.forms.contact_import import ContactUploadForm
from servicing.rules.contact_import import HEADINGS, REQUIRED
from servicing.services.contact_import import Imported, import_contacts, rejects_csv
from staff.access import roles
from staff.enums import Role

IMPORTERS = (Role.ADMIN, Role.HEAD_OFFICE)
INVALID = 422  # htmx shows forms with errors under this status
MOST_ROWS = 50_000
SHOWN = 20


@dataclass(frozen=True, slots=True)
class ColumnLine:
    """A column of the file: its name, what else it may be called, whether it is needed."""

    name: str
    headings: str
    required: bool


@roles(*IMPORTERS)
@require_http_methods(["GET", "POST"])
def contact_import(request: HttpRequest) -> HttpResponse:
    """Check a file of contacts, or import it: its good rows at once, bad ones not at all."""
    form = ContactUploadForm(request.POST or None, request.FILES or None)
    found = None
    if request.method == "POST" and form.is_valid():
        found = _read(request, form, dry_run=request.POST.get("do") != "import")
    columns = [ColumnLine(name, "、".join(words), name in REQUIRED) for name, words in HEADINGS.items()]
    title = _("Import contacts")
    context: dict[str, Any] = {
        "form": form,
        "found": found,
        "shown": found.rejected[:SHOWN] if found else [],
        "columns": columns,
        "most": f"{MOST_ROWS:,}",
        "page_title": title,
        "crumbs": _crumbs(request, title),
    }
    return render(request, "servicing/contact_import.html", context, status=INVALID if form.errors else 200)


@roles(*IMPORTERS)
@require_POST
def contact_rejects(request: HttpRequest) -> HttpResponse:
    """The rows of the file that cannot be taken, each with the reason, as a file to put right."""
    form = ContactUploadForm(request.POST, request.FILES)
    found = _read(request, form, dry_run=True) if form.is_valid() else None
    if found is None:
        return contact_import(request)
    parts = ("\ufeff", *rejects_csv(found))  # spreadsheets know UTF-8 by its mark
    response = StreamingHttpResponse(parts, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="contacts-rejected.csv"'
    response["Cache-Control"] = "no-store"
    return response


def _read(request: HttpRequest, form: ContactUploadForm, *, dry_run: bool) -> Imported | None:
    file = form.cleaned_data["file"]
    try:
        return import_contacts(
            source=Source(file.name, file.open),
            actor=request.user.actor,
            viewer=request.user,
            at=now(),
            dry_run=dry_run,
            most=MOST_ROWS,
        )
    except DomainError as error:
        form.add_error("file", str(error))
        return None


def _crumbs(request: HttpRequest, title: str) -> list[dict[str, str]]:
    listed = [{"label": _("Contacts"), "url": reverse("servicing:contacts")}] if request.user.role != Role.ADMIN else []
    return [*listed, {"label": title}]

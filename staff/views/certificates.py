"""Certificates: the list, one to print, withdrawing it, and asking whether a number on paper is true (F07)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from core.clock import now, today
from core.errors import DomainError
from staff.access import EVERYONE, roles
from staff.filters.training import CERTIFICATES, standing_cell
from staff.forms.training import CheckForm, ReasonForm
from staff.models import Certificate
from staff.queries import training as queries
from staff.queries.licences import licence_words
from staff.services import certificates as services
from staff.views.courses import crumbs

INVALID = 422  # htmx shows forms with errors under this status


@roles(*EVERYONE)
@require_GET
def certificate_list(request: HttpRequest) -> HttpResponse:
    """One's own certificates; for heads and compliance those of their people."""
    context = {
        "listing": CERTIFICATES.show(request, queries.certificates_for(request.user)),
        "page_title": _("Certificates"),
        "crumbs": crumbs(_("Certificates")),
    }
    return render(request, "staff/certificates.html", context)


@roles(*EVERYONE)
@require_GET
def certificate_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One certificate, as it is printed."""
    return _page(request, _certificate(request, pk))


def _page(request: HttpRequest, row: Certificate, form: ReasonForm | None = None) -> HttpResponse:
    context = {
        "certificate": row,
        "state": standing_cell(row),
        "licence": licence_words([row.licence], today()) if row.licence else "",
        "check_url": request.build_absolute_uri(reverse("staff:certificate_check")),
        "revoke": form or ReasonForm() if queries.may_revoke(request.user, row) else None,
        "page_title": _("Certificate %(number)s") % {"number": row.number},
        "crumbs": crumbs(_("Certificates"), reverse("staff:certificates"), row.number),
    }
    return render(request, "staff/certificate.html", context, status=INVALID if form else 200)


@roles(*queries.READERS)
@require_POST
def certificate_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw a certificate."""
    row, form = _certificate(request, pk), ReasonForm(request.POST)
    if form.is_valid():
        try:
            services.revoke_certificate(certificate=row, actor=request.user, at=now(), **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The certificate was withdrawn; its holder is told."))
            return redirect(row)
    return _page(request, row, form)


@roles(*EVERYONE)
@require_GET
def certificate_check(request: HttpRequest) -> HttpResponse:
    """Whether a number on paper is true: whose it is, what for, and how it stands today."""
    form = CheckForm(request.GET or None)
    number = form.cleaned_data["number"] if form.is_valid() else ""
    found = queries.certificate_of(number) if number else None
    context = {
        "form": form,
        "number": number,
        "found": found,
        "state": standing_cell(found) if found else None,
        "page_title": _("Is a certificate true?"),
        "crumbs": crumbs(_("Certificates"), reverse("staff:certificates"), _("Is a certificate true?")),
    }
    return render(request, "staff/certificate_check.html", context)


def _certificate(request: HttpRequest, pk: int) -> Certificate:
    return get_object_or_404(queries.certificates_for(request.user), pk=pk)

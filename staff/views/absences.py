"""Absences: who is away and who stands in; entered by oneself or by the head."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.clock import now, today
from core.errors import DomainError
from staff import queries
from staff.access import HEADS, SERVING, has_role, roles
from staff.filters import ABSENCES
from staff.forms import AbsenceForm
from staff.models import Absence
from staff.services import absences as services

PLANNERS = tuple(dict.fromkeys((*SERVING, *HEADS)))
INVALID = 422  # htmx shows forms with errors under this status


@roles(*PLANNERS)
@require_GET
def absence_list(request: HttpRequest) -> HttpResponse:
    """One's own absences and those one stands in for; heads see those of their people, and who is away today."""
    rows = queries.absences_for(request.user)
    context = {
        "listing": ABSENCES.show(request, rows),
        "away": list(rows.filter(pk__in=Absence.objects.on(today()).values("pk")).order_by("ends_on", "pk")[:50]),
        "may_cancel": _cancellable(request),
        "page_title": _("Leave and deputies"),
    }
    return render(request, "staff/absences.html", context)


@roles(*PLANNERS)
@require_http_methods(["GET", "HEAD", "POST"])
def absence_new(request: HttpRequest) -> HttpResponse:
    """Enter days somebody is away, and who stands in."""
    form = AbsenceForm(request.POST if request.method == "POST" else None, viewer=request.user)
    if form.is_valid():
        try:
            absence = services.enter_absence(actor=request.user, at=now(), **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The absence of %(name)s was entered.") % {"name": absence.user.name})
            return redirect("staff:absences")
    context: dict[str, Any] = {
        "form": form,
        "page_title": _("Enter an absence"),
        "crumbs": [
            {"label": _("Leave and deputies"), "url": reverse("staff:absences")},
            {"label": _("Enter an absence")},
        ],
    }
    return render(request, "staff/absence_new.html", context, status=INVALID if form.errors else 200)


@roles(*PLANNERS)
@require_POST
def absence_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an absence back."""
    absence = get_object_or_404(queries.absences_for(request.user), pk=pk)
    try:
        services.cancel_absence(absence=absence, actor=request.user, at=now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The absence was cancelled."))
    return redirect("staff:absences")


def _cancellable(request: HttpRequest) -> list[Absence]:
    """The absences this person may still take back, the next first."""
    rows = queries.absences_for(request.user).filter(cancelled_at=None, ends_on__gte=today())
    if not has_role(request.user, *HEADS):
        rows = rows.filter(user=request.user)
    return list(rows.order_by("starts_on", "pk")[:50])

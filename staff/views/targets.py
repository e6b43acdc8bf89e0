"""Targets: all versions, asking for one, adjusting one, deciding. What they came to stands on insights' pages."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.clock import now
from core.errors import DomainError
from staff.access import HEADS, roles
from staff.filters.targets import TARGETS
from staff.forms.targets import AdjustForm, TargetDecisionForm, TargetForm
from staff.models import Target
from staff.queries.targets import handed_down, targets_for
from staff.services import targets as services

INVALID = 422  # htmx shows forms with errors under this status
# What an address may choose beforehand.
PREPARED = ("of", "unit", "team", "person", "measure", "period", "when")


@roles(*HEADS)
@require_GET
def target_list(request: HttpRequest) -> HttpResponse:
    """Every version of the targets in reach: the log of what was asked, by whom and why."""
    title = _("All versions of targets")
    listing = TARGETS.show(request, targets_for(request.user), amounts=True)
    context = {"listing": listing, "page_title": title, "crumbs": _crumbs(title)}
    return render(request, "staff/targets.html", context)


@roles(*HEADS)
@require_http_methods(["GET", "HEAD", "POST"])
def target_new(request: HttpRequest) -> HttpResponse:
    """Ask for a target; what may be none is refused with the reason."""
    asked = {name: request.GET[name] for name in PREPARED if name in request.GET}
    form = TargetForm(request.POST if request.method == "POST" else None, viewer=request.user, initial=asked)
    if form.is_valid():
        try:
            target = services.propose_target(wanted=form.wanted(), actor=request.user, at=now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The unit above was asked to approve the target."))
            return redirect(target)
    context = {"form": form, "page_title": _("New target"), "crumbs": _crumbs(_("New target"))}
    return render(request, "staff/target_form.html", context, status=INVALID if form.errors else 200)


@roles(*HEADS)
@require_http_methods(["GET", "HEAD", "POST"])
def target_adjust(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for another aim as a later version, with the reason."""
    target = get_object_or_404(targets_for(request.user), pk=pk)
    form = AdjustForm(request.POST if request.method == "POST" else None, target=target)
    if form.is_valid():
        try:
            later = services.adjust_target(target=target, actor=request.user, at=now(), **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The unit above was asked to approve the change; until then nothing changes."))
            return redirect(later)
    context: dict[str, Any] = {
        "form": form,
        "target": target,
        "handed": handed_down(target),
        "page_title": _("Adjust the target"),
        "crumbs": _crumbs(_("Adjust the target")),
    }
    return render(request, "staff/target_form.html", context, status=INVALID if form.errors else 200)


@roles(*HEADS)
@require_POST
def target_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve, reject, or take one's own request back."""
    target, form = get_object_or_404(targets_for(request.user), pk=pk), TargetDecisionForm(request.POST)
    if form.is_valid():
        try:
            _decide(request, target, form.cleaned_data)
        except DomainError as error:
            messages.error(request, str(error))
    else:
        messages.error(request, _("This was not understood. Load the page again."))
    return redirect(target)


def _decide(request: HttpRequest, target: Target, data: dict[str, str]) -> None:
    if data["decision"] == "withdraw":
        services.withdraw_target(target=target, actor=request.user, at=now())
        messages.success(request, _("The request was taken back."))
        return
    approve = data["decision"] == "approve"
    services.decide_target(
        target=target, digest=data["digest"], approve=approve, actor=request.user, at=now(), comment=data["comment"]
    )
    messages.success(request, _("The target is in force.") if approve else _("The target was rejected."))


def _crumbs(title: str) -> list[dict[str, str]]:
    return [{"label": _("Targets"), "url": reverse("insights:targets")}, {"label": title}]

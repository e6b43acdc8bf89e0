"""Teams of a unit: the list, a new one, and who is in one."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from core.clock import now
from core.errors import DomainError
from staff.access import HEADS, roles
from staff.filters.teams import TEAMS
from staff.forms.teams import TeamChangeForm, TeamForm
from staff.models import Team
from staff.queries.teams import members_of, teams_for
from staff.services import teams as services

INVALID = 422  # htmx shows forms with errors under this status


@roles(*HEADS)
@require_GET
def team_list(request: HttpRequest) -> HttpResponse:
    """Teams of the units in reach."""
    context = {"listing": TEAMS.show(request, teams_for(request.user)), "page_title": _("Teams")}
    return render(request, "staff/teams.html", context)


@roles(*HEADS)
@require_http_methods(["GET", "HEAD", "POST"])
def team_new(request: HttpRequest) -> HttpResponse:
    """A new team; then its page, to say who is in it."""
    form = TeamForm(request.POST if request.method == "POST" else None, viewer=request.user)
    if form.is_valid():
        try:
            team = services.create_team(actor=request.user, at=now(), **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The team was made. Now say who is in it."))
            return redirect("staff:team", team.pk)
    context = {"form": form, "page_title": _("New team"), "crumbs": _crumbs(_("New team")), "save": _("Make the team")}
    return render(request, "staff/team_form.html", context, status=INVALID if form.errors else 200)


@roles(*HEADS)
@require_http_methods(["GET", "HEAD", "POST"])
def team(request: HttpRequest, pk: int) -> HttpResponse:
    """One team: its name, lead, tiers and members, who was in it, and the targets it has."""
    found = get_object_or_404(teams_for(request.user), pk=pk)
    form = TeamChangeForm(request.POST if request.method == "POST" else None, team=found)
    if form.is_valid() and _changed(request, found, form):
        return redirect("staff:team", pk)
    context: dict[str, Any] = {
        "form": form,
        "team": found,
        "members": list(members_of(found)[:200]),
        "page_title": found.name,
        "crumbs": _crumbs(found.name),
        "save": _("Save"),
    }
    return render(request, "staff/team_form.html", context, status=INVALID if form.errors else 200)


def _changed(request: HttpRequest, found: Team, form: TeamChangeForm) -> bool:
    try:
        services.change_team(team=found, actor=request.user, at=now(), **form.cleaned_data)
    except DomainError as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, _("The team was changed."))
    return True


def _crumbs(title: str) -> list[dict[str, str]]:
    return [{"label": _("Teams"), "url": reverse("staff:teams")}, {"label": title}]

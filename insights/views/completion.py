"""Completion and results: what was due and done beside what came of it, by unit, team and person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from campaigns.queries.uplift import Measured, latest_for, measured_campaigns
from core.clock import today
from insights.forms.people import CompletionForm
from insights.queries import completion as queries
from insights.queries.completion import Line
from insights.views.links import link
from servicing.enums import FollowUpKind, FollowUpState
from servicing.queries.contacts import units_of
from staff.access import BOOK_KEEPERS, HEADS, has_role, roles
from staff.models import Branch, Team, User
from staff.queries.teams import members_on

CAMPAIGNS = 6


@dataclass(frozen=True, slots=True)
class Row:
    """A person or team to read, with the addresses of what is open and what was done."""

    code: str
    name: str
    line: Line
    open_url: str = ""
    done_url: str = ""
    calls_url: str = ""


@dataclass(frozen=True, slots=True)
class Brought:
    """A campaign against those held out."""

    name: str
    url: str
    found: Measured


@roles(*BOOK_KEEPERS, *HEADS)
@require_GET
def completion(request: HttpRequest) -> HttpResponse:
    """Of a branch by person or team; of the bank and regions by unit below."""
    form = CompletionForm(request.GET, viewer=request.user)
    context: dict[str, Any] = {
        "form": form,
        "page_title": _("Completion and results"),
        "brought": _brought(request.user),
    }
    if form.is_valid():
        data = form.cleaned_data
        unit = _unit(request.user, data.get("unit"))
        context |= {"unit": unit, "first": data["first"], "last": data["last"], "window": queries.WINDOW}
        if unit.children.exists() and has_role(request.user, *HEADS):
            lines = queries.completion_by_unit(request.user, unit, data["first"], data["last"])
            params = {"first": data["first"], "last": data["last"]}
            context["units"] = [(line, link("insights:completion", unit=line.unit.code, **params)) for line in lines]
        else:
            context |= _people(request.user, unit, data)
    return render(request, "insights/completion.html", context, status=200 if form.is_valid() else 422)


def _unit(user: User, chosen: Branch | None) -> Branch:
    return chosen or get_object_or_404(Branch, pk=user.branch_id)


def _people(user: User, unit: Branch, data: dict[str, Any]) -> dict[str, Any]:
    first, last = data["first"], data["last"]
    lines = queries.completion(user, [unit.pk], first, last, today())
    rows = _teams(lines, unit, last) if data["by"] == "team" else _named(lines, unit, first, last)
    return {
        "rows": rows,
        "label": _("Team") if data["by"] == "team" else _("Person"),
        "as_of": queries.after_window(last),
    }


def _named(lines: Sequence[Line], unit: Branch, first: date, last: date) -> list[Row]:
    people = User.objects.in_bulk([line.owner for line in lines])
    rows = []
    for line in lines:
        who = people[line.owner]
        params = {"owner": who.staff_no, "unit": unit.code, "since": first, "until": last}
        rows.append(
            Row(
                who.staff_no,
                who.name,
                line,
                link("servicing:follow_ups", state=FollowUpState.OPEN, **params),
                link("servicing:follow_ups", state=FollowUpState.DONE, **params),
                link("servicing:follow_ups", state="all", kind=FollowUpKind.CAMPAIGN, **params),
            )
        )
    return sorted(rows, key=lambda row: row.code)


def _teams(lines: Sequence[Line], unit: Branch, last: date) -> list[Row]:
    teams = Team.objects.filter(branch=unit, is_active=True).in_bulk()
    found = queries.by_team(lines, members_on(teams, last))
    return sorted((Row(teams[pk].name, teams[pk].name, line) for pk, line in found.items()), key=lambda row: row.code)


def _brought(user: User) -> list[Brought]:
    """The campaigns measured last, against those held out: what of all this can be proved."""
    campaigns = list(measured_campaigns(user).order_by("-launched_at", "-pk")[:CAMPAIGNS])
    found = latest_for(user, campaigns)
    return [
        Brought(campaign.name, link("campaigns:results", campaign.pk), found[campaign.pk])
        for campaign in campaigns
        if campaign.pk in found
    ]


@roles(*BOOK_KEEPERS, *HEADS)
@require_GET
def completion_widget(request: HttpRequest) -> HttpResponse:
    """A part of a board: the last 30 days, of the unit (?unit=) by person, or one's own."""
    code = request.GET.get("unit", "")
    unit = get_object_or_404(units_of(request.user), code=code) if code else _unit(request.user, None)
    form = CompletionForm({"unit": ""}, viewer=request.user)
    rows: list[Row] = []
    units: list[Any] = []
    if form.is_valid():
        data = form.cleaned_data
        if unit.children.exists() and has_role(request.user, *HEADS):
            units = queries.completion_by_unit(request.user, unit, data["first"], data["last"])
        else:
            rows = _people(request.user, unit, data)["rows"]
    url = link("insights:completion", unit=code)
    return render(request, "insights/_completion_widget.html", {"rows": rows, "units": units, "url": url})

"""Whose bridge a page is about and between which months, from its address."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest

from customers.queries import ledger_day
from insights.enums import BridgePart, UnitKind
from insights.forms.bridge import BridgeForm
from insights.forms.units import NOBODY
from insights.queries.bridge import Span, Unit, closed_months, span_of
from insights.rules.bridge import CHANGES, months_before
from insights.views.links import link
from staff.access import BOOK_KEEPERS, has_role, scope_of
from staff.enums import BranchKind, Reach
from staff.models import Branch, Team, TeamMember, User

KINDS: Mapping[str, UnitKind] = {BranchKind.HEAD_OFFICE: UnitKind.BANK, BranchKind.REGION: UnitKind.REGION}
# Bars whose customers are all with the unit now, so that whoever sees the unit sees them.
OPEN_TO_ALL = (*CHANGES, "handed_in", "closing")


def may_open(part: BridgePart, viewer: User) -> bool:
    """Whether somebody is told the customers of a bar: who went elsewhere is out of most people's sight."""
    return part in OPEN_TO_ALL or scope_of(viewer).reach == Reach.BANK


@dataclass(frozen=True, slots=True)
class Asked:
    """A unit with its span. `unit` is None where figures come from the night; `params` say it again in an address."""

    viewer: User
    kind: UnitKind
    key: int
    name: str
    unit: Unit | None
    span: Span
    branch: Branch | None
    params: Mapping[str, str]

    def opens(self, part: BridgePart) -> bool:
        """Whether the customers of a bar can be named."""
        return may_open(part, self.viewer)

    def rows_url(self, part: BridgePart, **more: Any) -> str:
        """The customers of a bar; "" where they cannot be named."""
        return link("insights:bridge_rows", **{**self.params, "part": part, **more}) if self.opens(part) else ""


def form_of(request: HttpRequest) -> BridgeForm | None:
    """The form as it was asked, or as it is usual; None while no month is closed."""
    day, closed = ledger_day(), closed_months()
    if day is None or not closed:
        return None
    running = day.replace(day=1)
    closings = [running, *(month for month in closed if month < running and months_before(month, 1) in closed)]
    month = request.GET.get("month") or closings[0].isoformat()
    usual = {"unit": request.user.branch.code, "month": month, "against": _usual_against(month, closed)}
    given = {name: request.GET[name] for name in (*usual, "manager", "team") if request.GET.get(name)}
    return BridgeForm({**usual, **given}, user=request.user, closings=closings, openings=closed)


def _usual_against(month: str, closed: list[date]) -> str:
    try:
        before = months_before(date.fromisoformat(month), 1)
    except ValueError:
        return ""
    return (before if before in closed else closed[0]).isoformat()


def asked_of(form: BridgeForm, viewer: User) -> Asked | None:
    """What a valid form asks for; None when it is not valid."""
    day = ledger_day()
    if day is None or not form.is_valid():
        return None
    values = form.cleaned_data
    span = span_of(values["against"], values["month"], day)
    months = {"month": values["month"].isoformat(), "against": values["against"].isoformat()}
    if has_role(viewer, *BOOK_KEEPERS):
        return _of_person(viewer, viewer, span, None, months)
    branch, manager, team = values["unit"], values.get("manager"), values.get("team")
    params = {"unit": branch.code, **months}
    if team:
        return _of_team(viewer, team, span, {**params, "team": str(team.pk)})
    if manager:
        number = NOBODY if manager == NOBODY else manager.staff_no
        return _of_person(viewer, None if manager == NOBODY else manager, span, branch, {**params, "manager": number})
    kind = KINDS.get(branch.kind, UnitKind.BRANCH)
    unit = Unit(frozenset({branch.pk})) if kind == UnitKind.BRANCH else None
    return Asked(viewer, kind, branch.pk, branch.name, unit, span, branch, params)


def _of_person(
    viewer: User, manager: User | None, span: Span, branch: Branch | None, params: Mapping[str, str]
) -> Asked:
    key = manager.pk if manager else None
    unit = Unit(frozenset({branch.pk} if branch else ()), frozenset({key}))
    name = manager.name if manager else ""
    return Asked(viewer, UnitKind.PERSON, key or 0, name, unit, span, branch, params)


def _of_team(viewer: User, team: Team, span: Span, params: Mapping[str, str]) -> Asked:
    members = TeamMember.objects.on(span.last).filter(team=team).values_list("user_id", flat=True)
    # Of a team without members nobody's customers are: no person has the key 0.
    unit = Unit(frozenset({team.branch_id}), frozenset(members) or frozenset({0}))
    return Asked(viewer, UnitKind.TEAM, team.pk, team.name, unit, span, team.branch, params)

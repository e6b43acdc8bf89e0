"""Targets with what they came to: of a unit, its teams and people, or one's own; and one of them line by line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from core.clock import today
from insights.queries.targets import Progress, progress_of
from insights.rules.targets import Growth
from insights.views.links import link
from staff.access import BOOK_KEEPERS, HEADS, has_role, roles
from staff.enums.targets import TargetMeasure, TargetOf, TargetState
from staff.models import Branch, Target, User
from staff.queries.targets import (
    deciders_of,
    handed_down,
    in_force_on,
    may_decide_target,
    target_digest,
    targets_for,
    targets_to_decide,
    versions_of,
)
from staff.queries.teams import may_keep, units_for

MOST, SHOWN = 300, 6
PART_LABELS = {
    "new": gettext_lazy("New customers"),
    "up": gettext_lazy("Rises"),
    "down": gettext_lazy("Falls"),
    "lost": gettext_lazy("Customers lost"),
    "matured_left": gettext_lazy("Matured and left"),
    "handed_in": gettext_lazy("Handed in (does not count)"),
    "handed_out": gettext_lazy("Handed out (does not count)"),
}
TONES = {TargetState.PENDING: "warn", TargetState.APPROVED: "good", TargetState.REJECTED: "bad"}


@dataclass(frozen=True, slots=True)
class Figure:
    """An aim or a value: yuan (`money`), or text that says mark or per cent."""

    money: Decimal | None = None
    text: str = "–"


@dataclass(frozen=True, slots=True)
class Line:
    """A target with its progress, ready to read."""

    target: Target
    whose: str
    aim: Figure
    value: Figure
    progress: Progress
    url: str

    @property
    def filled(self) -> int:
        """How far the bar is filled, 0 to 100."""
        return min(max(self.progress.reached or 0, 0), 100)

    @property
    def tone(self) -> str:
        """Met, behind the time that is over, or neither."""
        if self.progress.value is None:
            return ""
        if self.progress.is_met:
            return "good"
        return "warn" if (self.progress.reached or 0) < self.progress.time else ""


@dataclass(frozen=True, slots=True)
class Group:
    """Targets under one heading."""

    title: str
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class GrowthLine:
    """A line of the explanation: yuan; `is_sum` = the sum of those above."""

    label: str
    amount: Decimal
    is_sum: bool = False


@roles(*BOOK_KEEPERS, *HEADS)
@require_GET
def targets(request: HttpRequest) -> HttpResponse:
    """Targets in force: one's own and one's team's; for heads those of a unit (?unit=) with its teams and people."""
    is_head = has_role(request.user, *HEADS)
    unit = _unit(request) if is_head else None
    rows = _in_force(request.user, unit)
    lines = lines_of(list(rows[:MOST]))
    context = {
        "groups": list(_groups(lines, unit)),
        "unit": unit,
        "below": list(unit.children.order_by("code")) if unit else [],
        "above": unit.parent if unit and unit.parent_id and may_keep(request.user, unit.parent_id) else None,
        "waiting": targets_to_decide(request.user).count() if is_head else 0,
        "waiting_url": link("staff:targets", state=TargetState.PENDING),
        "is_head": is_head,
        "page_title": _("Targets"),
    }
    return render(request, "insights/targets.html", context)


def _unit(request: HttpRequest) -> Branch:
    code = request.GET.get("unit", "")
    units = units_for(request.user).select_related("parent")
    return get_object_or_404(units, **({"code": code} if code else {"pk": request.user.branch_id}))


def _in_force(user: User, unit: Branch | None) -> QuerySet[Target]:
    rows = in_force_on(targets_for(user), today()).order_by("measure", "ends_on", "person__name", "team__name", "pk")
    if unit is None:
        return rows
    # A unit's page: itself, the units below it, and its own teams and people.
    below = rows.filter(of=TargetOf.UNIT, branch__path__startswith=unit.path)
    return rows.filter(branch=unit) | below


def lines_of(rows: Sequence[Target]) -> list[Line]:
    """Targets with what they came to by yesterday's close, in their order."""
    return [_line(progress) for progress in progress_of(rows, today() - timedelta(days=1))]


def _line(progress: Progress) -> Line:
    target = progress.target
    aim, value = figure(target.measure, target.aim), figure(target.measure, progress.value)
    return Line(target, str(target.whose), aim, value, progress, target.get_absolute_url())


def figure(measure: str, value: Decimal | None) -> Figure:
    """A value of a measure as it is read."""
    if value is None:
        return Figure()
    if measure == TargetMeasure.ADB_GROWTH:
        return Figure(money=value)
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return Figure(text=text if measure == TargetMeasure.SATISFACTION else f"{text}%")


def _groups(lines: Sequence[Line], unit: Branch | None) -> Iterator[Group]:
    def of(kind: str) -> list[Line]:
        return [line for line in lines if line.target.of == kind]

    own = [line for line in of(TargetOf.UNIT) if unit is None or line.target.branch_id == unit.pk]
    below = [line for line in of(TargetOf.UNIT) if line not in own]
    named = (
        (_("Unit"), own),
        (_("Units below"), below),
        (_("Teams"), of(TargetOf.TEAM)),
        (_("People") if unit else _("My targets"), of(TargetOf.PERSON)),
    )
    ordered = named if unit else reversed(named)
    yield from (Group(title, found) for title, found in ordered if found)


@roles(*BOOK_KEEPERS, *HEADS)
@require_GET
def target(request: HttpRequest, pk: int) -> HttpResponse:
    """One target: what it came to, explained to the cent, its versions, and what may be done with it."""
    found = get_object_or_404(targets_for(request.user), pk=pk)
    # What binds a unit from above is its aim alone: the figures of the unit above are out of sight.
    is_above = has_role(request.user, *HEADS) and not may_keep(request.user, found.branch_id)
    line = _line(Progress(found, None, None)) if is_above else lines_of([found])[0]
    versions = versions_of(found).filter(pk__in=targets_for(request.user).order_by().values("pk"))
    growth, title = line.progress.growth, f"{found.whose} · {found.get_measure_display()}"
    is_mine = found.drafted_by_id == request.user.pk and found.state == TargetState.PENDING
    may_change = may_keep(request.user, found.branch_id) and found.state == TargetState.APPROVED
    context: dict[str, Any] = {
        "line": line,
        "target": found,
        "tone": TONES.get(TargetState(found.state), ""),
        "growth": list(growth_lines(growth)) if growth else [],
        "versions": list(versions[:50]) if has_role(request.user, *HEADS) else [],
        "handed": handed_down(found) if has_role(request.user, *HEADS) else None,
        "may_decide": has_role(request.user, *HEADS) and may_decide_target(request.user, found),
        "deciders": list(deciders_of(found).select_related("branch")[:5]) if is_mine else [],
        "is_mine": is_mine,
        "may_adjust": may_change and found.ends_on >= today(),
        "digest": target_digest(found),
        "page_title": title,
        "crumbs": [{"label": _("Targets"), "url": reverse("insights:targets")}, {"label": title}],
    }
    return render(request, "insights/target.html", context)


def growth_lines(growth: Growth) -> Iterator[GrowthLine]:
    """The explanation: every sum is that of the lines above it, to the cent."""
    yield GrowthLine(_("Average of the month before the period"), growth.opening)
    for name, label in PART_LABELS.items():
        yield GrowthLine(str(label), growth.parts.get(name, Decimal("0.00")))
    if growth.corrections:
        yield GrowthLine(_("Corrected after a month was closed"), growth.corrections)
    yield GrowthLine(_("Average of the last month, up to the day shown"), growth.closing, is_sum=True)
    yield GrowthLine(_("Growth without hand-overs"), growth.own, is_sum=True)
    yield GrowthLine(_("Holidays taken out"), -growth.holidays)
    yield GrowthLine(_("Spikes at month ends taken out"), -growth.spikes)
    yield GrowthLine(_("Fair growth: this counts"), growth.fair, is_sum=True)


@roles(*BOOK_KEEPERS, *HEADS)
@require_GET
def targets_widget(request: HttpRequest) -> HttpResponse:
    """A part of a board: one's own targets; for heads those of the unit (?unit=), then those furthest behind."""
    unit = _unit(request) if has_role(request.user, *HEADS) else None
    lines = lines_of(list(_in_force(request.user, unit)[:MOST]))
    own = [line for line in lines if unit and line.target.of == TargetOf.UNIT and line.target.branch_id == unit.pk]
    behind = sorted((line for line in lines if line not in own), key=lambda line: line.progress.reached or 0)
    context = {
        "lines": [*own, *behind][:SHOWN],
        "count": len(lines),
        "url": link("insights:targets", unit=unit.code if unit else ""),
    }
    return render(request, "insights/_targets_widget.html", context)

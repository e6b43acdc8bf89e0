"""Every key figure with its definition, and one of them over time and by unit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from customers.queries import ledger_day
from insights import charts
from insights.enums import UnitKind
from insights.forms.measures import MeasureForm
from insights.queries import kpis
from insights.queries.definitions import Defined, definition_of
from insights.rules.figures import Place
from insights.rules.measures import MEASURES, Kind, Measure, Over
from insights.views.figures import figure_url
from insights.views.links import link
from staff.access import BOOK_KEEPERS, HEADS, roles
from staff.models import User
from tiers.queries import bands_for_display, tier_name

SPANS = (30, 90, 365)
READERS = (*BOOK_KEEPERS, *HEADS)
# Figures other figures are worked out from; nobody reads them by themselves.
INNER = ("satisfaction_squares",)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: its name and address, its figure, what is `behind` that, its change since the first day."""

    name: str
    url: str
    measure: Measure
    figure: Decimal | None
    change: Decimal | None = None
    rank: int | None = None
    behind: str = ""

    @property
    def is_money(self) -> bool:
        """Whether it is yuan."""
        return self.measure.kind == Kind.MONEY

    @property
    def shown(self) -> str:
        """The figure, ready to read; money is shown by its component."""
        return shown(self.measure, self.figure)

    @property
    def change_shown(self) -> str:
        """The change with its sign, ready to read."""
        return "" if self.change is None else f"{self.change.normalize() if self.change else 0:+,f}"


@dataclass(frozen=True, slots=True)
class Listed:
    """A measure of the catalogue: what it is, and its latest figure of the unit."""

    defined: Defined
    row: Row


def shown(measure: Measure, figure: Decimal | None) -> str:
    """A count, share or mean, ready to read; a dash where there is nothing to divide by."""
    if figure is None:
        return "–"
    if measure.kind == Kind.SHARE:
        return f"{figure} %"
    return f"{int(figure):,}" if measure.kind == Kind.COUNT else f"{figure}"


@roles(*READERS)
@require_GET
def measures(request: HttpRequest) -> HttpResponse:
    """All measures with the latest figures of the viewer's own unit, and their definitions of that day."""
    day = ledger_day()
    context: dict[str, Any] = {"page_title": _("Key figures and their definitions"), "day": day}
    if day is not None:
        unit = _unit(request)
        days = kpis.days_with_figures(day - timedelta(days=SPANS[0] - 1), day)
        found = kpis.latest(request.user, unit, days[0], days[-1]) if days else {}
        listed = [_listed(unit, code, days or [day], found.get(code)) for code in _codes()]
        context |= {"unit": unit, "listed": listed}
    return render(request, "insights/measures.html", context)


def _codes() -> list[str]:
    return [code for code in MEASURES if code not in INNER]


def _listed(unit: kpis.Unit, code: str, days: Sequence[date], figure: Decimal | None) -> Listed:
    defined, measured = definition_of(code, days[-1]), MEASURES[code]
    behind = "" if figure is None else _behind(unit, measured, days)
    url = link("insights:measure", code, **unit.params)
    return Listed(defined, Row(defined.label, url, measured, figure, behind=behind))


def _behind(unit: kpis.Unit, measured: Measure, days: Sequence[date], *tiers: int) -> str:
    """The address behind a figure of a unit: added up over the days, or of the last one."""
    first = days[0] if measured.over == Over.SUM else days[-1]
    return figure_url(Place(measured.code, unit.kind, (unit.id,), tiers, first, days[-1]))


@roles(*READERS)
@require_GET
def measure(request: HttpRequest, code: str) -> HttpResponse:
    """One measure: a unit's trend, the units below it, its tiers, and what it is."""
    day = ledger_day()
    if code not in _codes():
        raise Http404
    unit = _unit(request)
    context: dict[str, Any] = {"page_title": definition_of(code, day).label if day else _("Key figures"), "day": day}
    if day is not None:
        form = MeasureForm(_asked(request, unit, day), user=request.user, day=day)
        context |= {"defined": definition_of(code, day), "unit": unit, "form": form}
        context |= {"spans": _spans(request, code, unit, day)}
        if form.is_valid():
            first, last = form.cleaned_data["first"], form.cleaned_data["last"]
            context |= _shown(request.user, MEASURES[code], unit, kpis.days_with_figures(first, last))
    return render(request, "insights/measure.html", context)


def _unit(request: HttpRequest) -> kpis.Unit:
    asked = {name: request.GET.get(name, "") for name in ("unit", "team", "person")}
    unit = kpis.unit_in_sight(request.user, **asked)
    if unit is None:
        raise Http404
    return unit


def _asked(request: HttpRequest, unit: kpis.Unit, day: date) -> dict[str, str]:
    usual = {"first": (day - timedelta(days=SPANS[0] - 1)).isoformat(), "last": day.isoformat()}
    given = {name: request.GET[name] for name in usual if request.GET.get(name)}
    return {**usual, **given, "unit": unit.params.get("unit", "")}


def _spans(request: HttpRequest, code: str, unit: kpis.Unit, day: date) -> list[dict[str, Any]]:
    asked = _asked(request, unit, day)
    found = []
    for days in SPANS:
        first = day - timedelta(days=days - 1)
        url = link("insights:measure", code, **unit.params, first=first, last=day)
        is_active = (asked["first"], asked["last"]) == (first.isoformat(), day.isoformat())
        found.append({"label": _("%(days)s days") % {"days": days}, "url": url, "active": is_active})
    return found


def _shown(user: User, measured: Measure, unit: kpis.Unit, days: Sequence[date]) -> dict[str, Any]:
    below = kpis.units_below(user, unit)
    own, *parts = kpis.lines(user, [unit, *below], measured, days) or [None]
    rows = [_row(line, measured, days) for line in parts if line and (line.figure or line.unit.kind != UnitKind.PERSON)]
    points = kpis.trend(user, unit, measured, days)
    return {
        "chart": charts.measure_trend(measured, definition_of(measured.code, days[-1]).label, points)
        if points
        else None,
        "own": _row(own, measured, days) if own else None,
        "rows": rows,
        "tiers": _tiers(user, unit, measured, days),
        "days": days,
        "is_sum": measured.over == Over.SUM,
    }


def _row(line: kpis.Line, measured: Measure, days: Sequence[date]) -> Row:
    url = link("insights:measure", measured.code, **line.unit.params, first=days[0], last=days[-1])
    behind = "" if line.figure is None else _behind(line.unit, measured, days)
    return Row(line.unit.name, url, measured, line.figure, line.change, behind=behind)


def _tiers(user: User, unit: kpis.Unit, measured: Measure, days: Sequence[date]) -> list[Row]:
    found = kpis.tiers_of(user, unit, measured, days)
    if not found:
        return []
    bands = bands_for_display(days[-1])
    ranked = sorted(found.items(), reverse=True)
    return [
        Row(tier_name(rank, bands), "", measured, figure, rank=rank, behind=_behind(unit, measured, days, rank))
        for rank, figure in ranked
    ]

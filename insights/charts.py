"""Charts of insights."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Literal, cast

from django.utils.translation import gettext as _

from core.charts import Chart, Mark, Series
from customers.queries import DayTotal as CustomerDay
from insights.enums import OutflowSignal
from insights.models import OutflowWarning
from insights.queries.boards import DayTotal
from insights.queries.history import TierHistory, TierLine
from insights.queries.kpis import Point
from insights.queries.reports import Pivot
from insights.rules.measures import Kind, Measure, Over


def deposit_trend(days: Sequence[DayTotal], as_of: date, hrefs: Sequence[str] = ()) -> Chart:
    """Deposits at each close that was rolled up; a day without a roll-up is left out, not drawn as zero."""
    return Chart(
        id="deposit-trend",
        title=_("Deposits"),
        kind="line",
        label_name=_("Day"),
        labels=[day.on.isoformat() for day in days],
        series=[Series(_("Deposits, yuan"), [day.total for day in days])],
        as_of=as_of,
        hrefs=hrefs,
    )


def tier_areas(history: TierHistory, link: Callable[[TierLine, int], str], *, deposits: bool) -> Chart:
    """Customers or deposits of each tier at the closes that were rolled up, lowest tier at the bottom.

    `link` gives the address of the customers behind a value: of a tier at the day of that place.
    """
    places = range(len(history.days))
    return Chart(
        id="tier-history",
        title=_("Deposits by tier") if deposits else _("Customers by tier"),
        kind="area",
        label_name=_("Day"),
        labels=[day.isoformat() for day in history.days],
        series=[
            Series(
                line.name,
                line.totals if deposits else line.heads,
                hrefs=[link(line, place) for place in places],
                tone=f"tier-{min(max(line.rank, 1), 4)}",
            )
            for line in history.lines
        ],
        unit="yuan" if deposits else "count",
        note=_("weekly closes") if history.is_weekly else "",
        as_of=history.days[-1] if history.days else None,
        zero=True,
    )


def outflow_chart(warning: OutflowWarning, totals: Sequence[CustomerDay]) -> Chart:
    """A customer's balance of half a year up to the day a warning was last seen, with what is usual drawn across."""
    usual = next((Decimal(facts["usual"]) for facts in warning.signals if facts["code"] == OutflowSignal.FALL), None)
    return Chart(
        id="outflow-balance",
        title=_("Balance of half a year"),
        kind="line",
        label_name=_("Day"),
        labels=[day.on.isoformat() for day in totals],
        series=[Series(_("Balance"), [day.total for day in totals], step=True)],
        as_of=warning.seen_on,
        marks=[] if usual is None else [Mark(usual, _("usual"))],
        zero=True,
    )


# What more lines than this say can be read in the table only; so can longer rows of bars.
MOST_SERIES, MOST_PLACES = 8, 60
UNITS: dict[Kind, Literal["yuan", "count", "percent"]] = {Kind.MONEY: "yuan", Kind.SHARE: "percent"}


def report_chart(pivot: Pivot, kind: str, title: str) -> Chart | None:
    """A report's first columns of one kind of figures; None where it shows no chart or has figures of several kinds."""
    lines = pivot.lines[:MOST_PLACES]
    if kind not in ("line", "bar", "stacked") or not lines:
        return None
    shown = lines[0].cells[0].kind
    places = [at for at, cell in enumerate(lines[0].cells) if cell.kind == shown][:MOST_SERIES]
    if any(line.cells[at].kind != shown for line in lines for at in places):
        return None
    return Chart(
        id="report-chart",
        title=title,
        kind=cast(Literal["line", "bar", "stacked"], kind),
        label_name=pivot.corner,
        labels=[line.label for line in lines],
        series=[Series(pivot.heads[at], [line.cells[at].value for line in lines]) for at in places],
        unit=UNITS.get(shown, "count"),
        as_of=pivot.days[2],
        zero=True,
    )


def measure_trend(measure: Measure, label: str, points: Sequence[Point]) -> Chart:
    """One key figure of a unit over days or months; a day without figures is left out, not drawn as zero."""
    units: dict[Kind, Literal["yuan", "count", "percent"]] = {Kind.MONEY: "yuan", Kind.SHARE: "percent"}
    is_sum = measure.over == Over.SUM
    return Chart(
        id="measure-trend",
        title=label,
        kind="bar" if is_sum else "line",
        label_name=_("Day"),
        labels=[point.on.isoformat() for point in points],
        series=[Series(label, [point.figure for point in points])],
        unit=units.get(measure.kind, "count"),
        as_of=points[-1].on if points else None,
        zero=is_sum,
    )

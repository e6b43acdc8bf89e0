"""A chart and its table twin from one set of numbers, for components/chart.html."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from core.money import format_yuan

Amount = Decimal | int | None


@dataclass(frozen=True, slots=True)
class Series:
    """One line or bar group; `hrefs` open the rows behind each value; `tone` names a colour token as "tier-1"."""

    name: str
    values: Sequence[Amount]
    hrefs: Sequence[str] = ()
    tone: str = ""
    step: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A level drawn across the chart, as the edge of a tier."""

    value: Amount
    label: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One number of the table twin, ready to read."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table twin."""

    label: str
    cells: Sequence[Cell]
    url: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """What a figure shows. `label_name` heads the first column of the twin; `zero` keeps zero on a line's scale.

    Areas stand on one another, the first at the bottom. A bridge has one series: the level it begins at, the changes
    from it, and the level it ends at, as bars from left to right one under the other.
    """

    id: str
    title: str
    kind: Literal["line", "area", "bar", "stacked", "bridge"]
    label_name: str
    labels: Sequence[str]
    series: Sequence[Series]
    unit: Literal["yuan", "count", "percent"] = "yuan"
    note: str = ""
    as_of: date | None = None
    marks: Sequence[Mark] = ()
    hrefs: Sequence[str] = ()
    zero: bool = False

    @property
    def data(self) -> dict[str, Any]:
        """What static/js/charts.js reads; floats, for drawing only."""
        return {
            "labels": list(self.labels),
            "unit": self.unit,
            "zero": self.zero,
            "hrefs": list(self.hrefs),
            "marks": [{"value": _drawn(mark.value), "label": mark.label} for mark in self.marks],
            "series": [
                {
                    "name": item.name,
                    "values": [_drawn(value) for value in item.values],
                    "hrefs": list(item.hrefs),
                    "tone": item.tone,
                    "step": item.step,
                }
                for item in self.series
            ],
        }

    @property
    def columns(self) -> list[str]:
        """Heads of the table twin."""
        return [self.label_name, *(item.name for item in self.series)]

    @property
    def rows(self) -> list[Row]:
        """Lines of the table twin, with the exact numbers."""
        return [
            Row(label, [self._cell(item, at) for item in self.series], self.hrefs[at] if at < len(self.hrefs) else "")
            for at, label in enumerate(self.labels)
        ]

    def _cell(self, item: Series, at: int) -> Cell:
        return Cell(_read(item.values[at], self.unit), item.hrefs[at] if at < len(item.hrefs) else "")


def _drawn(value: Amount) -> float | None:
    return None if value is None else float(value)


def _read(value: Amount, unit: str) -> str:
    if value is None:
        return "–"
    if unit == "yuan":
        return format_yuan(value)
    return f"{value:,}%" if unit == "percent" else f"{value:,}"

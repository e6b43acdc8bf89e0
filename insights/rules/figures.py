"""Of what a kept figure is: its measure, units, tiers and days, as an address says it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from insights.enums import ReportDimension, ReportPeriod, UnitKind
from insights.rules.measures import MEASURES, Kind, Measure, Over
from insights.rules.reports import Definition, fault_of

# Numbers stand side by side in an address without being written in code.
BETWEEN = "."


@dataclass(frozen=True, slots=True)
class Place:
    """A measure of units of one kind (empty = all in sight), of tiers (empty = whole), over days or of their last."""

    code: str
    kind: UnitKind
    units: tuple[int, ...]
    tiers: tuple[int, ...]
    first: date
    last: date

    @property
    def measure(self) -> Measure:
        """The measure itself."""
        return MEASURES[self.code]

    @property
    def is_ratio(self) -> bool:
        """Whether it is a value divided by a base."""
        return self.measure.kind in (Kind.SHARE, Kind.MEAN)

    @property
    def query(self) -> str:
        """What an address says it by: nothing in it has to be written in code."""
        first = self.first.isoformat() if self.measure.over == Over.SUM else ""
        units, tiers = (BETWEEN.join(map(str, numbers)) for numbers in (self.units, self.tiers))
        said = {"kind": self.kind.value, "units": units, "tiers": tiers, "first": first, "last": self.last.isoformat()}
        return "&".join([f"measure={self.code}", *(f"{name}={value}" for name, value in said.items() if value)])

    def definition(self, by: ReportDimension) -> Definition:
        """The report that shows it, one row for each part of it."""
        of = ReportPeriod.FIXED
        shown = (ReportDimension.MEASURE, self.kind, self.units, self.tiers, of, self.first, self.last)
        return Definition((self.code,), by, *shown)


def read_place(values: Mapping[str, str]) -> Place:
    """The place an address says. Raises ValueError when it says none that has figures."""
    last = date.fromisoformat(values.get("last", ""))
    code, kind = values.get("measure", ""), UnitKind(values.get("kind", ""))
    units, tiers = (_numbers(values.get(name, "")) for name in ("units", "tiers"))
    first = date.fromisoformat(values["first"]) if values.get("first") else last
    place = Place(code, kind, units, tiers, first, last)
    if fault := fault_of(place.definition(ReportDimension.UNIT)):
        raise ValueError(fault)
    return place


def _numbers(text: str) -> tuple[int, ...]:
    parts = text.split(BETWEEN) if text else []
    if not all(part.isascii() and part.isdecimal() and len(part) < 19 for part in parts):
        raise ValueError("broken")
    return tuple(map(int, parts))

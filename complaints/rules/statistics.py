"""What the figures of complaints are worth: shares and rates from plain counts (product.md P18)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Self

_TENTH: Final = Decimal("0.1")
_HUNDREDTH: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of a group of cases. The four parts of `cases` by the statutory clock never overlap: answered in time,
    late (answered or still open past the day), running, and ended without an answer (`none`)."""

    cases: int = 0
    on_time: int = 0
    late: int = 0
    running: int = 0
    none: int = 0

    @property
    def rate(self) -> Decimal | None:
        """In time, per cent of those that were answered or should have been; None while there are none."""
        return percent(self.on_time, self.on_time + self.late)

    def plus(self, other: Self) -> "Figures":
        """Both groups together."""
        return Figures(
            self.cases + other.cases,
            self.on_time + other.on_time,
            self.late + other.late,
            self.running + other.running,
            self.none + other.none,
        )


def total(parts: Iterable[Figures]) -> Figures:
    """All groups together."""
    found = Figures()
    for part in parts:
        found = found.plus(part)
    return found


def percent(part: int, whole: int) -> Decimal | None:
    """A share in per cent with one decimal, half up; None of nothing."""
    return (Decimal(part * 100) / whole).quantize(_TENTH, ROUND_HALF_UP) if whole else None


def per_thousand(cases: int, customers: int) -> Decimal | None:
    """Cases for every 1,000 customers, two decimals, half up; None without customers."""
    return (Decimal(cases * 1000) / customers).quantize(_HUNDREDTH, ROUND_HALF_UP) if customers else None


def spans(day: date) -> dict[str, tuple[date, date]]:
    """The usual periods up to `day`: month, last_month, quarter, year, last_year; first and last day of each."""
    month, year = day.replace(day=1), day.replace(month=1, day=1)
    before = month - timedelta(days=1)
    quarter = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    last = year - timedelta(days=1)
    return {
        "month": (month, day),
        "last_month": (before.replace(day=1), before),
        "quarter": (quarter, day),
        "year": (year, day),
        "last_year": (last.replace(month=1, day=1), last),
    }

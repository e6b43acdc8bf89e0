"""What of a customer is held against the bounds: which figure, over which days, of which products."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar, Final

from tiers.enums import Measure

MIN_TRAILING: Final = 2
MAX_TRAILING: Final = 366
DEFAULT_TRAILING: Final = 30
MONTHS_OF_WINDOW: Final[dict[str, int]] = {Measure.ADB_MONTH: 1, Measure.ADB_QUARTER: 3}
# Figures that are taken themselves; the best-of measure is the highest of some of them.
FIGURES: Final = (Measure.BALANCE, Measure.ADB_MONTH, Measure.ADB_QUARTER, Measure.ADB_TRAILING)


class BasisError(ValueError):
    """A basis that measures nothing; `code` says why."""

    code: ClassVar[str]

    def __init__(self) -> None:
        super().__init__(self.code)


class TrailingDaysOutOfRange(BasisError):
    code = "trailing_days"


class BestOfTooFew(BasisError):
    code = "best_of"


@dataclass(frozen=True, slots=True)
class Window:
    """The days start..end, both included, over which a measure is taken."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """Calendar days in the window."""
        return (self.end - self.start).days + 1


@dataclass(frozen=True, slots=True)
class Basis:
    """How a scheme measures: the figure, the days of a trailing average, the figures a best-of takes the highest of,
    and the kinds of product whose balances count (none named = all of them)."""

    measure: str
    trailing_days: int = DEFAULT_TRAILING
    best_of: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()

    @property
    def figures(self) -> tuple[str, ...]:
        """The figures to take, in the order of `FIGURES`: of equal ones the first is the one that decided."""
        return tuple(f for f in FIGURES if f in self.best_of) if self.measure == Measure.BEST else (self.measure,)

    def window(self, figure: str, day: date) -> Window:
        """The days one of its figures covers on `day`."""
        return window_for(figure, day, self.trailing_days)


def check_basis(basis: Basis) -> None:
    """Raise BasisError unless a trailing average has 2 to 366 days and a best-of at least two figures."""
    if Measure.ADB_TRAILING in basis.figures and not MIN_TRAILING <= basis.trailing_days <= MAX_TRAILING:
        raise TrailingDaysOutOfRange()
    if basis.measure == Measure.BEST and len(basis.figures) < 2:
        raise BestOfTooFew()


def window_for(figure: str, day: date, trailing_days: int = DEFAULT_TRAILING) -> Window:
    """The days a figure covers on `day`: the day alone, its calendar month or quarter so far, or the days up to it."""
    if figure == Measure.ADB_TRAILING:
        return Window(day - timedelta(days=trailing_days - 1), day)
    months = MONTHS_OF_WINDOW.get(figure)
    return Window(period_start(day, months) if months else day, day)


def period_start(day: date, months: int, back: int = 0) -> date:
    """The first day of the period of 1 or 3 calendar months that holds `day`, or of the one `back` periods before."""
    number = (day.year * 12 + day.month - 1) // months * months - back * months
    return date(number // 12, number % 12 + 1, 1)

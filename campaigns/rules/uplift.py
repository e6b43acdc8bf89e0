"""What a campaign brought: those contacted against those held out, over tiers, with a 95 % interval (M14, B5).

Outcome of a customer: average daily balance of the days after the launch less that of as many days before it, in yuan;
the day itself is in neither. Everybody counts in the part the draw put them in, whether reached or not. Tiers are
compared one by one and weighted by those contacted, so the figure is what a contacted customer brought on average.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from math import sqrt
from typing import Final, Self

from campaigns.enums import Verdict
from campaigns.rules.student import t_quantile

HORIZONS: Final = (30, 60, 90)
CONFIDENCE: Final = 0.95
LEAST: Final = 2
_UPPER: Final = 0.5 + CONFIDENCE / 2
_CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Part:
    """One arm of a tier: how many customers, their mean ADB before, mean change and its sample variance; yuan."""

    count: int = 0
    before: float = 0.0
    change: float = 0.0
    variance: float = 0.0

    @property
    def error(self) -> float:
        """Squared standard error of the mean change."""
        return self.variance / self.count


@dataclass(frozen=True, slots=True)
class Stratum:
    """A tier with both its parts, as frozen at launch."""

    tier: int
    treated: Part
    held_out: Part

    @property
    def is_compared(self) -> bool:
        """Both parts have enough customers for a variance."""
        return min(self.treated.count, self.held_out.count) >= LEAST

    @property
    def difference(self) -> float:
        """Mean change of those contacted less that of those held out."""
        return self.treated.change - self.held_out.change


@dataclass(frozen=True, slots=True)
class Interval:
    """A difference in yuan a customer with both ends of its 95 % interval, to the cent."""

    difference: Decimal
    low: Decimal
    high: Decimal

    @property
    def verdict(self) -> Verdict:
        """Gain or loss when the whole interval lies on one side of zero, else it cannot be told."""
        if self.low > 0:
            return Verdict.GAIN
        return Verdict.LOSS if self.high < 0 else Verdict.UNCLEAR

    def times(self, customers: int) -> Self:
        """The same for so many customers together."""
        return type(self)(self.difference * customers, self.low * customers, self.high * customers)


@dataclass(frozen=True, slots=True)
class Result:
    """What the comparison says; `interval` is None where there is none. `compared` counts those contacted of the
    tiers that could be compared: what a total is reckoned for."""

    verdict: Verdict
    interval: Interval | None
    treated: int
    held_out: int
    compared: int
    strata: tuple[Stratum, ...]

    @property
    def total(self) -> Interval | None:
        """Yuan of ADB that all contacted customers of the compared tiers brought together."""
        return self.interval.times(self.compared) if self.interval else None


def windows(day: date, days: int) -> tuple[tuple[date, date], tuple[date, date]]:
    """First and last day before, and first and last day after, of a launch or joining on `day`."""
    one, span = timedelta(days=1), timedelta(days=days)
    return (day - span, day - one), (day + one, day + span)


def interval_of(strata: Iterable[Stratum]) -> Interval | None:
    """The difference over all tiers that can be compared, weighted by those contacted; None when none can.

    Variances of the tiers add up with the squares of their weights; degrees of freedom by Welch and Satterthwaite.
    """
    used = [stratum for stratum in strata if stratum.is_compared]
    if not used:
        return None
    whole = sum(stratum.treated.count for stratum in used)
    weights = [stratum.treated.count / whole for stratum in used]
    difference = sum(weight * stratum.difference for weight, stratum in zip(weights, used, strict=True))
    errors = [
        (weight**2 * part.error, part.count - 1)
        for weight, stratum in zip(weights, used, strict=True)
        for part in (stratum.treated, stratum.held_out)
    ]
    half = _half_width(errors)
    return Interval(_yuan(difference), _yuan(difference - half), _yuan(difference + half))


def _half_width(errors: Sequence[tuple[float, int]]) -> float:
    """Half of the interval from each part's squared error and degrees of freedom; 0 where nothing varies at all."""
    variance = sum(error for error, _freedom in errors)
    if variance <= 0:
        return 0.0
    freedom = variance**2 / sum(error**2 / own for error, own in errors)
    return t_quantile(_UPPER, freedom) * sqrt(variance)


def compare(strata: Iterable[Stratum]) -> Result:
    """The verdict over all tiers. Without anybody held out, or with too few, there is no figure at all (B5)."""
    found = tuple(sorted(strata, key=lambda one: one.tier))
    treated = sum(stratum.treated.count for stratum in found)
    held_out = sum(stratum.held_out.count for stratum in found)
    interval = interval_of(found)
    none = Verdict.TOO_FEW if held_out else Verdict.NO_CONTROL
    verdict = interval.verdict if interval else none
    compared = sum(stratum.treated.count for stratum in found if stratum.is_compared)
    return Result(verdict, interval, treated, held_out, compared, found)


def _yuan(value: float) -> Decimal:
    return Decimal(value).quantize(_CENT, ROUND_HALF_UP) + 0

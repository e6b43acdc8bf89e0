"""What may be a target, over which days, and what a lower unit may make of one handed down (domain.md 2, F01, B9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from staff.enums.targets import TargetMeasure, TargetPeriod


class Forbidden(StrEnum):
    """Why a measure can be no target."""

    POINT_IN_TIME = "point_in_time"
    RANK = "rank"


@dataclass(frozen=True, slots=True)
class Aimed:
    """How a permitted measure is aimed at: lowest and highest aim, whether more is better, whether the aims of those
    below add up to that of the unit (yuan), and the only period it is measured over (None = any)."""

    least: Decimal
    most: Decimal
    is_good_up: bool = True
    adds_up: bool = False
    only: TargetPeriod | None = None


_HUNDRED: Final = Decimal(100)
_MOST: Final = Decimal(10) ** 12
PERMITTED: Final[Mapping[str, Aimed]] = {
    TargetMeasure.ADB_GROWTH: Aimed(-_MOST, _MOST, adds_up=True),
    TargetMeasure.SATISFACTION: Aimed(Decimal(0), Decimal(10)),
    # Its base is fixed at the quarter's opening (K04).
    TargetMeasure.CHURN: Aimed(Decimal(0), _HUNDRED, is_good_up=False, only=TargetPeriod.QUARTER),
    TargetMeasure.FOLLOW_UPS: Aimed(Decimal(0), _HUNDRED),
    TargetMeasure.IN_RHYTHM: Aimed(Decimal(0), _HUNDRED),
    TargetMeasure.COMPLAINTS: Aimed(Decimal(0), _HUNDRED),
}
# Notice on month-end deviation of deposits (2018): no size on a day, no share, rank or comparison with others.
FORBIDDEN: Final[Mapping[str, Forbidden]] = {
    TargetMeasure.DAY_BALANCE: Forbidden.POINT_IN_TIME,
    TargetMeasure.MONTH_END: Forbidden.POINT_IN_TIME,
    TargetMeasure.RANK: Forbidden.RANK,
    TargetMeasure.MARKET_SHARE: Forbidden.RANK,
    TargetMeasure.PEERS: Forbidden.RANK,
}
_MONTHS: Final[Mapping[str, int]] = {TargetPeriod.MONTH: 1, TargetPeriod.QUARTER: 3, TargetPeriod.YEAR: 12}


def period_of(kind: str, day: date) -> tuple[date, date]:
    """First and last day of the calendar month, quarter or year `day` lies in."""
    months = _MONTHS[kind]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    after = first.month - 1 + months
    return first, date(first.year + after // 12, after % 12 + 1, 1) - timedelta(days=1)


def next_period(kind: str, day: date) -> tuple[date, date]:
    """The period after the one `day` lies in."""
    return period_of(kind, period_of(kind, day)[1] + timedelta(days=1))


def raises_handed_down(measure: str, *, aim: Decimal, beside: Decimal, handed: Decimal) -> bool:
    """Whether an aim asks more than what was handed down: in sum with its siblings (`beside`, yuan) where aims add
    up, by itself elsewhere."""
    aimed = PERMITTED[measure]
    if aimed.adds_up:
        return aim + beside > handed
    return aim > handed if aimed.is_good_up else aim < handed


def is_met(measure: str, aim: Decimal, value: Decimal) -> bool:
    """Whether a value reaches the aim."""
    return value >= aim if PERMITTED[measure].is_good_up else value <= aim


def share_of_time(first: date, last: date, day: date) -> int:
    """How much of the period is over at the close of `day`, in whole per cent."""
    over = min(max((day - first).days + 1, 0), (last - first).days + 1)
    return over * 100 // ((last - first).days + 1)

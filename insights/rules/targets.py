"""The fair measure of a target (product.md F01, B9): growth of the average daily balance, explained line by line.

What a manager did not bring does not count, and what they lost through no doing of theirs is not held against them:

1. Customers handed in or out change nothing (rule 4 of `insights.rules.bridge`).
2. Public holidays move money for everybody: both months are compared over the days that are none, so what holidays add
   to an average is taken out again.
3. A customer whose balance stood far above its average at a month's end and fell soon after (`Definitions.spike_...`)
   counts without the last days of that month.

All lines are yuan to the cent, and each sum is the sum of the lines above it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from core.money import ZERO, yuan
from core.workdays import Calendar
from insights.rules.bridge import CHANGES, HANDED

SHORTEST_HOLIDAY: Final = 3
_DAY: Final = timedelta(days=1)
_FRIDAY: Final = 4


@dataclass(frozen=True, slots=True)
class Growth:
    """ADB growth of a unit over a period, in yuan: `parts` by name (falls and what was handed out are negative),
    `holidays` and `spikes` what they added."""

    opening: Decimal
    closing: Decimal
    parts: Mapping[str, Decimal]
    holidays: Decimal = ZERO
    spikes: Decimal = ZERO

    @property
    def handed(self) -> Decimal:
        """Handed in less handed out."""
        return sum((self.parts.get(name, ZERO) for name in HANDED), ZERO)

    @property
    def corrections(self) -> Decimal:
        """What came in after a month was closed: the rest between both ends that no part explains."""
        return self.closing - self.opening - sum((self.parts.get(name, ZERO) for name in (*CHANGES, *HANDED)), ZERO)

    @property
    def own(self) -> Decimal:
        """Growth without hand-overs."""
        return self.closing - self.opening - self.handed

    @property
    def fair(self) -> Decimal:
        """What counts: growth without hand-overs, holidays and spikes."""
        return self.own - self.holidays - self.spikes


def holidays_between(calendar: Calendar, first: date, last: date) -> frozenset[date]:
    """Days of public holidays in first..last: days off in a row, three or more, with one from Monday to Friday."""
    found: set[date] = set()
    run: list[date] = []
    day = first - 15 * _DAY
    while day <= last + 15 * _DAY:
        if calendar.is_workday(day):
            if _is_holiday(run):
                found.update(run)
            run = []
        else:
            run.append(day)
        day += _DAY
    return frozenset(day for day in found if first <= day <= last)


def _is_holiday(run: Collection[date]) -> bool:
    return len(run) >= SHORTEST_HOLIDAY and any(day.weekday() <= _FRIDAY for day in run)


def holiday_effect(totals: Mapping[date, Decimal], holidays: Collection[date]) -> Decimal:
    """What holidays add to the average of a month's closes (yuan): the mean of all days less that of the others."""
    others = [total for day, total in totals.items() if day not in holidays]
    if not others or len(others) == len(totals):
        return ZERO
    return yuan(_mean(totals.values(), len(totals)) - _mean(others, len(others)))


def _mean(values: Iterable[Decimal], count: int) -> Decimal:
    return sum(values, ZERO) / count


def spike_effect(adb: Decimal, days: int, last_sum: Decimal, last_days: int) -> Decimal:
    """What the last days of a month added to a customer's ADB (yuan): `last_sum` is the sum of their closes.

    Never below nought: a fall at the month's end is no window-dressing.
    """
    if not 0 < last_days < days:
        return ZERO
    before = (adb * days - last_sum) / (days - last_days)
    return max(yuan(adb - before), ZERO)


def attained(aim: Decimal, value: Decimal, *, is_good_up: bool) -> int:
    """How much of the aim is reached, in whole per cent, cut off; an aim of nought or less is reached or not."""
    if is_good_up:
        return int(value * 100 / aim) if aim > 0 else 100 * (value >= aim)
    return 100 if value <= aim else int(aim * 100 / value)

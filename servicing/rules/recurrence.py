"""When a recurring follow-up falls due, days off and make-up workdays considered (product.md V04)."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from core.workdays import Calendar
from servicing.enums import Frequency, Shift

MONTHS: Final = {Frequency.MONTHLY: 1, Frequency.MONTH_END: 1, Frequency.QUARTERLY: 3, Frequency.YEARLY: 12}
# No run of days off is longer: a day moves by less than this off them.
LONGEST_BREAK: Final = timedelta(days=31)
HORIZON_YEARS: Final = 30


@dataclass(frozen=True, slots=True)
class Pattern:
    """How a follow-up recurs: `day` is a weekday 1-7 (weekly) or a day of the month 1-31 (its last day where the month
    is shorter); `every` counts weeks, months, quarters or years from the first such day on or after `starts_on`."""

    frequency: str
    starts_on: date
    every: int = 1
    day: int | None = None
    shift: str = Shift.AFTER
    until: date | None = None


def next_due(pattern: Pattern, calendar: Calendar, after: date) -> date | None:
    """The first day after `after` on which the pattern falls due; None when it is over."""
    limit = date(after.year + HORIZON_YEARS, 12, 31)
    for day in _due_days(pattern, calendar, after):
        if day > limit or (pattern.until is not None and day > pattern.until):
            return None
        if day > after and day >= pattern.starts_on:
            return day
    return None


def _due_days(pattern: Pattern, calendar: Calendar, after: date) -> Iterator[date]:
    """Days due in order, from the last ones that may lie at or before `after` on."""
    if pattern.frequency == Frequency.DAILY:
        return _workdays(calendar, max(pattern.starts_on, after))
    begin = after - LONGEST_BREAK
    weekly = pattern.frequency == Frequency.WEEKLY
    nominal = _weeks(pattern, begin) if weekly else _months(pattern, calendar, begin)
    return (_shifted(day, pattern, calendar) for day in nominal)


def _workdays(calendar: Calendar, day: date) -> Iterator[date]:
    if calendar.is_workday(day):
        yield day
    while True:
        day = calendar.next_workday(day)
        yield day


def _weeks(pattern: Pattern, begin: date) -> Iterator[date]:
    weekday = pattern.day or pattern.starts_on.isoweekday()
    first = pattern.starts_on + timedelta(days=(weekday - pattern.starts_on.isoweekday()) % 7)
    step = timedelta(days=7 * pattern.every)
    day = first + step * max(0, (begin - first) // step)
    while True:
        yield day
        day += step


def _months(pattern: Pattern, calendar: Calendar, begin: date) -> Iterator[date]:
    months, day = MONTHS[Frequency(pattern.frequency)] * pattern.every, pattern.day or pattern.starts_on.day

    def in_month(index: int) -> date:
        year, month = divmod(index, 12)
        if pattern.frequency == Frequency.MONTH_END:
            return calendar.last_workday_of_month(year, month + 1)
        return date(year, month + 1, min(day, monthrange(year, month + 1)[1]))

    first = _index(pattern.starts_on)
    if in_month(first) < pattern.starts_on:
        first += 1
    index = first + months * max(0, (_index(begin) - first) // months)
    while True:
        yield in_month(index)
        index += months


def _index(day: date) -> int:
    return day.year * 12 + day.month - 1


def _shifted(day: date, pattern: Pattern, calendar: Calendar) -> date:
    if pattern.shift == Shift.KEEP or calendar.is_workday(day):
        return day
    return calendar.add_workdays(day, 1 if pattern.shift == Shift.AFTER else -1)

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from types import MappingProxyType
from typing import Final

import holidays

# Every published year takes more than ten days out of Monday to Friday: fewer entries are corrections, not a year.
ENTERED_YEAR_DAYS: Final = 7
_DAY = timedelta(days=1)


@cache
def published_days(year: int) -> Mapping[date, bool]:
    """Days on which the published calendar departs from Monday-Friday: False = off, True = make-up workday.

    Empty for a year the library has no announcement of: its computed feast days without make-up days would mislead.
    """
    # The next year's announcement may move a workday into this December.
    library = holidays.country_holidays("CN", years=(year, year + 1))
    made_up = {day: True for day in library.weekend_workdays if day.year == year}
    if not made_up:
        return MappingProxyType({})
    off = {day: False for day in library if day.year == year and day.weekday() < 5}
    return MappingProxyType(off | made_up)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Chinese working days: what the bank entered, else what was published, else Monday to Friday."""

    overrides: Mapping[date, bool] = field(default_factory=dict)

    def knows(self, year: int) -> bool:
        """Whether the year's holidays are known: published to the library, or entered by the bank."""
        if published_days(year):
            return True
        entered = [d for d, works in self.overrides.items() if d.year == year and d.weekday() < 5 and not works]
        return len(entered) >= ENTERED_YEAR_DAYS

    def is_workday(self, day: date) -> bool:
        """Whether banks' back offices work on `day`; a year nobody announced is Monday to Friday."""
        entered = self.overrides.get(day)
        if entered is not None:
            return entered
        return published_days(day.year).get(day, day.weekday() < 5)

    def add_workdays(self, day: date, n: int) -> date:
        """The n-th workday after `day` (before it when n is negative); n = 0 gives `day` itself, workday or not."""
        step = _DAY if n > 0 else -_DAY
        left = abs(n)
        while left:
            day += step
            left -= self.is_workday(day)
        return day

    def next_workday(self, day: date) -> date:
        """The first workday after `day`, never `day` itself."""
        return self.add_workdays(day, 1)

    def last_workday_of_month(self, year: int, month: int) -> date:
        """The last workday of the month."""
        return self.add_workdays(date(year + month // 12, month % 12 + 1, 1), -1)

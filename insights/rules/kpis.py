"""Days and months of key figures: which months a figure stands on, and which past days are rolled up at once."""

from collections.abc import Iterator
from datetime import date, timedelta

DAY = timedelta(days=1)
# Of a history loaded at once: each of the last days, before them one day a week and the end of each month.
RECENT_DAYS = 35
WEEKLY = 4  # Friday


def month_of(day: date) -> date:
    """The first day of the month of `day`."""
    return day.replace(day=1)


def next_month(month: date) -> date:
    """The first day of the month after `month`."""
    return (month.replace(day=28) + 4 * DAY).replace(day=1)


def month_before(month: date) -> date:
    """The first day of the month before `month`."""
    return (month.replace(day=1) - DAY).replace(day=1)


def month_end(month: date) -> date:
    """The last day of the month that begins on `month`."""
    return next_month(month) - DAY


def months_between(first: date, last: date) -> Iterator[date]:
    """First days of the months that end within first..last, in order."""
    month = month_of(first)
    while month_end(month) <= last:
        yield month
        month = next_month(month)


def history_days(first: date, last: date) -> list[date]:
    """Days of first..last to roll up when a history is loaded at once, in order."""
    days = (first + n * DAY for n in range((last - first).days + 1))
    return [day for day in days if _is_kept(day, last)]


def _is_kept(day: date, last: date) -> bool:
    return (last - day).days < RECENT_DAYS or day.weekday() == WEEKLY or day == month_end(month_of(day))

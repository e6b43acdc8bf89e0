"""Whole periods before the running one."""

from dataclasses import dataclass
from datetime import date, timedelta

from customers.rules.periods import periods_of


@dataclass(frozen=True, slots=True)
class Span:
    """Calendar days from `first` to `last`, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1


def last_month(day: date) -> Span:
    """The whole calendar month before that of `day`."""
    last = periods_of(day).month_start - timedelta(days=1)
    return Span(last.replace(day=1), last)


def last_quarter(day: date) -> Span:
    """The whole calendar quarter before that of `day`."""
    last = periods_of(day).quarter_start - timedelta(days=1)
    return Span(periods_of(last).quarter_start, last)

"""When an occasion is due (product.md M20), and the days one night answers for.

A night after business day D prepares what goes out on the next workday W. Days to come are answered for up to W, so
that what falls on a weekend is not missed; what has happened since the workday before D is answered for, too. Nights
overlap: each occasion has a key by which it counts once.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from core.workdays import Calendar
from servicing.rules.today import birthdays

# A flow of nothing is none: the smallest amount that counts, in yuan.
SMALLEST: Final = Decimal(1)


@dataclass(frozen=True, slots=True)
class Span:
    """The days of a night: happened after `before` up to `day`; to come after `day` up to `ahead`."""

    before: date
    day: date
    ahead: date


def span_of(day: date, calendar: Calendar) -> Span:
    """The span of the night after a business day."""
    return Span(calendar.add_workdays(day, -1), day, calendar.next_workday(day))


def birthdays_in(span: Span, days: int) -> dict[tuple[int, int], date]:
    """Months and days of birth whose birthday is `days` days after one of the days to come, and that birthday."""
    first = span.day + timedelta(days=1 + days)
    return birthdays(first, (span.ahead - span.day).days - 1)

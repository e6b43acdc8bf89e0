"""Since when figures are stale (product.md K17): older than one business day."""

from datetime import date, datetime, timedelta

from core.workdays import Calendar
from insights.rules.nights import LATE_FROM

DAY = timedelta(days=1)


def expected_day(calendar: Calendar, at: datetime) -> date:
    """The day whose balances should be here by `at` (on the bank's clock): the last business day before today.

    Before branches open the night may still run: then the business day before yesterday's close is enough.
    """
    before = at.date() if at.time() >= LATE_FROM else at.date() - DAY
    return calendar.add_workdays(before, -1)

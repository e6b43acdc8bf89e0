"""When the night runs and when it is late."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

# The night of a business day starts on the next calendar day, and is late when not done by the time branches open.
NIGHT_STARTS = time(1, 30)
LATE_FROM = time(8, 0)
NIGHT_JOB = "depositcrm.night"
STEP_PREFIX = "night."
# Days the clock looks back for nights that were missed.
CATCH_UP_DAYS = 7

DAY = timedelta(days=1)


def latest_business_day(at: datetime) -> date:
    """The last day whose night may have started by `at` (a moment on the bank's clock)."""
    return at.date() - (DAY if at.time() >= NIGHT_STARTS else 2 * DAY)


def is_late(business_day: date, *, is_done: bool, at: datetime) -> bool:
    """Whether the night of the day should have been done by `at` and is not."""
    opens = datetime.combine(business_day + DAY, LATE_FROM, at.tzinfo)
    return not is_done and at >= opens


def nights_due(*, fed: Iterable[date], started: Iterable[date], at: datetime) -> list[date]:
    """Business days whose night should start now, oldest first.

    Only days that were fed, a week back at most, each once: a night that was started is left to its own retries.
    Before the first night of all nothing is made up for but the latest day.
    """
    until, begun = latest_business_day(at), set(started)
    oldest = until - CATCH_UP_DAYS * DAY
    known = sorted(day for day in set(fed) if oldest < day <= until)
    first = min(begun) if begun else known[-1] if known else until
    return [day for day in known if day >= first and day not in begun]

"""How fresh a board's figures are: the ledger, each kind of feed, and the night."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.timezone import localtime

from core.calendar import bank_calendar
from core.memo import once_a_request
from core.workdays import Calendar
from customers.enums import FeedKind, FeedStatus
from customers.models import FedDay, Feed
from customers.queries import ledger_day
from insights.queries.nights import Night, latest_night
from insights.rules.freshness import expected_day

DAY = timedelta(days=1)
# What comes every business day; the others come when something changes.
DAILY = (FeedKind.BALANCES,)


@dataclass(frozen=True, slots=True)
class Fed:
    """The latest feed of a kind: the business day it is of, when it was imported, its rows; for balances the latest
    full one. None = never."""

    kind: FeedKind
    on: date | None
    at: datetime | None
    rows: int
    is_stale: bool

    @property
    def label(self) -> str:
        """The kind in words."""
        return str(self.kind.label)


@dataclass(frozen=True, slots=True)
class Freshness:
    """The day the figures are of (None = no balances yet), stale when older than one business day, and the feeds."""

    as_of: date | None
    is_stale: bool
    expected: date
    feeds: Sequence[Fed]
    night: Night


def is_stale(day: date, at: datetime) -> bool:
    """Whether balances of `day` are older than one business day at `at`."""
    # Yesterday's are never: the calendar is read for older ones only.
    return day < localtime(at).date() - DAY and day < _expected(at)


def freshness(*, at: datetime) -> Freshness:
    """The strip of every board."""
    day, expected = ledger_day(), _expected(at)
    return Freshness(day, day is None or day < expected, expected, _feeds(expected), latest_night(at=at))


def _expected(at: datetime) -> date:
    return expected_day(_calendar(), localtime(at))


@once_a_request
def _calendar() -> Calendar:
    return bank_calendar()


def _feeds(expected: date) -> list[Fed]:
    done = Feed.objects.filter(status=FeedStatus.COMMITTED).order_by("kind", "-business_date", "-pk").distinct("kind")
    latest = {feed.kind: feed for feed in done}
    full = FedDay.objects.filter(is_full=True).order_by("-on").values_list("on", flat=True).first()
    return [_fed(kind, latest.get(kind.value), full, expected) for kind in FeedKind if kind.value in latest or full]


def _fed(kind: FeedKind, feed: Feed | None, full: date | None, expected: date) -> Fed:
    on = full if kind == FeedKind.BALANCES else feed.business_date if feed else None
    late = kind in DAILY and (on is None or on < expected)
    return Fed(kind, on, feed.finished_at if feed else None, feed.rows if feed else 0, late)

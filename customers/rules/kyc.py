"""When a customer's papers and reviews fall due, and how urgent that is (domain.md 7 and 8).

Intervals of 6/12/24/48 months and 90 days of grace are a published example, not law: each bank sets its own.
"""

import unicodedata
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from customers.enums import KycNotice

GRADES: Final = ("high", "medium_high", "medium", "low")
LONGEST: Final = 120

BUILT_IN: Final[Mapping[str, Any]] = {
    "months": {"high": 6, "medium_high": 12, "medium": 24, "low": 48},
    "other_months": 24,
    "words": {
        "high": ["高", "高风险", "high", "H", "R5", "5"],
        "medium_high": ["较高", "中高", "较高风险", "中高风险", "medium-high", "R4", "4"],
        "medium": ["中", "中等", "中风险", "medium", "M", "R3", "3"],
        "low": ["低", "较低", "中低", "低风险", "low", "L", "R2", "R1", "2", "1"],
    },
    # Reviews that fell due before this day were kept elsewhere.
    "counted_from": "2026-01-01",
    "notice_days": [90, 30, 0],
    "grace_days": 90,
}


@dataclass(frozen=True, slots=True)
class KycPolicy:
    """Review intervals in months by grade word (folded), days of notice before a due day, days of grace after it."""

    months_by_word: Mapping[str, int]
    other_months: int
    counted_from: date
    notice_days: tuple[int, int, int]
    grace_days: int

    @property
    def horizon_days(self) -> int:
        """How long before its day something is noticed first."""
        return self.notice_days[0]


def read_kyc(values: Mapping[str, Any]) -> KycPolicy:
    """The rules that these values are. Raises ValueError with the name of the value that makes no sense."""
    months, words = _months(values), values.get("words")
    by_word: dict[str, int] = {}
    for grade in GRADES:
        written = words.get(grade) if isinstance(words, Mapping) else None
        if not isinstance(written, list | tuple) or not written:
            raise ValueError(f"words.{grade}")
        for word in written:
            if not fold(str(word)) or by_word.setdefault(fold(str(word)), months[grade]) != months[grade]:
                raise ValueError(f"words.{grade}")
    return KycPolicy(
        months_by_word=by_word,
        other_months=_whole(values, "other_months", 1, LONGEST),
        counted_from=_day(values),
        notice_days=_notices(values),
        grace_days=_whole(values, "grace_days", 0, 366),
    )


def _months(values: Mapping[str, Any]) -> dict[str, int]:
    given = values.get("months")
    if not isinstance(given, Mapping):
        raise ValueError("months.high")
    found: dict[str, int] = {}
    for grade in GRADES:
        months = given.get(grade)
        shortest = max(found.values(), default=1)
        # A higher risk is never looked at more seldom than a lower one.
        if not isinstance(months, int) or not shortest <= months <= LONGEST:
            raise ValueError(f"months.{grade}")
        found[grade] = months
    return found


def _whole(values: Mapping[str, Any], name: str, least: int, most: int) -> int:
    number = values.get(name)
    if not isinstance(number, int) or not least <= number <= most:
        raise ValueError(name)
    return number


def _notices(values: Mapping[str, Any]) -> tuple[int, int, int]:
    days = values.get("notice_days")
    if not isinstance(days, list | tuple) or len(days) != 3 or not all(isinstance(n, int) for n in days):
        raise ValueError("notice_days")
    first, second, last = days
    if not 366 >= first > second > last == 0:
        raise ValueError("notice_days")
    return first, second, last


def _day(values: Mapping[str, Any]) -> date:
    try:
        return date.fromisoformat(str(values.get("counted_from")))
    except ValueError:
        raise ValueError("counted_from") from None


def fold(word: str) -> str:
    """A grade as the feed writes it, made comparable: half width, no blanks around, small letters."""
    return unicodedata.normalize("NFKC", word).strip().lower()


def interval_of(grade: str, policy: KycPolicy) -> int:
    """Months between two reviews of a customer of this grade; an unknown or empty grade has an interval of its own."""
    return policy.months_by_word.get(fold(grade), policy.other_months)


def add_months(day: date, months: int) -> date:
    """The same day so many months later; the last of the month where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def review_due(reviewed_on: date | None, since: date, grade: str, policy: KycPolicy) -> date:
    """The day of the next review: an interval after the last one.

    Without one, the first whole number of intervals after `since` (the opening day) that is not before the day from
    which reviews are counted here: earlier ones were made and kept elsewhere.
    """
    interval = interval_of(grade, policy)
    if reviewed_on is not None:
        return add_months(reviewed_on, interval)
    start = policy.counted_from
    between = (start.year - since.year) * 12 + start.month - since.month
    intervals = max(1, between // interval)
    due = add_months(since, intervals * interval)
    return due if due >= start else add_months(since, (intervals + 1) * interval)


def notice_of(due_on: date, day: date, policy: KycPolicy) -> KycNotice | None:
    """How urgent something due on `due_on` is on `day`; None = nobody need be told yet.

    A document is still good on its last day; the grace begins the day after.
    """
    left = (due_on - day).days
    first, second, _last = policy.notice_days
    if left > first:
        return None
    if left > second:
        return KycNotice.FIRST
    if left > 0:
        return KycNotice.SECOND
    if left == 0:
        return KycNotice.DUE
    return KycNotice.OVERDUE if -left <= policy.grace_days else KycNotice.SUSPEND


def due_between(notice: str, day: date, policy: KycPolicy) -> tuple[date, date]:
    """The due days, both included, of what has come as far as `notice` on `day`: `notice_of` turned round."""
    first, second, _last = policy.notice_days
    left = {
        KycNotice.FIRST: (second + 1, first),
        KycNotice.SECOND: (1, second),
        KycNotice.DUE: (0, 0),
        KycNotice.OVERDUE: (-policy.grace_days, -1),
    }
    if notice == KycNotice.SUSPEND:
        return date.min, day - timedelta(days=policy.grace_days + 1)
    least, most = left[KycNotice(notice)]
    return day + timedelta(days=least), day + timedelta(days=most)

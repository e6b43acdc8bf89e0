"""Recurring days under make-up workdays, month ends, leap years and turns of the year."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.workdays import Calendar
from servicing.enums import Frequency, Shift
from servicing.rules.recurrence import Pattern, next_due

PUBLISHED = Calendar()


def days(pattern: Pattern, count: int, calendar: Calendar = PUBLISHED) -> list[str]:
    """The first days on which a pattern falls due."""
    found: list[str] = []
    after = pattern.starts_on - timedelta(days=1)
    while len(found) < count and (day := next_due(pattern, calendar, after)) is not None:
        found.append(day.isoformat())
        after = day
    return found


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        # 2025-09-28 is a Sunday worked for the National Day week, 2025-01-26 one for the Spring Festival.
        (Pattern("month_end", date(2025, 8, 30)), ["2025-09-30", "2025-10-31", "2025-11-28", "2025-12-31"]),
        (Pattern("month_end", date(2024, 2, 1)), ["2024-02-29", "2024-03-29", "2024-04-30"]),
        (Pattern("daily", date(2025, 9, 26)), ["2025-09-26", "2025-09-28", "2025-09-29", "2025-09-30", "2025-10-09"]),
        (Pattern("weekly", date(2025, 9, 24), day=3), ["2025-09-24", "2025-10-09", "2025-10-15"]),
        (Pattern("weekly", date(2025, 9, 24), day=3, shift="before"), ["2025-09-24", "2025-09-30", "2025-10-15"]),
        (Pattern("weekly", date(2025, 9, 24), day=3, shift="keep"), ["2025-09-24", "2025-10-01", "2025-10-08"]),
        (Pattern("weekly", date(2025, 12, 29), every=2, day=5), ["2026-01-04", "2026-01-16", "2026-01-30"]),
        (Pattern("monthly", date(2025, 1, 31), day=31), ["2025-02-05", "2025-02-28", "2025-03-31"]),
        (Pattern("monthly", date(2024, 1, 30), day=30, shift="before"), ["2024-01-30", "2024-02-29", "2024-03-29"]),
        (Pattern("quarterly", date(2025, 11, 20), day=15), ["2025-12-15", "2026-03-16", "2026-06-15"]),
        (Pattern("yearly", date(2024, 2, 29), day=29), ["2024-02-29", "2025-02-28", "2026-02-28"]),
        (Pattern("monthly", date(2025, 1, 10), day=10, until=date(2025, 2, 20)), ["2025-01-10", "2025-02-10"]),
    ],
)
def test_days_due(pattern: Pattern, expected: list[str]) -> None:
    assert days(pattern, len(expected) + (pattern.until is not None)) == expected


def test_what_the_bank_entered_counts() -> None:
    """The last day of a month entered as a day off moves the month's end; a Saturday entered as worked is one."""
    own = Calendar({date(2025, 11, 28): False, date(2025, 11, 29): True})

    assert days(Pattern("month_end", date(2025, 11, 1)), 1, own) == ["2025-11-29"]


@settings(max_examples=60, deadline=None)
@given(
    frequency=st.sampled_from(list(Frequency)),
    shift=st.sampled_from(list(Shift)),
    starts_on=st.dates(date(2023, 1, 1), date(2026, 12, 31)),
    every=st.integers(1, 3),
    day=st.none() | st.integers(1, 7),
    later=st.integers(0, 900),
)
def test_each_day_comes_after_the_one_before(
    frequency: Frequency, shift: Shift, starts_on: date, every: int, day: int | None, later: int
) -> None:
    """Days rise, lie on workdays unless kept, and asking from any day gives the next of the same days."""
    pattern = Pattern(frequency, starts_on, every, day, shift)
    found = [date.fromisoformat(text) for text in days(pattern, 8)]

    assert found == sorted(set(found))
    assert found[0] >= starts_on
    if shift != Shift.KEEP or frequency in {Frequency.DAILY, Frequency.MONTH_END}:
        assert all(PUBLISHED.is_workday(one) for one in found)
    after = starts_on + timedelta(days=later % max(1, (found[-1] - starts_on).days))
    assert next_due(pattern, PUBLISHED, after) == next(one for one in found if one > after)

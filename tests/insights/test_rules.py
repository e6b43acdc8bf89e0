"""When nights are due and late, and which moves stand out."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from core.clock import SHANGHAI
from insights.rules import moves, nights


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of November 2026."""
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


def nov(*days: int) -> list[date]:
    """Days of November 2026."""
    return [date(2026, 11, day) for day in days]


@pytest.mark.parametrize(
    ("moment", "day"), [(at(21, 1, 29), 19), (at(21, 1, 30), 20), (at(21, 23, 59), 20), (at(22, 0, 0), 20)]
)
def test_the_night_of_a_day_starts_at_half_past_one_on_the_next(moment: datetime, day: int) -> None:
    assert nights.latest_business_day(moment) == date(2026, 11, day)


@pytest.mark.parametrize(
    ("moment", "is_done", "late"),
    [
        (at(21, 7, 59), False, False),
        (at(21, 8, 0), False, True),
        (at(21, 8, 0), True, False),
        (at(25, 0, 0), False, True),
    ],
)
def test_a_night_is_late_when_branches_open(moment: datetime, is_done: bool, late: bool) -> None:
    assert nights.is_late(date(2026, 11, 20), is_done=is_done, at=moment) is late


@pytest.mark.parametrize(
    ("fed", "started", "moment", "due"),
    [
        # the ordinary night, and nothing twice
        (nov(19, 20), nov(19), at(21, 1, 30), nov(20)),
        (nov(19, 20), nov(19, 20), at(21, 1, 31), []),
        # too early, and for days not fed not at all
        (nov(19, 20), nov(19), at(21, 1, 29), []),
        (nov(19), nov(19), at(21, 12), []),
        # the first night of all makes up for nothing
        (nov(10, 18, 20), [], at(21, 2), nov(20)),
        ([], [], at(21, 2), []),
        # missed days are made up for, oldest first; a late feed of a skipped day too
        (nov(18, 19, 20), nov(17), at(21, 2), nov(18, 19, 20)),
        (nov(18, 19, 20), nov(17, 19, 20), at(21, 2), nov(18)),
        # but a week back at most, and never before the first night
        (nov(10, 13, 14, 20), nov(9), at(21, 2), nov(14, 20)),
        (nov(15, 20), nov(17), at(21, 2), nov(20)),
        # a feed of a day to come waits
        (nov(20, 21, 25), nov(19), at(21, 2), nov(20)),
    ],
)
def test_nights_due(fed: list[date], started: list[date], moment: datetime, due: list[date]) -> None:
    assert nights.nights_due(fed=fed, started=started, at=moment) == due


@pytest.mark.parametrize(
    ("before", "after", "is_jump"),
    [
        ("0", "50000", True),
        ("0", "49999.99", False),
        ("250000", "300000", False),
        ("200000", "250000", True),
        ("250000", "200000", True),
        ("1000000", "800000", True),
        ("1000000", "800000.01", False),
        ("-20000", "40000", True),
        ("60000", "60000", False),
    ],
)
def test_a_jump_is_large_in_yuan_and_in_share(before: str, after: str, is_jump: bool) -> None:
    assert moves.is_jump(Decimal(before), Decimal(after)) is is_jump


@pytest.mark.parametrize(
    ("day", "opening"),
    [
        (date(2026, 11, 20), date(2026, 10, 31)),
        (date(2026, 11, 1), date(2026, 10, 31)),
        (date(2026, 1, 31), date(2025, 12, 31)),
        (date(2028, 3, 1), date(2028, 2, 29)),
    ],
)
def test_a_month_opens_with_the_close_of_the_one_before(day: date, opening: date) -> None:
    assert moves.month_opening(day) == opening

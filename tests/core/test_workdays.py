from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.workdays import ENTERED_YEAR_DAYS, Calendar, published_days

PLAIN = Calendar()
days = st.dates(date(2024, 1, 1), date(2028, 12, 31))


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 1, 1), False),
        (date(2026, 1, 2), False),
        (date(2026, 1, 4), True),  # Sunday made up for 2 January
        (date(2026, 1, 5), True),
        (date(2026, 2, 14), True),  # Saturday before Spring Festival
        (date(2026, 2, 16), False),
        (date(2026, 2, 23), False),
        (date(2026, 2, 28), True),
        (date(2026, 9, 20), True),
        (date(2026, 10, 7), False),
        (date(2026, 10, 10), True),
        (date(2026, 10, 11), False),
        (date(2026, 11, 20), True),
        (date(2026, 11, 21), False),
    ],
)
def test_published_year_has_its_holidays_and_make_up_workdays(day: date, works: bool) -> None:
    assert PLAIN.is_workday(day) is works


@pytest.mark.parametrize("year", [1900, 2030, 2101, 9999])
def test_a_year_nobody_announced_is_monday_to_friday(year: int) -> None:
    first = date(year, 1, 1)

    assert PLAIN.knows(year) is False
    assert [PLAIN.is_workday(d) for d in (first + timedelta(n) for n in range(365))] == [
        (first + timedelta(n)).weekday() < 5 for n in range(365)
    ]


def test_a_year_is_known_once_the_bank_has_entered_it() -> None:
    entered = {date(2030, 10, n): False for n in (1, 2, 3, 4, 7, 8, 9)}
    assert len(entered) == ENTERED_YEAR_DAYS

    assert Calendar(entered).knows(2030) is True
    assert Calendar(dict(list(entered.items())[1:])).knows(2030) is False
    assert Calendar(entered).knows(2031) is False
    assert Calendar().knows(2026) is True


def test_what_the_bank_entered_goes_before_what_was_published() -> None:
    calendar = Calendar({date(2026, 10, 10): False, date(2026, 10, 7): True, date(2030, 1, 1): False})

    assert [calendar.is_workday(d) for d in calendar.overrides] == [False, True, False]


def test_a_december_workday_made_up_for_next_january_belongs_to_december() -> None:
    assert published_days(2006)[date(2006, 12, 30)] is True


def test_published_days_are_departures_from_monday_to_friday_only() -> None:
    published = published_days(2026)

    assert {(d.weekday() < 5) == works for d, works in published.items()} == {False}
    assert {d.year for d in published} == {2026}
    assert published_days(2026) is published


@pytest.mark.parametrize(
    ("day", "n", "expected"),
    [
        (date(2026, 11, 20), 0, date(2026, 11, 20)),
        (date(2026, 11, 21), 0, date(2026, 11, 21)),
        (date(2026, 11, 20), 1, date(2026, 11, 23)),
        (date(2026, 9, 30), 1, date(2026, 10, 8)),
        (date(2026, 9, 30), 3, date(2026, 10, 10)),
        (date(2026, 10, 8), -1, date(2026, 9, 30)),
        (date(2026, 2, 13), 1, date(2026, 2, 14)),
        (date(2026, 2, 14), 1, date(2026, 2, 24)),
        (date(2026, 12, 31), 1, date(2027, 1, 1)),
    ],
)
def test_adds_workdays_over_holidays(day: date, n: int, expected: date) -> None:
    assert PLAIN.add_workdays(day, n) == expected


def test_next_workday_is_never_the_day_itself() -> None:
    assert [PLAIN.next_workday(d) for d in (date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 21))] == [
        date(2026, 11, 20),
        date(2026, 11, 23),
        date(2026, 11, 23),
    ]


@pytest.mark.parametrize(
    ("year", "month", "expected"),
    [
        (2026, 1, date(2026, 1, 30)),
        (2026, 2, date(2026, 2, 28)),  # a Saturday made up
        (2026, 5, date(2026, 5, 29)),
        (2026, 9, date(2026, 9, 30)),
        (2026, 12, date(2026, 12, 31)),
        (2024, 2, date(2024, 2, 29)),
    ],
)
def test_last_workday_of_the_month(year: int, month: int, expected: date) -> None:
    assert PLAIN.last_workday_of_month(year, month) == expected


@given(days, st.integers(-60, 60), st.dictionaries(days, st.booleans(), max_size=20))
def test_adding_workdays_agrees_with_counting_them(day: date, n: int, overrides: dict[date, bool]) -> None:
    calendar = Calendar(overrides)
    got = calendar.add_workdays(day, n)
    passed = [min(day, got) + timedelta(k) for k in range(abs((got - day).days) + 1)]
    passed.remove(day)

    assert sum(calendar.is_workday(d) for d in passed) == abs(n)
    assert n == 0 or calendar.is_workday(got)


@given(days, st.integers(1, 40))
def test_going_there_and_back_from_a_workday_returns(day: date, n: int) -> None:
    start = PLAIN.next_workday(day)

    assert PLAIN.add_workdays(PLAIN.add_workdays(start, n), -n) == start

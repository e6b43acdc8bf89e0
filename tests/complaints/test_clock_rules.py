"""P02, P03, P06: the clocks of a complaint, day by day beside a slow calendar."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints.rules import clocks as rules
from complaints.rules.clocks import BUILT_IN, first_clocks, read_clocks, reopened_clocks
from core.clock import SHANGHAI
from core.workdays import Calendar

RULES = read_clocks(BUILT_IN)
KNOWN = Calendar()
D = date.fromisoformat
DAYS = st.dates(date(2023, 12, 1), date(2031, 3, 1))
OVERRIDES = st.dictionaries(st.dates(date(2025, 12, 20), date(2026, 3, 10)), st.booleans(), max_size=12)


@pytest.mark.parametrize(
    ("received", "law", "internal", "contact"),
    [
        # New Year 2026: the law counts every day; 1 to 3 January off, Sunday the 4th is a make-up workday.
        ("2025-12-25", "2026-01-09", "2026-01-09", "2025-12-26"),
        ("2025-12-31", "2026-01-15", "2026-01-15", "2026-01-04"),
        # Spring Festival 2026: 15 to 23 February off, the Saturdays 14 and 28 February are worked.
        ("2026-02-13", "2026-02-28", "2026-03-05", "2026-02-14"),
        ("2026-02-14", "2026-03-01", "2026-03-06", "2026-02-24"),
        # A leap day is a day.
        ("2028-02-20", "2028-03-06", "2028-03-03", "2028-02-21"),
        # Nobody has announced 2029 yet: Monday to Friday.
        ("2028-12-29", "2029-01-13", "2029-01-12", "2029-01-01"),
    ],
)
def test_both_clocks_begin_on_the_day_it_was_received(received: str, law: str, internal: str, contact: str):
    found = first_clocks(received_on=D(received), tier=0, grade=1, calendar=KNOWN, rules=RULES)
    assert (found.due_on, found.internal_due_on, found.contact_due_on) == (D(law), D(internal), D(contact))
    assert (found.due_days, found.internal_days) == (15, 10)
    again = reopened_clocks(reopened_on=D(received), tier=0, grade=1, calendar=KNOWN, rules=RULES)
    assert again == found


def test_the_internal_clock_goes_by_tier_and_grade():
    found = [(tier, [RULES.internal_days(tier=tier, grade=grade) for grade in (1, 2, 3)]) for tier in (0, 3, 4, 5, 9)]
    assert found == [(0, [10, 7, 3]), (3, [10, 7, 3]), (4, [7, 5, 2]), (5, [7, 5, 2]), (9, [5, 3, 2])]


@given(received=DAYS, tier=st.integers(0, 9), grade=st.sampled_from([1, 2, 3]), overrides=OVERRIDES)
@settings(max_examples=60, deadline=None)
def test_clocks_equal_counting_day_by_day(received: date, tier: int, grade: int, overrides: dict[date, bool]):
    calendar = Calendar(overrides)
    found = first_clocks(received_on=received, tier=tier, grade=grade, calendar=calendar, rules=RULES)
    assert (found.due_on - received).days == RULES.statutory_days
    for due_on, days in ((found.internal_due_on, found.internal_days), (found.contact_due_on, 1)):
        day, left = received, days
        while left:
            day += timedelta(days=1)
            left -= 1 if calendar.is_workday(day) else 0
        assert due_on == day
        assert rules.workdays_between(calendar, received, due_on) == days
        assert rules.workdays_between(calendar, due_on, received) == -days


@given(
    began=st.dates(date(2025, 12, 1), date(2026, 3, 1)),
    steps=st.lists(st.integers(0, 9), max_size=8),
    overrides=OVERRIDES,
)
@settings(max_examples=60, deadline=None)
def test_a_pause_gives_each_workday_it_took_and_no_other(began: date, steps: list[int], overrides: dict[date, bool]):
    calendar, day, stood = Calendar(overrides), began, set()
    marks = [day := day + timedelta(days=step) for step in steps]
    pauses = list(zip(marks[::2], marks[1::2], strict=False))
    for first, last in pauses:
        stood |= {first + timedelta(days=n + 1) for n in range((last - first).days)}
    worked = sum(calendar.is_workday(one) for one in stood)
    paused = rules.paused_workdays(calendar, pauses, began=began)
    due_on = rules.internal_deadline(began=began, days=10, paused=paused, calendar=calendar)
    assert paused == worked
    assert rules.workdays_between(calendar, began, due_on) == 10 + worked
    # Pauses of an earlier round give the new one nothing.
    assert rules.paused_workdays(calendar, pauses, began=max(marks, default=began)) == 0


def test_an_extension_moves_the_deadline_and_never_the_beginning():
    began, days = D("2025-12-25"), 15
    for more, due_on in ((RULES.complex_days, "2026-01-24"), (RULES.special_days, "2026-02-23")):
        days += more
        assert rules.deadline(began=began, days=days) == D(due_on)
        assert rules.began_on(due_on=D(due_on), due_days=days) == began


@pytest.mark.parametrize(
    ("kind", "granted", "day", "possible"),
    [
        ("complex", [], "2026-01-09", True),
        ("complex", [], "2026-01-10", False),
        ("complex", ["complex"], "2026-01-09", False),
        ("special", [], "2026-01-09", False),
        ("special", ["complex"], "2026-01-09", True),
        ("special", ["complex", "special"], "2026-01-09", False),
    ],
)
def test_more_time_once_each_in_order_and_before_the_deadline(kind: str, granted: list[str], day: str, possible: bool):
    assert rules.may_extend(kind, granted=granted, due_on=D("2026-01-09"), day=D(day)) is possible


def _at(hour: float) -> datetime:
    return datetime(2026, 11, 20, 9, tzinfo=SHANGHAI) + timedelta(hours=hour)


@pytest.mark.parametrize(
    ("tries", "counts"),
    [
        ([], None),
        ([(0, "no_answer"), (2, "no_answer")], None),
        ([(0, "no_answer"), (1.9, "no_answer"), (4, "wrong")], None),
        ([(0, "no_answer"), (2, "wrong"), (4, "no_answer")], D("2026-11-20")),
        ([(0, "no_answer"), (1, "no_answer"), (3, "no_answer"), (16, "no_answer")], D("2026-11-21")),
        ([(16, "reached"), (0, "no_answer")], D("2026-11-21")),
        ([(0, "reached"), (16, "no_answer")], D("2026-11-20")),
    ],
)
def test_reached_or_tried_three_times_at_different_times(tries: list[tuple[float, str]], counts: date | None):
    made = [(_at(hour), result) for hour, result in tries]
    assert rules.contacted_on(made, tries=3, apart_hours=2, day_of=datetime.date) == counts


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"statutory_days": 16}, "statutory_days"),
        ({"complex_days": True}, "complex_days"),
        ({"special_days": 31}, "special_days"),
        ({"review_window": 29}, "review_window"),
        ({"internal": []}, "internal"),
        ({"internal": [[1, 5, 3, 2]]}, "internal"),
        ({"internal": [[0, 5, 6, 2]]}, "internal"),
        ({"internal": [[0, 5, 3, 2], [0, 4, 3, 2]]}, "internal"),
        ({"internal": [[0, 61, 3, 2]]}, "internal"),
    ],
)
def test_numbers_that_make_no_clock(changes: dict[str, object], fault: str):
    with pytest.raises(ValueError, match=f"^{fault}$"):
        read_clocks({**BUILT_IN, **changes})

from datetime import date

import pytest

from core.calendar import bank_calendar, clear_day, set_day
from core.models import TrailEntry
from core.trail import Actor
from tests.factories import NOW

pytestmark = pytest.mark.django_db
ADMIN = Actor(1, "A1")
MAKE_UP = date(2026, 10, 10)  # a Saturday the State Council made a working day
TUESDAY = date(2026, 11, 24)


def test_the_published_calendar_holds_without_rows() -> None:
    calendar = bank_calendar()
    assert [calendar.is_workday(d) for d in (MAKE_UP, TUESDAY, date(2026, 10, 1))] == [True, True, False]


def test_an_override_wins_and_its_removal_brings_the_published_day_back() -> None:
    set_day(on=TUESDAY, is_workday=False, note="台风停业", actor=ADMIN, at=NOW)
    assert bank_calendar().is_workday(TUESDAY) is False
    clear_day(on=TUESDAY, actor=ADMIN, at=NOW)
    clear_day(on=TUESDAY, actor=ADMIN, at=NOW)
    assert bank_calendar().is_workday(TUESDAY) is True


def test_each_change_is_in_the_trail_with_what_it_was() -> None:
    set_day(on=TUESDAY, is_workday=False, note="台风停业", actor=ADMIN, at=NOW)
    set_day(on=TUESDAY, is_workday=True, note="", actor=ADMIN, at=NOW)
    clear_day(on=TUESDAY, actor=ADMIN, at=NOW)
    found = TrailEntry.objects.order_by("id").values_list("action", "subject_id", "changes", "reason")
    assert list(found) == [
        ("change", "2026-11-24", {"is_workday": [None, False]}, "台风停业"),
        ("change", "2026-11-24", {"is_workday": [False, True]}, ""),
        ("delete", "2026-11-24", {"is_workday": [True, None]}, ""),
    ]

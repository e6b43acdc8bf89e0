"""The page of working days: everybody of the office reads, administrators enter and take back."""

from collections.abc import Callable

import pytest
from django.test import Client

from core.calendar import bank_calendar
from core.clock import today
from core.models import CalendarDay

pytestmark = pytest.mark.django_db
ADDRESS = "/calendar/"
AsRole = Callable[..., Client]


def test_an_entry_takes_effect_and_can_be_taken_back(as_role: AsRole) -> None:
    admin = as_role("admin")
    day = today().replace(month=8, day=3)
    while day.weekday() > 4:
        day = day.replace(day=day.day + 1)
    answer = admin.post(ADDRESS, {"on": day.isoformat(), "is_workday": "0", "note": "台风停业"})
    assert answer.status_code == 302
    assert bank_calendar().is_workday(day) is False
    assert "台风停业" in admin.get(ADDRESS).content.decode()

    assert admin.post(f"{ADDRESS}{day}/clear/").status_code == 302
    assert bank_calendar().is_workday(day) is True


def test_bad_input_is_named_and_kept(as_role: AsRole) -> None:
    answer = as_role("admin").post(ADDRESS, {"on": "x", "is_workday": "1", "note": "校庆"})
    assert answer.status_code == 200
    assert "校庆" in answer.content.decode()
    assert not CalendarDay.objects.exists()


def test_a_year_nobody_published_is_said_to_be_unknown(as_role: AsRole) -> None:
    admin, year = as_role("admin"), today().year + 3
    admin.cookies["language"] = "en"
    assert "are not published yet" in admin.get(ADDRESS, {"year": year}).content.decode()
    assert "are not published yet" not in admin.get(ADDRESS, {"year": 2025}).content.decode()


def test_head_office_reads_only(as_role: AsRole) -> None:
    hq = as_role("head_office")
    assert hq.get(ADDRESS).status_code == 200
    assert hq.post(ADDRESS, {"on": "2026-08-03", "is_workday": "0", "note": "x"}).status_code == 403
    assert hq.post(f"{ADDRESS}2026-08-03/clear/").status_code == 403
    assert as_role("teller").get(ADDRESS).status_code == 403

"""K17: figures older than one business day are red on every board, and what was fed when stands beside."""

from datetime import date, datetime

import pytest
from django.test import Client
from django.urls import reverse

from core.clock import SHANGHAI
from core.workdays import Calendar
from customers.models import FedDay, Feed
from insights.queries import freshness
from insights.rules.freshness import expected_day
from tests.factories import NOW, TODAY, make_user
from tests.insights.books import DAY

# Monday the 16th to Friday the 20th of November 2026 are business days.
MONDAY = date(2026, 11, 16)


@pytest.mark.parametrize(
    ("day", "hour", "expected"),
    [
        (MONDAY, 9, date(2026, 11, 13)),  # the weekend brings no balances
        (MONDAY, 7, date(2026, 11, 13)),
        (MONDAY + DAY, 9, MONDAY),
        (MONDAY + DAY, 7, date(2026, 11, 13)),  # the night may still run
        (MONDAY + DAY, 8, MONDAY),
        (date(2026, 11, 22), 12, date(2026, 11, 20)),
        (date(2026, 10, 8), 12, date(2026, 9, 30)),  # the national holidays
    ],
)
def test_the_last_business_day_is_expected(day: date, hour: int, expected: date) -> None:
    assert expected_day(Calendar(), datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI)) == expected


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["manager", "branch_head", "head_office", "admin", "compliance"])
def test_every_board_says_how_fresh_it_is(client: Client, monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    monkeypatch.setattr("insights.views.homes.now", lambda: NOW)
    monkeypatch.setattr("depositcrm.shell.now", lambda: NOW)
    client.force_login(make_user(role=role), backend="staff.backends.StaffBackend")

    def strip() -> freshness.Freshness:
        page = client.get(reverse("insights:home"))
        fresh: freshness.Freshness = page.context["fresh"]
        red = 'class="fresh is-bad"' in page.content.decode()
        assert red == fresh.is_stale
        # The frame around every page says the same.
        assert fresh.as_of is None or bool(page.context["freshness"].stale) == fresh.is_stale
        return fresh

    assert (strip().as_of, strip().is_stale) == (None, True)
    FedDay.objects.create(on=TODAY - 2 * DAY, is_full=True)
    assert strip().is_stale
    FedDay.objects.create(on=TODAY - DAY, is_full=False)
    Feed.objects.create(
        kind="customers",
        business_date=TODAY - 9 * DAY,
        status="committed",
        rows=7,
        file_name="c.csv",
        actor_no="N",
        created_at=NOW,
        finished_at=NOW,
    )
    fresh = strip()
    assert (fresh.as_of, fresh.is_stale) == (TODAY - DAY, False)
    # The ledger is there, but no full file of balances since the day before: red by itself.
    assert {(fed.kind, fed.on, fed.rows, fed.is_stale) for fed in fresh.feeds if fed.on} == {
        ("customers", TODAY - 9 * DAY, 7, False),
        ("balances", TODAY - 2 * DAY, 0, True),
    }

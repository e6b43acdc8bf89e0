"""The calendar of follow-ups and maturities, and its feed."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core.clock import today as present_day
from core.ics import folded
from customers.models import FedDay
from servicing.models import FollowUp, Maturity
from servicing.queries.agenda import Choice, agenda, month_span
from staff.models import ApiToken, User
from tests.factories import (
    NOW,
    TODAY,
    make_account,
    make_branch,
    make_customer,
    make_head_office,
    make_product,
    make_user,
)

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
AGENDA, DAY = "servicing:agenda", timedelta(days=1)


@pytest.fixture
def manager() -> User:
    return make_user(role="manager", branch=make_branch(parent=make_head_office()), language="en", name="王经理")


def due(owner: User, on: date, **fields: Any) -> FollowUp:
    customer = fields.pop("customer", None) or make_customer(manager=owner, name="张明辉")
    return FollowUp.everything.create(
        customer=customer, owner=owner, due_on=on, title=f"事项{on}", created_at=NOW, **fields
    )


def matures(owner: User, on: date, amount: int) -> None:
    customer = make_customer(manager=owner, name="李成")
    term = {"matures_on": on, "value_date": on - 365 * DAY}
    make_account(customer=customer, product=make_product(kind="term"), balance=amount, **term)


@pytest.mark.parametrize(
    ("first", "start", "end"),
    [
        (date(2026, 11, 1), date(2026, 10, 26), date(2026, 12, 6)),
        (date(2027, 2, 1), date(2027, 2, 1), date(2027, 2, 28)),
        (date(2026, 12, 1), date(2026, 11, 30), date(2027, 1, 3)),
    ],
)
def test_a_month_in_whole_weeks(first: date, start: date, end: date) -> None:
    assert month_span(first) == (start, end)


def test_counts_by_day_and_their_sums(manager: User) -> None:
    FedDay.objects.create(on=TODAY, is_full=True)
    colleague = make_user(role="manager", branch=manager.branch)
    for on in (TODAY - 3 * DAY, TODAY, TODAY, TODAY + DAY):
        due(manager, on)
    due(manager, TODAY, state="done", closed_at=NOW)
    due(colleague, TODAY)
    matures(manager, TODAY + DAY, 30_000)
    matures(manager, TODAY + DAY, 20_000)
    matures(colleague, TODAY + DAY, 7_000)
    account = make_account(customer=make_customer(manager=manager), product=make_product(kind="term"))
    Maturity.everything.create(
        account=account, customer=account.customer, matures_on=TODAY - DAY, amount=Decimal("1000.50")
    )

    def shown(choice: Choice) -> dict[date, tuple[Any, ...]]:
        found = agenda(choice, TODAY - 4 * DAY, TODAY + 3 * DAY, TODAY)
        return {day.on: (day.follow_ups, day.late, day.maturities, day.amount) for day in found if not day.is_empty}

    zero = Decimal("0.00")
    mine = {
        TODAY - 3 * DAY: (1, 0, 0, zero),
        TODAY - DAY: (0, 0, 1, Decimal("1000.50")),
        TODAY: (2, 1, 0, zero),
        TODAY + DAY: (1, 0, 2, Decimal("50000.00")),
    }
    assert shown(Choice(manager)) == mine
    head = make_user(role="branch_head", branch=manager.branch)
    assert shown(Choice(head, person=manager)) == mine
    both = shown(Choice(head))
    assert (both[TODAY][0], both[TODAY + DAY][2:]) == (3, (3, Decimal("57000.00")))
    assert shown(Choice(make_user(role="head_office", branch=manager.branch.parent), unit=manager.branch)) == both
    teller = make_user(branch=manager.branch)
    assert shown(Choice(teller))[TODAY + DAY] == (0, 0, 3, None)
    assert shown(Choice(make_user(role="branch_head", branch=make_branch(parent=manager.branch.parent)))) == {}


def test_days_off_and_make_up_days(manager: User) -> None:
    days = {day.on: day for day in agenda(Choice(manager), date(2026, 1, 1), date(2026, 1, 4), TODAY)}
    assert [(day.is_workday, day.is_special) for day in days.values()] == [
        (False, True),
        (False, True),
        (False, False),
        (True, True),
    ]


def test_month_and_week_pages(manager: User, client_of: ClientOf) -> None:
    day = present_day()
    due(manager, day)
    matures(manager, day + DAY, 123_456)
    client = client_of(manager)
    month = client.get(reverse(AGENDA)).content.decode()
    assert "1 follow-up" in month
    assert f"since={day}&amp;until={day}" in month
    week = client.get(reverse(AGENDA), {"view": "week", "day": day}).content.decode()
    assert "张明辉" in week
    assert f"事项{day}" in week
    week = client.get(reverse(AGENDA), {"view": "week", "day": day + DAY}).content.decode()
    assert "123,456.00" in week
    assert client.get(reverse(AGENDA), {"day": "2026-13-45"}).status_code == 200
    assert client.get(reverse(AGENDA), {"day": "0001-01-01"}).status_code == 200
    # Without amounts, and without a way to a list the counter may not open.
    teller = client_of(make_user(branch=manager.branch)).get(reverse(AGENDA), {"day": day + DAY}).content.decode()
    assert "123,456" not in teller
    assert reverse("servicing:maturities_ahead") not in teller


def test_the_numbers_equal_the_lists_behind_them(manager: User, client_of: ClientOf) -> None:
    day = present_day()
    for on in (day, day, day - DAY):
        due(manager, on)
    client = client_of(manager)
    behind = client.get(reverse("servicing:follow_ups"), {"since": day, "until": day})
    assert behind.status_code == 200
    assert behind.content.decode().count(f"事项{day}") >= 2
    assert f"事项{day - DAY}" not in behind.content.decode()


def test_heads_choose_and_strangers_are_not_there(manager: User, client_of: ClientOf) -> None:
    due(manager, present_day())
    head = client_of(make_user(role="branch_head", branch=manager.branch, language="en"))
    assert "1 follow-up" in head.get(reverse(AGENDA), {"person": manager.staff_no}).content.decode()
    other = make_branch(parent=manager.branch.parent)
    stranger = make_user(role="manager", branch=other)
    assert head.get(reverse(AGENDA), {"person": stranger.staff_no}).status_code == 404
    assert head.get(reverse(AGENDA), {"branch": other.code}).status_code == 404
    top = client_of(make_user(role="head_office", branch=manager.branch.parent, language="en"))
    assert "Choose a branch or a person" in top.get(reverse(AGENDA)).content.decode()
    assert "1 follow-up" in top.get(reverse(AGENDA), {"branch": manager.branch.code}).content.decode()


def test_the_feed_holds_counts_and_nothing_else(manager: User, client_of: ClientOf, client: Client) -> None:
    day = present_day()
    due(manager, day)
    due(manager, day - 2 * DAY)
    matures(manager, day + DAY, 123_456)
    assert not ApiToken.objects.exists()
    page = client_of(manager).post(reverse("servicing:agenda_feed")).content.decode()
    token = ApiToken.objects.get()
    assert (token.user, token.scopes) == (manager, ["agenda:read"])
    url = page.split('value="http://testserver')[1].split('"')[0]

    response = client.get(url)
    text = response.content.decode()
    assert (response.status_code, response["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert text.endswith("END:VCALENDAR\r\n")
    assert text.count("BEGIN:VEVENT") == 3
    assert f"DTSTART;VALUE=DATE:{day:%Y%m%d}\r\n" in text
    assert "SUMMARY:Follow-ups: 1 · Overdue: 1\r\n" in text
    for secret in ("张明辉", "李成", "事项", "123456", "123,456", "C0000"):
        assert secret not in text.replace(manager.staff_no, "")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))

    mine = client_of(manager).get(reverse("servicing:agenda_feed")).content.decode()
    assert ApiToken.objects.get().last_used_on == day
    assert mine.count(day.isoformat()) == 2  # made on, last used
    assert reverse("staff:token_revoke", args=[token.pk]) in mine

    ApiToken.objects.update(scopes=["customers:read"])
    assert client.get(url).status_code == 404
    ApiToken.objects.update(scopes=["agenda:read"], revoked_at=NOW)
    assert client.get(url).status_code == 404
    ApiToken.objects.update(revoked_at=None, expires_on=day - DAY)
    assert client.get(url).status_code == 404
    ApiToken.objects.update(expires_on=day)
    assert client.get(url).status_code == 200
    User.objects.filter(pk=manager.pk).update(role="admin")
    assert client.get(url).status_code == 404


def test_long_lines_are_folded_between_characters() -> None:
    pieces = list(folded("SUMMARY:" + "到期" * 40))
    assert (
        "".join(piece.removeprefix(" ") if n else piece for n, piece in enumerate(pieces)) == "SUMMARY:" + "到期" * 40
    )
    assert max(len(piece.encode()) for piece in pieces) <= 75

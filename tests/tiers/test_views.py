"""The pages of movers and of a customer's tier: who gets in and what they show."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import Customer
from staff.models import User
from tests.factories import make_branch, make_customer, make_head_office, make_user
from tests.tiers.ledgers import run, write_ledger

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)
NEXT = DAY + timedelta(days=1)
AsRole = Callable[..., Client]
ClientOf = Callable[[User], Client]


def moved_customer(**fields: Any) -> Customer:
    """A customer who rose on NEXT; the caller runs both days."""
    customer = make_customer(tier=0, position={"tier_since": None, "on": None}, **fields)
    write_ledger({customer.pk: {DAY: Decimal("49999.99"), NEXT: Decimal("523456.78")}}, NEXT)
    return customer


def run_both() -> None:
    run(DAY)
    run(NEXT)


def test_movers_show_names_in_sight_and_amounts_to_those_who_may(as_role: AsRole, client_of: ClientOf) -> None:
    bank = make_head_office()
    mine, other = make_branch(parent=bank), make_branch(parent=bank)
    near, far = moved_customer(branch=mine), moved_customer(branch=other)
    run_both()
    url = reverse("tiers:movers")

    head = as_role("branch_head", branch=mine).get(url).content.decode()
    teller = as_role("teller", branch=mine).get(url).content.decode()

    assert near.customer_no in head
    assert near.customer_no in teller
    assert far.customer_no not in head + teller
    assert "523,456.78" in head
    assert "523,456.78" not in teller


@pytest.mark.parametrize("role", ["admin", "auditor"])
def test_movers_are_closed_to_who_sees_no_customers(as_role: AsRole, role: str) -> None:
    assert as_role(role).get(reverse("tiers:movers")).status_code == 403


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, 1),
        ({"direction": "up"}, 1),
        ({"direction": "down"}, 0),
        ({"since": "2026-11-21", "until": "2026-11-21"}, 1),
        ({"until": "2026-11-20"}, 0),
        ({"tier": "3"}, 1),
        ({"tier": "2"}, 0),
        ({"direction": "sideways"}, 0),
    ],
)
def test_movers_are_filtered(as_role: AsRole, params: dict[str, str], found: int) -> None:
    customer = moved_customer()
    run_both()

    page = as_role("branch_head", branch=customer.branch).get(reverse("tiers:movers"), params)

    assert page.status_code == 200
    assert len(page.context["listing"].rows) == found


def test_movers_of_one_branch_or_manager(as_role: AsRole) -> None:
    bank = make_head_office()
    manager = make_user(role="manager", branch=make_branch(parent=bank))
    moved_customer(manager=manager)
    moved_customer(branch=make_branch(parent=bank))
    run_both()
    client, url = as_role("head_office", branch=bank), reverse("tiers:movers")

    def rows(**params: str) -> int:
        return len(client.get(url, params).context["listing"].rows)

    assert [rows(), rows(branch=manager.branch.code), rows(manager=manager.staff_no)] == [2, 1, 1]


def test_movers_take_no_order_by_amount_from_who_sees_none(as_role: AsRole) -> None:
    customer = moved_customer()

    teller = as_role("teller", branch=customer.branch)

    assert teller.get(reverse("tiers:movers"), {"ordering": "-value"}).status_code == 400
    assert teller.get(reverse("tiers:movers"), {"value": "1"}).status_code == 400


def test_the_tier_tab_tells_why(as_role: AsRole) -> None:
    customer = moved_customer()
    run_both()
    url = reverse("tiers:of_customer", args=[customer.customer_no])

    head = as_role("branch_head", branch=customer.branch).get(url)
    teller = as_role("teller", branch=customer.branch).get(url)
    stranger = as_role("branch_head").get(url)

    assert "523,456.78" in head.content.decode()
    assert "523,456.78" not in teller.content.decode()
    assert "500,000" not in teller.content.decode()
    assert [row.change.on for row in teller.context["history"]] == [NEXT, DAY]
    assert stranger.status_code == 404


def test_lists_ask_the_database_as_often_for_many_rows(as_role: AsRole) -> None:
    branch = make_branch()
    client = as_role("branch_head", branch=branch)
    client.get(reverse("tiers:movers"))  # the first request of a session writes it
    counts = []
    for size in (3, 20):
        for _n in range(size):
            moved_customer(branch=branch)
        run_both()
        with CaptureQueriesContext(connection) as caught:
            client.get(reverse("tiers:movers"))
        counts.append(len(caught))

    assert counts[0] == counts[1] < 16

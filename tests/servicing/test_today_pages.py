"""The pages of the day: whose list, done and skipped over htmx and without, scope."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core.clock import now
from customers.models import Customer
from servicing.models import DayMark
from staff.models import User
from tests.factories import make_branch, make_customer, make_head_office, make_promise, make_user

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
HTMX = {"HX-Request": "true", "Accept-Language": "en"}
TODAY = "servicing:today"


@pytest.fixture
def manager() -> User:
    return make_user(role="manager", branch=make_branch(parent=make_head_office()), language="en", name="王经理")


@pytest.fixture
def customer(manager: User) -> Customer:
    customer = make_customer(manager=manager, name="张明辉", phone="13800138000")
    make_promise(customer=customer, due_on=now().date(), text="寄利率表")
    return customer


def body(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


def keys_on(page: str) -> str:
    found = re.search(r'name="keys" value="([^"]*)"', page)
    assert found
    return found[1]


def act(client: Client, customer: Customer, name: str, data: Any = None, **headers: str) -> Any:
    return client.post(reverse(f"servicing:{name}", args=[customer.customer_no]), data or {}, headers=headers or HTMX)


def test_the_day_of_a_manager(customer: Customer, manager: User, client_of: ClientOf) -> None:
    client = client_of(manager)
    page = body(client.get(reverse(TODAY), headers={"Accept-Language": "en"}))
    assert "张明辉" in page
    assert "寄利率表" in page
    assert "Call as a service:" in page
    assert "Why this place" in page
    keys = keys_on(page)
    why = body(client.get(reverse("servicing:today_why", args=[customer.customer_no]), headers=HTMX))
    assert "60,000.00" in why

    done = body(act(client, customer, "today_done", {"keys": keys}))
    assert "<html" not in done
    assert "Nobody is waiting" in done
    assert "Undo" in done
    assert DayMark.objects.get().verdict == "done"

    back = body(act(client, customer, "today_undo"))
    assert "is on the list again" in back
    assert keys_on(back) == keys

    skipped = body(act(client, customer, "today_skip", {"keys": keys, "why": "not_now"}))
    assert "Not the right moment" in skipped
    assert DayMark.objects.get().why == "not_now"


def test_what_cannot_be_is_said(customer: Customer, manager: User, client_of: ClientOf) -> None:
    client = client_of(manager)
    for name, data in (
        ("today_done", {}),
        ("today_done", {"keys": "promise:0"}),
        ("today_skip", {"keys": f"drop:{customer.pk}", "why": "wrong"}),
        ("today_skip", {"keys": keys_on(body(client.get(reverse(TODAY)))), "why": ""}),
        ("today_undo", {}),
    ):
        response = act(client, customer, name, data)
        assert response.status_code == 422, name
        assert 'role="alert"' in response.content.decode()
        assert "张明辉" in response.content.decode()
    assert not DayMark.objects.exists()


def test_it_works_without_htmx(customer: Customer, manager: User, client_of: ClientOf) -> None:
    client = client_of(manager)
    keys = keys_on(body(client.get(reverse(TODAY))))
    response = act(client, customer, "today_done", {"keys": keys}, **{"Accept-Language": "en"})
    assert response.status_code == 302
    assert "张明辉: done." in body(client.get(response.url))


def test_a_colleagues_customer_does_not_exist(customer: Customer, client_of: ClientOf) -> None:
    colleague = client_of(make_user(role="manager", branch=customer.branch))
    for name in ("today_done", "today_skip", "today_undo"):
        assert act(colleague, customer, name, {"keys": "promise:1", "why": "wrong"}).status_code == 404
    assert "张明辉" not in body(colleague.get(reverse(TODAY)))


def test_heads_look_at_a_person_of_theirs_and_change_nothing(
    customer: Customer, manager: User, client_of: ClientOf
) -> None:
    head = client_of(make_user(role="branch_head", branch=manager.branch, language="en"))
    page = body(head.get(reverse(TODAY)))
    assert "Choose whose day you want to see" in page
    assert "王经理" in page
    page = body(head.get(reverse(TODAY), {"person": manager.staff_no}))
    assert "张明辉" in page
    assert "today_done" not in page
    assert "/done/" not in page
    assert act(head, customer, "today_done", {"keys": "x"}).status_code == 403

    elsewhere = make_user(role="manager", branch=make_branch(parent=manager.branch.parent))
    assert head.get(reverse(TODAY), {"person": elsewhere.staff_no}).status_code == 404
    # Head office chooses the unit first.
    top = client_of(make_user(role="head_office", branch=manager.branch.parent))
    assert "王经理" not in body(top.get(reverse(TODAY)))
    assert "王经理" in body(top.get(reverse(TODAY), {"branch": manager.branch.code}))


def test_a_long_list_is_shown_in_steps(manager: User, client_of: ClientOf) -> None:
    for _n in range(22):
        make_promise(customer=make_customer(manager=manager), due_on=now().date() - timedelta(days=1))
    client = client_of(manager)
    page = body(client.get(reverse(TODAY)))
    assert page.count("data-day-entry") == 20
    assert "?shown=40" in page
    assert body(client.get(reverse(TODAY), {"shown": "40"})).count("data-day-entry") == 22
    assert body(client.get(reverse(TODAY), {"shown": "many"})).count("data-day-entry") == 20

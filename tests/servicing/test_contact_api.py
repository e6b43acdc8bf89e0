"""interactions/ of the HTTP API."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from core.clock import now
from customers.models import Customer
from servicing.models import Interaction
from staff.models import User
from tests.factories import NOW, make_branch, make_customer, make_head_office, make_interaction, make_token, make_user

pytestmark = pytest.mark.django_db
URL = "/api/v1/interactions/"
Call = Callable[..., Any]


def caller(user: User, *scopes: str) -> Call:
    """Calls the API as a token of the person."""
    client, token = Client(), make_token(user, *(scopes or ("interactions:read", "interactions:write")))

    def call(method: str, data: Any = None, **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {token}", **headers}
        ask = getattr(client, method)
        kind = {"content_type": "application/json"} if method == "post" else {}
        return ask(URL, data or {}, headers=sent, **kind)

    return call


@pytest.fixture
def manager() -> User:
    return make_user(role="manager", branch=make_branch(parent=make_head_office()))


@pytest.fixture
def customer(manager: User) -> Customer:
    return make_customer(manager=manager)


def body(customer: Customer, **fields: Any) -> dict[str, Any]:
    return {
        "customer_no": customer.customer_no,
        "channel": "phone",
        "direction": "out",
        "topic": "rate",
        "outcome": "interested",
        "note": "三年期",
        "happened_at": "2026-11-20T10:15:00+08:00",
        **fields,
    }


def test_a_contact_is_logged(manager: User, customer: Customer) -> None:
    answer = caller(manager)("post", body(customer))

    contact = Interaction.everything.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "id": contact.pk,
        "customer_no": customer.customer_no,
        "channel": "phone",
        "direction": "out",
        "topic": "rate",
        "outcome": "interested",
        "note": "三年期",
        "next_step": "",
        "minutes": None,
        "mood": "",
        "happened_at": "2026-11-20T10:15:00+08:00",
        "author_no": manager.staff_no,
        "recorded_at": answer.json()["recorded_at"],
    }
    assert contact.author == manager


def test_what_is_left_out_has_its_usual_value(manager: User, customer: Customer) -> None:
    sent = body(customer)
    for name in ("direction", "note", "happened_at"):
        del sent[name]
    answer = caller(manager)("post", sent).json()
    assert (answer["direction"], answer["note"]) == ("in", "")
    assert now() - Interaction.everything.get().happened_at < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"channel": "fax"}, "channel"),
        ({"topic": ""}, "topic"),
        ({"outcome": None}, "outcome"),
        ({"channel": "counter", "outcome": "not_reached"}, "outcome"),
        ({"note": "x" * 1001}, "note"),
        ({"happened_at": "yesterday"}, "happened_at"),
    ],
)
def test_faulty_values_are_named(manager: User, customer: Customer, fields: dict[str, Any], field: str) -> None:
    answer = caller(manager)("post", body(customer, **fields))
    assert answer.status_code == 400
    assert list(answer.json()["error"]["fields"]) == [field]
    assert not Interaction.everything.exists()


def test_a_contact_to_come_is_refused_with_its_code(manager: User, customer: Customer) -> None:
    answer = caller(manager)("post", body(customer, happened_at="2090-01-01T00:00:00+08:00"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "in_the_future")


def test_a_customer_out_of_sight_is_as_one_that_does_not_exist(manager: User) -> None:
    foreign = make_customer(branch=manager.branch)
    answers = [caller(manager)("post", body(foreign)), caller(manager)("post", body(foreign, customer_no="NOBODY"))]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content


def test_the_same_key_acts_once(manager: User, customer: Customer) -> None:
    call, key = caller(manager), str(uuid4())
    answers = [call("post", body(customer), **{"Idempotency-Key": key}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.content for answer in answers}) == 1
    assert Interaction.everything.count() == 1


@pytest.mark.parametrize(
    ("role", "scopes", "method", "status"),
    [
        ("teller", (), "get", 200),
        ("manager", ("interactions:read",), "post", 403),
        ("manager", ("customers:read",), "get", 403),
        ("head_office", ("interactions:read",), "get", 200),
        ("compliance", ("interactions:read",), "get", 200),
    ],
)
def test_scopes(role: str, scopes: tuple[str, ...], method: str, status: int) -> None:
    assert caller(make_user(role=role), *scopes)(method).status_code == status


def test_without_token_nothing_is_told(client: Client) -> None:
    assert client.get(URL).status_code == 401


def test_the_list_holds_what_is_in_sight_latest_first(manager: User, customer: Customer) -> None:
    contacts = [make_interaction(customer=customer, happened_at=NOW - timedelta(days=n)) for n in (2, 0, 1)]
    make_interaction(customer=make_customer(branch=manager.branch))
    found = caller(manager)("get").json()
    assert [row["id"] for row in found["results"]] == [contacts[1].pk, contacts[2].pk, contacts[0].pk]
    assert found["next"] is None


def test_the_list_filters_like_its_page(manager: User, customer: Customer) -> None:
    other = make_customer(manager=manager)
    make_interaction(customer=customer, channel="visit")
    wanted = make_interaction(customer=other, channel="phone")
    call = caller(manager)
    assert [row["id"] for row in call("get", {"channel": "phone"}).json()["results"]] == [wanted.pk]
    assert [row["id"] for row in call("get", {"customer_no": other.customer_no}).json()["results"]] == [wanted.pk]
    assert call("get", {"note": "x"}).status_code == 400
    assert call("get", {"channel": "fax"}).status_code == 400


def test_pages_follow_each_other(manager: User, customer: Customer) -> None:
    made = {make_interaction(customer=customer, happened_at=NOW - timedelta(minutes=n)).pk for n in range(55)}
    call = caller(manager)
    first = call("get").json()
    cursor = first["next"].split("cursor=")[1]
    second = call("get", {"cursor": cursor}).json()
    assert {row["id"] for row in (*first["results"], *second["results"])} == made
    assert len(first["results"]) + len(second["results"]) == 55


def test_managers_notes_are_null_for_tellers(manager: User, customer: Customer) -> None:
    make_interaction(customer=customer, author=manager, channel="visit", note="家里要用钱")
    teller = make_user(branch=manager.branch)
    assert [row["note"] for row in caller(teller)("get").json()["results"]] == [None]
    assert [row["note"] for row in caller(manager)("get").json()["results"]] == ["家里要用钱"]

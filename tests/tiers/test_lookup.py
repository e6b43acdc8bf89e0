"""The look-up of queue machines: a letter and a place, and no way to learn who is a customer."""

import json
from datetime import date
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from customers.models import Customer
from staff.models import Branch, User
from tests.factories import make_branch, make_customer, make_head_office, make_token, make_user
from tests.tiers.test_catalogue import approve, item
from tiers.views.lookup import LookupThrottle

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/tiers/lookup/"
PHONE, ID_NO = "13800138000", "11010519491231002X"
LOWEST = {"tier": "D", "priority": 0}


@pytest.fixture
def branch() -> Branch:
    return make_branch(parent=make_head_office())


@pytest.fixture
def lobby(branch: Branch) -> User:
    return make_user(role="lobby", branch=branch)


def ask(user: User, body: object, *scopes: str, **headers: str) -> Any:
    token = make_token(user, *(scopes or ("tiers:lookup",)))
    sent = {"Authorization": f"Bearer {token}", **headers}
    return Client().post(ADDRESS, json.dumps(body), content_type="application/json", headers=sent)


def test_a_number_in_a_letter_out(branch: Branch, lobby: User) -> None:
    customer = make_customer(branch=branch, tier=4, total=5_000_000, phone=PHONE, id_no=ID_NO)
    wanted = {"tier": "A", "priority": 4}
    for body in ({"phone": " 138 0013 8000"}, {"id_no": ID_NO.lower()}, {"customer_no": customer.customer_no}):
        response = ask(lobby, body)
        assert (response.status_code, response.json()) == (200, wanted)
        assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("tier", "answer"), [(0, LOWEST), (1, LOWEST), (2, {"tier": "C", "priority": 0})])
def test_who_has_no_priority_number_is_called_in_turn(
    branch: Branch, lobby: User, tier: int, answer: dict[str, Any]
) -> None:
    make_customer(branch=branch, tier=tier, phone=PHONE)
    assert ask(lobby, {"phone": PHONE}).json() == answer


def test_priority_is_what_the_catalogue_in_force_gives(branch: Branch, lobby: User) -> None:
    make_customer(branch=branch, tier=2, phone=PHONE)
    approve({"items": [item(tiers=["C"])]}, date(2026, 1, 1))
    assert ask(lobby, {"phone": PHONE}).json() == {"tier": "C", "priority": 2}


def test_nobody_and_somebody_elsewhere_look_like_the_lowest_tier(lobby: User) -> None:
    elsewhere = make_customer(tier=4, phone=PHONE, id_no=ID_NO)
    answers = [
        ask(lobby, body)
        for body in (
            {"phone": "13900139000"},
            {"phone": PHONE},
            {"id_no": ID_NO},
            {"id_no": "E12345678"},
            {"customer_no": elsewhere.customer_no},
            {"customer_no": "nobody"},
        )
    ]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, LOWEST)] * 6


def test_a_shared_phone_is_served_by_its_highest_tier_until_it_stands_for_nobody(branch: Branch, lobby: User) -> None:
    for tier in (2, 4):
        make_customer(branch=branch, tier=tier, phone=PHONE)
    assert ask(lobby, {"phone": PHONE}).json()["tier"] == "A"
    make_customer(branch=branch, tier=1, phone=PHONE)
    assert ask(lobby, {"phone": PHONE}).json() == LOWEST


def test_merged_records_are_followed(branch: Branch, lobby: User) -> None:
    kept = make_customer(branch=branch, tier=4)
    first = make_customer(branch=branch, tier=2, phone=PHONE)
    second = make_customer(branch=branch, tier=1)
    Customer.everything.filter(pk=first.pk).update(merged_into=second)
    Customer.everything.filter(pk=second.pk).update(merged_into=kept)
    assert ask(lobby, {"phone": PHONE}).json()["tier"] == "A"
    assert ask(lobby, {"customer_no": first.customer_no}).json()["tier"] == "A"


@pytest.mark.parametrize("body", [{}, {"phone": PHONE, "id_no": ID_NO}, {"phone": "12"}, {"name": "王"}, []])
def test_what_is_no_question_is_refused(lobby: User, body: object) -> None:
    assert ask(lobby, body).status_code == 400


def test_the_scope_opens_this_and_nothing_else(branch: Branch, lobby: User) -> None:
    customer = make_customer(branch=branch, tier=4)
    assert ask(lobby, {"phone": PHONE}, "customers:read", "tiers:read").status_code == 403
    headers = {"Authorization": f"Bearer {make_token(lobby, 'tiers:lookup')}"}
    for address in ("tiers/", "tiers/schemes/", "customers/", f"customers/{customer.customer_no}/", "interactions/"):
        assert Client().get(f"/api/v1/{address}", headers=headers).status_code == 403


def test_a_token_is_issued_for_it_from_the_command_line(lobby: User, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("issue_token", lobby.username, "--scope", "tiers:lookup", "--json")
    token = json.loads(capsys.readouterr().out)["token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert Client().post(ADDRESS, {"phone": PHONE}, headers=headers).json() == LOWEST


def test_a_repeated_question_gets_the_first_answer(branch: Branch, lobby: User) -> None:
    make_customer(branch=branch, tier=4, phone=PHONE)
    first = ask(lobby, {"phone": PHONE}, **{"Idempotency-Key": "one"})
    Customer.everything.update(branch=make_branch())
    again = ask(lobby, {"phone": PHONE}, **{"Idempotency-Key": "one"})
    assert again.json() == first.json() == {"tier": "A", "priority": 4}
    assert again["Idempotency-Replayed"] == "true"


def test_numbers_cannot_be_tried_out(lobby: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LookupThrottle, "rate", "2/min")
    answers = [ask(lobby, {"phone": f"1390000000{n}"}).status_code for n in range(3)]
    assert answers == [200, 200, 429]


def test_an_answer_takes_few_look_ups(branch: Branch, lobby: User) -> None:
    make_customer(branch=branch, tier=4, phone=PHONE)
    with CaptureQueriesContext(connection) as asked:
        ask(lobby, {"phone": PHONE})
    assert sum(query["sql"].startswith("SELECT") for query in asked) <= 9

"""Sealed values of a customer: masked, asked for, revealed with a reason, written down."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from core.models import TrailEntry
from customers.models import Customer
from staff.models import User
from tests.factories import make_branch, make_customer, make_user

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
PHONE, ID_NO = "13800138000", "11010519491231002X"


@pytest.fixture
def customer() -> Customer:
    return make_customer(branch=make_branch(), name="欧阳明辉", phone=PHONE, id_no=ID_NO)


@pytest.fixture
def teller(customer: Customer, client_of: ClientOf) -> Client:
    return client_of(make_user(branch=customer.branch))


def address(customer: Customer, field: str) -> str:
    return reverse("customers:reveal", args=[customer.customer_no, field])


class TestReveal:
    GIVEN = {"reason": "verify", "detail": ""}

    def test_shows_the_value_and_writes_it_down(self, teller: Client, customer: Customer) -> None:
        response = teller.post(address(customer, "phone"), self.GIVEN)

        assert PHONE in response.content.decode()
        assert "no-store" in response["Cache-Control"]
        entry = TrailEntry.objects.get(action="reveal")
        assert (entry.subject, entry.subject_id) == ("customers.customer", customer.customer_no)
        assert entry.changes == {"field": "phone"}
        assert entry.reason

    def test_the_trail_comes_first(self, teller: Client, customer: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(**_fields: object) -> None:
            raise RuntimeError("no trail")

        monkeypatch.setattr("core.trail.record", broken)
        teller.raise_request_exception = False

        response = teller.post(address(customer, "id_no"), self.GIVEN)

        assert response.status_code == 500
        assert ID_NO not in response.content.decode()

    @pytest.mark.parametrize("given", [{}, {"reason": "verify?"}, {"reason": "other", "detail": "abc"}])
    def test_needs_a_reason(self, given: dict[str, str], teller: Client, customer: Customer) -> None:
        response = teller.post(address(customer, "phone"), given)

        assert response.status_code == 422
        assert PHONE not in response.content.decode()
        assert not TrailEntry.objects.filter(action="reveal").exists()

    def test_asking_shows_nothing(self, teller: Client, customer: Customer) -> None:
        for query in ("", "?ask=1"):
            response = teller.get(address(customer, "phone") + query)
            assert response.status_code == 200
            assert PHONE not in response.content.decode()

    def test_the_quota_is_told_in_words(
        self, teller: Client, customer: Customer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("customers.services.records.REVEALS_PER_HOUR", 1)
        teller.post(address(customer, "phone"), self.GIVEN)

        response = teller.post(address(customer, "phone"), self.GIVEN)

        assert response.status_code == 422
        assert PHONE not in response.content.decode()

    def test_there_is_nothing_else_to_reveal(self, teller: Client, customer: Customer) -> None:
        assert teller.post(address(customer, "name"), self.GIVEN).status_code == 404

    def test_not_of_a_customer_out_of_scope(self, teller: Client) -> None:
        foreign = make_customer(phone=PHONE)

        assert teller.post(address(foreign, "phone"), self.GIVEN).status_code == 404
        assert not TrailEntry.objects.filter(action="reveal").exists()

"""The master record through the API: created, changed against a version, refused with reasons."""

from typing import Any

import pytest
from django.test import Client

from core.models import TrailEntry
from customers.models import Customer, CustomerVersion
from customers.services import profile
from customers.services.preferences import set_preference
from staff.models import User
from tests.customers.test_api import api_of
from tests.factories import NOW, TODAY, make_branch, make_customer, make_user

pytestmark = pytest.mark.django_db
URL = "/api/v1/customers/"
ONE = f"{URL}C0001/"
ID_NO = "11010519491231002X"


@pytest.fixture
def manager(db: None) -> User:
    return make_user(role="manager", branch=make_branch(), staff_no="80017")


@pytest.fixture
def customer(manager: User) -> Customer:
    return make_customer(manager=manager, customer_no="C0001", name="王小明", phone="13800138000")


@pytest.fixture
def mine(manager: User) -> Client:
    return api_of(manager, "customers:read", "customers:write")


def send(client: Client, method: str, url: str, data: dict[str, Any], **headers: str) -> Any:
    return getattr(client, method)(url, data, content_type="application/json", headers=headers)


class TestCreate:
    def test_makes_a_record_once(self, mine: Client, manager: User) -> None:
        data = {"name": "曾明辉", "phone": "＋86 138-0013-8000", "id_no": ID_NO, "email": "Z@example.com"}

        first, again = (send(mine, "post", URL, data, **{"Idempotency-Key": "k1"}) for _n in range(2))

        assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
        shown = first.json()
        assert (shown["phone"], shown["id_no"], shown["sex"]) == ("138****8000", "1101************2X", "female")
        assert (shown["birth_date"], shown["manager_no"], shown["stage"]) == ("1949-12-31", "80017", None)
        assert Customer.everything.get().customer_no == shown["customer_no"]
        assert first["ETag"].startswith('"1.')

    def test_says_which_field_and_why(self, mine: Client) -> None:
        answer = send(mine, "post", URL, {"name": "曾明辉", "id_no": "110105194912310021"}).json()

        codes = {field: [fault["code"] for fault in faults] for field, faults in answer["error"]["fields"].items()}
        assert codes == {"phone": ["required"], "id_no": ["bad_check_digit"]}

    def test_a_duplicate_is_refused(self, mine: Client, manager: User) -> None:
        make_customer(manager=manager, id_no=ID_NO)

        response = send(mine, "post", URL, {"name": "曾明辉", "phone": "13800138000", "id_no": ID_NO})

        assert (response.status_code, response.json()["error"]["code"]) == (400, "duplicate_identity")

    @pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k1"}])
    def test_one_elsewhere_is_not_named_and_leaves_a_trace(self, mine: Client, headers: dict[str, str]) -> None:
        make_customer(branch=make_branch(name="西湖支行"), name="李秘密", id_no=ID_NO, customer_no="SECRET")

        response = send(mine, "post", URL, {"name": "曾明辉", "phone": "13800138000", "id_no": ID_NO}, **headers)

        text = response.content.decode()
        assert (response.status_code, response.json()["error"]["code"]) == (400, "exists_elsewhere")
        assert ("西湖支行" in text, "李秘密" in text, "SECRET" in text) == (True, False, False)
        assert TrailEntry.objects.filter(action="match").count() == 1

    @pytest.mark.parametrize("role", ["head_office", "compliance"])
    def test_is_for_those_who_serve(self, role: str) -> None:
        client = api_of(make_user(role=role), "customers:read", "customers:write")

        assert send(client, "post", URL, {"name": "曾明辉"}).status_code == 403


class TestChange:
    def test_with_the_version_that_was_read(self, mine: Client, customer: Customer) -> None:
        etag = mine.get(ONE)["ETag"]

        response = send(mine, "patch", ONE, {"occupation": "教师", "birth_date": None}, **{"If-Match": etag})

        assert (response.status_code, response.json()["occupation"]) == (200, "教师")
        assert response["ETag"].startswith('"2.')
        assert response["ETag"] == mine.get(ONE)["ETag"]
        assert CustomerVersion.objects.get().pgh_context == {"source": "api", "actor": "80017"}

    def test_without_a_version(self, mine: Client, customer: Customer) -> None:
        response = send(mine, "patch", ONE, {"occupation": "教师"})

        assert (response.status_code, response.json()["error"]["code"]) == (428, "version_required")

    @pytest.mark.parametrize("etag", ['"0.x"', '"x"', "*", 'W/"9"'])
    def test_with_another_version(self, mine: Client, customer: Customer, etag: str) -> None:
        response = send(mine, "patch", ONE, {"occupation": "教师"}, **{"If-Match": etag})

        assert (response.status_code, response.json()["error"]["code"]) == (412, "stale")

    def test_a_stale_one_gets_the_present_values_masked(self, mine: Client, manager: User, customer: Customer) -> None:
        etag = mine.get(ONE)["ETag"]
        profile.edit_customer(
            customer=customer, values={"phone": "13900001111"}, version=1, source="phone", actor=manager, at=NOW
        )

        response = send(mine, "patch", ONE, {"occupation": "教师"}, **{"If-Match": etag})

        assert (response.status_code, response.json()["current"]["phone"]) == (412, "139****1111")
        assert response["ETag"] == mine.get(ONE)["ETag"]

    def test_figures_that_changed_do_not_make_it_stale(self, mine: Client, customer: Customer) -> None:
        etag = mine.get(ONE)["ETag"]
        customer.position.total = 5
        customer.position.save()

        assert send(mine, "patch", ONE, {"occupation": "教师"}, **{"If-Match": etag}).status_code == 200

    def test_faults_have_their_field(self, mine: Client, customer: Customer) -> None:
        response = send(mine, "patch", ONE, {"phone": "12", "name": ""}, **{"If-Match": '"1"'})

        assert response.status_code == 400
        assert set(response.json()["error"]["fields"]) == {"phone", "name"}

    def test_out_of_scope_is_not_there(self, mine: Client) -> None:
        make_customer(customer_no="C0001")

        assert send(mine, "patch", ONE, {"name": "x"}, **{"If-Match": '"1"'}).status_code == 404


def test_the_detail_holds_preferences_and_stage(mine: Client, manager: User, customer: Customer) -> None:
    set_preference(
        customer=customer, kind="channel", value="sms", source="phone", stated_on=TODAY, actor=manager, at=NOW
    )
    customer.position.stage = 3
    customer.position.save()

    shown = mine.get(ONE).json()

    assert shown["preferences"] == [{"kind": "channel", "value": "sms", "source": "phone", "stated_on": "2026-11-20"}]
    assert (shown["stage"], shown["alerts"]) == ("growing", shown["alerts"])

"""The API of customers and feeds: fields, amounts, masks, scopes, windows, reveal, find, uploads."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIRequestFactory, force_authenticate

from core import jobs
from core.models import IdempotencyKey, TrailEntry
from customers import tasks
from customers.models import Customer, FedDay, Feed, PositionChange
from customers.services.balances import ensure_months
from depositcrm.api_customers import NamedCustomerViewSet
from staff.models import Branch, User
from tests.factories import (
    TODAY,
    make_account,
    make_branch,
    make_customer,
    make_head_office,
    make_term_account,
    make_token,
    make_user,
)

pytestmark = pytest.mark.django_db
CUSTOMERS = "/api/v1/customers/"
FEEDS = "/api/v1/feeds/"
PHONE, ID_NO = "13800138000", "11010519491231002X"
FIELDS = {
    *("customer_no", "name", "kind", "branch_code", "manager_no", "tier", "tier_name", "stage", "balance"),
    *("adb_month", "adb_quarter", "adb_year", "phone", "id_no", "next_maturity", "last_contact_on"),
}

RECORD = {
    *("sex", "birth_date", "occupation", "employer", "contact_name", "email", "wechat", "address", "id_type"),
    *("id_expires_on", "id_is_long_term", "id_issued_by", "opened_on", "origin", "preferences", "consents", "alerts"),
    "open_complaints",
}


def api_of(user: User, *scopes: str) -> Client:
    """A client that signs every request with a token of the person."""
    return Client(headers={"Authorization": f"Bearer {make_token(user, *(scopes or ('customers:read',)))}"})


@pytest.fixture
def branch() -> Branch:
    FedDay.objects.create(on=TODAY, is_full=True)
    return make_branch(parent=make_head_office(), code="B001")


@pytest.fixture
def manager(branch: Branch) -> User:
    return make_user(role="manager", branch=branch, staff_no="80017")


@pytest.fixture
def customer(manager: User) -> Customer:
    made = make_customer(manager=manager, name="欧阳明辉", phone=PHONE, id_no=ID_NO, tier=3, customer_no="C0001")
    make_account(customer=made, balance="612345.67")
    make_term_account(customer=made, balance="100000", matures_in=7)
    return made


@pytest.fixture
def mine(manager: User) -> Client:
    return api_of(manager)


class TestList:
    def test_has_exactly_the_named_fields(self, mine: Client, customer: Customer) -> None:
        answer = mine.get(CUSTOMERS).json()

        (row,) = answer["results"]
        assert set(answer) == {"next", "previous", "results"}
        assert set(row) == FIELDS
        assert row | {"adb_month": "", "adb_quarter": "", "adb_year": ""} == {
            "customer_no": "C0001",
            "name": "欧阳明辉",
            "kind": "person",
            "branch_code": "B001",
            "manager_no": "80017",
            "tier": 3,
            "tier_name": row["tier_name"],
            "stage": None,
            "balance": "712345.67",
            "adb_month": "",
            "adb_quarter": "",
            "adb_year": "",
            "phone": "138****8000",
            "id_no": "1101************2X",
            "next_maturity": {"on": (TODAY + timedelta(days=7)).isoformat(), "amount": "100000.00"},
            "last_contact_on": None,
        }

    def test_the_name_of_the_tier_comes_from_above(self, manager: User, customer: Customer) -> None:
        request = APIRequestFactory().get(CUSTOMERS)
        force_authenticate(request, manager)

        (row,) = NamedCustomerViewSet.as_view({"get": "list"})(request).data["results"]

        assert row["tier_name"] == "优质"

    def test_amounts_are_null_without_the_right(self, branch: Branch, customer: Customer) -> None:
        response = api_of(make_user(branch=branch)).get(CUSTOMERS)

        (row,) = response.json()["results"]
        assert [row[name] for name in ("balance", "adb_month", "adb_quarter", "adb_year")] == [None] * 4
        assert row["next_maturity"] == {"on": (TODAY + timedelta(days=7)).isoformat(), "amount": None}
        assert "712345" not in response.content.decode()

    @pytest.mark.parametrize("query", ["ordering=-balance", "ordering=adb_month", "phone=1", "balance__gt=1"])
    def test_the_counter_cannot_ask_by_amounts(self, query: str, branch: Branch, customer: Customer) -> None:
        response = api_of(make_user(branch=branch)).get(f"{CUSTOMERS}?{query}")

        assert (response.status_code, response.json()["error"]["code"]) == (400, "bad_query")

    def test_only_the_scope(self, mine: Client, customer: Customer) -> None:
        make_customer(name="别处")

        assert [row["customer_no"] for row in mine.get(CUSTOMERS).json()["results"]] == ["C0001"]

    def test_filters_and_order(self, mine: Client, manager: User, customer: Customer) -> None:
        small = make_customer(manager=manager, name="安小", customer_no="C0002", tier=1)
        make_account(customer=small, balance=1)

        def found(query: str) -> list[str]:
            return [row["customer_no"] for row in mine.get(f"{CUSTOMERS}?{query}").json()["results"]]

        assert found("tier=3&branch=B001&manager=80017") == ["C0001"]
        assert found("search=oymh") == ["C0001"]
        assert found("ordering=-balance") == ["C0001", "C0002"]
        assert found("ordering=name") == ["C0002", "C0001"]
        assert found("stage=growing") == []

    def test_a_phone_in_the_address_is_refused(self, mine: Client, customer: Customer) -> None:
        response = mine.get(CUSTOMERS, {"search": PHONE})

        assert response.status_code == 400
        assert response.json()["error"]["fields"]["search"][0]["code"] == "not_in_an_address"

    def test_costs_the_same_for_many(self, mine: Client, manager: User) -> None:
        def cost() -> int:
            with CaptureQueriesContext(connection) as caught:
                mine.get(CUSTOMERS)
            return len(caught)

        make_term_account(customer=make_customer(manager=manager))
        few = (cost(), cost())[1]
        for _n in range(30):
            make_term_account(customer=make_customer(manager=manager))

        assert cost() == few

    def test_scopes_deny_by_default(self, manager: User, branch: Branch, customer: Customer) -> None:
        assert Client().get(CUSTOMERS).status_code == 401
        assert api_of(manager, "tiers:read").get(CUSTOMERS).status_code == 403
        assert api_of(make_user(role="admin", branch=branch), "feeds:read").get(CUSTOMERS).status_code == 403


class TestDetail:
    URL = f"{CUSTOMERS}C0001/"

    def test_answers_with_an_etag(self, mine: Client, customer: Customer) -> None:
        response = mine.get(self.URL)

        assert set(response.json()) == FIELDS | RECORD
        again = mine.get(self.URL, headers={"If-None-Match": response["ETag"]})
        assert (again.status_code, again.content) == (304, b"")

    def test_the_etag_follows_the_figures(self, mine: Client, customer: Customer) -> None:
        before = mine.get(self.URL)["ETag"]
        make_account(customer=customer, balance=1)

        assert mine.get(self.URL)["ETag"] != before

    @pytest.mark.parametrize("method", ["put", "delete", "post"])
    def test_is_changed_by_patch_only(self, method: str, manager: User, customer: Customer) -> None:
        client = api_of(manager, "customers:read", "customers:write")

        assert getattr(client, method)(self.URL).status_code == 405

    @pytest.mark.parametrize("part", ["", "accounts/", "balances/"])
    def test_out_of_scope_is_as_not_there(self, part: str, mine: Client) -> None:
        url = f"{CUSTOMERS}X1/{part}"
        absent = mine.get(url)
        make_customer(customer_no="X1")

        foreign = mine.get(url)

        assert (foreign.status_code, foreign.content) == (404, absent.content)

    def test_accounts(self, mine: Client, branch: Branch, customer: Customer) -> None:
        rows = mine.get(f"{self.URL}accounts/").json()["results"]

        assert [row["balance"] for row in rows] == ["612345.67", "100000.00"]
        assert rows[1]["matures_on"] == (TODAY + timedelta(days=7)).isoformat()
        assert (rows[1]["product_kind"], rows[1]["rate"], rows[1]["currency"]) == ("term", "1.4500", "CNY")
        hidden = api_of(make_user(branch=branch)).get(f"{self.URL}accounts/").json()["results"]
        assert {(row["principal"], row["balance"], row["value"]) for row in hidden} == {(None, None, None)}


class TestBalances:
    URL = f"{CUSTOMERS}C0001/balances/"

    @pytest.fixture(autouse=True)
    def _history(self, customer: Customer) -> None:
        first = TODAY - timedelta(days=9)
        ensure_months(first)
        PositionChange.objects.create(customer=customer, on=first, total=Decimal(1000), day_sum=Decimal(1000))

    def test_days_add_up_to_the_average(self, mine: Client) -> None:
        answer = mine.get(self.URL, {"from": "2026-11-10", "to": "2026-11-12"}).json()

        assert {**answer, "totals": [day["total"] for day in answer["totals"]]} == {
            "from": "2026-11-10",
            "to": "2026-11-12",
            "days": 3,
            "adb": "666.67",
            "carried_days": 0,
            "totals": ["0.00", "1000.00", "1000.00"],
        }

    def test_ninety_days_by_default(self, mine: Client) -> None:
        answer = mine.get(self.URL).json()

        assert (answer["days"], answer["to"], len(answer["totals"])) == (90, TODAY.isoformat(), 90)

    @pytest.mark.parametrize("query", ["from=2026-11-12&to=2026-11-10", "from=x", "from=1900-01-01", "to=0001-01-01"])
    def test_bad_windows_are_refused(self, query: str, mine: Client) -> None:
        assert mine.get(f"{self.URL}?{query}").status_code == 400

    def test_amounts_are_null_without_the_right(self, branch: Branch) -> None:
        answer = api_of(make_user(branch=branch)).get(self.URL, {"from": "2026-11-10", "to": "2026-11-12"}).json()

        assert answer["adb"] is None
        assert {day["total"] for day in answer["totals"]} == {None}


class TestReveal:
    URL = f"{CUSTOMERS}C0001/reveal/"

    @pytest.fixture
    def writer(self, manager: User) -> Client:
        return api_of(manager, "customers:read", "customers:write")

    def test_writes_who_and_why_first(self, writer: Client, customer: Customer) -> None:
        response = writer.post(self.URL, {"field": "id_no", "reason": "核对身份"}, "application/json")

        assert response.json() == {"field": "id_no", "value": ID_NO}
        entry = TrailEntry.objects.get(action="reveal")
        assert (entry.actor_no, entry.actor_kind, entry.reason) == ("80017", "token", "核对身份")

    @pytest.mark.parametrize(
        "body", [{}, {"field": "phone"}, {"field": "name", "reason": "why not"}, {"reason": "abcd"}]
    )
    def test_needs_field_and_reason(self, body: dict[str, str], writer: Client, customer: Customer) -> None:
        assert writer.post(self.URL, body, "application/json").status_code == 400
        assert not TrailEntry.objects.filter(action="reveal").exists()

    def test_a_retry_gets_the_value_again_and_no_table_keeps_it_in_clear(
        self, writer: Client, customer: Customer
    ) -> None:
        body = {"field": "id_no", "reason": "核对身份"}
        answers = [
            writer.post(self.URL, body, "application/json", headers={"Idempotency-Key": "k1"}).json() for _n in range(2)
        ]

        assert answers == [{"field": "id_no", "value": ID_NO}] * 2
        assert TrailEntry.objects.filter(action="reveal").count() == 1
        assert ID_NO.encode() not in bytes(IdempotencyKey.objects.get().body)

    def test_reading_is_not_enough(self, mine: Client, customer: Customer) -> None:
        assert mine.post(self.URL, {"field": "phone", "reason": "abcd"}, "application/json").status_code == 403


class TestFind:
    URL = f"{CUSTOMERS}find/"

    @pytest.mark.parametrize(
        "body", [{"phone": PHONE}, {"phone": "+86 138-0013-8000"}, {"id_no": ID_NO}, {"id_no": " 11010519491231002x "}]
    )
    def test_gives_numbers_in_scope(self, body: dict[str, str], mine: Client, customer: Customer) -> None:
        make_customer(phone=PHONE, id_no=ID_NO)

        assert mine.post(self.URL, body, "application/json").json() == {"customer_nos": ["C0001"]}

    def test_other_papers_are_found_too(self, mine: Client, manager: User) -> None:
        make_customer(manager=manager, customer_no="P1", id_no="E12345678", id_type="passport")

        assert mine.post(self.URL, {"id_no": "e12345678"}, "application/json").json() == {"customer_nos": ["P1"]}

    @pytest.mark.parametrize("body", [{}, {"phone": PHONE, "id_no": ID_NO}, {"phone": "8000"}, {"name": "x"}])
    def test_takes_exactly_one_whole_number(self, body: dict[str, str], mine: Client, customer: Customer) -> None:
        assert mine.post(self.URL, body, "application/json").status_code == 400


class TestFeeds:
    @pytest.fixture(autouse=True)
    def _place(self, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.UPLOADS = tmp_path
        monkeypatch.setattr(jobs, "send", lambda *_args: True)

    @pytest.fixture
    def admin(self) -> Client:
        return api_of(make_user(role="admin"), "feeds:read", "feeds:write")

    def send(self, client: Client, content: str = "code,name,kind\nP1,活期,demand\nP2,,term\n", **fields: str) -> Any:
        file = SimpleUploadedFile("p.csv", content.encode())
        return client.post(FEEDS, {"file": file, "kind": "products", "business_date": str(TODAY), **fields})

    def test_checked_then_committed(self, admin: Client) -> None:
        taken = self.send(admin, max_rejected="1", dry_run="true")
        number = taken.json()["feed"]
        assert (taken.status_code, taken.json()["status"]) == (202, "waiting")
        tasks.check_feed(Feed.objects.get().job_id)
        checked = admin.get(f"{FEEDS}{number}/").json()
        assert (checked["status"], checked["rows"], checked["accepted"], checked["rejected"]) == ("dry_run", 2, 1, 1)

        assert admin.post(f"{FEEDS}{number}/commit/").status_code == 202
        tasks.import_feed(Feed.objects.get().job_id)

        done = admin.get(f"{FEEDS}{number}/").json()
        assert (done["status"], done["created"], done["kind"]) == ("committed", 1, "products")
        assert [row["feed"] for row in admin.get(f"{FEEDS}?status=committed").json()["results"]] == [number]

    def test_one_post_imports(self, admin: Client) -> None:
        taken = self.send(admin, max_rejected="1")
        tasks.import_feed(Feed.objects.get().job_id)

        done = admin.get(f"{FEEDS}{taken.json()['feed']}/").json()
        assert (done["status"], done["created"], done["rejected"]) == ("committed", 1, 1)

    def test_rejects_are_a_file_for_writers(self, admin: Client) -> None:
        self.send(admin, max_rejected="1", dry_run="true")
        found = Feed.objects.get()
        tasks.check_feed(found.job_id)
        address = admin.get(f"{FEEDS}{found.pk}/").json()["rejects"]

        response = admin.get(address)

        assert "P2,,term,3," in b"".join(response.streaming_content).decode()
        reader = api_of(make_user(role="head_office"), "feeds:read")
        assert reader.get(address).status_code == 403
        assert reader.get(f"{FEEDS}{found.pk}/").status_code == 200

    def test_cannot_be_committed_before_it_is_checked(self, admin: Client) -> None:
        number = self.send(admin).json()["feed"]

        response = admin.post(f"{FEEDS}{number}/commit/")

        assert (response.status_code, response.json()["error"]["code"]) == (400, "feed_not_checked")

    def test_an_unknown_kind_is_named_and_not_kept(self, admin: Client, tmp_path: Path) -> None:
        response = self.send(admin, "a,b\n1,2\n", kind="")

        assert response.status_code == 400
        assert list(tmp_path.iterdir()) == []
        assert not Feed.objects.exists()

    @pytest.mark.parametrize("fields", [{"business_date": "x"}, {"kind": "loans"}, {"max_rejected": "2"}])
    def test_bad_fields_are_named(self, fields: dict[str, str], admin: Client) -> None:
        response = self.send(admin, **fields)

        assert response.status_code == 400
        assert set(response.json()["error"]["fields"]) == set(fields)

    def test_readers_cannot_send(self) -> None:
        assert self.send(api_of(make_user(role="head_office"), "feeds:read")).status_code == 403

"""The customers list, the search box, the customer page and its tabs."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers import queries
from customers.filters import CUSTOMERS
from customers.models import Customer, FedDay, PositionChange, QualityFlag
from customers.services.balances import ensure_months
from staff.models import Branch, User
from tests.factories import (
    TODAY,
    make_account,
    make_branch,
    make_customer,
    make_head_office,
    make_product,
    make_term_account,
    make_user,
    share_customer,
)

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
PHONE, ID_NO = "13800138000", "11010519491231002X"
LIST = "/customers/"


@pytest.fixture
def branch() -> Branch:
    FedDay.objects.create(on=TODAY, is_full=True)
    return make_branch(parent=make_head_office(), name="中山路支行")


@pytest.fixture
def manager(branch: Branch) -> User:
    return make_user(role="manager", branch=branch, name="王晓燕")


@pytest.fixture
def customer(manager: User) -> Customer:
    customer = make_customer(manager=manager, name="欧阳明辉", phone=PHONE, id_no=ID_NO, tier=3)
    make_account(customer=customer, balance="612345.67")
    return customer


@pytest.fixture
def teller(branch: Branch, client_of: ClientOf) -> Client:
    return client_of(make_user(branch=branch))


@pytest.fixture
def mine(manager: User, client_of: ClientOf) -> Client:
    return client_of(manager)


def address(name: str, customer: Customer, *args: str) -> str:
    return reverse(f"customers:{name}", args=[customer.customer_no, *args])


def text_of(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def without_tokens(response: Any) -> str:
    return re.sub(r"\b\w{64}\b", "", response.content.decode())


class TestList:
    def test_shows_figures_to_the_manager(self, mine: Client, customer: Customer) -> None:
        page = text_of(mine, LIST)

        assert all(word in page for word in ("欧阳明辉", customer.customer_no, "612,345.67", "61.2万", "138****8000"))
        assert PHONE not in page

    def test_amounts_never_reach_the_counter(self, teller: Client, customer: Customer) -> None:
        page = text_of(teller, LIST)

        assert "欧阳明辉" in page
        assert not any(amount in page for amount in ("612,345", "612345", "61.2"))
        heads = [column.key for column in teller.get(LIST).context["listing"].columns]
        assert heads == ["name", "tier", "next_maturity", "manager", "branch", "last_contact", "phone"]

    @pytest.mark.parametrize("query", ["ordering=-balance", "ordering=adb_month", "balance=1", "phone=138"])
    def test_the_counter_cannot_ask_by_amounts(self, query: str, teller: Client, customer: Customer) -> None:
        assert teller.get(f"{LIST}?{query}").status_code == 400

    def test_others_customers_are_not_there(self, client_of: ClientOf, branch: Branch, customer: Customer) -> None:
        colleague = client_of(make_user(role="manager", branch=branch))

        assert "欧阳明辉" not in text_of(colleague, LIST)

    def test_a_shared_customer_is(self, client_of: ClientOf, branch: Branch, customer: Customer) -> None:
        expert = make_user(role="expert", branch=branch)
        share_customer(customer, expert)

        assert "欧阳明辉" in text_of(client_of(expert), LIST)

    @pytest.mark.parametrize(
        ("role", "status"), [("admin", 403), ("auditor", 403), ("compliance", 200), ("lobby", 200)]
    )
    def test_who_may_enter(self, role: str, status: int, branch: Branch, client_of: ClientOf) -> None:
        assert client_of(make_user(role=role, branch=branch)).get(LIST).status_code == status

    def test_heads_see_the_sum_of_the_filter(self, branch: Branch, client_of: ClientOf, customer: Customer) -> None:
        make_account(customer=make_customer(branch=branch, tier=1), balance="1000")
        head = client_of(make_user(role="branch_head", branch=branch))

        assert head.get(f"{LIST}?tier=3").context["total"] == Decimal("612345.67")
        assert head.get(LIST).context["total"] == Decimal("613345.67")

    def test_managers_do_not(self, mine: Client, customer: Customer) -> None:
        assert mine.get(LIST).context["total"] is None

    def test_says_what_to_do_when_nobody_matches(self, mine: Client) -> None:
        page = mine.get(f"{LIST}?kind=organisation")

        assert page.context["listing"].rows == []
        assert str(CUSTOMERS.empty_text) in page.content.decode()

    def test_costs_the_same_for_many(self, branch: Branch, client_of: ClientOf) -> None:
        head = client_of(make_user(role="branch_head", branch=branch))
        manager = make_user(role="manager", branch=branch)

        def cost() -> int:
            with CaptureQueriesContext(connection) as caught:
                head.get(f"{LIST}?ordering=-balance")
            return len(caught)

        for _n in range(3):
            make_term_account(customer=make_customer(manager=manager, phone=PHONE))
        head.get(LIST)
        few = cost()
        for _n in range(45):
            make_term_account(customer=make_customer(manager=manager, phone=PHONE))

        assert cost() == few

    def test_pages_are_walked_by_cursor(self, branch: Branch, client_of: ClientOf) -> None:
        head = client_of(make_user(role="branch_head", branch=branch))
        for _n in range(60):
            make_account(customer=make_customer(branch=branch), balance=5)

        first = head.get(f"{LIST}?ordering=-balance").context["listing"]
        second = head.get(first.page.next_url).context["listing"]

        assert (len(first.rows), len(second.rows), first.page.count) == (50, 10, "60")
        assert not {row.object.pk for row in first.rows} & {row.object.pk for row in second.rows}


class TestFind:
    FIND = "/customers/find/"

    @pytest.mark.parametrize("text", [PHONE, "+86 138 0013 8000", ID_NO, "11010519491231002x"])
    def test_a_whole_number_leads_to_its_customer(self, text: str, mine: Client, customer: Customer) -> None:
        response = mine.post(self.FIND, {"q": text})

        assert (response.status_code, response["Location"]) == (302, customer.get_absolute_url())

    def test_a_shared_phone_lists_its_customers_without_an_address(self, mine: Client, manager: User) -> None:
        for name in ("甲", "乙"):
            make_customer(manager=manager, name=name, phone=PHONE)

        response = mine.post(self.FIND, {"q": PHONE})

        page = response.content.decode()
        assert response.status_code == 200
        assert "甲" in page
        assert "乙" in page
        assert PHONE not in page

    def test_a_number_of_another_branch_is_unknown(self, mine: Client) -> None:
        make_customer(name="别处", phone=PHONE)

        page = mine.post(self.FIND, {"q": PHONE}).content.decode()

        assert "别处" not in page
        assert PHONE not in page

    def test_words_go_to_the_list_with_its_filters(self, mine: Client) -> None:
        response = mine.post(self.FIND, {"q": "明辉", "tier": ["2", "3"], "kind": "", "ordering": "-balance"})

        assert response["Location"] == "/customers/?tier=2&tier=3&ordering=-balance&q=%E6%98%8E%E8%BE%89"

    def test_an_empty_box_applies_the_filters(self, mine: Client) -> None:
        assert mine.post(self.FIND, {"q": "", "kind": "person"})["Location"] == "/customers/?kind=person"

    def test_the_list_refuses_such_a_number_in_its_address(self, mine: Client, customer: Customer) -> None:
        response = mine.get(LIST, {"q": PHONE})

        assert (response.status_code, response["Location"]) == (302, LIST)

    def test_is_no_page(self, mine: Client) -> None:
        assert mine.get(self.FIND).status_code == 405


class TestPage:
    def test_shows_who_it_is_and_the_figures(self, mine: Client, customer: Customer) -> None:
        page = text_of(mine, customer.get_absolute_url())

        assert all(word in page for word in ("欧阳明辉", customer.customer_no, "王晓燕", "中山路支行", "612,345.67"))

    def test_each_figure_leads_to_its_rows(self, mine: Client, customer: Customer) -> None:
        tiles = mine.get(customer.get_absolute_url()).context["tiles"]

        assert [tile.url.partition("&")[0] for tile in tiles] == [
            "?tab=holdings",
            "?tab=balances",
            "?tab=balances",
            "?tab=balances",
            "?tab=holdings",
        ]

    def test_the_counter_sees_the_tier_only(self, teller: Client, customer: Customer) -> None:
        make_term_account(customer=customer, balance="77000")

        for url in (customer.get_absolute_url(), address("holdings", customer), address("profile", customer)):
            page = text_of(teller, url)
            assert not any(amount in page for amount in ("612,345", "61.2", "77,000", "7.7万", "689,345", "68.9")), url
        assert teller.get(address("balances", customer)).status_code == 403

    def test_nobody_sees_whole_numbers(self, mine: Client, teller: Client, customer: Customer) -> None:
        for client in (mine, teller):
            for url in (customer.get_absolute_url(), address("holdings", customer), address("profile", customer)):
                page = text_of(client, url)
                assert PHONE not in page
                assert ID_NO not in page

    @pytest.mark.parametrize("name", ["detail", "profile", "holdings", "balances"])
    def test_a_customer_out_of_scope_looks_like_none(self, name: str, mine: Client) -> None:
        url = address(name, Customer(customer_no="X0000001"))
        absent = mine.get(url)
        make_customer(customer_no="X0000001")

        foreign = mine.get(url)

        assert (foreign.status_code, absent.status_code) == (404, 404)
        assert without_tokens(foreign) == without_tokens(absent)

    def test_costs_at_most_fifteen_queries(self, mine: Client, customer: Customer) -> None:
        url = customer.get_absolute_url()
        mine.get(url)

        with CaptureQueriesContext(connection) as caught:
            mine.get(url)

        assert len(caught) <= 15

    @pytest.mark.parametrize(("expires_in", "tone"), [(-400, "bad"), (10, "warn"), (900, None)])
    def test_warns_of_the_identity_document(
        self, expires_in: int, tone: str | None, mine: Client, customer: Customer
    ) -> None:
        Customer.everything.update(id_expires_on=date.today() + timedelta(days=expires_in))  # noqa: DTZ011  the page's own today

        alerts = mine.get(customer.get_absolute_url()).context["alerts"]

        assert [alert.tone for alert in alerts] == ([tone] if tone else [])

    def test_names_open_findings_only(self, mine: Client, customer: Customer) -> None:
        QualityFlag.objects.create(customer=customer, kind="shared_phone", found_on=TODAY)
        QualityFlag.objects.create(customer=customer, kind="duplicate_identity", found_on=TODAY, resolved_on=TODAY)

        assert len(mine.get(customer.get_absolute_url()).context["alerts"]) == 1

    def test_the_tab_asked_for_is_open(self, mine: Client, customer: Customer) -> None:
        url = customer.get_absolute_url()

        assert mine.get(f"{url}?tab=balances&days=30").context["active"] == "balances"
        assert mine.get(f"{url}?tab=nonsense").context["active"] == "holdings"


class TestTabs:
    def test_holdings_add_up_to_the_balance(self, mine: Client, customer: Customer) -> None:
        make_term_account(customer=customer, balance="100000")
        usd = make_product(name="美元活期", currency="USD")
        make_account(customer=customer, product=usd, currency="USD", balance="10")

        response = mine.get(address("holdings", customer))
        shown = mine.get(customer.get_absolute_url()).context["customer"]

        assert response.context["total"] == shown.balance == Decimal("712355.67")
        assert "USD" in response.content.decode()

    def test_account_numbers_are_masked(self, mine: Client, customer: Customer) -> None:
        account = make_account(customer=customer)
        page = text_of(mine, address("holdings", customer))

        assert account.account_no not in page
        assert f"****{account.account_no[-4:]}" in page

    @pytest.mark.parametrize(("days", "shown"), [("30", 30), ("365", 365), ("20", 20), ("7", 90), ("x", 90), ("", 90)])
    def test_balances_over_the_range(self, days: str, shown: int, mine: Client, customer: Customer) -> None:
        self._from(customer, TODAY - timedelta(days=9), "1000")

        context = mine.get(address("balances", customer), {"days": days}).context

        assert (context["days"], context["average"].days, len(context["chart"].labels)) == (shown, shown, shown)
        assert context["chart"].series[1].values[-1] == context["average"].adb
        assert context["average"].adb == (Decimal(10000) / shown).quantize(Decimal("0.01"))

    def test_the_month_tile_equals_the_balances_behind_it(self, mine: Client, customer: Customer) -> None:
        self._from(customer, TODAY - timedelta(days=9), "1000")
        page = mine.get(customer.get_absolute_url()).context
        _balance, month, quarter, year, _maturity = page["tiles"]

        for tile in (month, quarter, year):
            days = tile.url.partition("days=")[2]
            behind = mine.get(address("balances", customer), {"days": days}).context["average"]
            assert behind.adb == tile.money

    def test_carried_days_are_starred(self, mine: Client, customer: Customer) -> None:
        self._from(customer, TODAY - timedelta(days=9), "1000")

        chart = mine.get(address("balances", customer), {"days": "30"}).context["chart"]

        assert chart.labels[-1] == TODAY.isoformat()
        assert chart.labels[-2].endswith("*")

    def _from(self, customer: Customer, on: date, total: str) -> None:
        """The whole balance since a day, in every place that keeps it."""
        account = customer.accounts.get().balance
        amount = Decimal(total)
        account.balance = account.value = account.day_sum = amount
        account.on = account.first_on = on
        account.save()
        position = customer.position
        position.total, position.day_sum, position.on = amount, amount, on
        position.save()
        ensure_months(on)
        PositionChange.objects.create(customer=customer, on=on, total=amount, day_sum=amount)
        assert queries.ledger_day() == TODAY

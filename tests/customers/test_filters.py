"""The customers list: who is found by which filter, in which order, and what may not be asked for."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from core.clock import today
from core.pages import BadQuery, ListPage
from customers.enums import Stage
from customers.filters import API_CUSTOMERS, CUSTOMERS, managers_in, units_in
from customers.models import CustomerPosition, FedDay
from customers.queries.lists import listed
from staff.access import scope_of
from staff.models import Branch, User
from tests.factories import (
    TODAY,
    make_account,
    make_branch,
    make_customer,
    make_head_office,
    make_term_account,
    make_user,
)

pytestmark = pytest.mark.django_db
Names = Callable[..., list[str]]


@pytest.fixture
def bank() -> Branch:
    return make_head_office()


@pytest.fixture
def branch(bank: Branch) -> Branch:
    return make_branch(parent=bank, code="B001", name="中山路支行")


@pytest.fixture
def other(bank: Branch) -> Branch:
    return make_branch(parent=bank, code="B002")


@pytest.fixture
def hq(bank: Branch) -> User:
    return make_user(role="head_office", branch=bank)


def names(viewer: User, query: str = "", *, amounts: bool = True, listing=CUSTOMERS) -> list[str]:
    request = RequestFactory().get(f"/?{query}")
    request.user = viewer
    rows = listed(CustomerPosition.objects.visible_to(viewer), None)
    chosen = listing.select(QueryDict(query), rows, amounts=amounts, request=request)
    return [row.name for row in chosen.queryset.order_by(*chosen.order, "pk")]


class TestFilters:
    def test_tiers_are_added_up(self, hq: User, branch: Branch) -> None:
        for tier in (1, 2, 3):
            make_customer(branch=branch, name=f"层{tier}", tier=tier)

        assert names(hq, "tier=2&tier=3") == ["层2", "层3"]

    def test_nobody_is_in_a_tier_that_is_no_rank(self, hq: User, branch: Branch) -> None:
        make_customer(branch=branch)

        assert names(hq, "tier=99") == []

    def test_by_branch_and_manager_numbers(self, hq: User, branch: Branch, other: Branch) -> None:
        manager = make_user(role="manager", branch=branch, staff_no="80017")
        make_customer(manager=manager, name="有")
        make_customer(branch=branch, name="无")
        make_customer(branch=other, name="别处")

        assert names(hq, "branch=B002") == ["别处"]
        assert names(hq, "manager=80017") == ["有"]
        assert names(hq, "branch=B001&manager=none") == ["无"]

    def test_by_a_unit_with_those_below(self, hq: User, branch: Branch, other: Branch) -> None:
        region = make_branch(parent=other, code="B003")
        make_customer(branch=region, name="下级")
        make_customer(branch=other, name="本级")
        make_customer(branch=branch, name="别处")

        assert sorted(names(hq, "area=B002")) == ["下级", "本级"]
        assert names(hq, "area=B002&branch=B003") == names(hq, "area=B003") == ["下级"]
        assert names(make_user(role="branch_head", branch=branch), "area=B002") == []
        request = RequestFactory().get("/?area=B002")
        request.user = hq
        listing = CUSTOMERS.show(request, listed(CustomerPosition.objects.visible_to(hq), None))
        assert [chip.value for chip in listing.chips] == [other.name]

    def test_by_kind(self, hq: User, branch: Branch) -> None:
        make_customer(branch=branch, name="人")
        make_customer(branch=branch, name="单位", kind="organisation")

        assert names(hq, "kind=organisation") == ["单位"]

    def test_another_branch_is_no_choice_and_finds_nobody(self, branch: Branch, other: Branch) -> None:
        make_customer(branch=other, name="别处")
        head = make_user(role="branch_head", branch=branch)

        assert names(head, "branch=B002") == []
        assert [unit.code for unit in units_in(scope_of(head))] == ["B001"]

    def test_managers_of_other_branches_are_not_offered(self, branch: Branch, other: Branch) -> None:
        ours = make_user(role="manager", branch=branch)
        make_user(role="manager", branch=other)
        make_user(role="teller", branch=branch)

        assert list(managers_in(scope_of(ours))) == [ours]

    @pytest.mark.parametrize("text", ["明辉", "ouyang", "oymh", "8000", "C0000001"])
    def test_finds_by(self, text: str, hq: User, branch: Branch) -> None:
        make_customer(branch=branch, name="欧阳明辉", phone="13900138000", customer_no="C0000001")
        make_customer(branch=branch, name="单雨桐", phone="13900130001", customer_no="C0000002")

        assert names(hq, f"q={text}") == ["欧阳明辉"]
        assert names(hq, f"search={text}", listing=API_CUSTOMERS) == ["欧阳明辉"]

    @pytest.mark.parametrize("listing", [CUSTOMERS, API_CUSTOMERS])
    def test_by_stage(self, listing: ListPage, hq: User, branch: Branch) -> None:
        for stage in (Stage.NONE, Stage.NEW, Stage.GROWING, Stage.LOST):
            make_customer(branch=branch, name=f"阶段{stage.value}", position={"stage": stage})

        assert names(hq, "stage=growing", listing=listing) == ["阶段3"]
        assert names(hq, "stage=new&stage=lost", listing=listing) == ["阶段2", "阶段6"]
        assert names(hq, "stage=won_back", listing=listing) == []
        assert names(hq, "stage=GROWING", listing=listing) == []

    def test_by_days_without_contact(self, hq: User, branch: Branch) -> None:
        day = today()
        for name, ago in (("昨天", 1), ("正好", 30), ("差一天", 29), ("很久", 400)):
            make_customer(branch=branch, name=name, position={"last_contact_on": day - timedelta(days=ago)})
        make_customer(branch=branch, name="从未")

        assert sorted(names(hq, "silent=30")) == sorted(["从未", "很久", "正好"])

    def test_by_what_matures_within_days_of_the_ledger(self, hq: User, branch: Branch) -> None:
        FedDay.objects.create(on=TODAY, is_full=True)
        for name, days in (("当天", 0), ("第七天", 7), ("第八天", 8), ("过去", -1)):
            make_term_account(customer=make_customer(branch=branch, name=name), matures_in=days)
        closed = make_customer(branch=branch, name="已销户")
        make_term_account(customer=closed, matures_in=3, status="closed")
        twice = make_customer(branch=branch, name="两笔")
        make_term_account(customer=twice, matures_in=2)
        make_term_account(customer=twice, matures_in=5)

        assert sorted(names(hq, "matures=7")) == sorted(["当天", "第七天", "两笔"])
        assert names(hq, "matures=0") == ["当天"]

    def test_by_the_day_they_came(self, hq: User, branch: Branch) -> None:
        for name, day in (
            ("老", date(2020, 1, 1)),
            ("当天", date(2026, 1, 1)),
            ("新", date(2026, 5, 1)),
            ("未知", None),
        ):
            make_customer(branch=branch, name=name, opened_on=day)

        assert sorted(names(hq, "opened_since=2026-01-01")) == sorted(["当天", "新"])

    @pytest.mark.parametrize("query", ["silent=0", "silent=x", "matures=-1", "matures=99999", "opened_since=soon"])
    def test_impossible_values_find_nobody(self, query: str, hq: User, branch: Branch) -> None:
        make_customer(branch=branch)

        assert names(hq, query) == []


class TestColumns:
    def test_all_of_them_show_what_is_known(self, hq: User, branch: Branch) -> None:
        backup = make_user(role="manager", branch=branch, name="替补")
        customer = make_customer(
            branch=branch,
            name="王",
            customer_no="C1",
            backup=backup,
            opened_on=date(2020, 2, 3),
            origin="referral",
            position={"stage": Stage.DECLINING},
        )
        row = listed(CustomerPosition.objects.visible_to(hq), None).get(pk=customer.pk)
        with translation.override("en"):
            cells = {column.key: column.cell(row) for column in CUSTOMERS.visible_columns(amounts=True)}

        assert (cells["stage"].value, cells["stage"].tone) == (Stage.DECLINING.label, "warn")
        assert (cells["customer_no"].value, cells["backup"].value) == ("C1", "替补")
        assert (cells["opened_on"].value, cells["origin"].value) == (date(2020, 2, 3), "Referred by a customer")
        assert (cells["adb_quarter"].value, cells["adb_year"].value) == (Decimal(0), Decimal(0))
        assert cells["kind"].value == "Person"

    def test_amounts_are_for_those_who_see_them(self) -> None:
        offered = {column.key for column in CUSTOMERS.visible_columns(amounts=False)}

        assert offered.isdisjoint({"balance", "adb_month", "adb_quarter", "adb_year"})

    def test_the_chosen_ones_cost_no_query_a_row(self, hq: User, branch: Branch) -> None:
        request = RequestFactory().get(f"/?columns={','.join(column.key for column in CUSTOMERS.columns)}")
        request.user = hq

        def count(rows: int) -> int:
            for _n in range(rows):
                make_customer(manager=make_user(role="manager", branch=branch), backup=hq, phone="13800138000")
            with CaptureQueriesContext(connection) as caught:
                CUSTOMERS.show(request, listed(CustomerPosition.objects.visible_to(hq), TODAY), amounts=True)
            return len(caught)

        count(1)
        assert count(2) == count(30)


class TestOrder:
    @pytest.fixture
    def three(self, branch: Branch) -> None:
        for name, total in (("安", 300), ("白", 100), ("陈", 200)):
            make_account(customer=make_customer(branch=branch, name=name), balance=Decimal(total))

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("", ["安", "白", "陈"]),
            ("ordering=name", ["安", "白", "陈"]),
            ("ordering=-name", ["陈", "白", "安"]),
            ("ordering=balance", ["白", "陈", "安"]),
            ("ordering=-balance", ["安", "陈", "白"]),
        ],
    )
    def test_by(self, query: str, expected: list[str], hq: User, three: None) -> None:
        assert names(hq, query) == expected


class TestRefusals:
    @pytest.mark.parametrize("query", ["ordering=-balance", "ordering=balance", "ordering=adb_month"])
    def test_order_by_amounts_without_the_right(self, query: str, branch: Branch) -> None:
        teller = make_user(branch=branch)

        with pytest.raises(BadQuery):
            names(teller, query, amounts=False)

    @pytest.mark.parametrize(
        "query",
        ["phone=138", "id_no=1101", "balance=5", "balance__gt=5", "position__total__gt=5", "ordering=phone", "order=x"],
    )
    def test_unknown_or_masked_fields(self, query: str, hq: User) -> None:
        with pytest.raises(BadQuery):
            names(hq, query)

    @pytest.mark.parametrize(
        "text", ["13800138000", "+86 138-0013-8000", "11010519491231002X", "１３８００１３８０００"]
    )
    def test_a_whole_number_of_a_person_is_not_searched_by_address(self, text: str, hq: User, branch: Branch) -> None:
        make_customer(branch=branch, phone="13800138000", id_no="11010519491231002X")
        query = QueryDict(mutable=True)
        query["q"] = text

        assert names(hq, query.urlencode()) == []

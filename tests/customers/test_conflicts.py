"""X19 and R07: of two who edit at once exactly one wins, and the other is shown both values and loses nothing."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from customers.models import Customer
from customers.services import profile, records
from staff.models import User
from tests.customers.test_profile import EDIT, form_of
from tests.factories import NOW, make_branch, make_customer, make_user

PAIRS = 100


@pytest.fixture
def manager(db: None) -> User:
    return make_user(role="manager", branch=make_branch())


@pytest.fixture
def customer(manager: User) -> Customer:
    return make_customer(manager=manager, name="王小明", phone="13800138000", customer_no="C0001", occupation="工人")


def edited_by_another(customer: Customer, manager: User, **values: Any) -> None:
    customer.refresh_from_db()
    profile.edit_customer(
        customer=customer, values=values, version=customer.version, source="manager", actor=manager, at=NOW
    )


def hidden(response: Any) -> dict[str, str]:
    return {name: str(value) for name, value in response.context["kept"]}


class TestPage:
    def test_the_second_sees_both_values_and_chooses(self, client_of: Any, manager: User, customer: Customer) -> None:
        client = client_of(manager)
        data = form_of(client, EDIT)
        edited_by_another(customer, manager, occupation="教师", employer="一中", phone="13900001111")

        response = client.post(EDIT, {**data, "occupation": "医生", "phone": "13722223333", "address": "朝阳路1号院"})

        assert response.status_code == 409
        shown = {row.field: (row.mine, row.theirs, row.is_mine) for row in response.context["differences"]}
        assert shown == {
            "occupation": ("医生", "教师", True),
            "employer": ("", "一中", False),
            "phone": ("137****3333", "139****1111", True),
            "address": (shown["address"][0], "", True),
        }
        customer.refresh_from_db()
        assert (customer.occupation, customer.address_cipher) == ("教师", None)

        picks = {"pick_occupation": "mine", "pick_employer": "theirs", "pick_phone": "theirs", "pick_address": "mine"}
        assert client.post(EDIT, {**hidden(response), **picks}).status_code == 302
        customer.refresh_from_db()
        assert (customer.occupation, customer.employer, records.unsealed(customer, "phone")) == (
            "医生",
            "一中",
            "13900001111",
        )
        assert records.unsealed(customer, "address") == "朝阳路1号院"

    def test_a_third_change_meanwhile_is_shown_again(self, client_of: Any, manager: User, customer: Customer) -> None:
        client = client_of(manager)
        data = form_of(client, EDIT)
        edited_by_another(customer, manager, occupation="教师")
        first = client.post(EDIT, {**data, "occupation": "医生"})
        edited_by_another(customer, manager, occupation="司机")

        second = client.post(EDIT, {**hidden(first), "pick_occupation": "mine"})

        assert second.status_code == 409
        assert [(row.mine, row.theirs) for row in second.context["differences"]] == [("医生", "司机")]

    def test_what_only_the_other_changed_can_be_put_back(
        self, client_of: Any, manager: User, customer: Customer
    ) -> None:
        client = client_of(manager)
        data = form_of(client, EDIT)
        edited_by_another(customer, manager, occupation="教师")
        response = client.post(EDIT, {**data, "employer": "一中"})

        client.post(EDIT, {**hidden(response), "pick_occupation": "mine", "pick_employer": "mine"})

        customer.refresh_from_db()
        assert (customer.occupation, customer.employer) == ("工人", "一中")

    def test_a_feed_counts_as_another(self, client_of: Any, manager: User, customer: Customer) -> None:
        from tests.customers.feeding import feed

        client = client_of(manager)
        data = form_of(client, EDIT)
        header = ("customer_no", "name", "branch_code", "manager_no", "occupation")
        feed("customers", header, [("C0001", "王小明", manager.branch.code, manager.staff_no, "教师")])

        assert client.post(EDIT, {**data, "occupation": "医生"}).status_code == 409


@pytest.mark.django_db(transaction=True)
def test_of_a_hundred_pairs_exactly_one_wins_each_time() -> None:
    branch = make_branch()
    people = [make_user(branch=branch, password="") for _n in range(2)]
    customer = make_customer(branch=branch)
    start = Barrier(2)

    def edit_all(actor: User) -> list[bool]:
        won = []
        try:
            for version in range(1, PAIRS + 1):
                start.wait()
                try:
                    values = {"occupation": f"{actor.pk}-{version}"}
                    profile.edit_customer(
                        customer=customer, values=values, version=version, source="counter", actor=actor, at=NOW
                    )
                except profile.StaleRecord:
                    won.append(False)
                else:
                    won.append(True)
                start.wait()  # both have read and tried this version
        finally:
            connection.close()
        return won

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(edit_all, people)

    assert [one != two for one, two in zip(first, second, strict=True)] == [True] * PAIRS
    customer.refresh_from_db()
    assert customer.version == PAIRS + 1

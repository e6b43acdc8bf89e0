"""C18: the queue of findings: what stands in it, for whom, and how a row is settled in place."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from customers.models import QualityFlag
from staff.enums import Role
from staff.models import User
from tests.customers.findings import ID_1, ID_2, make_stale, open_kinds
from tests.factories import TODAY, make_branch, make_customer, make_user

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def stale() -> QualityFlag:
    return make_stale()


@pytest.fixture
def teller(stale: QualityFlag, client_of: ClientOf) -> Client:
    return client_of(make_user(branch=stale.customer.branch))


def test_an_old_value_stands_in_the_queue_with_its_age(stale: QualityFlag, teller: Client) -> None:
    page = teller.get(reverse("customers:quality"))
    assert [found.flag for found in page.context["rows"]] == [stale]
    assert stale.customer.customer_no in page.content.decode()
    assert reverse("customers:quality_confirm", args=[stale.pk]) in page.content.decode()


def test_each_tile_counts_the_rows_behind_it(stale: QualityFlag, teller: Client) -> None:
    for n in range(3):
        customer = make_customer(branch=stale.customer.branch)
        QualityFlag.everything.create(customer=customer, kind="missing_phone", found_on=TODAY)
        QualityFlag.everything.create(customer=customer, kind="no_expiry", found_on=TODAY, resolved_on=TODAY)
        if n:
            QualityFlag.everything.create(customer=customer, kind="missing_identity", found_on=TODAY)
    QualityFlag.everything.create(customer=make_customer(), kind="missing_phone", found_on=TODAY)
    tiles = teller.get(reverse("customers:quality")).context["tiles"]
    assert {tile.kind.value: tile.count for tile in tiles} == {
        "missing_phone": 3,
        "missing_identity": 2,
        "stale_phone": 1,
    }
    for tile in tiles:
        shown = teller.get(reverse("customers:quality"), {"kind": tile.kind.value}).context["listing"]
        assert (len(shown.rows), shown.page.count) == (tile.count, str(tile.count))


def test_the_queue_is_filtered_by_age_unit_and_manager(stale: QualityFlag, client_of: ClientOf) -> None:
    manager = make_user(role="manager", branch=stale.customer.branch)
    other = make_customer(manager=manager)
    old = QualityFlag.everything.create(customer=other, kind="missing_phone", found_on=date(2020, 1, 1))
    head = client_of(make_user(role="branch_head", branch=stale.customer.branch))

    def shown(**params: object) -> list[QualityFlag]:
        return [found.flag for found in head.get(reverse("customers:quality"), params).context["rows"]]

    assert shown() == [old, stale]
    assert shown(age=30) == [old]
    assert shown(manager=manager.staff_no) == [old]
    assert shown(manager="none") == [stale]
    assert shown(branch=stale.customer.branch.code, kind="stale_phone") == [stale]


def test_a_call_back_settles_the_row_in_place(stale: QualityFlag, teller: Client) -> None:
    address = reverse("customers:quality_confirm", args=[stale.pk])
    done = teller.post(address, headers=HTMX)
    assert (done.status_code, done["HX-Trigger"]) == (200, "quality-changed")
    assert open_kinds(stale.customer) == set()
    assert teller.post(address, headers=HTMX).status_code == 422
    assert teller.post(address).status_code == 302


def test_dismissing_asks_for_the_reason(stale: QualityFlag, teller: Client) -> None:
    address = reverse("customers:quality_dismiss", args=[stale.pk])
    assert b'name="reason"' in teller.get(address, headers=HTMX).content
    assert teller.post(address, {"reason": "so"}, headers=HTMX).status_code == 422
    assert open_kinds(stale.customer) == {"stale_phone"}
    assert teller.post(address, {"reason": "number of the son"}, headers=HTMX).status_code == 200
    assert open_kinds(stale.customer) == set()


@pytest.mark.parametrize("role", [Role.HEAD_OFFICE, Role.COMPLIANCE])
def test_those_who_only_watch_have_no_buttons(stale: QualityFlag, as_role: Callable[..., Client], role: Role) -> None:
    top = make_branch(kind="head_office")
    page = as_role(role, branch=top).get(reverse("customers:quality"))
    assert [found.flag for found in page.context["rows"]] == [stale]
    assert reverse("customers:quality_confirm", args=[stale.pk]) not in page.content.decode()


def test_a_duplicate_offers_the_other_one_in_sight(teller: Client, stale: QualityFlag, client_of: ClientOf) -> None:
    branch = stale.customer.branch
    one, two = (make_customer(branch=branch, id_no=ID_1) for _n in range(2))
    alone, _hidden = make_customer(branch=branch, id_no=ID_2[:-1] + "5"), make_customer(id_no=ID_2[:-1] + "5")
    for customer in (one, two, alone):
        QualityFlag.everything.create(customer=customer, kind="duplicate_identity", found_on=TODAY)
    rows = teller.get(reverse("customers:quality"), {"kind": "duplicate_identity"}).context["rows"]
    assert {found.flag.customer: found.twin for found in rows} == {
        one: two.customer_no,
        two: one.customer_no,
        alone: "",
    }
    head = client_of(make_user(role="branch_head", branch=branch))
    compare = f"{reverse('customers:merge')}?a={one.customer_no}&amp;b={two.customer_no}"
    assert compare in head.get(reverse("customers:quality")).content.decode()
    assert compare not in teller.get(reverse("customers:quality")).content.decode()


def test_the_queue_asks_the_database_little(
    teller: Client, stale: QualityFlag, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    for _n in range(20):
        customer = make_customer(branch=stale.customer.branch)
        QualityFlag.everything.create(customer=customer, kind="missing_phone", found_on=TODAY)
    with django_assert_max_num_queries(14):
        teller.get(reverse("customers:quality"))

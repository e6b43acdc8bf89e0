"""The team page: who sees a customer beside its manager, and who decides it."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from core.models import TrailEntry
from customers.models import Customer, CustomerShare
from customers.queries.portfolio import keeps_team, shareable_with
from customers.services.sharing import ShareReasonNeeded, share_customer, unshare_customer
from staff.models import User
from tests.customers.books import Bank, hand_over, make_bank
from tests.factories import NOW, make_user
from tests.factories import share_customer as shared

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


@pytest.fixture
def bank() -> Bank:
    return make_bank()


@pytest.fixture
def customer(bank: Bank) -> Customer:
    return bank.customers(1, backup=bank.backup)[0]


def address(name: str, customer: Customer, *more: str) -> str:
    return reverse(f"customers:{name}", args=[customer.customer_no, *more])


def test_a_share_is_taken_back_with_a_trace(bank: Bank, customer: Customer) -> None:
    expert = make_user(role="expert", branch=bank.b)
    share_customer(customer=customer, user=expert, reason="资产配置会诊", actor=bank.old, at=NOW)
    assert list(Customer.objects.visible_to(expert)) == [customer]

    assert [unshare_customer(customer=customer, user=expert, actor=bank.old, at=NOW) for _n in range(2)] == [
        True,
        False,
    ]

    again = User.objects.get(pk=expert.pk)
    assert not Customer.objects.visible_to(again).exists()
    found = TrailEntry.objects.filter(subject_id=customer.customer_no).order_by("pk")
    assert [(e.action, e.actor_no, e.changes) for e in found] == [
        (action, bank.old.staff_no, {"with": expert.staff_no}) for action in ("share", "unshare")
    ]


def test_a_share_needs_a_reason(bank: Bank, customer: Customer) -> None:
    with pytest.raises(ShareReasonNeeded):
        share_customer(customer=customer, user=bank.new, reason=" 看 ", actor=bank.old, at=NOW)
    assert not CustomerShare.objects.exists()


def test_it_is_for_colleagues_of_the_unit_and_experts_anywhere(bank: Bank, customer: Customer) -> None:
    here, far = make_user(role="expert", branch=bank.a), make_user(role="expert", branch=bank.b)
    make_user(role="teller", branch=bank.a)
    make_user(role="expert", branch=bank.b, is_active=False)
    shared(customer, here)
    # Neither manager nor backup, nor the stranger of another branch, nor who has it already.
    assert set(shareable_with(customer)) == {bank.new, far}


def test_manager_and_heads_decide(bank: Bank, customer: Customer) -> None:
    deciders = {bank.old: True, bank.head: True, bank.backup: False, bank.new: False}
    assert {user: keeps_team(user, customer) for user in deciders} == deciders


def test_the_manager_adds_and_removes_a_colleague_on_the_page(
    bank: Bank, customer: Customer, client_of: ClientOf
) -> None:
    client = client_of(bank.old)
    short = client.post(address("share", customer), {"user": bank.new.staff_no, "reason": "看"})
    strange = client.post(address("share", customer), {"user": bank.stranger.staff_no, "reason": "联合拜访"})
    assert (short.status_code, strange.status_code) == (422, 422)

    response = client.post(address("share", customer), {"user": bank.new.staff_no, "reason": "联合拜访"}, follow=True)

    assert [share.user for share in response.context["shares"]] == [bank.new]
    assert client_of(bank.new).get(address("detail", customer)).status_code == 200
    client.post(address("unshare", customer, bank.new.staff_no))
    assert client_of(bank.new).get(address("detail", customer)).status_code == 404


def test_the_backup_is_set_on_the_page(bank: Bank, customer: Customer, client_of: ClientOf) -> None:
    client = client_of(bank.old)
    for wrong in (bank.old, bank.stranger):
        assert client.post(address("set_backup", customer), {"backup": wrong.staff_no}).status_code == 422

    client.post(address("set_backup", customer), {"backup": bank.new.staff_no})
    customer.refresh_from_db()
    assert customer.backup == bank.new
    client.post(address("set_backup", customer), {"backup": ""})
    customer.refresh_from_db()
    assert customer.backup is None


def test_others_see_the_team_but_change_nothing(bank: Bank, customer: Customer, client_of: ClientOf) -> None:
    client = client_of(bank.backup)
    response = client.get(address("team", customer))
    assert (response.status_code, response.context["keeps"]) == (200, False)
    assert "share_form" not in response.context
    for name, more in (("share", ()), ("set_backup", ()), ("unshare", (bank.new.staff_no,))):
        assert client.post(address(name, customer, *more)).status_code == 403
    assert client_of(bank.stranger).get(address("team", customer)).status_code == 404


def test_the_history_says_from_whom_it_was_handed_over(bank: Bank, customer: Customer, client_of: ClientOf) -> None:
    handover = hand_over(bank, [customer])
    response = client_of(bank.new).get(address("team", customer))
    assert [change.handover for change in response.context["changes"] if change.role == "owner"] == [handover, None]
    assert list(response.context["handovers"]) == [handover]
    body = response.content.decode()
    assert bank.old.name in body
    assert reverse("customers:handover", args=[handover.pk]) in body

"""The pages of merging, as heads use them."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core import crypto
from customers.models import Customer, FieldSource, Merge
from customers.services.merge_records import merge
from depositcrm.merging import MOVERS
from tests import factories as make
from tests.factories import NOW, TODAY

pytestmark = pytest.mark.django_db
Pair = tuple[Customer, Customer]


@pytest.fixture
def head(as_role: Callable[..., Client]) -> Client:
    return as_role("branch_head", branch=make.make_branch(code="HEAD"))


@pytest.fixture
def pair(head: Client) -> Pair:
    """Two records of one person in the head's branch; the second has the account."""
    branch = make.Branch.objects.get(code="HEAD")
    number = "11010519491231002X"
    a = make.make_customer(branch=branch, name="王小明", phone="13800138000", id_no=number, employer="")
    b = make.make_customer(branch=branch, name="王晓明", phone="13912345678", id_no=number, employer="市第一医院")
    make.make_account(customer=b, balance=10)
    return a, b


def url(a: Customer | str, b: Customer | str = "") -> str:
    numbers = [getattr(one, "customer_no", one) for one in (a, b)]
    return f"{reverse('customers:merge')}?a={numbers[0]}&b={numbers[1]}"


def chosen(page: str) -> dict[str, str]:
    """What is preselected, by field."""
    tags = re.findall(r'<input type="radio"[^>]*checked[^>]*>', re.sub(r"\s+", " ", page))
    found = [(re.search(r'name="(\w+)"', tag), re.search(r'value="(\w)"', tag)) for tag in tags]
    return {name[1]: value[1] for name, value in found if name and value}


def test_the_page_shows_both_masked_and_preselects_what_speaks_for_itself(head: Client, pair: Pair):
    FieldSource.objects.create(customer=pair[0], field="phone", source="counter", confirmed_on=TODAY)
    page = head.get(url(*pair)).content.decode()
    assert chosen(page) == {"keep": "b", "name": "b", "phone": "a", "employer": "b"}
    for shown in ("138****8000", "139****5678", "1101************2X", "市第一医院"):
        assert shown in page
    for secret in ("13800138000", "13912345678", "11010519491231002X"):
        assert secret not in page


def test_posting_starts_the_job_and_shows_its_progress(head: Client, pair: Pair):
    answer = head.post(url(*pair), {"keep": "b", "name": "a", "phone": "a", "reason": "柜面重复开户"})
    asked = Merge.everything.get()
    assert answer.headers["Location"] == reverse("customers:merge_result", args=[asked.pk])
    assert (asked.kept, asked.dropped, asked.state) == (pair[1], pair[0], "waiting")
    taken = {group for group, side in asked.choices.items() if side == "dropped"}
    assert taken == {"name", "phone"}
    assert asked.job is not None
    assert (asked.job.name, asked.job.args) == ("depositcrm.merge_customers", {"merge": asked.pk})
    assert "hx-get" in head.get(answer.headers["Location"]).content.decode()

    merge(merge=asked, movers=MOVERS, at=NOW)
    kept = Customer.everything.get(pk=pair[1].pk)
    assert kept.name == "王小明"
    assert crypto.unseal("customers.customer.phone", kept.customer_no, kept.phone_cipher) == "13800138000"
    assert head.get(reverse("customers:merge_progress", args=[asked.pk])).status_code == 302


def test_a_missing_reason_keeps_what_was_chosen(head: Client, pair: Pair):
    answer = head.post(url(*pair), {"keep": "a", "phone": "b", "reason": " "})
    assert answer.status_code == 422
    assert chosen(answer.content.decode()) | {"keep": "a", "phone": "b"} == chosen(answer.content.decode())
    assert not Merge.everything.exists()


def test_others_that_may_be_the_same_are_offered_and_a_number_can_be_typed(head: Client, pair: Pair):
    page = head.get(url(pair[0])).content.decode()
    assert pair[1].customer_no in page
    assert f"a={pair[0].customer_no}&amp;b={pair[1].customer_no}" in page
    assert head.get(reverse("customers:merge")).status_code == 200


@pytest.mark.parametrize("number", ["C404", "", "elsewhere"])
def test_a_number_out_of_sight_is_no_number(head: Client, pair: Pair, number: str):
    make.make_customer(customer_no="elsewhere", name="别处客户")
    answer = head.get(url(pair[0], number))
    assert answer.status_code == 200
    assert "别处客户" not in answer.content.decode()
    assert "merge-keep" not in answer.content.decode()


def test_two_people_are_refused_with_the_reason(head: Client, pair: Pair):
    other = make.make_customer(branch=pair[0].branch, id_no="440524188001010014")
    page = head.get(url(pair[0], other)).content.decode()
    assert "merge-keep" not in page
    assert "身份" in page or "two people" in page


def test_different_documents_must_be_confirmed(head: Client, pair: Pair):
    other = make.make_customer(branch=pair[0].branch, id_no="E12345678")
    Customer.everything.filter(pk=other.pk).update(id_type="passport")
    data = {"keep": "a", "reason": "同一客户换证"}
    assert 'name="confirmed"' in head.get(url(pair[0], other)).content.decode()
    assert head.post(url(pair[0], other), data).status_code == 422
    assert head.post(url(pair[0], other), {**data, "confirmed": "on"}).status_code == 302


def test_the_list_and_the_undo(head: Client, pair: Pair):
    head.post(url(*pair), {"keep": "a", "reason": "同一客户"})
    done = merge(merge=Merge.everything.get(), movers=MOVERS, at=NOW)
    Merge.everything.update(undo_until=make.NOW + timedelta(days=3650))
    assert pair[1].customer_no in head.get(reverse("customers:merges")).content.decode()
    address = reverse("customers:merge_result", args=[done.pk])
    assert "undo-dialog" in head.get(address).content.decode()
    assert head.post(reverse("customers:merge_undo", args=[done.pk])).headers["Location"] == address
    done.refresh_from_db()
    assert done.state == "undoing"


def test_the_undo_is_refused_when_its_days_are_over(head: Client, pair: Pair):
    head.post(url(*pair), {"keep": "a", "reason": "同一客户"})
    done = merge(merge=Merge.everything.get(), movers=MOVERS, at=NOW)
    Merge.everything.update(undo_until=NOW - timedelta(days=3650))
    assert "undo-dialog" not in head.get(reverse("customers:merge_result", args=[done.pk])).content.decode()
    head.post(reverse("customers:merge_undo", args=[done.pk]))
    done.refresh_from_db()
    assert done.state == "done"


@pytest.fixture
def merged(head: Client, pair: Pair) -> Pair:
    head.post(url(*pair), {"keep": "a", "reason": "同一客户"})
    merge(merge=Merge.everything.get(), movers=MOVERS, at=NOW)
    return pair


@pytest.mark.parametrize("name", ["customers:detail", "customers:profile", "customers:holdings", "customers:balances"])
def test_a_merged_number_leads_to_the_record_that_stayed(head: Client, merged: Pair, name: str):
    answer = head.get(reverse(name, args=[merged[1].customer_no]) + "?days=9")
    assert answer.status_code == 302
    assert answer.headers["Location"] == reverse(name, args=[merged[0].customer_no]) + "?days=9"


def test_there_is_nothing_at_a_merged_number_for_writes_and_for_strangers(
    head: Client, merged: Pair, as_role: Callable[..., Client]
):
    reveal = reverse("customers:reveal", args=[merged[1].customer_no, "phone"])
    assert head.post(reveal, {"reason": "核对资料"}).status_code == 404
    stranger = as_role("branch_head")
    assert stranger.get(reverse("customers:detail", args=[merged[1].customer_no])).status_code == 404


def test_search_by_the_merged_number_finds_the_record_that_stayed(head: Client, merged: Pair):
    answer = head.post(reverse("customers:find"), {"q": merged[1].customer_no}, follow=True)
    assert merged[0].customer_no in answer.content.decode()


def test_only_heads_merge(as_role: Callable[..., Client], pair: Pair):
    for role in ("teller", "manager", "compliance", "admin"):
        assert as_role(role, branch=pair[0].branch).get(url(*pair)).status_code == 403


def test_a_head_sees_merges_of_own_customers_only(head: Client, merged: Pair, as_role: Callable[..., Client]):
    done: Any = Merge.everything.get()
    stranger = as_role("branch_head")
    assert stranger.get(reverse("customers:merge_result", args=[done.pk])).status_code == 404
    assert stranger.post(reverse("customers:merge_undo", args=[done.pk])).status_code == 404
    assert merged[0].customer_no not in stranger.get(reverse("customers:merges")).content.decode()


def test_the_api_sends_reads_of_a_merged_number_on_and_refuses_writes(head: Client, merged: Pair):
    for name in ("customers-detail", "customers-accounts", "customers-balances"):
        answer = head.get(reverse(name, args=[merged[1].customer_no]))
        assert answer.status_code == 302, name
        assert answer.headers["Location"] == reverse(name, args=[merged[0].customer_no])
    reveal = reverse("customers-reveal", args=[merged[1].customer_no])
    answer = head.post(reveal, {"field": "phone", "reason": "核对资料"}, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")

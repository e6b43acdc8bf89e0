"""The page on which a file of the customers list is asked for."""

import pytest
from django.urls import reverse

from staff.models import Export
from tests.conftest import ClientOf
from tests.customers.exporting import Bank, english

pytestmark = pytest.mark.django_db


@pytest.fixture
def bank() -> Bank:
    return Bank()


def test_the_page_says_what_the_file_would_hold(bank: Bank, client_of: ClientOf):
    client = english(client_of(bank.manager))

    page = client.get(reverse("customers:export"), {"kind": "person", "columns": "name,phone"}).content.decode()

    assert all(word in page for word in ("Customer number", "Phone", "Kind", 'name="reason"', "王经理"))
    assert 'value="kind=person&amp;columns=name,phone"' in page
    assert "Balance" not in page


def test_ticked_rows_are_carried_along(bank: Bank, client_of: ClientOf):
    page = english(client_of(bank.manager)).post(reverse("customers:export"), {"selected": ["C1", "C2"]})

    assert page.status_code == 200
    assert page.content.decode().count('name="selected"') == 2


def test_a_page_without_rows_offers_no_file(bank: Bank, client_of: ClientOf):
    page = english(client_of(bank.manager)).get(reverse("customers:export"), {"q": "nobody at all"}).content.decode()

    assert ("nothing to export" in page, 'name="reason"' in page) == (True, False)


@pytest.mark.parametrize("reason", ["", "abc", "   "])
def test_a_file_needs_a_reason(bank: Bank, client_of: ClientOf, reason: str):
    sent = {"matching": "", "file_format": "xlsx", "reason": reason}

    assert client_of(bank.manager).post(reverse("customers:export"), sent).status_code == 422
    assert not Export.everything.exists()


@pytest.mark.parametrize("number", ["13800138000", "11010519491231002X"])
def test_whole_numbers_are_neither_shown_nor_stored(bank: Bank, client_of: ClientOf, number: str):
    client = client_of(bank.manager)
    sent = {"matching": f"q={number}", "file_format": "xlsx", "reason": "季度核对"}

    answers = [client.get(reverse("customers:export"), {"q": number}), client.post(reverse("customers:export"), sent)]

    assert [answer.headers["Location"] for answer in answers] == [reverse("customers:list")] * 2
    assert not Export.everything.exists()


@pytest.mark.parametrize("query", ["unknown=1", "ordering=nothing", "tier=x", "ordering=phone"])
def test_nonsense_is_refused(bank: Bank, client_of: ClientOf, query: str):
    client, sent = client_of(bank.manager), {"matching": query, "file_format": "xlsx", "reason": "季度核对"}

    assert client.get(f"{reverse('customers:export')}?{query}").status_code == 400
    assert client.post(reverse("customers:export"), sent).status_code == 400
    assert not Export.everything.exists()

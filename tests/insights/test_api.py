"""The timeline over the API: the same entries as the page, for the same people."""

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from customers.models import Customer
from insights.enums import EntryKind
from staff.models import User
from tests.factories import make_interaction, make_token, make_user
from tests.insights.books import make_holder
from tests.insights.test_timeline import make_story, pages

pytestmark = pytest.mark.django_db


def client_of(user: User) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {make_token(user, 'customers:read')}")
    return client


def address(customer: Customer) -> str:
    return reverse("customers-timeline", args=[customer.customer_no])


def test_pages_hold_every_entry_once_latest_first() -> None:
    manager = make_user(role="manager")
    customer = make_story(manager)
    client, url, found = client_of(manager), address(customer), []
    for n in range(20):
        make_interaction(customer=customer, author=manager, note=f"note {n}")
    while url:
        answer = client.get(url).json()
        found += answer["results"]
        url = answer["next"]

    assert answer["previous"] is None
    assert {entry["kind"] for entry in found} == set(EntryKind.values) - {"complaint"}
    assert [entry["at"] for entry in found] == sorted((entry["at"] for entry in found), reverse=True)
    assert [entry["kind"] for entry in found] == [entry.kind.value for entry in pages(customer, manager, 50)]


def test_an_entry_has_what_its_kind_has() -> None:
    manager = make_user(role="manager")
    customer = make_holder({9: 100_000, 2: 20_000}, manager=manager)
    make_interaction(customer=customer, author=manager, channel="phone", note="问利率")
    (entry,) = client_of(manager).get(f"{address(customer)}?kind=contact").json()["results"]
    assert (entry["channel"], entry["note"], entry["author_no"], entry["before"], entry["to_tier"]) == (
        "phone",
        "问利率",
        manager.staff_no,
        None,
        None,
    )


def test_amounts_and_foreign_customers_stay_hidden() -> None:
    manager = make_user(role="manager")
    customer = make_story(manager)
    teller = make_user(role="teller", branch=customer.branch)
    kinds = {entry["kind"] for entry in client_of(teller).get(address(customer)).json()["results"]}
    assert "balance" not in kinds
    assert client_of(make_user(role="manager")).get(address(customer)).status_code == 404
    assert client_of(manager).get(f"{address(customer)}?kind=money").status_code == 400
    assert client_of(manager).get(f"{address(customer)}?cursor=x").status_code == 400

"""C01: the customer page with everything on it, within its budget of statements."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from core.clock import today
from customers.models import Customer, CustomerPosition, FedDay, KycItem, LifecycleChange, QualityFlag
from staff.models import User
from tests.factories import (
    TODAY,
    make_account,
    make_alert,
    make_branch,
    make_consent,
    make_customer,
    make_head_office,
    make_promise,
    make_prospect,
    make_term_account,
    make_user,
)

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
MOST_QUERIES = 15


@pytest.fixture
def customer() -> Customer:
    """Somebody about whom there is something of everything."""
    FedDay.objects.create(on=TODAY, is_full=True)
    branch = make_branch(parent=make_head_office())
    manager = make_user(role="manager", branch=branch, name="王晓燕")
    backup = make_user(role="manager", branch=branch)
    customer = make_customer(
        manager=manager, backup=backup, tier=3, id_expires_on=TODAY - timedelta(days=3), position={"stage": 3}
    )
    for _n in range(4):
        make_account(customer=customer, balance="100000")
    make_term_account(customer=customer)
    make_alert(customer=customer, starts_on=today())
    make_consent(customer=customer)
    make_promise(customer=customer, due_on=today() - timedelta(days=1))
    make_prospect(manager=manager, state="converted", customer=customer)
    Customer.everything.filter(pk=customer.pk).update(origin="web")
    KycItem.everything.create(customer=customer, kind="document", due_on=TODAY - timedelta(days=3), opened_on=TODAY)
    QualityFlag.objects.create(customer=customer, kind="shared_phone", found_on=TODAY)
    LifecycleChange.everything.create(customer=customer, on=TODAY, from_stage=2, to_stage=3, rule="steady")
    return customer


def page_of(client: Client, customer: Customer, **query: str) -> Any:
    response = client.get(customer.get_absolute_url(), query)
    assert response.status_code == 200
    return response


@pytest.mark.parametrize("role", ["manager", "teller", "branch_head", "head_office", "compliance"])
def test_everything_on_within_the_budget(role: str, customer: Customer, client_of: ClientOf) -> None:
    user = customer.manager if role == "manager" else make_user(role=role, branch=customer.branch)
    client = client_of(user)
    page_of(client, customer)
    with CaptureQueriesContext(connection) as queries:
        page_of(client, customer)
    assert len(queries) <= MOST_QUERIES, "\n".join(re.sub(r"SELECT .* FROM", "FROM", q["sql"])[:160] for q in queries)


def test_the_head_says_tier_stage_people_promises_and_origin(customer: Customer, client_of: ClientOf) -> None:
    client = client_of(customer.manager)
    client.cookies["language"] = "en"

    page = page_of(client, customer).content.decode()

    assert "Mature" in page or "Growing" in page
    assert f"since {TODAY}" in page
    assert "1 open promise" in page
    assert "1 overdue" in page
    assert "Came as prospect" in page
    assert "王晓燕" in page


def test_each_tile_leads_to_its_rows(customer: Customer, client_of: ClientOf) -> None:
    response = page_of(client_of(customer.manager), customer)
    keys = {tab.key for tab in response.context["tabs"]}
    for tile in response.context["tiles"]:
        assert re.match(r"\?tab=(\w+)", tile.url)[1] in keys


def test_a_tab_is_there_when_its_address_is(customer: Customer, client_of: ClientOf) -> None:
    tabs = {tab.key: tab for tab in page_of(client_of(customer.manager), customer).context["tabs"]}
    assert {"profile", "consents", "promises", "holdings", "timeline"} <= set(tabs)
    assert (tabs["promises"].count, tabs["promises"].url) == (1, f"/customers/{customer.customer_no}/promises/")
    try:
        reverse("campaigns:of_customer", args=["C1"])
    except NoReverseMatch:
        assert "campaigns" not in tabs


def test_every_tab_answers(customer: Customer, client_of: ClientOf) -> None:
    client = client_of(customer.manager)
    for tab in page_of(client, customer).context["tabs"]:
        assert client.get(tab.url, headers={"HX-Request": "true"}).status_code == 200, tab.key


def test_head_office_and_compliance_see_no_buttons_they_may_not_press(customer: Customer, client_of: ClientOf) -> None:
    page = page_of(client_of(make_user(role="compliance", branch=customer.branch)), customer).content.decode()
    assert "/alerts/" not in page
    assert "/log/" not in page


def test_without_a_stage_there_is_no_badge(customer: Customer, client_of: ClientOf) -> None:
    CustomerPosition.everything.update(stage=0)
    assert page_of(client_of(customer.manager), customer).context["stage"] is None

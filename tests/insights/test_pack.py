"""B12: the hand-over pack gathers what the new manager must know, for those who may see the customers."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.enums import PreferenceValue
from customers.models import Customer, CustomerAlert, Handover, KycItem, Preference, QualityFlag
from insights.queries.pack import Wish, briefs, pack_items
from staff.models import User
from tests.customers.books import Bank, hand_over, make_bank, promise
from tests.factories import NOW, TODAY, make_customer, make_interaction, make_term_account

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


@pytest.fixture
def bank() -> Bank:
    return make_bank()


def furnish(bank: Bank, customer: Customer) -> dict[str, Any]:
    """Something of everything a pack tells, and beside each something it must not."""
    alert = {"customer": customer, "severity": "warn", "starts_on": TODAY, "raised_at": NOW}
    item = {"customer": customer, "opened_on": TODAY}
    make_term_account(customer=customer, matures_in=91)
    QualityFlag.objects.create(customer=customer, kind="duplicate_identity", found_on=TODAY, resolved_on=TODAY)
    CustomerAlert.everything.create(
        **{**alert, "kind": "other", "text": "过期", "dismissed_at": NOW, "dismiss_reason": "好"}
    )
    KycItem.everything.create(**item, kind="review", due_on=TODAY, closed_on=TODAY, outcome="reviewed")
    old_wish = {
        "customer": customer,
        "source": "manager",
        "stated_on": TODAY,
        "recorded_by": bank.old,
        "recorded_at": NOW,
    }
    Preference.everything.create(**old_wish, kind="channel", value="sms", ended_at=NOW)
    contacts = [
        make_interaction(customer=customer, author=bank.old, happened_at=NOW - timedelta(days=n)) for n in range(5)
    ]
    return {
        "promises": [promise(customer, bank.old)],
        "maturities": [make_term_account(customer=customer, matures_in=90)],
        "alerts": [CustomerAlert.everything.create(**alert, kind="vulnerable")],
        "contacts": contacts[:3],
        "kyc": [KycItem.everything.create(**item, kind="document", due_on=TODAY)],
        "findings": [QualityFlag.objects.create(customer=customer, kind="shared_phone", found_on=TODAY)],
        "wish": Preference.everything.create(**old_wish, kind="channel", value="phone"),
    }


def test_a_brief_holds_what_is_open_and_nothing_else(bank: Bank) -> None:
    customer, bare = bank.customers(2)
    expected = furnish(bank, customer)
    handover = hand_over(bank, [customer, bare])

    first, second = briefs(list(pack_items(handover, bank.new)), bank.new, TODAY)

    assert (first.customer, second.customer) == (customer, bare)
    for name in ("promises", "maturities", "alerts", "contacts", "kyc", "findings"):
        assert getattr(first, name) == expected[name], name
        assert getattr(second, name) == []
    assert first.wishes == [Wish(expected["wish"].get_kind_display(), str(PreferenceValue.PHONE.label), TODAY)]


def test_the_highest_tier_comes_first_then_the_largest(bank: Bank) -> None:
    low, high, rich = (bank.customers(1, tier=tier, total=total)[0] for tier, total in ((1, 900), (4, 5), (4, 50)))
    refused = make_customer(manager=bank.new)
    handover = hand_over(bank, [low, high, rich, refused])
    assert [item.customer for item in pack_items(handover, bank.new)] == [rich, high, low]


def test_the_page_names_both_managers_and_pages_by_fifty(bank: Bank, client_of: ClientOf) -> None:
    handover = hand_over(bank, bank.customers(51))
    client, url = client_of(bank.new), reverse("insights:handover_pack", args=[handover.pk])

    first, second = client.get(url), client.get(url, {"page": "2"})

    assert (len(first.context["briefs"]), len(second.context["briefs"])) == (50, 1)
    body = first.content.decode()
    assert bank.old.name in body
    assert bank.new.name in body
    assert [client.get(url, {"page": bad}).status_code for bad in ("0", "x", "99999", "-1")] == [400] * 4
    assert client.get(url, {"page": "9"}).context["page"].number == 2


def test_costs_the_same_for_one_customer_and_for_many(bank: Bank, client_of: ClientOf) -> None:
    client, counts = client_of(bank.new), []
    for many in (1, 20):
        customers = bank.customers(many)
        for customer in customers:
            furnish(bank, customer)
        url = reverse("insights:handover_pack", args=[hand_over(bank, customers).pk])
        client.get(url)
        with CaptureQueriesContext(connection) as caught:
            client.get(url)
        counts.append(len(caught))
    assert counts[0] == counts[1]


def test_is_for_those_who_see_the_hand_over_and_shows_only_customers_in_sight(bank: Bank, client_of: ClientOf) -> None:
    (customer,) = bank.customers(1)
    handover = hand_over(bank, [customer])
    url = reverse("insights:handover_pack", args=[handover.pk])
    assert [one.customer for one in client_of(bank.head).get(url).context["briefs"]] == [customer]
    old = client_of(bank.old).get(url)
    assert (old.status_code, old.context["briefs"]) == (200, [])
    assert customer.name not in old.content.decode()
    assert client_of(bank.stranger).get(url).status_code == 404


def test_there_is_none_before_it_is_done(bank: Bank, client_of: ClientOf) -> None:
    handover = hand_over(bank, bank.customers(1))
    Handover.everything.filter(pk=handover.pk).update(state="undone")
    assert client_of(bank.new).get(reverse("insights:handover_pack", args=[handover.pk])).status_code == 404

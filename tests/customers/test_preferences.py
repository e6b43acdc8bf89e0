"""C11: a preference is dated, has a source, and a new one ends the old."""

from datetime import date
from typing import Any

import pytest

from core.models import TrailEntry
from customers import queries
from customers.enums import PreferenceKind, PreferenceValue
from customers.models import Customer, Preference
from customers.rules.profile import PREFERENCES
from customers.services.preferences import NoSuchPreference, set_preference
from staff.models import User
from tests.factories import NOW, TODAY, make_branch, make_customer, make_user

pytestmark = pytest.mark.django_db
URL = "/customers/C0001/preferences/channel/"


@pytest.fixture
def manager(db: None) -> User:
    return make_user(role="manager", branch=make_branch())


@pytest.fixture
def customer(manager: User) -> Customer:
    return make_customer(manager=manager, customer_no="C0001")


def say(customer: Customer, actor: User, kind: str, value: str, on: date = TODAY) -> Preference | None:
    return set_preference(customer=customer, kind=kind, value=value, source="phone", stated_on=on, actor=actor, at=NOW)


def test_every_kind_has_values_with_words() -> None:
    assert set(PREFERENCES) == set(PreferenceKind.values)
    assert {value for values in PREFERENCES.values() for value in values} == set(PreferenceValue.values)


def test_a_new_one_ends_the_old(customer: Customer, manager: User) -> None:
    say(customer, manager, "channel", "phone", date(2026, 1, 1))
    say(customer, manager, "tenor", "3y")
    say(customer, manager, "channel", "wecom")

    shown = [(p.kind, p.value, p.source, p.stated_on) for p in queries.preferences(customer.pk)]
    assert shown == [("channel", "wecom", "phone", TODAY), ("tenor", "3y", "phone", TODAY)]
    ended = Preference.everything.exclude(ended_at=None).get()
    assert (ended.value, ended.ended_at) == ("phone", NOW)
    entry = TrailEntry.objects.filter(subject="customers.preference").latest("pk")
    assert (entry.subject_id, entry.changes) == ("C0001", {"channel": ["phone", "wecom"]})


def test_saying_it_again_changes_nothing(customer: Customer, manager: User) -> None:
    first = say(customer, manager, "channel", "phone")

    assert say(customer, manager, "channel", "phone") == first
    assert TrailEntry.objects.filter(subject="customers.preference").count() == 1


def test_it_can_be_taken_back(customer: Customer, manager: User) -> None:
    say(customer, manager, "no_call_at_work", "yes")

    assert say(customer, manager, "no_call_at_work", "") is None
    assert queries.preferences(customer.pk) == []
    assert say(customer, manager, "no_call_at_work", "") is None


@pytest.mark.parametrize(("kind", "value"), [("channel", "3y"), ("tenor", "4y"), ("colour", "red")])
def test_only_what_is_offered(customer: Customer, manager: User, kind: str, value: str) -> None:
    with pytest.raises(NoSuchPreference):
        say(customer, manager, kind, value)


def test_not_of_tomorrow(customer: Customer, manager: User) -> None:
    with pytest.raises(NoSuchPreference):
        say(customer, manager, "channel", "phone", date(2026, 11, 21))


def test_changed_in_its_place_on_the_page(client_of: Any, customer: Customer, manager: User) -> None:
    client = client_of(manager)
    assert 'name="value"' in client.get(URL, {"edit": "1"}).content.decode()

    saved = client.post(URL, {"value": "sms", "source": "counter", "stated_on": "2026-11-02"})
    assert (saved.status_code, "2026-11-02" in saved.content.decode()) == (200, True)
    assert "2026-11-02" in client.get("/customers/C0001/profile/").content.decode()

    refused = client.post(URL, {"value": "3y", "source": "counter", "stated_on": "2026-11-02"})
    assert refused.status_code == 422
    assert client.post(URL, {"value": "sms", "source": "counter", "stated_on": "2099-01-01"}).status_code == 422
    assert client.get("/customers/C0001/preferences/colour/").status_code == 404

"""Writing contacts down, correcting and undoing them."""

from datetime import timedelta
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from core.models import TrailEntry
from customers.models import Customer, CustomerPosition, CustomerShare
from servicing.models import Interaction
from servicing.queries.contacts import contacts_of, may_read_confidential
from servicing.services import contacts as services
from staff.enums import Role
from staff.models import User
from tests.factories import (
    NOW,
    TODAY,
    make_branch,
    make_customer,
    make_head_office,
    make_interaction,
    make_user,
    share_customer,
)

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def log(customer: Customer, actor: User, **fields: Any) -> Interaction:
    """A contact logged now."""
    values: dict[str, Any] = {
        "channel": "phone",
        "direction": "out",
        "topic": "rate",
        "outcome": "interested",
        "note": " 想了解三年期 ",
        "happened_at": NOW - 5 * MINUTE,
        "at": NOW,
    }
    return services.log_interaction(actor=actor, customer=customer, **{**values, **fields})


def last_contact(customer: Customer) -> Any:
    return CustomerPosition.everything.get(pk=customer.pk).last_contact_on


def trail(contact_pk: int) -> list[tuple[str, dict[str, Any]]]:
    found = TrailEntry.objects.filter(subject="servicing.interaction", subject_id=str(contact_pk)).order_by("pk")
    return [(entry.action, entry.changes) for entry in found]


def test_a_logged_contact_holds_what_was_said_and_who_said_it() -> None:
    customer, author = make_customer(), make_user(role="manager")

    contact = log(customer, author)

    row = Interaction.everything.values(
        "customer", "author", "branch", "channel", "direction", "topic", "outcome", "note", "happened_at", "recorded_at"
    ).get(pk=contact.pk)
    assert row == {
        "customer": customer.pk,
        "author": author.pk,
        "branch": author.branch_id,
        "channel": "phone",
        "direction": "out",
        "topic": "rate",
        "outcome": "interested",
        "note": "想了解三年期",
        "happened_at": NOW - 5 * MINUTE,
        "recorded_at": NOW,
    }
    assert last_contact(customer) == TODAY
    assert trail(contact.pk) == [
        ("log", {"customer": customer.pk, "channel": "phone", "topic": "rate", "outcome": "interested"})
    ]


def test_the_note_never_reaches_the_trail() -> None:
    contact = log(make_customer(), make_user(), note="手机 13800138000")
    services.change_interaction(
        interaction=contact, actor=contact.author, topic="rate", outcome="interested", note="现改为 13900139000", at=NOW
    )

    assert "00139000" not in str(trail(contact.pk))
    assert trail(contact.pk)[1] == ("change", {"customer": contact.customer_id, "note": [14, 15]})


def test_a_call_nobody_answered_resets_no_clock() -> None:
    customer = make_customer()
    log(customer, make_user(), outcome="not_reached")
    assert last_contact(customer) is None


def test_an_earlier_contact_does_not_turn_the_clock_back() -> None:
    customer = make_customer(position={"last_contact_on": TODAY})
    log(customer, make_user(), happened_at=NOW - timedelta(days=9))
    assert last_contact(customer) == TODAY


def test_a_contact_after_midnight_counts_for_its_day_in_shanghai() -> None:
    customer = make_customer()
    happened_at = NOW.replace(hour=0, minute=5)  # still the day before in UTC
    log(customer, make_user(), happened_at=happened_at)
    assert last_contact(customer) == TODAY


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"channel": "counter", "outcome": "not_reached"}, services.OutcomeNotPossible),
        ({"happened_at": NOW + timedelta(hours=1)}, services.InTheFuture),
    ],
)
def test_an_impossible_contact_is_refused_and_leaves_nothing(fields: dict[str, Any], error: type[Exception]) -> None:
    customer, author = make_customer(), make_user()
    with pytest.raises(error):
        log(customer, author, **fields)
    assert not Interaction.everything.exists()
    assert last_contact(customer) is None


def test_a_form_sent_twice_makes_one_contact() -> None:
    customer, author, once = make_customer(), make_user(), uuid4()
    first, second = (log(customer, author, once=once) for _ in range(2))
    assert first == second
    assert Interaction.everything.count() == 1
    assert len(trail(first.pk)) == 1


@pytest.mark.django_db(transaction=True)
def test_a_form_sent_by_two_threads_at_once_makes_one_contact() -> None:
    customer, author, once = make_customer(), make_user(), uuid4()

    def send() -> None:
        try:
            log(customer, author, once=once)
        finally:
            connection.close()

    threads = [Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Interaction.everything.count() == 1
    assert TrailEntry.objects.filter(subject="servicing.interaction").count() == 1


def test_its_author_corrects_a_contact() -> None:
    contact = log(make_customer(), make_user())

    services.change_interaction(
        interaction=contact,
        actor=contact.author,
        topic="card",
        outcome="done",
        note="想了解三年期",
        at=NOW + 15 * MINUTE,
    )

    contact.refresh_from_db()
    assert (contact.topic, contact.outcome, contact.note) == ("card", "done", "想了解三年期")
    assert trail(contact.pk)[1] == (
        "change",
        {"customer": contact.customer_id, "topic": ["rate", "card"], "outcome": ["interested", "done"]},
    )


def test_correcting_to_not_reached_takes_the_day_back() -> None:
    customer, author = make_customer(), make_user()
    make_interaction(customer=customer, happened_at=NOW - timedelta(days=3))
    contact = log(customer, author)
    services.change_interaction(
        interaction=contact, actor=author, topic="rate", outcome="not_reached", note="", at=NOW + MINUTE
    )
    assert last_contact(customer) == TODAY - timedelta(days=3)


@pytest.mark.parametrize(("others", "minutes"), [(True, 1), (False, 16)])
def test_nobody_else_and_nobody_later_changes_a_contact(others: bool, minutes: int) -> None:
    author = make_user()
    contact = log(make_customer(), author)
    actor, at = (make_user(branch=author.branch) if others else author), NOW + minutes * MINUTE
    with pytest.raises(services.NoLongerChangeable):
        services.change_interaction(interaction=contact, actor=actor, topic="card", outcome="done", note="", at=at)
    with pytest.raises(services.NoLongerChangeable):
        services.undo_interaction(interaction=contact, actor=actor, at=at)
    contact.refresh_from_db()
    assert contact.topic == "rate"


def test_undo_takes_the_contact_and_its_day_back_but_the_trail_keeps_it() -> None:
    customer, author = make_customer(), make_user()
    make_interaction(customer=customer, happened_at=NOW - timedelta(days=3))
    make_interaction(customer=customer, happened_at=NOW - timedelta(days=1), outcome="not_reached", channel="phone")
    contact = log(customer, author)

    services.undo_interaction(interaction=contact, actor=author, at=NOW + MINUTE)

    assert not Interaction.everything.filter(pk=contact.pk).exists()
    assert last_contact(customer) == TODAY - timedelta(days=3)
    assert trail(contact.pk)[-1] == (
        "undo",
        {"customer": customer.pk, "channel": "phone", "topic": "rate", "outcome": "interested"},
    )


def test_undoing_twice_is_refused() -> None:
    author = make_user()
    contact = log(make_customer(), author)
    pk = contact.pk
    services.undo_interaction(interaction=contact, actor=author, at=NOW)
    with pytest.raises(services.NoLongerChangeable):
        services.undo_interaction(interaction=Interaction(pk=pk), actor=author, at=NOW)


def test_the_confidential_part_is_sealed_and_read_by_few_on_the_trail() -> None:
    branch = make_branch(parent=make_head_office())
    people = {role: make_user(role=role, branch=branch) for role in Role}
    backup, other = make_user(role="manager", branch=branch), make_user(role="manager", branch=branch)
    expert = people[Role.EXPERT]
    customer = make_customer(manager=people[Role.MANAGER], backup=backup)
    share_customer(customer, other)
    share_customer(customer, expert)
    contact = log(customer, expert, confidential=" 正在办理离婚 ")
    assert "离婚" not in bytes(contact.confidential_cipher or b"").decode("latin-1")
    assert "离婚" not in str(trail(contact.pk))
    with pytest.raises(services.ConfidentialNotYours):
        log(customer, people[Role.TELLER], confidential="偷看")

    everybody = [*people.values(), backup, other]
    readers = [person for person in everybody if may_read_confidential(contact, person)]
    assert set(readers) == {expert, people[Role.MANAGER], backup, people[Role.BRANCH_HEAD]}
    for person in everybody:
        row = contacts_of(customer, person).first()
        assert bool(row and row.may_open) is (person in readers)
        assert row is None or row.get_deferred_fields() == {"confidential_cipher"}
    stranger = make_user(role="branch_head", branch=make_branch(parent=branch.parent))
    with pytest.raises(services.ConfidentialNotYours):
        services.show_confidential(interaction=contact, actor=stranger, at=NOW)
    assert services.show_confidential(interaction=contact, actor=backup, at=NOW) == "正在办理离婚"
    assert trail(contact.pk)[-1] == ("read_confidential", {"customer": customer.pk})
    CustomerShare.objects.filter(user=expert).delete()
    assert not may_read_confidential(contact, expert)  # its author, but the customer is out of sight


def test_next_step_duration_and_mood_are_kept_and_corrected() -> None:
    contact = log(make_customer(), make_user(), next_step=" 下周再谈 ", minutes=12, mood="pleased")
    assert (contact.next_step, contact.minutes, contact.mood) == ("下周再谈", 12, "pleased")
    services.change_interaction(
        interaction=contact,
        actor=contact.author,
        topic="rate",
        outcome="interested",
        note=contact.note,
        next_step="月底再谈",
        minutes=15,
        mood="calm",
        at=NOW,
    )
    assert trail(contact.pk)[-1] == (
        "change",
        {
            "customer": contact.customer_id,
            "next_step": [4, 4],
            "minutes": [12, 15],
            "mood": ["pleased", "calm"],
        },
    )

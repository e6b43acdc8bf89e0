"""One timeline of contacts, tier changes and balance jumps."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.clock import SHANGHAI
from core.pages import BadQuery
from customers.models import Customer, FedDay
from insights.enums import EntryKind
from insights.queries.timeline import Entry, Mark, timeline
from servicing.models import Feedback, Quote
from staff.models import User
from tests.factories import (
    NOW,
    TODAY,
    make_branch,
    make_consent,
    make_customer,
    make_follow_up,
    make_interaction,
    make_quote,
    make_referral,
    make_user,
)
from tests.insights.books import DAY, make_holder, move_tier

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager() -> User:
    return make_user(role="manager")


def kinds(customer: Customer, viewer: User, **fields: Any) -> list[str]:
    return [entry.kind.value for entry in timeline(customer, viewer, **fields).entries]


def pages(customer: Customer, viewer: User, size: int, **fields: Any) -> list[Entry]:
    """All entries, page by page."""
    found, after = [], ""
    while True:
        page = timeline(customer, viewer, after=after, size=size, **fields)
        assert len(page.entries) <= size
        found += page.entries
        after = page.next
        if not after:
            return found


def make_story(manager: User) -> Customer:
    """A customer with every kind of entry, several at one moment."""
    customer = make_holder({9: 100_000, 6: 900_000, 5: 899_000, 2: 20_000}, manager=manager)
    FedDay.objects.create(on=TODAY - 30 * DAY, is_full=True)
    move_tier(customer, (9, 2), (6, 3), (2, 1))
    for ago in (0, 2, 2, 2, 6, 9):
        make_interaction(customer=customer, author=manager, channel="phone", happened_at=NOW - ago * DAY)
    # At the very moment a day closes.
    close = datetime(2026, 11, 18, 23, 59, 59, tzinfo=SHANGHAI)
    make_interaction(customer=customer, author=manager, happened_at=close)
    make_interaction(customer=customer, author=manager, happened_at=close + timedelta(microseconds=7))
    for at in (NOW - 2 * DAY, close):
        quote = make_quote(customer=customer, made_by=manager)
        Quote.everything.filter(pk=quote.pk).update(made_at=at)
        make_referral(customer=customer, made_at=at)
        make_consent(customer=customer, stated_at=at)
        make_follow_up(customer=customer, owner=manager, state="done", closed_at=at, closed_by=manager)
        said = {"source": "phone", "kind": "praise", "due_on": TODAY, "text": "谢谢", "branch": customer.branch}
        Feedback.everything.create(customer=customer, recorded_by=manager, recorded_at=at, **said)
    make_follow_up(customer=customer, owner=manager)
    return customer


def test_everything_stands_in_the_order_it_happened(manager: User) -> None:
    customer = make_holder({9: 100_000, 2: 20_000}, manager=manager)
    FedDay.objects.create(on=TODAY - 30 * DAY, is_full=True)
    move_tier(customer, (9, 2), (2, 1))
    late = make_interaction(customer=customer, author=manager, happened_at=NOW)
    early = make_interaction(customer=customer, author=manager, happened_at=NOW - 2 * DAY)

    found = timeline(customer, manager).entries

    # What the close of a day shows comes after that day's contacts.
    assert [(entry.kind, entry.contact or entry.change or entry.jump) for entry in found] == [
        (EntryKind.CONTACT, late),
        (EntryKind.BALANCE, found[1].jump),
        (EntryKind.TIER, found[2].change),
        (EntryKind.CONTACT, early),
        (EntryKind.BALANCE, found[4].jump),
        (EntryKind.TIER, found[5].change),
    ]
    jump = found[1].jump
    assert jump is not None
    assert (jump.on, jump.before, jump.after) == (TODAY - 2 * DAY, Decimal(100_000), Decimal(20_000))
    assert jump.difference == Decimal(-80_000)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 50])
def test_pages_of_any_size_hold_every_entry_once(manager: User, size: int) -> None:
    customer = make_story(manager)
    whole = timeline(customer, manager, size=100).entries
    assert len(whole) == 8 + 3 + 3 + 5 * 2
    assert [e.sort_key for e in whole] == sorted((e.sort_key for e in whole), reverse=True)

    assert [e.sort_key for e in pages(customer, manager, size)] == [e.sort_key for e in whole]


@pytest.mark.parametrize("kind", list(EntryKind))
def test_one_kind_alone_is_paged_too(manager: User, kind: EntryKind) -> None:
    customer = make_story(manager)
    whole = [e.sort_key for e in timeline(customer, manager, size=100).entries if e.kind == kind]
    assert [e.sort_key for e in pages(customer, manager, 2, kind=kind.value)] == whole


def test_small_moves_are_no_jumps(manager: User) -> None:
    customer = make_holder({9: 1_000_000, 5: 949_000, 3: 949_001}, manager=manager)
    FedDay.objects.create(on=TODAY - 30 * DAY, is_full=True)
    assert kinds(customer, manager, kind="balance") == ["balance"]  # only the opening


def test_what_stood_there_on_the_first_day_ever_fed_is_no_movement(manager: User) -> None:
    customer = make_holder({9: 100_000}, manager=manager)
    FedDay.objects.create(on=TODAY - 9 * DAY, is_full=True)
    assert kinds(customer, manager) == []


# What else was done, as far as each may open it.
KINDS = {"teller": {"quote"}, "lobby": {"quote"}, "compliance": {"feedback", "follow_up"}}


@pytest.mark.parametrize("role", ["teller", "lobby", "compliance"])
def test_who_sees_no_amounts_sees_no_jumps(manager: User, role: str) -> None:
    customer = make_story(manager)
    viewer = make_user(role=role, branch=manager.branch)
    assert {"contact", "tier", "consent", *KINDS[role]} == set(kinds(customer, viewer, size=100))
    assert kinds(customer, viewer, kind="balance") == []


def test_a_manager_of_somebody_else_sees_nothing(manager: User) -> None:
    customer = make_story(manager)
    for role in ("manager", "teller"):
        stranger = make_user(role=role, branch=make_branch())
        assert kinds(customer, stranger) == []


def test_managers_notes_are_not_for_tellers(manager: User) -> None:
    customer = make_customer(manager=manager)
    make_interaction(customer=customer, author=manager, channel="visit", note="家里要用钱")
    teller = make_user(branch=manager.branch)
    entry = timeline(customer, teller).entries[0]
    assert entry.contact is not None
    assert entry.contact.readable_note is None


def test_another_customers_entries_never_show(manager: User) -> None:
    make_story(manager)
    assert kinds(make_customer(manager=manager), manager) == []


@pytest.mark.parametrize("text", ["x", "1_2", "1_2_3_4", "99999999999999999999999_0_0", "a_b_c", "-9e99_1_1"])
def test_a_mark_nobody_handed_out_is_refused(text: str) -> None:
    with pytest.raises(BadQuery):
        Mark.read(text)


def test_a_mark_keeps_the_microsecond(manager: User) -> None:
    at = datetime(2026, 11, 18, 23, 59, 59, 999_999, tzinfo=SHANGHAI)
    entry = Entry(EntryKind.CONTACT, at, 12)
    assert Mark.read(Mark.of(entry)) == Mark(at, 0, 12)

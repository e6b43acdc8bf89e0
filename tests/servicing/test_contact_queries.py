"""Reads of contacts: scope, days, notes."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser

from core.clock import SHANGHAI
from servicing.models import Interaction
from servicing.queries import contacts as queries
from staff.enums import Role
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
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        ("teller", {"ours", "neighbour's"}),
        ("lobby", {"ours", "neighbour's"}),
        ("branch_head", {"ours", "neighbour's"}),
        ("compliance", {"ours", "neighbour's"}),
        ("manager", {"ours"}),
        ("senior_manager", {"ours"}),
        ("expert", {"ours"}),
        ("admin", set()),
        ("auditor", set()),
    ],
)
def test_contacts_follow_the_customers_scope(role: str, seen: set[str]) -> None:
    root = make_head_office()
    mine, other = make_branch(parent=root), make_branch(parent=root)
    person = make_user(role=role, branch=mine)
    owns = {"manager": person} if role in {"manager", "senior_manager", "expert"} else {}
    make_interaction(customer=make_customer(branch=mine, **owns), note="ours")
    make_interaction(customer=make_customer(branch=mine), note="neighbour's")
    make_interaction(customer=make_customer(branch=other), note="foreign")

    found = Interaction.objects.visible_to(person)

    assert set(found.values_list("note", flat=True)) == seen


def test_a_shared_customers_contacts_are_seen_and_head_office_sees_all() -> None:
    root = make_head_office()
    expert, head = make_user(role="expert", branch=make_branch(parent=root)), make_user(role="head_office", branch=root)
    shared = make_interaction(customer=make_customer(branch=make_branch(parent=root)))
    foreign = make_interaction(customer=make_customer(branch=make_branch(parent=root)))
    share_customer(shared.customer, expert)

    assert list(Interaction.objects.visible_to(expert)) == [shared]
    assert set(Interaction.objects.visible_to(head)) == {shared, foreign}
    assert not Interaction.objects.visible_to(AnonymousUser()).exists()


def test_a_day_begins_and_ends_in_shanghai() -> None:
    customer = make_customer()
    edge = datetime(2026, 11, 20, 0, 0, tzinfo=SHANGHAI)
    for moment in (edge - timedelta(seconds=1), edge, edge + DAY - timedelta(seconds=1), edge + DAY):
        make_interaction(customer=customer, happened_at=moment)

    found = queries.contacts_between(Interaction.everything.all(), TODAY, TODAY)

    assert found.count() == 2
    assert queries.contacts_per_day(Interaction.everything.all(), TODAY - DAY, TODAY + DAY) == {
        TODAY - DAY: 1,
        TODAY: 2,
        TODAY + DAY: 1,
    }


def test_open_ends_leave_that_side_open() -> None:
    customer = make_customer()
    for days in (0, 10, 400):
        make_interaction(customer=customer, happened_at=NOW - days * DAY)
    rows = Interaction.everything.all()
    assert queries.contacts_between(rows, TODAY - 10 * DAY, None).count() == 2
    assert queries.contacts_between(rows, None, TODAY - 10 * DAY).count() == 2
    assert queries.contacts_between(rows, None, None).count() == 3


def test_contacts_per_colleague_names_the_idle_too_and_no_stranger() -> None:
    branch, other = make_branch(), make_branch()
    head, busy = make_user(role="branch_head", branch=branch), make_user(branch=branch)
    idle = make_user(role="manager", branch=branch)
    make_user(role="admin", branch=branch)
    make_user(branch=branch, is_active=False)
    first, second = make_customer(branch=branch), make_customer(branch=branch)
    for customer, days in ((first, 0), (first, 1), (second, 2), (second, 9)):
        make_interaction(customer=customer, author=busy, happened_at=NOW - days * DAY)
    # The colleague's contact with a customer of another branch is not this head's to count.
    make_interaction(customer=make_customer(branch=other), author=busy)

    found = queries.contacts_per_colleague(head, branch, TODAY - 6 * DAY, TODAY)

    rows = {line.user: (line.contacts, line.customers, line.last_on) for line in found}
    assert rows == {busy: (3, 2, TODAY), idle: (0, 0, None), head: (0, 0, None)}
    assert found[0].user == busy


def test_somebody_who_left_still_shows_with_contacts() -> None:
    branch = make_branch()
    head, gone = make_user(role="branch_head", branch=branch), make_user(branch=branch, is_active=False)
    make_interaction(customer=make_customer(branch=branch), author=gone)
    found = queries.contacts_per_colleague(head, branch, TODAY, TODAY)
    assert [line.user for line in found if line.contacts] == [gone]


@pytest.mark.parametrize("role", list(Role))
def test_a_managers_note_is_not_for_the_counter(role: Role) -> None:
    branch = make_branch()
    viewer = make_user(role=role, branch=branch)
    customer = make_customer(branch=branch)
    make_interaction(customer=customer, channel="visit", note="家事")
    make_interaction(customer=customer, channel="lobby", note="大堂")
    make_interaction(customer=customer, channel="phone", note="自己", author=viewer)

    found = queries.with_readable_note(Interaction.everything.all(), viewer)

    notes = {row.note: row.readable_note for row in found}
    hidden = role in {Role.TELLER, Role.LOBBY, Role.ADMIN, Role.AUDITOR}
    assert notes == {"家事": None if hidden else "家事", "大堂": "大堂", "自己": "自己"}


def test_colleagues_and_units_to_choose_from_are_those_in_scope() -> None:
    root = make_head_office()
    mine, other = make_branch(parent=root), make_branch(parent=root)
    head, mate = make_user(role="branch_head", branch=mine), make_user(branch=mine)
    stranger, bank = make_user(branch=other), make_user(role="head_office", branch=root)

    assert set(queries.colleagues_of(head)) == {head, mate}
    assert {mate, stranger} <= set(queries.colleagues_of(bank))
    assert list(queries.units_of(head)) == [mine]
    assert {mine, other} <= set(queries.units_of(bank))
    assert not queries.units_of(AnonymousUser()).exists()

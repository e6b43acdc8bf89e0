"""Follow-ups through their life: made, put off, passed on, closed, taken back, recurring, several at once."""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest

from core.clock import SHANGHAI, now
from core.errors import DomainError
from core.models import TrailEntry
from customers.models import Customer
from servicing.enums import FollowUpState
from servicing.models import FollowUp, Series
from servicing.queries import follow_ups as queries
from servicing.services import follow_ups as services
from servicing.services import series, several
from servicing.services.moving import HANDED_OVER
from servicing.services.reminders import remind, remind_of_day
from staff.models import Branch, Notification, User
from tests import factories as make

pytestmark = pytest.mark.django_db
AT = datetime(2025, 9, 26, 10, 0, tzinfo=SHANGHAI)  # a Friday before a worked Sunday
DAY = AT.date()
SOON = timedelta(minutes=5)


@pytest.fixture
def branch() -> Branch:
    return make.make_branch(parent=make.make_head_office())


@pytest.fixture
def lin(branch: Branch) -> User:
    return make.make_user(role="manager", branch=branch, name="林经理", password="")


@pytest.fixture
def customer(lin: User) -> Customer:
    backup = make.make_user(role="manager", branch=lin.branch, password="")
    return make.make_customer(manager=lin, backup=backup)


def task(customer: Customer, actor: User, **fields: Any) -> FollowUp:
    values = {"title": "寄资料", "due_on": DAY, "at": AT, **fields}
    return services.create_follow_up(customer=customer, actor=actor, **values)


def refused(code: str, act: Any, **values: Any) -> None:
    with pytest.raises(DomainError) as caught:
        act(**values)
    assert caught.value.code == code


def test_made_once_for_somebody_who_sees_the_customer(customer: Customer, lin: User) -> None:
    other = make.make_user(role="manager", branch=lin.branch, password="")
    once = uuid4()
    first = task(customer, lin, once=once, due_time=time(9, 30), remind_at=AT + SOON)

    assert task(customer, lin, once=once) == first
    assert (first.owner, first.state, first.kind, first.is_planned) == (lin, "open", "task", False)
    assert list(queries.reminders_due(until=AT + SOON)) == [first]
    assert list(queries.reminders_due(until=AT + 2 * SOON, since=AT + SOON)) == []
    assert TrailEntry.objects.filter(subject="servicing.followup", action="create").count() == 1
    refused("nothing_to_do", task, customer=customer, actor=lin, title=" ")
    refused("due_in_the_past", task, customer=customer, actor=lin, due_on=DAY - timedelta(days=1))
    refused("reminder_past", task, customer=customer, actor=lin, remind_at=AT)
    refused("owner_cannot_see", task, customer=customer, actor=lin, owner=other)


def test_whose_it_is_to_change(customer: Customer, lin: User) -> None:
    """Tellers leave a manager's alone and do not read it; backup and head may do it."""
    row = task(customer, lin)
    teller = make.make_user(role="teller", branch=lin.branch, password="")
    head = make.make_user(role="branch_head", branch=lin.branch, password="")

    refused("not_yours", services.complete_follow_up, follow_up=row, actor=teller, at=AT)
    assert not queries.tasks_of(customer, teller).exists()
    assert queries.offered(customer, head) == [row]
    done = services.complete_follow_up(follow_up=row, outcome=" 已寄 ", actor=head, at=AT)
    assert (done.state, done.outcome, done.closed_by) == ("done", "已寄", head)
    refused("already_closed", services.cancel_follow_up, follow_up=row, actor=lin, at=AT)


def test_a_contact_closes_what_it_did(customer: Customer, lin: User) -> None:
    row = task(customer, lin)
    failed = make.make_interaction(customer=customer, author=lin, channel="phone", outcome="not_reached")
    reached = make.make_interaction(customer=customer, author=lin, channel="phone", outcome="interested")
    foreign = make.make_interaction(author=lin)

    assert services.close_with_contact(follow_up=row, interaction=failed, actor=lin, at=AT).state == "open"
    refused("other_customer", services.close_with_contact, follow_up=row, interaction=foreign, actor=lin, at=AT)
    done = services.close_with_contact(follow_up=row, interaction=reached, actor=lin, at=AT)
    assert (done.state, done.interaction) == (FollowUpState.DONE, reached)


def test_put_off_passed_on_changed_and_back(customer: Customer, lin: User) -> None:
    row, backup = task(customer, lin, remind_at=AT + SOON), customer.backup
    later = DAY + timedelta(days=10)

    moved = services.snooze_follow_up(follow_up=row, until=later, actor=lin, at=AT)
    assert (moved.due_on, moved.snoozes, moved.remind_at) == (later, 1, None)
    refused("due_in_the_past", services.snooze_follow_up, follow_up=row, until=later, actor=lin, at=AT)
    refused("cannot_undo", services.undo_follow_up, follow_up=row, actor=backup, at=AT + SOON)
    back = services.undo_follow_up(follow_up=row, actor=lin, at=AT + SOON)
    assert (back.due_on, back.snoozes, back.facts) == (DAY, 0, {})

    assert services.reassign_follow_up(follow_up=row, owner=backup, actor=lin, at=AT).owner == backup
    assert services.undo_follow_up(follow_up=row, actor=lin, at=AT).owner_id == lin.pk
    new = {"title": "再寄", "due_on": later, "due_time": None, "priority": 1, "note": "n", "remind_at": None}
    changed = services.change_follow_up(follow_up=row, actor=lin, at=AT, **new)
    assert {name: getattr(changed, name) for name in new} == new
    entry = TrailEntry.objects.get(subject="servicing.followup", action="change")
    assert entry.changes["title"] == [3, 2]  # words of people stay on the row


def test_closing_is_taken_back_within_minutes(customer: Customer, lin: User) -> None:
    row = task(customer, lin)
    refused("reason_needed", services.skip_follow_up, follow_up=row, reason="", actor=lin, at=AT)
    skipped = services.skip_follow_up(follow_up=row, reason="not_useful", actor=lin, at=AT)
    assert (skipped.state, skipped.skip_reason) == ("skipped", "not_useful")
    assert queries.undo_until(skipped, DAY) == AT + timedelta(minutes=15)
    refused("cannot_undo", services.undo_follow_up, follow_up=row, actor=lin, at=AT + timedelta(minutes=16))
    back = services.undo_follow_up(follow_up=row, actor=lin, at=AT + SOON)
    assert (back.state, back.skip_reason, back.closed_at, back.closed_by) == ("open", "", None, None)
    # Another of the rhythm was planned in the meantime: one at a time.
    planned = {"kind": "cadence", "is_planned": True, "title": ""}
    closed = make.make_follow_up(
        customer=customer, owner=lin, state="done", closed_at=AT, closed_by=lin, planned_for=DAY, **planned
    )
    make.make_follow_up(customer=customer, owner=lin, planned_for=DAY + timedelta(days=1), **planned)
    refused("cannot_undo", services.undo_follow_up, follow_up=closed, actor=lin, at=AT)


def test_recurring_makes_the_next_when_closed(customer: Customer, lin: User) -> None:
    first = series.begin_series(customer=customer, title="对账", frequency="month_end", starts_on=DAY, actor=lin, at=AT)
    assert (first.due_on, first.planned_for, first.is_planned) == (date(2025, 9, 30), date(2025, 9, 30), True)
    assert series.make_missing(business_day=DAY, at=AT) == 0

    services.complete_follow_up(follow_up=first, actor=lin, at=AT)
    following = FollowUp.everything.get(series=first.series, state="open")
    assert following.due_on == date(2025, 10, 31)
    services.undo_follow_up(follow_up=first, actor=lin, at=AT + SOON)
    assert not FollowUp.everything.filter(pk=following.pk).exists()
    services.complete_follow_up(follow_up=first, actor=lin, at=datetime(2025, 12, 3, 9, 0, tzinfo=SHANGHAI))
    assert FollowUp.everything.get(series=first.series, state="open").due_on == date(2025, 12, 31)  # no pile

    FollowUp.everything.filter(series=first.series, state="open").delete()
    assert [series.make_missing(business_day=date(2025, 12, 31), at=AT) for _n in range(2)] == [1, 0]
    assert FollowUp.everything.get(series=first.series, state="open").due_on == date(2026, 1, 30)
    ended = series.end_series(series=first.series, actor=lin, at=AT)
    assert ended.ended_at == AT
    assert not FollowUp.everything.filter(series=ended, state="open").exists()
    refused("series_over", series.end_series, series=ended, actor=lin, at=AT)
    with pytest.raises(series.NeverDue):
        series.begin_series(
            customer=customer, title="x", frequency="daily", starts_on=DAY, until=DAY - SOON * 300, actor=lin, at=AT
        )


def test_recurring_sent_twice_is_one(customer: Customer, lin: User) -> None:
    said: dict[str, Any] = {"title": "对账", "frequency": "weekly", "day": 1, "starts_on": DAY, "once": uuid4()}
    made = [series.begin_series(customer=customer, actor=lin, at=AT, **said) for _n in range(2)]
    assert made[0] == made[1]
    assert (Series.everything.count(), FollowUp.everything.count()) == (1, 1)


def test_several_at_once_with_refusals_and_the_way_back(customer: Customer, lin: User) -> None:
    rows = [task(customer, lin) for _n in range(3)]
    closed = services.cancel_follow_up(follow_up=task(customer, lin), actor=lin, at=AT)
    foreign = make.make_follow_up(customer=make.make_customer(manager=lin), owner=lin)
    ids = [row.pk for row in (*rows, closed, foreign)]

    passed = several.reassign_several(ids=ids, owner=customer.backup, actor=lin, at=AT)
    assert (passed.done, set(passed.refused)) == ([row.pk for row in rows], {closed.pk, foreign.pk})
    assert several.undo_several(ids=passed.done, actor=lin, at=AT + SOON).done == passed.done
    assert set(FollowUp.everything.filter(pk__in=ids).values_list("owner", flat=True)) == {lin.pk}

    done = several.complete_several(ids=ids, outcome="一并完成", actor=lin, at=AT)
    assert done.done == sorted([*[row.pk for row in rows], foreign.pk])
    assert several.undo_several(ids=done.done, actor=lin, at=AT).done == done.done
    assert TrailEntry.objects.get(action="complete").changes == {"follow_ups": done.done, "refused": 1}
    refused("too_many", several.complete_several, ids=range(2_001), actor=lin, at=AT)


def test_open_ones_pass_on_with_the_customer(customer: Customer, lin: User) -> None:
    to = make.make_user(role="manager", branch=lin.branch, password="")
    mine, backups = task(customer, lin), task(customer, lin, owner=customer.backup)
    recurring = series.begin_series(
        customer=customer, title="对账", frequency="weekly", day=1, starts_on=DAY, actor=lin, at=AT
    )

    rows = {mover.name: mover.move([customer.pk], to) for mover in HANDED_OVER[:2]}

    assert rows == {
        "follow_ups": {customer.pk: [mine.pk, recurring.pk]},
        "series": {customer.pk: [recurring.series_id]},
    }
    assert set(FollowUp.everything.filter(owner=to)) == {mine, recurring}
    assert FollowUp.everything.get(pk=backups.pk).owner == customer.backup
    services.complete_follow_up(follow_up=mine, actor=to, at=AT)
    for mover in HANDED_OVER[:2]:
        mover.give_back(rows[mover.name], {customer.pk: lin.pk}, to)
    assert set(FollowUp.everything.filter(owner=lin)) == {recurring}
    assert Series.everything.get().owner == lin


def test_reminders_are_told_once_and_the_morning_counts_what_is_due() -> None:
    manager = make.make_user(role="manager")
    customer = make.make_customer(manager=manager, branch=manager.branch)
    at = now()
    task = make.make_follow_up(customer=customer, owner=manager, due_on=at.date(), remind_at=at - timedelta(minutes=1))
    make.make_follow_up(customer=customer, owner=manager, due_on=at.date() + timedelta(days=40))
    assert [remind(at=at), remind(at=at + timedelta(minutes=1))] == [1, 1]
    day = at.date() - timedelta(days=1)
    assert [remind_of_day(business_day=day, at=at) for _again in range(2)] == [1, 1]
    told = Notification.objects.of_person(manager).order_by("pk")
    due = {"count": 1, "day": task.due_on.isoformat()}
    assert [notice.params for notice in told] == [due, due]
    assert str(task.pk) in told[0].url

"""B15: promises with an owner and a day; nothing closes silently, and the customer page says how they went."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from core.clock import now, today
from core.models import TrailEntry
from customers.models import Customer, Promise
from customers.queries import care
from customers.services import promises
from servicing.models import Interaction
from staff.models import User
from tests.factories import NOW, TODAY, make_customer, make_promise, make_user

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
DAY = timedelta(days=1)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def manager() -> User:
    return make_user(role="manager")


@pytest.fixture
def customer(manager: User) -> Customer:
    return make_customer(manager=manager)


def make(customer: Customer, **fields: Any) -> Promise:
    values = {"text": " 周五前回复利率 ", "due_on": TODAY + DAY, "actor": customer.manager, "at": NOW}
    return promises.make_promise(customer=customer, **{**values, **fields})


class TestWriting:
    def test_it_has_an_owner_a_day_and_a_trail_without_its_words(self, customer: Customer, manager: User) -> None:
        promise = make(customer)

        assert (promise.owner, promise.text, promise.due_on, promise.state) == (
            manager,
            "周五前回复利率",
            TODAY + DAY,
            "open",
        )
        entry = TrailEntry.objects.get(subject="customers.promise", subject_id=str(promise.pk))
        assert entry.action == "promise"
        assert "利率" not in str(entry.changes)

    def test_what_is_no_promise(self, customer: Customer) -> None:
        with pytest.raises(promises.PromiseEmpty):
            make(customer, text="  ")
        with pytest.raises(promises.DueInThePast):
            make(customer, due_on=TODAY - DAY)
        with pytest.raises(promises.OwnerCannotSee):
            make(customer, owner=make_user(role="manager", branch=customer.branch))

    @pytest.mark.parametrize("close", [promises.break_promise, promises.release_promise])
    def test_it_is_not_let_go_without_a_word(self, customer: Customer, manager: User, close: Any) -> None:
        promise = make(customer)
        with pytest.raises(promises.OutcomeNeeded):
            close(promise=promise, outcome=" 忘 ", actor=manager, at=NOW)
        assert Promise.everything.get().state == "open"

    def test_it_closes_once(self, customer: Customer, manager: User) -> None:
        promise = make(customer)
        promises.keep_promise(promise=promise, actor=manager, at=NOW)
        row = Promise.everything.get()
        assert (row.state, row.closed_by, row.closed_at) == ("kept", manager, NOW)
        with pytest.raises(promises.PromiseClosed):
            promises.break_promise(promise=promise, outcome="没有来得及", actor=manager, at=NOW)
        with pytest.raises(promises.PromiseClosed):
            promises.change_promise(promise=promise, due_on=TODAY + 2 * DAY, actor=manager, at=NOW)

    def test_another_day_or_owner_is_noted(self, customer: Customer, manager: User) -> None:
        promise, teller = make(customer), make_user(branch=customer.branch)

        promises.change_promise(promise=promise, due_on=TODAY + 3 * DAY, owner=teller, actor=manager, at=NOW)

        entry = TrailEntry.objects.filter(subject="customers.promise", action="change").get()
        assert entry.changes["owner"] == [manager.staff_no, teller.staff_no]
        assert entry.changes["due_on"] == [str(TODAY + DAY), str(TODAY + 3 * DAY)]
        promises.change_promise(promise=promise, due_on=TODAY + 3 * DAY, owner=teller, actor=manager, at=NOW)
        assert TrailEntry.objects.filter(subject="customers.promise", action="change").count() == 1

    def test_an_overdue_one_passes_on_without_a_new_day(self, customer: Customer, manager: User) -> None:
        promise, teller = make(customer), make_user(branch=customer.branch)
        promises.change_promise(promise=promise, due_on=promise.due_on, owner=teller, actor=manager, at=NOW + 9 * DAY)
        assert Promise.everything.get().owner == teller


def test_the_record_counts_kept_and_broken_and_not_the_released(customer: Customer) -> None:
    closed = {"closed_at": NOW, "closed_by": customer.manager}
    for state in ("kept", "kept", "kept", "broken", "released"):
        make_promise(customer=customer, state=state, **closed)
    make_promise(customer=customer, due_on=TODAY - DAY)
    make_promise(customer=customer, due_on=TODAY)
    make_promise(state="broken", closed_at=NOW, closed_by=customer.manager)

    record = care.promise_record(customer.pk, TODAY)

    assert (record.open, record.overdue, record.kept, record.closed) == (2, 1, 3, 4)


def test_owners_are_those_who_see_the_customer(customer: Customer, manager: User) -> None:
    teller, head = make_user(branch=customer.branch), make_user(role="branch_head", branch=customer.branch)
    make_user(role="manager", branch=customer.branch)
    make_user(branch=customer.branch, is_active=False)

    found = set(care.promise_owners(customer))

    assert found == {manager, teller, head}
    assert all(care.may_own_promise(user, customer) for user in found)


class TestPages:
    def test_the_tab_says_the_ratio(self, customer: Customer, manager: User, client_of: ClientOf) -> None:
        for state in ("kept", "kept", "broken"):
            make_promise(customer=customer, state=state, closed_at=NOW, closed_by=manager, outcome="结果说明")
        client = client_of(manager)
        client.cookies["language"] = "en"

        page = client.get(reverse("customers:promises", args=[customer.customer_no])).content.decode()

        assert "2 of 3 promises were kept." in page
        assert page.count("结果说明") == 3

    def test_make_and_close(self, customer: Customer, manager: User, client_of: ClientOf) -> None:
        client = client_of(manager)
        address = reverse("customers:promise_new", args=[customer.customer_no])
        data = {"text": "邀请参加沙龙", "due_on": today().isoformat(), "owner": manager.staff_no}
        assert client.post(address, {**data, "text": ""}, headers=HTMX).status_code == 422
        assert "邀请参加沙龙" in client.post(address, data, headers=HTMX).content.decode()
        promise = Promise.everything.get()
        close = reverse("customers:promise_close", args=[promise.pk])
        assert client.post(close, {"state": "broken", "outcome": ""}, headers=HTMX).status_code == 422
        answer = client.post(close, {"state": "broken", "outcome": "场地取消"}, headers=HTMX)
        assert answer["HX-Retarget"] == "#customer-tab"
        assert Promise.everything.get().state == "broken"

    def test_my_promises_are_mine_overdue_first_and_heads_see_their_branch(
        self, customer: Customer, manager: User, client_of: ClientOf
    ) -> None:
        teller = make_user(branch=customer.branch)
        make_promise(customer=customer, owner=manager, due_on=today() + DAY, text="明天的事")
        make_promise(customer=customer, owner=manager, due_on=today() - DAY, text="昨天的事")
        make_promise(customer=customer, owner=teller, due_on=today(), text="柜员的事")
        make_promise(text="别家的事")
        url = reverse("customers:my_promises")

        rows = client_of(manager).get(url).context["listing"].rows
        assert [(row.object.text, row.tone) for row in rows] == [("昨天的事", "bad"), ("明天的事", "")]
        head = client_of(make_user(role="branch_head", branch=customer.branch))
        rows = head.get(url).context["listing"].rows
        assert [row.object.text for row in rows] == ["昨天的事", "柜员的事", "明天的事"]

    def test_a_logged_contact_carries_a_promise(self, customer: Customer, manager: User, client_of: ClientOf) -> None:
        client = client_of(manager)
        address = reverse("servicing:log", args=[customer.customer_no])
        data = {
            "channel": "phone",
            "direction": "out",
            "topic": "rate",
            "outcome": "interested",
            "note": "",
            "happened_at": now().strftime("%Y-%m-%dT%H:%M"),
            "once": uuid4(),
        }
        half = client.post(address, {**data, "promise": "寄送资料"}, headers=HTMX)
        assert (half.status_code, Promise.everything.count(), Interaction.everything.count()) == (422, 0, 0)
        data |= {"promise": "寄送资料", "promise_due_on": (today() + DAY).isoformat()}
        assert client.post(address, data, headers=HTMX).status_code == 200
        client.post(address, data, headers=HTMX)  # sent twice, promised once

        promise = Promise.everything.get()
        assert (promise.text, promise.owner, promise.due_on) == ("寄送资料", manager, today() + DAY)
        assert Interaction.everything.count() == 1

    def test_a_promise_for_a_past_day_leaves_no_contact(
        self, customer: Customer, manager: User, client_of: ClientOf
    ) -> None:
        data = {
            "channel": "phone",
            "direction": "out",
            "topic": "rate",
            "outcome": "interested",
            "note": "",
            "happened_at": now().strftime("%Y-%m-%dT%H:%M"),
            "once": uuid4(),
            "promise": "寄送资料",
            "promise_due_on": (today() - DAY).isoformat(),
        }
        address = reverse("servicing:log", args=[customer.customer_no])
        assert client_of(manager).post(address, data, headers=HTMX).status_code == 422
        assert not Interaction.everything.exists()

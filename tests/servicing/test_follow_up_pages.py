"""Pages and API of follow-ups: the list and several at once, one of them, the customer's tab, playbooks by hand."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localtime

from core.clock import now, today
from customers.models import Customer
from servicing.models import FollowUp, PlaybookRun, Series
from staff.models import Branch, User
from tests import factories as make

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def branch() -> Branch:
    make.first_scheme()
    return make.make_branch(parent=make.make_head_office())


@pytest.fixture
def lin(branch: Branch) -> User:
    return make.make_user(role="manager", branch=branch, name="林经理")


@pytest.fixture
def customer(lin: User) -> Customer:
    backup = make.make_user(role="manager", branch=lin.branch, name="备份经理")
    return make.make_customer(manager=lin, backup=backup, name="张明辉")


@pytest.fixture
def client(lin: User, client_of: ClientOf) -> Client:
    return client_of(lin)


def text(response: Any, status: int = 200) -> str:
    assert response.status_code == status
    return str(response.content.decode())


def act(client: Client, row: FollowUp, name: str, data: Any = None, **headers: str) -> Any:
    return client.post(reverse(f"servicing:follow_up_{name}", args=[row.pk]), data or {}, headers=headers)


def test_the_list_shows_one_s_own_first(client: Client, customer: Customer, lin: User, client_of: ClientOf) -> None:
    make.make_follow_up(customer=customer, owner=lin, title="今天的事", due_on=today())
    make.make_follow_up(customer=customer, owner=lin, title="迟了的事", due_on=today() - timedelta(days=3))
    make.make_follow_up(customer=customer, owner=customer.backup, title="别人的事")
    make.make_follow_up(customer=customer, owner=lin, title="做完的事", state="done", closed_at=now())
    facts = {"last": "2026-01-05", "since": "2025-01-01", "every": 30}
    make.make_follow_up(
        customer=customer, owner=lin, title="", kind="cadence", facts=facts, is_planned=True, planned_for=today()
    )
    url = reverse("servicing:follow_ups")

    page = text(client.get(url))
    assert [word in page for word in ("今天的事", "迟了的事", "2026-01-05", "别人的事", "做完的事")] == [True] * 3 + [
        False
    ] * 2
    assert "迟了的事" in (late := text(client.get(url, {"due": "overdue"})))
    assert "今天的事" not in late
    assert "别人的事" in text(client.get(url, {"whose": "team"}))
    assert "做完的事" in text(client.get(url, {"state": "done"}))
    assert "别人的事" in text(client.get(url, {"owner": customer.backup.staff_no}))
    assert client.get(url, {"nonsense": "1"}).status_code == 400
    head = client_of(make.make_user(role="branch_head", branch=lin.branch))
    assert "别人的事" in text(head.get(url))
    teller = client_of(make.make_user(role="teller", branch=lin.branch))
    assert "今天的事" not in text(teller.get(url, {"whose": "team"}))
    assert text(client.get(reverse("servicing:follow_ups_export"), {"due": "overdue"}))


def test_one_follow_up_from_open_to_done_and_back(client: Client, customer: Customer, lin: User) -> None:
    row = make.make_follow_up(customer=customer, owner=lin, due_on=today())
    page = text(client.get(reverse("servicing:follow_up", args=[row.pk])))
    assert row.title in page
    assert 'data-shortcut="d"' in page
    assert client.get(reverse("servicing:follow_up_skip", args=[row.pk])).status_code == 200

    assert text(act(client, row, "skip", {"reason": "nonsense"}), 422)
    assert text(act(client, row, "snooze", {"until": today().isoformat()}), 422)
    assert act(client, row, "snooze", {"until": (today() + timedelta(days=4)).isoformat()}).status_code == 302
    assert act(client, row, "reassign", {"owner": customer.backup.staff_no}).status_code == 302
    values = {"title": "改过的事", "due_on": today().isoformat(), "priority": 1, "due_time": "09:30"}
    assert act(client, row, "change", values).status_code == 302
    assert act(client, row, "complete", {"outcome": "好", "next": "/follow-ups/"}).headers["Location"] == "/follow-ups/"
    row.refresh_from_db()
    assert (row.title, row.state, row.outcome, row.owner) == ("改过的事", "done", "好", customer.backup)
    assert reverse("servicing:follow_up_undo", args=[row.pk]) in text(
        client.get(reverse("servicing:follow_up", args=[row.pk]))
    )
    assert act(client, row, "undo").status_code == 302
    row.refresh_from_db()
    assert row.state == "open"
    elsewhere = act(client, row, "cancel", {"next": "https://example.com/"})
    assert elsewhere.headers["Location"] == reverse("servicing:follow_up", args=[row.pk])
    assert text(act(client, row, "complete"), 422)  # closed already: said on the page


def test_the_tab_of_a_customer(client: Client, customer: Customer, lin: User) -> None:
    row = make.make_follow_up(customer=customer, owner=lin)
    tab, url = reverse("servicing:of_customer", args=[customer.customer_no]), customer.get_absolute_url()
    assert tab in text(client.get(url, {"tab": "tasks"}))
    assert row.title in text(client.get(tab, headers=HTMX))

    done = act(client, row, "complete", None, **HTMX)
    assert done.headers["HX-Retarget"] == "#customer-tab"
    assert reverse("servicing:follow_up_undo", args=[row.pk]) in text(done)
    new = reverse("servicing:follow_up_new", args=[customer.customer_no])
    assert text(client.get(new, headers=HTMX))
    values = {"title": "月末对账", "due_on": today().isoformat(), "priority": 2, "owner": lin.staff_no, "once": uuid4()}
    assert text(client.post(new, {**values, "title": ""}, headers=HTMX), 422)
    assert "月末对账" in text(client.post(new, values, headers=HTMX))
    client.post(new, values, headers=HTMX)
    assert FollowUp.everything.filter(title="月末对账").count() == 1  # a form sent twice
    monthly = {**values, "frequency": "month_end", "shift": "after", "once": uuid4()}
    assert text(client.post(new, monthly, headers=HTMX))
    recurring = Series.everything.get()
    assert client.post(reverse("servicing:series_end", args=[recurring.pk])).status_code == 302

    start = reverse("servicing:playbook_start", args=[customer.customer_no])
    assert client.post(start, {"playbook": "onboarding"}).status_code == 302
    run = PlaybookRun.everything.get()
    assert reverse("servicing:playbook_stop", args=[run.pk]) in text(client.get(tab))
    client.post(reverse("servicing:playbook_stop", args=[run.pk]), {"reason": "客户不需要"})
    run.refresh_from_db()
    assert (run.state, run.stop_reason) == ("stopped", "客户不需要")


def test_several_at_once(client: Client, customer: Customer, lin: User) -> None:
    rows = [make.make_follow_up(customer=customer, owner=lin) for _n in range(3)]
    closed = make.make_follow_up(customer=customer, owner=lin, state="done", closed_at=now(), closed_by=lin)
    foreign = make.make_follow_up(title="别人的客户")
    url, ids = reverse("servicing:follow_ups_reassign"), [row.pk for row in (*rows, closed, foreign)]

    page = text(client.post(url, {"selected": ids}))
    assert "3" in page
    assert foreign.title not in page
    response = client.post(url, {"selected": ids, "owner": customer.backup.staff_no})
    assert text(response)
    assert FollowUp.everything.filter(owner=customer.backup).count() == 3
    client.post(reverse("servicing:follow_ups_undo"), {"done": ",".join(str(row.pk) for row in rows)})
    assert FollowUp.everything.filter(owner=customer.backup).count() == 0
    assert text(client.post(reverse("servicing:follow_ups_complete"), {"matching": "state=open", "outcome": ""}))
    assert set(FollowUp.everything.filter(owner=lin).values_list("state", flat=True)) == {"done"}
    assert client.post(url, {"selected": ["x"]}).status_code == 400
    assert client.post(url).status_code == 400
    FollowUp.everything.update(state="done", closed_at=now())
    assert text(client.post(url, {"selected": ids}))


def test_the_list_asks_as_often_for_many_as_for_few(
    client: Client, customer: Customer, lin: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        one = make.make_customer(manager=lin)
        facts = {"on": today().isoformat(), "from": 1, "to": 2}
        make.make_follow_up(customer=one, kind="tier_up", title="", facts=facts, owner=lin, note=str(number))
    client.get(reverse("servicing:follow_ups"))
    with django_assert_max_num_queries(16):
        assert text(client.get(reverse("servicing:follow_ups")))


def test_the_api(client: Client, customer: Customer, lin: User) -> None:
    url = reverse("follow-ups-list")
    values = {"customer_no": customer.customer_no, "title": "回电", "due_on": today().isoformat()}
    keyed = {"content_type": "application/json", "headers": {"Idempotency-Key": "k1"}}

    made = client.post(url, values, **keyed)
    assert made.status_code == 201
    assert client.post(url, values, **keyed).json() == made.json()
    assert {name: made.json()[name] for name in ("title", "owner_no", "state", "kind", "facts")} == {
        "title": "回电",
        "owner_no": lin.staff_no,
        "state": "open",
        "kind": "task",
        "facts": {},
    }
    (listed,) = client.get(url).json()["results"]
    assert listed["id"] == made.json()["id"]
    one = FollowUp.everything.get()

    def post(name: str, **body: Any) -> Any:
        address = reverse(f"follow-ups-{name}", args=[one.pk])
        return client.post(address, json.dumps(body), content_type="application/json")

    later = (today() + timedelta(days=2)).isoformat()
    assert post("postpone", until=later).json()["due_on"] == later
    assert post("postpone").status_code == 400
    contact = make.make_interaction(customer=customer, author=lin)
    done = post("complete", outcome="已回", interaction_id=contact.pk).json()
    assert (done["state"], done["outcome"], done["interaction_id"], done["closed_by_no"]) == (
        "done",
        "已回",
        contact.pk,
        lin.staff_no,
    )
    assert post("complete").json()["error"]["code"] == "already_closed"
    assert client.post(url, {**values, "owner_no": "nobody"}, content_type="application/json").status_code == 404


def test_a_contact_completes_the_follow_up_it_was_made_for(client: Client, customer: Customer, lin: User) -> None:
    task = make.make_follow_up(customer=customer, owner=lin)
    address = reverse("servicing:log", args=[customer.customer_no])
    assert f'<option value="{task.pk}" selected>' in text(client.get(f"{address}?follow_up={task.pk}"))
    talk = {"channel": "phone", "direction": "out", "topic": "deposit", "follow_up": task.pk, "once": uuid4()}
    talk["happened_at"] = localtime(now() - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M")
    client.post(address, {**talk, "outcome": "not_reached", "once": uuid4()})
    assert FollowUp.everything.get(pk=task.pk).state == "open"
    for _again in range(2):  # a form sent twice
        assert client.post(address, {**talk, "outcome": "done"}).status_code == 302
    task.refresh_from_db()
    assert (task.state, task.interaction.once) == ("done", talk["once"])

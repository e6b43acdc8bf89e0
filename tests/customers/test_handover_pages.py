"""C25, X16: handing over in the browser, from the list, a book or one customer to the preview and its end."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core import jobs
from customers.models import Customer, Handover
from customers.queries import portfolio as queries
from customers.services import handover as services
from staff.models import User
from tests.customers.books import Bank, draft, hand_over, make_bank, work
from tests.factories import NOW, make_branch, make_customer, make_user

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
NEW = "/handovers/new/"


@pytest.fixture
def bank() -> Bank:
    return make_bank()


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "send", lambda *_args: True)


def filled(bank: Bank, **fields: Any) -> dict[str, Any]:
    return {"to_manager": bank.new.staff_no, "backup": "", "reason": "人员调整", **fields}


def page(client: Client, handover: Handover, **params: str) -> Any:
    response = client.get(reverse("customers:handover", args=[handover.pk]), params)
    assert response.status_code == 200
    return response


def post(client: Client, name: str, handover: Handover, **data: str) -> Any:
    return client.post(reverse(f"customers:{name}", args=[handover.pk]), data)


class TestChoosing:
    def test_ticked_customers_and_what_was_not_found(self, bank: Bank, client_of: ClientOf) -> None:
        mine, other = bank.customers(2)
        numbers = [mine.customer_no, make_customer(manager=bank.stranger).customer_no, "NOSUCH"]
        client = client_of(bank.head)

        form = client.post(NEW, {"selected": numbers})
        assert (form.status_code, form.context["count"], form.context["missing"]) == (200, 1, 2)
        response = client.post(NEW, filled(bank, selected=numbers), follow=True)

        handover = Handover.everything.get()
        assert [item.customer for item in handover.items.all()] == [mine]
        assert other not in [item.customer for item in handover.items.all()]
        (message,) = response.context["messages"]
        assert "2" in str(message)

    def test_all_that_match_a_filter(self, bank: Bank, client_of: ClientOf) -> None:
        bank.customers(2, tier=3)
        bank.customers(1, tier=1)
        client = client_of(bank.head)

        assert client.post(NEW, {"matching": "?tier=3"}).context["count"] == 2
        client.post(NEW, filled(bank, matching="tier=3"))
        assert Handover.everything.get().items.count() == 2
        assert client.post(NEW, {"matching": "nonsense=1"}).status_code == 400
        assert client.post(NEW, {"matching": "tier=x"}).status_code == 400

    def test_a_managers_own_book(self, bank: Bank, client_of: ClientOf) -> None:
        bank.customers(3)
        client = client_of(bank.old)

        assert client.get(NEW).context["count"] == 3
        client.post(NEW, filled(bank))
        handover = Handover.everything.get()
        assert (handover.items.count(), handover.from_manager, handover.branch) == (3, bank.old, bank.a)

    def test_the_whole_book_of_a_manager(self, bank: Bank, client_of: ClientOf) -> None:
        bank.customers(3)
        make_customer(manager=bank.backup)
        client = client_of(bank.head)

        assert client.post(NEW, filled(bank)).status_code == 422
        assert client.post(NEW, filled(bank, book=bank.new.staff_no)).status_code == 422
        assert client.post(NEW, filled(bank, book=bank.stranger.staff_no)).status_code == 422
        client.post(NEW, filled(bank, book=bank.old.staff_no))
        assert Handover.everything.get().items.count() == 3

    def test_one_customer(self, bank: Bank, client_of: ClientOf) -> None:
        (customer,) = bank.customers(1)
        client = client_of(bank.old)
        assert client.get(NEW, {"customer": customer.customer_no}).context["count"] == 1
        client.post(NEW, filled(bank, customer=customer.customer_no))
        assert Handover.everything.get().items.get().customer == customer
        assert client_of(bank.stranger).get(NEW, {"customer": customer.customer_no}).status_code == 404

    def test_only_people_of_ones_units_can_be_chosen(self, bank: Bank, client_of: ClientOf) -> None:
        bank.customers(1)
        client = client_of(bank.old)
        for wrong in ({"to_manager": bank.stranger.staff_no}, {"backup": bank.new.staff_no}, {"reason": "啊"}):
            assert client.post(NEW, filled(bank, **wrong)).status_code == 422
        assert not Handover.everything.exists()

    def test_in_a_large_bank_people_are_named_by_number(
        self, bank: Bank, client_of: ClientOf, monkeypatch: Any
    ) -> None:
        monkeypatch.setattr("customers.forms.portfolio.LISTED_AT_MOST", 2)
        bank.customers(1)
        client = client_of(bank.head)
        assert b"<option" not in client.get(NEW).content.split(b"<form")[-1]
        client.post(NEW, filled(bank, book=bank.old.staff_no))
        assert Handover.everything.get().to_manager == bank.new


class TestOnePage:
    def test_from_request_to_done(self, bank: Bank, client_of: ClientOf) -> None:
        mine, theirs = bank.customers(1)[0], make_customer(manager=bank.new)
        handover = draft(bank, [mine, theirs], actor=bank.old)
        old, head = client_of(bank.old), client_of(bank.head)

        shown = page(old, handover)
        assert (shown.context["may_submit"], shown.context["at_once"]) == (True, False)
        assert [link.count for link in shown.context["results"]] == [2, 1, 1]
        assert client_of(bank.head).get(reverse("customers:handover", args=[handover.pk])).status_code == 404
        post(old, "handover_submit", handover)
        assert not page(old, handover).context["may_decide"]
        assert post(old, "handover_decide", handover, decision="approve", digest="x").status_code == 422

        waiting = head.get(reverse("customers:handovers")).context["waiting"]
        assert waiting == [handover]
        digest = page(head, handover).context["form"].initial["digest"]
        assert post(head, "handover_decide", handover, decision="reject", digest=digest).status_code == 422
        assert post(head, "handover_decide", handover, decision="approve", digest=digest).status_code == 302
        assert page(head, handover).context["progress"]["state"] == "waiting"
        progress = reverse("customers:handover_progress", args=[handover.pk])
        assert head.get(progress).status_code == 200
        assert work() == ["done"]
        assert head.get(progress, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"

        done = page(head, handover)
        assert {row.object.customer_id: row.object.result for row in done.context["listing"].rows} == {
            mine.pk: "moved",
            theirs.pk: "refused",
        }
        assert [row.object.customer for row in page(head, handover, result="refused").context["listing"].rows] == [
            theirs
        ]
        given, taken = (client_of(who).get(reverse("customers:handovers")) for who in (bank.old, bank.new))
        assert (given.context["given"], taken.context["taken"]) == ([handover], [handover])
        assert head.get(reverse("customers:handover", args=[handover.pk]), {"result": "x"}).status_code == 400

    def test_a_head_acts_at_once_and_takes_back(self, bank: Bank, client_of: ClientOf) -> None:
        customers = bank.customers(2)
        head = client_of(bank.head)
        handover = draft(bank, customers)
        assert page(head, handover).context["at_once"]
        post(head, "handover_submit", handover)
        work()
        assert page(head, handover).context["may_undo"]
        assert not page(client_of(bank.new), handover).context["may_undo"]
        assert post(client_of(bank.new), "handover_undo", handover).status_code == 403
        given = client_of(bank.old).get(reverse("customers:handovers")).context["given"]
        assert given == [handover]

        post(head, "handover_undo", handover)
        work()

        assert page(head, handover).context["results"][1].count == 2
        assert Customer.everything.filter(manager=bank.old).count() == 2

    def test_the_old_manager_sees_it_but_no_longer_whom_it_was_about(self, bank: Bank, client_of: ClientOf) -> None:
        (customer,) = bank.customers(1, name="欧阳某某")
        old = client_of(bank.old)
        handover = hand_over(bank, [customer])

        shown = page(old, handover)

        assert (shown.context["hidden"], shown.context["listing"].rows) == (1, [])
        assert "欧阳某某" not in shown.content.decode()
        assert old.get(customer.get_absolute_url()).status_code == 404
        assert client_of(bank.new).get(customer.get_absolute_url()).status_code == 200

    def test_discard_and_withdraw(self, bank: Bank, client_of: ClientOf) -> None:
        old = client_of(bank.old)
        handover = draft(bank, bank.customers(1), actor=bank.old)
        post(old, "handover_submit", handover)
        shown = page(old, handover)
        assert shown.context["may_withdraw"]
        digest = shown.context["form"].initial["digest"]
        post(old, "handover_decide", handover, decision="withdraw", digest=digest)
        assert page(old, handover).context["may_discard"]
        assert post(old, "handover_discard", handover).status_code == 302
        assert not Handover.everything.exists()

    def test_a_stopped_job_says_so(self, bank: Bank, client_of: ClientOf) -> None:
        handover = services.submit_handover(handover=draft(bank, bank.customers(1)), actor=bank.head, at=NOW)
        assert handover.job is not None
        handover.job.state = "parked"
        handover.job.save()
        assert page(client_of(bank.head), handover).context["progress"]["state"] == "failed"

    def test_kept_deposits_show_when_days_have_passed(self, bank: Bank, client_of: ClientOf, monkeypatch: Any) -> None:
        handover = hand_over(bank, bank.customers(1))
        head = client_of(bank.head)
        assert page(head, handover).context["kept"] is None
        since = handover.done_at + timedelta(days=20)  # type: ignore[operator]
        monkeypatch.setattr("customers.views.handovers.customers.ledger_day", since.date)
        assert page(head, handover).context["kept"] == queries.kept_after(handover, since.date())

    def test_costs_the_same_for_one_customer_and_for_fifty(self, bank: Bank, client_of: ClientOf) -> None:
        head, counts = client_of(bank.head), []
        for many in (1, 50):
            handover = draft(bank, bank.customers(many))
            page(head, handover)
            with CaptureQueriesContext(connection) as caught:
                page(head, handover)
            counts.append(len(caught))
        assert counts[0] == counts[1]
        assert counts[0] <= 30


def test_heads_of_other_units_find_nothing(bank: Bank, client_of: ClientOf) -> None:
    handover = hand_over(bank, bank.customers(1))
    other = client_of(make_user(role="branch_head", branch=make_branch(parent=bank.top)))
    assert other.get(reverse("customers:handover", args=[handover.pk])).status_code == 404
    assert post(other, "handover_undo", handover).status_code == 404
    assert other.get(reverse("customers:handovers")).context["listing"].rows == []

"""The KYC queue as people work it: counts, filters, scope, and settling an item."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.clock import today
from customers.models import Customer, KycItem, KycReview
from staff.models import User
from tests.factories import make_branch, make_customer, make_user

pytestmark = pytest.mark.django_db
QUEUE = "customers:kyc"


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="staff.backends.StaffBackend")
    client.cookies["language"] = "en"
    return client


def due(left: int, *, kind: str = "document", **fields: Any) -> KycItem:
    """Something due in so many days of a new customer."""
    on = today() + timedelta(days=left)
    expiry = {"id_expires_on": on} if kind == "document" else {}
    customer = make_customer(**{**expiry, "opened_on": today(), **fields})
    return KycItem.everything.create(customer=customer, kind=kind, due_on=on, opened_on=today())


@pytest.fixture
def teller() -> User:
    return make_user(role="teller")


def shown(client: Client, **params: str) -> list[int]:
    response = client.get(reverse(QUEUE), params)
    assert response.status_code == 200
    return [row.object.pk for row in response.context["listing"].rows]


def test_the_queue_begins_with_what_is_longest_overdue(teller: User) -> None:
    soon, late, review = (
        due(20, branch=teller.branch),
        due(-100, branch=teller.branch),
        due(0, kind="review", branch=teller.branch, risk_grade="高"),
    )
    due(-5)
    client = client_of(teller)
    assert shown(client) == [late.pk, review.pk, soon.pk]
    body = client.get(reverse(QUEUE)).content.decode()
    assert "100 days overdue" in body
    assert "20 days left" in body
    assert "Beyond grace" in body


@pytest.mark.parametrize(
    ("notice", "left"), [("first", 90), ("second", 30), ("due", 0), ("overdue", -90), ("suspend", -91)]
)
def test_each_notice_is_counted_and_leads_to_its_rows(teller: User, notice: str, left: int) -> None:
    wanted = due(left, branch=teller.branch)
    for other in {90, 30, 0, -90, -91} - {left}:
        due(other, branch=teller.branch)
    client = client_of(teller)
    tiles = client.get(reverse(QUEUE)).context["tiles"]
    (tile,) = [tile for tile in tiles if tile["url"].endswith(f"notice={notice}")]
    assert tile["value"] == "1"
    response = client.get(tile["url"])
    assert [row.object.pk for row in response.context["listing"].rows] == [wanted.pk]


def test_filters_by_what_branch_and_manager() -> None:
    head = make_user(role="head_office", branch=make_branch(kind="head_office"))
    manager = make_user(role="manager")
    paper = due(5, manager=manager)
    review = due(5, kind="review")
    client = client_of(head)
    assert shown(client, kind="review") == [review.pk]
    assert shown(client, branch=manager.branch.code) == [paper.pk]
    assert shown(client, manager=manager.staff_no) == [paper.pk]


def test_settled_items_and_merged_customers_are_not_in_the_queue(teller: User) -> None:
    kept = due(5, branch=teller.branch)
    done = due(5, branch=teller.branch)
    KycItem.everything.filter(pk=done.pk).update(closed_on=today(), outcome="renewed")
    merged = due(5, branch=teller.branch)
    Customer.everything.filter(pk=merged.customer_id).update(merged_into=kept.customer)
    renewed = due(5, branch=teller.branch)
    Customer.everything.filter(pk=renewed.customer_id).update(id_is_long_term=True)
    assert shown(client_of(teller)) == [kept.pk]


def test_the_queue_asks_the_database_no_more_for_more_rows(teller: User) -> None:
    client = client_of(teller)
    due(5, branch=teller.branch)
    shown(client)
    with CaptureQueriesContext(
        connection,
    ) as few:
        shown(client)
    for left in range(-20, 20):
        due(left, branch=teller.branch)
    with CaptureQueriesContext(connection) as many:
        shown(client)
    assert len(many) == len(few) <= 12


def test_a_renewed_document_is_settled_from_its_page(teller: User) -> None:
    item = due(-10, branch=teller.branch)
    client = client_of(teller)
    body = client.get(reverse("customers:kyc_item", args=[item.pk])).content.decode()
    assert "The identity document ran out" in body
    assert "then it may be suspended" in body
    settle = reverse("customers:kyc_settle", args=[item.pk])

    empty = client.post(settle, {"expires_on": "", "note": ""})
    assert (empty.status_code, "tick that it has no expiry" in empty.content.decode()) == (422, True)
    both = client.post(settle, {"expires_on": "2050-01-01", "is_long_term": "on"})
    assert (both.status_code, "not both" in both.content.decode()) == (422, True)
    response = client.post(settle, {"expires_on": "2050-01-01", "note": "已核对原件"}, follow=True)

    assert "The new document of" in response.content.decode()
    item.refresh_from_db()
    assert (item.outcome, item.closed_by, item.note) == ("renewed", teller, "已核对原件")
    again = client.post(settle, {"expires_on": "2051-01-01"}, follow=True).content.decode()
    assert "settled already" in again
    assert "Settled on" in again


def test_a_review_offers_the_grades_of_the_rules_and_the_present_one(teller: User) -> None:
    item = due(0, kind="review", branch=teller.branch, risk_grade="medium")
    client = client_of(teller)
    form = client.get(reverse("customers:kyc_item", args=[item.pk])).context["form"]
    assert [value for value, _label in form.fields["grade"].choices] == ["高", "较高", "中", "低"]
    assert form["grade"].value() == "中"

    settle = reverse("customers:kyc_settle", args=[item.pk])
    assert client.post(settle, {"grade": "极高", "note": "x"}).status_code == 422
    assert client.post(settle, {"grade": "低", "note": "资料齐全"}).status_code == 302
    review = KycReview.objects.get()
    assert (review.customer, review.grade_before, review.grade_after) == (item.customer, "medium", "低")


def test_an_unknown_grade_has_to_be_chosen(teller: User) -> None:
    item = due(0, kind="review", branch=teller.branch, risk_grade="")
    form = client_of(teller).get(reverse("customers:kyc_item", args=[item.pk])).context["form"]
    assert form.fields["grade"].choices[0][0] == ""


def test_those_who_only_read_see_no_form(teller: User) -> None:
    item = due(0, branch=teller.branch)
    compliance = client_of(make_user(role="compliance", branch=teller.branch))
    response = compliance.get(reverse("customers:kyc_item", args=[item.pk]))
    assert (response.status_code, response.context["may_settle"]) == (200, False)
    assert compliance.post(reverse("customers:kyc_settle", args=[item.pk]), {}).status_code == 403
    stranger = client_of(make_user(role="teller"))
    assert stranger.get(reverse("customers:kyc_item", args=[item.pk])).status_code == 404
    assert stranger.post(reverse("customers:kyc_settle", args=[item.pk]), {}).status_code == 404

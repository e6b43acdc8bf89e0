"""Leave: entered and taken back, overlaps and deputies refused, the deputy's view of the customers."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core.clock import now, today
from core.errors import DomainError
from core.models import TrailEntry
from customers.models import Customer, CustomerPosition
from staff import queries
from staff.models import Absence, Branch, Notification, User
from staff.services import absences as services
from tests import factories as make

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


@pytest.fixture
def branch() -> Branch:
    return make.make_branch(parent=make.make_head_office())


def person(branch: Branch, role: str = "manager", **fields: Any) -> User:
    return make.make_user(role=role, branch=branch, password="", **fields)


def enter(user: User, first: int, last: int, *, actor: User | None = None, deputy: User | None = None) -> Absence:
    days = {"starts_on": today() + timedelta(days=first), "ends_on": today() + timedelta(days=last)}
    return services.enter_absence(user=user, deputy=deputy, actor=actor or user, at=now(), **days)


def told() -> set[tuple[int, str]]:
    """Who was told what since the last time."""
    found = {(row.user_id, row.params["absence"]) for row in Notification.objects.all()}
    assert all("%(" not in queries.words_of(row) for row in Notification.objects.all())
    Notification.objects.all().delete()
    return found


def refused(code: str, *args: Any, **kwargs: Any) -> None:
    with pytest.raises(DomainError) as caught:
        enter(*args, **kwargs)
    assert caught.value.code == code


def test_entered_by_oneself_or_the_head(branch: Branch) -> None:
    lin, wang, head = person(branch), person(branch), person(branch, "branch_head")
    elsewhere = person(make.make_branch(parent=branch.parent))
    absence = enter(lin, 0, 3, deputy=wang)
    assert told() == {(wang.pk, "deputy"), (head.pk, "unit")}

    assert queries.deputies_on(today()) == {lin.pk: wang.pk}
    assert TrailEntry.objects.get(action="enter_absence").changes["deputy"] == wang.staff_no
    refused("already_away", lin, 3, 4)
    refused("not_your_person", wang, 1, 2, actor=lin)
    refused("ends_before_it_starts", wang, 2, 1)
    refused("absence_over", wang, -3, -1)
    refused("absence_too_long", wang, 0, 366)
    refused("cannot_stand_in", head, 5, 6, deputy=elsewhere)
    refused("cannot_stand_in", wang, 5, 6, deputy=person(branch, "teller"))
    refused("deputy_away", wang, 3, 6, deputy=lin)
    refused("not_your_person", elsewhere, 1, 2, actor=head)
    assert enter(wang, 4, 4, actor=head).deputy is None
    assert told() == {(wang.pk, "own")}
    assert set(queries.absences_for(head)) == set(Absence.objects.all())
    assert list(queries.absences_for(wang)) == list(Absence.objects.order_by("pk"))  # one's own, one stands in

    services.cancel_absence(absence=absence, actor=lin, at=now())
    assert told() == {(wang.pk, "deputy_off"), (head.pk, "unit_off")}
    assert queries.deputies_on(today()) == {}
    with pytest.raises(services.AbsenceCancelled):
        services.cancel_absence(absence=absence, actor=lin, at=now())
    assert enter(lin, 0, 1).pk


def test_the_deputy_sees_the_customers_on_these_days_only(branch: Branch) -> None:
    lin, wang, zhao = person(branch), person(branch), person(branch)
    one = make.make_customer(manager=lin)
    enter(lin, 0, 0, deputy=wang)
    enter(zhao, 1, 1, deputy=wang)
    make.make_customer(manager=zhao)

    def seen(user: User) -> tuple[list[Customer], list[int]]:
        again = User.objects.get(pk=user.pk)  # a scope is decided once a request
        positions = CustomerPosition.objects.visible_to(again).values_list("customer_id", flat=True)
        return list(Customer.objects.visible_to(again)), list(positions)

    assert seen(wang) == ([one], [one.pk])
    Absence.objects.filter(user=lin).update(cancelled_at=now())
    assert seen(wang) == ([], [])


def test_the_pages(branch: Branch, client_of: ClientOf) -> None:
    lin, wang, head = person(branch, name="林经理"), person(branch, name="王经理"), person(branch, "branch_head")
    client = client_of(head)
    days = {"starts_on": today().isoformat(), "ends_on": (today() + timedelta(days=2)).isoformat()}
    url = reverse("staff:absence_new")

    assert client.get(url).status_code == 200
    response = client.post(url, {**days, "user": lin.staff_no, "deputy": lin.staff_no})
    assert response.status_code == 422
    assert client.post(url, {**days, "user": lin.staff_no, "deputy": wang.staff_no}).status_code == 302
    page = client.get(reverse("staff:absences")).content.decode()
    assert page.count("林经理") >= 3  # away today, may be cancelled, in the list
    assert "王经理" in page
    absence = Absence.objects.get()
    other = client_of(person(make.make_branch(parent=branch.parent), "branch_head"))
    assert other.post(reverse("staff:absence_cancel", args=[absence.pk])).status_code == 404
    assert client.post(reverse("staff:absence_cancel", args=[absence.pk])).status_code == 302
    assert "林经理" not in client.get(reverse("staff:absences"), {"when": "ahead"}).content.decode()
    assert "林经理" in client.get(reverse("staff:absences"), {"when": "cancelled"}).content.decode()

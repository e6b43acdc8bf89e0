"""Who opened which customer's page (F09): noted once a day, kept in time, seen by few, and drawn with its risks."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.clock import SHANGHAI
from customers.models import Customer, PageOpening
from customers.services.openings import forget_openings, note_opening
from insights.queries.openings import openings_for
from insights.queries.supervision import draw_again, population, record_of
from insights.rules.supervision import BUILT_IN
from insights.services.supervision import draw
from staff.enums import Role
from staff.models import Draw, Policy, SpotCheck, User
from tests import factories as make
from tests.factories import NOW
from tests.factories_supervision import FIRST, LAST, make_check
from tests.insights.test_supervision import Bank

pytestmark = pytest.mark.django_db
AT = datetime(2026, 10, 15, 10, tzinfo=SHANGHAI)


@pytest.fixture
def bank() -> Bank:
    return Bank()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="staff.backends.StaffBackend")
    client.cookies["language"] = "en"
    return client


def opened(person: User, customer: Customer, at: datetime = AT, times: int = 1) -> PageOpening:
    for n in range(times):
        note_opening(person=person, customer=customer, at=at + n * timedelta(minutes=10))
    return PageOpening.everything.get(person=person, customer=customer, on=at.astimezone(SHANGHAI).date())


def test_a_page_leaves_one_row_a_day_that_counts(bank: Bank):
    person, customer = bank.teller, bank.customer
    note_opening(person=person, customer=customer, at=AT)
    with CaptureQueriesContext(connection) as asked:
        note_opening(person=person, customer=customer, at=AT + timedelta(minutes=5))  # a tab of the same look
    assert len(asked) == 1
    note_opening(person=person, customer=customer, at=AT + timedelta(minutes=11))
    note_opening(person=person, customer=customer, at=AT.replace(hour=23, minute=59))
    note_opening(person=person, customer=customer, at=AT.replace(hour=23, minute=59) + timedelta(minutes=1))
    rows = PageOpening.everything.order_by("on").values_list("on", "times", "first_at", "last_at", "branch")
    night = AT.replace(hour=23, minute=59)
    assert list(rows) == [
        (AT.date(), 3, AT, night, bank.unit.pk),
        (date(2026, 10, 16), 1, night + timedelta(minutes=1), night + timedelta(minutes=1), bank.unit.pk),
    ]


def test_pages_card_and_interface_note_it_and_what_was_not_shown_does_not(bank: Bank):
    number = bank.customer.customer_no
    teller, manager = signed_in(bank.teller), signed_in(bank.manager)
    stranger = make.make_user(role=Role.MANAGER, branch=bank.unit, password="")
    page, card = reverse("customers:detail", args=[number]), reverse("servicing:counter_card", args=[number])
    api = reverse("customers-detail", args=[number])

    def people() -> list[int]:
        return sorted(PageOpening.everything.values_list("person", flat=True))

    assert signed_in(stranger).get(page).status_code == 404
    assert teller.head(page).status_code == 405
    # What a browser fetches ahead is not given out, so nobody looks unseen by saying so.
    assert teller.get(page, headers={"Sec-Purpose": "prefetch;prerender"}).status_code == 503
    assert teller.get(card, headers={"Purpose": "prefetch"}).status_code == 503
    teller.get(reverse("customers:list"))
    teller.get(reverse("customers:profile", args=[number]), headers={"HX-Request": "true"})
    teller.head(api)
    assert people() == []
    assert teller.get(card).status_code == 200
    assert manager.get(page).status_code == 200
    assert bank.officer.pk not in people()
    for name in ("customers-detail", "customers-accounts", "customers-timeline"):
        assert signed_in(bank.officer).get(reverse(name, args=[number])).status_code == 200
    assert signed_in(bank.head).get(reverse("customers:edit", args=[number])).status_code == 200
    assert people() == sorted(user.pk for user in (bank.teller, bank.manager, bank.officer, bank.head))
    # Head office and compliance serve no customer of the branch.
    assert PageOpening.everything.get(is_outside=True).person == bank.officer


def test_a_row_only_grows_and_goes_when_its_time_is_over(bank: Bank):
    kept, drawn, old = (opened(bank.teller, bank.customer, NOW - timedelta(days=days)) for days in (300, 400, 401))
    young = opened(bank.teller, bank.customer, NOW)
    contact = make.make_interaction(customer=bank.customer, author=bank.teller)
    make_check(plan=bank.plan(area="data"), contact=contact, source="opening", record_id=drawn.pk)
    changes: list[Callable[[], Any]] = [
        lambda: PageOpening.everything.filter(pk=old.pk).update(person=bank.head),
        lambda: PageOpening.everything.filter(pk=young.pk).update(times=0),
        lambda: PageOpening.everything.filter(pk=young.pk).delete(),
    ]
    for change in changes:
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert [forget_openings(business_day=NOW.date()) for _n in range(2)] == [1, 0]
    assert set(PageOpening.everything.values_list("pk", flat=True)) == {kept.pk, drawn.pk, young.pk}


def test_openings_weigh_what_makes_them_a_risk(bank: Bank):
    """A hand-made scene: each opening with the one thing it is about, the edges of need and of many beside them."""
    customers = [make.make_customer(branch=bank.unit) for _n in range(8)]
    span = timedelta(days=3)
    for n, at in enumerate((AT - span, AT + span, AT - span - timedelta(seconds=1))):
        bank.contacts(bank.teller, 1, at=at, customer=customers[n])
    bank.contacts(bank.head, 1, customer=customers[3])  # a colleague's contact is no need
    make.make_follow_up(customer=customers[4], owner=bank.teller, due_on=AT.date() + span)
    make.make_complaint(customer=customers[5], handler=bank.teller, received_on=AT.date() - timedelta(days=400))
    merged = make.make_customer(branch=bank.unit)
    bank.contacts(bank.teller, 1, customer=customers[6])
    Customer.everything.filter(pk=merged.pk).update(merged_into=customers[6])
    rows = [opened(bank.teller, customer) for customer in (*customers[:6], merged)]
    rows.append(opened(bank.teller, customers[7], AT.replace(hour=19), times=7))  # comes back at eight in the evening
    stranger = make.make_user(role=Role.COMPLIANCE, branch=bank.top, password="")
    User.objects.filter(pk=stranger.pk).update(created_at=NOW - timedelta(days=400))
    plan = bank.plan(area="data", unit=bank.top)
    rows.append(opened(stranger, customers[0]))
    opened(bank.officer, customers[0])  # who scores is not looked at

    def factors() -> list[tuple[str, ...]]:
        by_pk = {record.pk: record.factors for record in population(plan, FIRST, LAST, day=NOW.date())}
        assert set(by_pk) == {row.pk for row in rows}
        return [by_pk[row.pk] for row in rows]

    none = ("no_need",)
    expected: list[tuple[str, ...]] = [(), (), none, none, (), (), (), ("night", *none), ("outside", *none)]
    assert factors() == expected
    # A version of before there were openings: what it does not name is built in.
    values = {**BUILT_IN, "weights": {"amount": 2, "complaint": 3, "new_staff": 2, "night": 2, "big_export": 4}}
    values = {**values, "weights": {**values["weights"], "earlier": 3}, "many_openings": 7}
    del values["need_days"]
    Policy.objects.create(
        kind="supervision",
        version=1,
        values=values,
        effective_on=FIRST,
        status="approved",
        drafted_by=bank.hq,
        drafted_at=AT,
    )
    assert factors() == [(*found, "many") for found in expected[:8]] + expected[8:]


def test_a_draw_takes_openings_and_can_be_repeated(bank: Bank):
    for hour in range(9, 17):
        opened(bank.teller, make.make_customer(branch=bank.unit), AT.replace(hour=hour))
    elsewhere = make.make_customer(branch=make.make_branch(parent=bank.top), name="欧阳娜娜")
    far = opened(bank.manager, elsewhere)
    plan = bank.plan(area="data", per_unit=9)
    checks = draw(plan=plan, first=FIRST, last=LAST, actor=bank.officer.actor, at=NOW, seed=3)
    assert {check.source for check in checks} == {"opening"}
    again = draw_again(Draw.objects.get(plan=plan))
    assert (again.population, again.is_list_same, again.is_sample_same) == (9, True, True)
    check = SpotCheck.objects.get(record_id=far.pk)
    opened(bank.manager, elsewhere, AT, times=2)  # goes on after the draw
    assert draw_again(Draw.objects.get(plan=plan)).is_sample_same
    page = signed_in(bank.officer).get(check.get_absolute_url())
    told = {str(fact["label"]): str(fact["value"]) for fact in page.context["record"]}
    assert (told["Looked at"], told["Business need"]) == ("2026-10-15 10:00 – 10:10", "None found")
    # The branch head who marks it sees the act, and of a customer of another branch the number alone.
    mine = record_of(check, bank.head)
    assert (mine.pk, mine.in_sight) == (far.pk, False)
    assert signed_in(bank.manager).get(check.get_absolute_url()).status_code in {403, 404}


def test_openings_are_read_as_the_trail_is(bank: Bank):
    other = make.make_branch(parent=bank.top)
    away = make.make_user(branch=other, password="")
    second = make.make_user(role=Role.BRANCH_HEAD, branch=bank.unit, password="")
    auditor = make.make_user(role=Role.AUDITOR, branch=bank.top, password="")
    local = make.make_user(role=Role.COMPLIANCE, branch=bank.unit, password="")
    for person in (bank.teller, bank.head, second, bank.hq, bank.officer, away):
        opened(person, bank.customer)

    def seen(user: User) -> set[User]:
        return {row.person for row in openings_for(user, days=3)}

    everybody = {bank.teller, bank.head, second, bank.hq, bank.officer, away}
    assert seen(auditor) == seen(bank.officer) == everybody
    assert seen(local) == {bank.teller, bank.head, second}
    assert seen(bank.head) == {bank.teller}  # not of seniors, nor of who heads the unit beside them
    assert seen(bank.hq) == {bank.teller, bank.head, second, away}
    assert seen(bank.teller) == seen(bank.manager) == set()
    # An auditor sees no customers: a number, as on the trail.
    text = signed_in(auditor).get(reverse("insights:openings")).content.decode()
    assert (bank.customer.customer_no in text, bank.customer.name in text) == (True, False)
    assert bank.customer.name in signed_in(bank.officer).get(reverse("insights:openings")).content.decode()


def test_the_list_filters_and_costs_the_same_however_long(bank: Bank):
    client, url = signed_in(bank.officer), reverse("insights:openings")
    bank.contacts(bank.teller, 1)
    opened(bank.teller, bank.customer)
    opened(bank.hq, bank.customer, AT + timedelta(days=1))

    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get(url)
        return len(asked)

    def found(**query: str) -> set[str]:
        return {row.object.person.staff_no for row in client.get(url, query).context["listing"].rows}

    teller, hq = bank.teller.staff_no, bank.hq.staff_no
    assert found(need="without") == found(where="outside") == found(since="2026-10-16") == {hq}
    assert found(need="with") == found(unit=bank.unit.code) == found(until="2026-10-15") == {teller}
    assert found(who=teller, customer=bank.customer.customer_no) == {teller}
    few = (cost(), cost())[1]
    for _n in range(20):
        opened(bank.teller, make.make_customer(branch=bank.unit))
    assert cost() == few


def test_compliance_sees_on_the_page_who_opened_it(bank: Bank):
    opened(bank.teller, bank.customer)
    merged = make.make_customer(branch=bank.unit)
    opened(bank.manager, merged)
    Customer.everything.filter(pk=merged.pk).update(merged_into=bank.customer)
    page = bank.customer.get_absolute_url()
    keys = [[tab.key for tab in signed_in(who).get(page).context["tabs"]] for who in (bank.officer, bank.head)]
    assert ["openings" in tabs for tabs in keys] == [True, False]
    text = signed_in(bank.officer).get(f"{page}openings/").content.decode()
    assert [person.name in text for person in (bank.teller, bank.manager)] == [True, True]
    assert signed_in(bank.head).get(f"{page}openings/").status_code == 403

"""C27: alerts on the customer page, at the counter and on calls; dismissed for a reason, or ending alone."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core.clock import now
from core.models import TrailEntry
from customers.enums import FlagKind
from customers.models import Customer, CustomerAlert, QualityFlag
from customers.queries.care import standing_alerts
from customers.rules.alerts import alert_fault, loudness
from customers.services import alerts
from staff.models import User
from tests.factories import NOW, TODAY, make_alert, make_branch, make_customer, make_user

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


def raise_one(customer: Customer, **fields: Any) -> CustomerAlert:
    values = {"kind": "fraud_risk", "severity": "warn", "text": "先回拨核实", "ends_on": None, "at": NOW}
    return alerts.raise_alert(customer=customer, actor=make_user(), **{**values, **fields})


def said(customer: Customer, day: Any = TODAY) -> list[str]:
    return [notice.kind for notice in standing_alerts(customer, make_user(), day)]


class TestStanding:
    def test_it_holds_on_its_last_day_and_expires_alone(self, customer: Customer) -> None:
        raise_one(customer, ends_on=TODAY + DAY)
        assert [said(customer, TODAY + n * DAY) for n in (-1, 0, 1, 2)] == [[], ["fraud_risk"], ["fraud_risk"], []]

    def test_grave_things_come_first_then_severity(self, customer: Customer) -> None:
        raise_one(customer, kind="other", severity="info")
        raise_one(customer, kind="fraud_risk", severity="critical")
        raise_one(customer, kind="bereavement", severity="info")
        raise_one(customer, kind="complaint", severity="warn")

        assert said(customer) == ["bereavement", "fraud_risk", "complaint", "other"]
        first = standing_alerts(customer, make_user(), TODAY)[0]
        assert (first.tone, first.may_dismiss) == ("grave", True)

    def test_document_and_findings_are_joined(self, manager: User) -> None:
        customer = make_customer(manager=manager, id_expires_on=TODAY - DAY)
        raise_one(customer, severity="critical")
        for kind in (FlagKind.SHARED_PHONE, FlagKind.DUPLICATE_IDENTITY):
            QualityFlag.objects.create(customer=customer, kind=kind, found_on=TODAY)
        resolved = make_customer()
        QualityFlag.objects.create(customer=resolved, kind=FlagKind.SHARED_PHONE, found_on=TODAY, resolved_on=TODAY)

        notices = standing_alerts(customer, manager, TODAY)
        assert [n.kind for n in notices] == ["fraud_risk", "id_expired", "duplicate_identity", "shared_phone"]
        assert [n.may_dismiss for n in notices] == [True, False, False, False]
        assert str(TODAY - DAY) in notices[1].text
        assert said(resolved) == []

    def test_findings_for_clerks_are_not_said_to_whoever_serves(self, customer: Customer) -> None:
        QualityFlag.objects.create(customer=customer, kind="stale_phone", found_on=TODAY)
        assert said(customer) == []

    @pytest.mark.parametrize(("kind", "severity", "place"), [("do_not_contact", "info", 0), ("other", "critical", 1)])
    def test_loudness(self, kind: str, severity: str, place: int) -> None:
        assert loudness(kind, severity) == place

    def test_few_queries(self, customer: Customer, django_assert_max_num_queries: Any) -> None:
        raise_one(customer)
        with django_assert_max_num_queries(3):
            standing_alerts(customer, customer.manager, TODAY)


class TestWriting:
    def test_raising_leaves_a_trail_without_its_text(self, customer: Customer) -> None:
        alert = raise_one(customer)
        entry = TrailEntry.objects.get(subject="customers.alert", subject_id=str(alert.pk))
        assert entry.action == "raise_alert"
        assert "先回拨核实" not in str(entry.changes)

    @pytest.mark.parametrize(
        ("kind", "text", "ends_in", "expected"),
        [
            ("fraud_risk", "", None, ""),
            ("fraud_risk", "", 0, ""),
            ("fraud_risk", "", -1, "ends_in_the_past"),
            ("other", " ", None, "text_needed"),
            ("other", "x", None, ""),
        ],
    )
    def test_the_rule(self, kind: str, text: str, ends_in: int | None, expected: str) -> None:
        ends_on = None if ends_in is None else TODAY + ends_in * DAY
        assert alert_fault(kind, text, ends_on, TODAY) == expected

    @pytest.mark.parametrize("reason", ["", "   ", "无效 ", "abc"])
    def test_dismissing_needs_a_reason(self, customer: Customer, reason: str) -> None:
        alert = raise_one(customer)
        with pytest.raises(alerts.DismissReasonNeeded):
            alerts.dismiss_alert(alert=alert, reason=reason, actor=make_user(), at=NOW)
        assert said(customer) == ["fraud_risk"]

    def test_dismissed_once_it_is_gone(self, customer: Customer) -> None:
        alert, actor = raise_one(customer), make_user()
        alerts.dismiss_alert(alert=alert, reason="已核实为误报", actor=actor, at=NOW)

        assert said(customer) == []
        with pytest.raises(alerts.AlertOver):
            alerts.dismiss_alert(alert=alert, reason="已核实为误报", actor=actor, at=NOW)
        entry = TrailEntry.objects.get(action="dismiss_alert", subject_id=str(alert.pk))
        assert (entry.actor_id, entry.reason) == (actor.pk, "已核实为误报")

    def test_its_end_can_be_moved_while_it_stands(self, customer: Customer) -> None:
        alert = raise_one(customer, ends_on=TODAY)
        alerts.change_alert_end(alert=alert, ends_on=TODAY + 5 * DAY, actor=make_user(), at=NOW)
        assert said(customer, TODAY + 5 * DAY) == ["fraud_risk"]
        with pytest.raises(alerts.AlertOver):
            alerts.change_alert_end(alert=alert, ends_on=None, actor=make_user(), at=NOW + 6 * DAY)


class TestPages:
    def shown(self, client: Client, name: str, customer: Customer) -> str:
        response = client.get(reverse(name, args=[customer.customer_no]), headers=HTMX)
        assert response.status_code == 200
        return response.content.decode()

    @pytest.mark.parametrize("name", ["customers:detail", "servicing:counter_card", "servicing:log"])
    def test_it_stands_wherever_the_customer_is_served(
        self, name: str, customer: Customer, client_of: ClientOf
    ) -> None:
        make_alert(customer=customer, kind="bereavement", text="家属来电，请勿致电", starts_on=now().date())
        client = client_of(make_user(branch=customer.branch))

        page = self.shown(client, name, customer)

        assert "家属来电，请勿致电" in page
        assert "is-grave" in page
        assert ("/alerts/" in page) == (name == "customers:detail")

    def test_raise_dismiss_and_back(self, customer: Customer, manager: User, client_of: ClientOf) -> None:
        client = client_of(manager)
        address = reverse("customers:alert_new", args=[customer.customer_no])
        data = {"kind": "other", "severity": "warn", "text": ""}
        assert client.post(address, data, headers=HTMX).status_code == 422
        answer = client.post(address, {**data, "text": "听力不便，请慢讲"}, headers=HTMX).content.decode()
        assert "hx-swap-oob" in answer
        alert = CustomerAlert.everything.get()
        dismiss = reverse("customers:alert_dismiss", args=[alert.pk])
        assert client.post(dismiss, {"reason": "错"}, headers=HTMX).status_code == 422
        assert client.post(dismiss, {"reason": "客户已配助听器"})["Location"] == customer.get_absolute_url()
        assert client.get(dismiss).status_code == 404

    def test_out_of_sight_it_does_not_exist(self, customer: Customer, client_of: ClientOf) -> None:
        alert = make_alert(customer=customer, starts_on=now().date())
        stranger = client_of(make_user(branch=make_branch()))
        assert (
            stranger.post(reverse("customers:alert_dismiss", args=[alert.pk]), {"reason": "已处理"}).status_code == 404
        )
        assert CustomerAlert.everything.get().dismissed_at is None

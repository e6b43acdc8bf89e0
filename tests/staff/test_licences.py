"""F07: without the certificate an activity takes, it is refused in service, page and API, with words."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from campaigns.models import RiskTolerance, WinBack
from campaigns.services.licences import check_recommending
from campaigns.services.win_back import change_win_back
from core.clock import now, today
from customers.services.handover import draft_handover
from servicing.models import Interaction
from servicing.services.contacts import change_interaction, log_interaction
from staff.enums.training import Activity
from staff.forms.licences import LICENCES
from staff.models import Certificate, Notification, Policy, User
from staff.queries.licences import lacking
from staff.rules.licences import BUILT_IN, read_licences
from staff.services.certificates import MayNotRevoke, revoke_certificate
from staff.services.licences import NotLicensed
from staff.services.tokens import issue_token
from tests import factories as make
from tests.factories import NOW, TODAY

pytestmark = pytest.mark.django_db
WEALTH = [{"product": "NT07", "months": None, "share": 50}, {"product": "WEALTH", "months": 3, "share": 50}]


@pytest.fixture(autouse=True)
def english(settings: Any) -> Any:
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_talk_about_wealth_takes_the_certificate_everywhere_and_says_whom_to_ask() -> None:
    customer = make.make_customer()
    head = make.make_user(role="branch_head", branch=customer.branch, name="周行长")
    manager = make.make_user(role="manager", branch=customer.branch)
    customer.manager = manager
    customer.save()
    customer.position.manager = manager
    customer.position.save()
    at = now()
    said = {"actor": manager, "customer": customer, "channel": "phone", "happened_at": at, "at": at}
    with pytest.raises(NotLicensed, match=r"Sale of wealth products.*周行长"):
        log_interaction(topic="wealth", outcome="interested", **said)
    # Sending the customer on, not reaching them, and every other topic go on as ever.
    for topic, outcome in (("wealth", "referred"), ("wealth", "not_reached"), ("deposit", "done")):
        row = log_interaction(topic=topic, outcome=outcome, **said)
    with pytest.raises(NotLicensed):
        change_interaction(interaction=row, actor=manager, topic="wealth", outcome="done", note="", at=at)

    client, url = client_of(manager), reverse("servicing:log", args=[customer.customer_no])
    typed = {"channel": "phone", "direction": "out", "topic": "wealth", "outcome": "done", "once": str(uuid4())}
    typed |= {"happened_at": at.strftime("%Y-%m-%dT%H:%M")}
    page = client.post(url, typed)
    assert (page.status_code, "Sale of wealth products" in page.content.decode()) == (422, True)
    key, _row = issue_token(user=manager, label="", scopes=["interactions:write"], days=9, actor=manager.actor, at=at)
    sent = {"customer_no": customer.customer_no, "channel": "phone", "topic": "wealth", "outcome": "done"}
    api = Client(headers={"Authorization": f"Bearer {key}"})
    answer = api.post("/api/v1/interactions/", sent, content_type="application/json")
    assert (answer.status_code, "not_licensed" in answer.content.decode()) == (400, True)
    assert Interaction.everything.filter(outcome="done").count() == 1

    held = make.make_certificate(user=manager, issued_on=today())
    log_interaction(topic="wealth", outcome="interested", **said)
    with pytest.raises(NotLicensed):  # not yet on the day of the talk
        log_interaction(topic="wealth", outcome="done", **{**said, "happened_at": at - timedelta(days=1)})
    assert client.post(url, typed).status_code in (200, 302)
    assert api.post("/api/v1/interactions/", sent, content_type="application/json").status_code == 201
    with pytest.raises(MayNotRevoke):
        revoke_certificate(certificate=held, reason="自己撤销", actor=manager, at=at)
    outsider = make.make_user(role="branch_head")
    with pytest.raises(MayNotRevoke):
        revoke_certificate(certificate=held, reason="别的支行", actor=outsider, at=at)
    client_of(head).post(reverse("staff:certificate_revoke", args=[held.pk]), {"reason": "违规销售"})
    assert Notification.objects.get(event="certificate_revoked").user == manager
    with pytest.raises(NotLicensed):
        log_interaction(topic="wealth", outcome="interested", **said)


def test_a_certificate_counts_from_its_day_to_its_last_one() -> None:
    user = make.make_user(role="manager")
    make.make_certificate(user=user, issued_on=TODAY, expires_on=TODAY + timedelta(days=10))
    days = [lacking(user, Activity.WEALTH_CONTACT, TODAY + timedelta(days=n)) for n in (-1, 0, 10, 11)]
    assert days == [("wealth",), (), (), ("wealth",)]
    assert lacking(user, Activity.TOP_TIER, TODAY) == ("law", "tax")


def test_offers_with_wealth_products_are_recommended_by_who_is_certified() -> None:
    head = make.make_user(role="branch_head")
    day = today()
    span = {"starts_on": day, "ends_on": day + timedelta(days=30)}
    plain, wealth = make.make_offer(created_by=head, **span), make.make_offer(created_by=head, pieces=WEALTH, **span)
    check_recommending(offer=plain, user=head, day=day)
    check_recommending(offer=None, user=head, day=day)
    with pytest.raises(NotLicensed):
        check_recommending(offer=wealth, user=head, day=day)
    customer = make.make_customer(branch=head.branch)
    until = {"assessed_on": day, "valid_until": day + timedelta(days=90)}
    RiskTolerance.everything.create(customer=customer, grade="R3", recorded_by=head, recorded_at=now(), **until)
    row = WinBack.everything.create(customer=customer, owner=head, before=0, opened_on=day)
    with pytest.raises(NotLicensed):
        change_win_back(win_back=row, owner=head, offer=wealth, note="", actor=head, at=now())
    shown = client_of(head).get(reverse("campaigns:of_customer", args=[customer.customer_no]))
    assert list(shown.context["unlicensed"]) == [wealth.pk]
    make.make_certificate(user=head, issued_on=day)
    assert change_win_back(win_back=row, owner=head, offer=wealth, note="", actor=head, at=now()).offer == wealth


def test_a_hand_over_of_the_top_tier_warns_and_goes_on() -> None:
    customer = make.make_customer()
    head = make.make_user(role="branch_head", branch=customer.branch)
    taker = make.make_user(role="manager", branch=customer.branch, name="小赵")
    customer.position.tier = 4
    customer.position.save()
    handover = draft_handover(
        customer_ids=[customer.pk], to_manager=taker, backup=None, reason="调岗", actor=head, at=NOW
    )
    url = reverse("customers:handover", args=[handover.pk])
    assert "小赵 has no valid certificate for Module on law" in client_of(head).get(url).content.decode()
    for licence in ("law", "tax"):
        make.make_certificate(user=taker, licence=licence, issued_on=today())
    assert "no valid certificate" not in client_of(head).get(url).content.decode()


def test_the_rules_are_a_version_with_an_editor_that_refuses_nonsense() -> None:
    assert LICENCES.summary is not None
    assert dict(LICENCES.summary(BUILT_IN))["Looking after customers of the top tier"] == "Module on law, Module on tax"
    admin = client_of(make.make_user(role="admin"))
    url = reverse("customers:policy_draft", args=["licences"])
    form = admin.get(url).context["form"]
    typed = {bound.html_name: bound.value() for bound in form} | {"note": "调整", "effective_on": today()}
    for wrong in ({"needs_top_tier": "nobody"}, {"licences": "x"}, {"remind_days": "60 x"}, {"topics": "A-"}):
        assert admin.post(url, typed | wrong).status_code == 422
    assert admin.post(url, typed | {"needs_top_tier": "", "remind_days": "90 30"}).status_code == 302
    kept = Policy.objects.get()
    assert read_licences(kept.values).needs["top_tier"] == ()
    assert (kept.values["licences"], read_licences(kept.values).soon) == (BUILT_IN["licences"], 90)


def test_a_number_on_paper_is_true_or_not() -> None:
    user = make.make_user(name="孙经理")
    held = make.make_certificate(user=user)
    anybody = client_of(make.make_user(role="auditor"))
    asked = anybody.get(reverse("staff:certificate_check"), {"number": f" {held.number.lower()} "})
    assert "孙经理" in asked.content.decode()
    assert (
        "There is no certificate" in anybody.get(reverse("staff:certificate_check"), {"number": "1"}).content.decode()
    )
    assert anybody.get(held.get_absolute_url()).status_code == 404
    assert "孙经理" in client_of(user).get(held.get_absolute_url()).content.decode()
    assert Certificate.objects.count() == 1

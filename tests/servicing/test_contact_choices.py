"""Channels, topics and outcomes as rules: the editor, a new version in use, and old contacts' words."""

from copy import deepcopy
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse

from core.clock import now, today
from servicing.forms.choices import CONTACT_CHOICES
from servicing.models import Interaction
from servicing.queries.choices import choices_on, known, offered, outcomes_offered, word_for
from servicing.rules.choices import BUILT_IN
from servicing.services import contacts as services
from staff.models import Policy
from tests.factories import NOW, make_customer, make_interaction, make_user
from tests.servicing.english import client_of, english

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
__all__ = ["english"]
EDIT = "customers:policy_draft"
# Of nine topics at most one goes before another comes.
ECNY = {"name_zh": "数字人民币", "name_en": "Digital yuan"}


def approve(values: dict[str, Any], on: date, version: int = 1) -> Policy:
    maker, checker = make_user(role="admin"), make_user(role="admin")
    return Policy.objects.create(
        kind="contact_choices",
        version=version,
        values=values,
        effective_on=on,
        status="approved",
        drafted_by=maker,
        drafted_at=NOW,
        approved_by=checker,
        approved_at=NOW,
    )


def version(**names: Any) -> dict[str, Any]:
    """The built-in values with lines changed: topics__card={"offered": False}; an unknown code is a new line."""
    values = deepcopy(dict(BUILT_IN))
    for name, change in names.items():
        group, code = name.split("__")
        line = next((line for line in values[group] if line["code"] == code), None)
        if line is None:
            values[group].append({"code": code, "offered": True, **change})
        else:
            line.update(change)
    return values


def test_a_version_takes_over_on_its_day_and_old_contacts_keep_their_words() -> None:
    customer, author = make_customer(), make_user(role="manager")
    old = make_interaction(customer=customer, author=author, topic="card", channel="phone", outcome="not_interested")
    voicemail = {"name_zh": "语音留言", "name_en": "Voicemail", "reached": False, "channels": ["phone"]}
    values = version(topics__card={"offered": False}, topics__ecny=ECNY, outcomes__voicemail=voicemail)
    approve(values, today())

    assert [code for code, _word in offered("topics")][-1] == "ecny"
    assert "card" not in dict(offered("topics"))
    assert dict(known("topics"))["card"] == word_for("topics", old.topic) == "Card or password"
    assert "voicemail" in dict(outcomes_offered("phone"))
    assert "voicemail" not in dict(outcomes_offered("counter"))
    assert choices_on(today() - timedelta(days=1)).has("topics", "card")

    at = now()
    log = {"actor": author, "customer": customer, "channel": "phone", "happened_at": at, "at": at}
    with pytest.raises(services.NotOffered):
        services.log_interaction(topic="card", outcome="done", **log)
    with pytest.raises(services.OutcomeNotPossible):
        services.log_interaction(topic="ecny", outcome="voicemail", **{**log, "channel": "visit"})
    services.log_interaction(topic="ecny", outcome="voicemail", **log)
    customer.position.refresh_from_db()
    assert customer.position.last_contact_on is None  # nobody answered
    services.log_interaction(topic="ecny", outcome="done", **log)
    customer.position.refresh_from_db()
    assert customer.position.last_contact_on == today()


def test_rules_that_forget_a_code_still_leave_it_its_word() -> None:
    approve(version(topics__card={"offered": False}, topics__ecny=ECNY), today() - timedelta(days=9))
    approve(dict(BUILT_IN), today(), version=2)
    assert "ecny" not in dict(offered("topics"))
    assert word_for("topics", "ecny") == "Digital yuan"
    assert word_for("topics", "never_was") == "never_was"


def test_the_counter_and_the_api_offer_what_is_in_force() -> None:
    approve(version(topics__card={"offered": False}, topics__ecny=ECNY), today())
    customer = make_customer()
    teller = client_of(make_user(branch=customer.branch))
    card = teller.get(reverse("servicing:counter_card", args=[customer.customer_no])).content.decode()
    assert "Digital yuan" in card
    sent = {"topic": "ecny", "outcome": "done", "once": uuid4()}
    logged = teller.post(reverse("servicing:counter_log", args=[customer.customer_no]), sent)
    assert "Digital yuan · Handled" in logged.content.decode()
    assert Interaction.everything.get().topic == "ecny"
    listed = teller.get(reverse("servicing:contacts"), {"topic": "ecny"})
    assert len(listed.context["listing"].rows) == 1
    assert "Digital yuan" in listed.content.decode()


def typed(**changes: str) -> dict[str, Any]:
    """What a browser sends when the built-in choices are left as they stand but for some fields."""
    initial = {"effective_on": today(), "note": "季度调整"}
    form = CONTACT_CHOICES.form(kind=CONTACT_CHOICES, values=BUILT_IN, initial=initial)
    sent = {bound.html_name: bound.value() for bound in form.plain_fields()}
    for group in form.groups.values():
        sent |= {bound.html_name: bound.value() for bound in group.lines.management_form}
        for line in group.lines:
            sent |= {bound.html_name: bound.value() for bound in line if bound.value() not in (False, None)}
    return {**sent, **changes}


def test_the_editor_adds_moves_and_takes_away_lines_and_explains_what_is_wrong() -> None:
    admin = client_of(make_user(role="admin"))
    draft = reverse(EDIT, args=["contact_choices"])
    assert b"rule-lines" in admin.get(draft).content

    added = admin.post(draft, typed(change="add-topics")).context["form"].groups["topics"].lines
    assert [line["code"].value() for line in added][-2:] == ["other", None]
    moved = admin.post(draft, typed(change="up-topics-1")).context["form"].groups["topics"].lines
    assert [line["code"].value() for line in moved][:2] == ["withdrawal", "deposit"]
    shorter = admin.post(draft, typed(change="remove-topics-0")).context["form"].groups["topics"].lines
    assert len(shorter) == 8
    assert admin.post(draft, typed(change="up-nothing-9")).status_code == 200

    sent = typed()
    del sent["topics-6-offered"]  # dissatisfaction
    refused = admin.post(draft, sent)
    assert (refused.status_code, Policy.objects.count()) == (422, 0)
    assert "Dissatisfaction has to stay" in refused.content.decode()
    renamed = admin.post(draft, typed(**{"topics-7-name_en": "Card or password"}))
    assert "offered already" in renamed.context["form"].groups["topics"].lines.forms[7].errors["name_zh"][0]

    assert admin.post(draft, typed(**{"topics-0-name_en": "Savings"})).status_code == 302
    kept = Policy.objects.get()
    assert kept.values == version(topics__deposit={"name_en": "Savings"})
    page = admin.get(reverse("customers:policy", args=["contact_choices"]))
    assert [(d.label, d.before, d.after) for d in page.context["rows"][0].differences] == [
        ("Topics · deposit · English name", "Deposit or renewal", "Savings")
    ]
    for kind, field in (("counter_card", "maturing_days"), ("referral_points", "succeeded")):
        url = reverse(EDIT, args=[kind])
        form = admin.get(url).context["form"]
        values = {bound.html_name: bound.value() for bound in form}
        assert admin.post(url, {**values, "note": "调整", field: "500"}).status_code == 422
        assert admin.post(url, {**values, "note": "调整", field: "7"}).status_code == 302
        assert Policy.objects.get(kind=kind).values[field] == 7
        assert admin.get(reverse("customers:policy", args=[kind])).status_code == 200

"""The fraud prompt: at most three questions, its outcome kept, its note sealed, and nobody who sells reads it."""

from copy import deepcopy
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse

from core.clock import now, today
from core.models import TrailEntry
from insights.queries.timeline import timeline
from servicing.forms.fraud import FRAUD_PROMPT
from servicing.models import FraudCheck
from servicing.queries.fraud import checks_for
from servicing.rules.fraud import BUILT_IN, PromptError, may_end, read_prompt, signs_in
from servicing.services import fraud
from staff.enums import Role
from staff.models import Policy
from tests.factories import make_branch, make_customer, make_fraud_check, make_head_office, make_user
from tests.servicing.english import client_of, english

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
__all__ = ["english"]
HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize(
    ("age", "codes"),
    [
        (None, ["stranger", "secret", "profit"]),
        (59, ["stranger", "secret", "profit"]),
        (60, ["family", "stranger", "secret"]),
    ],
)
def test_at_most_three_questions_those_for_the_elderly_first(age: int | None, codes: list[str]) -> None:
    assert [one.code for one in read_prompt(BUILT_IN).asked_of(age)] == codes


def test_a_warning_sign_forbids_to_call_it_clear() -> None:
    asked = read_prompt(BUILT_IN).asked_of(70)
    calm = {"family": "yes", "stranger": "no", "secret": "no"}
    assert signs_in(asked, calm) == 0
    assert signs_in(asked, {**calm, "family": "no", "secret": "yes"}) == 2
    assert may_end("clear", 0)
    assert not may_end("clear", 1)
    assert may_end("police", 1)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"questions": []}, "questions"),
        ({"elderly_age": 40}, "number"),
        ({"script_zh": ""}, "text"),
        ({"questions": [{**BUILT_IN["questions"][0]}]}, "none_asked"),
        ({"questions": [BUILT_IN["questions"][1]] * 2}, "code_twice"),
        ({"questions": [{**BUILT_IN["questions"][1], "sign": "maybe"}]}, "sign"),
        ({"questions": [{**BUILT_IN["questions"][1], "code": "Who?"}]}, "code"),
    ],
)
def test_a_prompt_that_makes_no_sense_is_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(PromptError, match=f"^{code}$"):
        read_prompt({**BUILT_IN, **change})


def test_asked_at_the_counter_kept_and_said_to_the_colleague_beside() -> None:
    old = today().replace(year=today().year - 75, month=1, day=1)
    customer = make_customer(birth_date=old)
    teller = client_of(make_user(branch=customer.branch, name="甲柜员"))
    url = reverse("servicing:counter_fraud", args=[customer.customer_no])
    page = teller.get(url, headers=HTMX).content.decode()
    assert page.count('name="q_') == 6  # three questions, yes and no
    said = {"q_family": "no", "q_stranger": "yes", "q_secret": "no", "note": "对方自称公安", "once": uuid4()}
    refused = teller.post(url, {**said, "outcome": "clear"}, headers=HTMX)
    assert (refused.status_code, FraudCheck.everything.count()) == (422, 0)
    assert "warning sign" in refused.content.decode()
    assert teller.post(url, {**said, "outcome": "police", "q_family": ""}, headers=HTMX).status_code == 422
    for _again in range(2):
        done = teller.post(url, {**said, "outcome": "police"}, headers=HTMX)
        assert "data-counter-done" in done.content.decode()
    check = FraudCheck.everything.get()
    assert (check.signs, check.outcome, check.answers["given"]) == (
        2,
        "police",
        {"family": "no", "stranger": "yes", "secret": "no"},
    )
    assert "对方" not in bytes(check.note_cipher or b"").decode("latin-1")
    assert "甲柜员" in client_of(make_user(branch=customer.branch)).get(url, headers=HTMX).content.decode()
    customer.manager = make_user(role="manager", branch=customer.branch)
    customer.save()
    sells = client_of(customer.manager).get(url, headers=HTMX).content.decode()
    assert "data-counter-card" in sells
    assert "甲柜员" not in sells
    with pytest.raises(fraud.AnswersMissing):
        fraud.record_check(actor=check.author, customer=customer, answers={}, outcome="clear", at=now())


def test_only_who_keeps_fraud_away_reads_it_and_the_counter_only_today() -> None:
    branch = make_branch(parent=make_head_office())
    manager = make_user(role="manager", branch=branch)
    customer = make_customer(manager=manager)
    check = make_fraud_check(customer=customer, at=now())
    make_fraud_check(customer=customer, at=now() - timedelta(days=1))
    make_fraud_check(at=now())
    seen = {}
    for role in Role:
        person = manager if role == Role.MANAGER else make_user(role=role, branch=branch)
        seen[role] = checks_for(person, today()).count()
    assert {role: count for role, count in seen.items() if count} == {
        Role.TELLER: 1,
        Role.LOBBY: 1,
        Role.BRANCH_HEAD: 2,
        Role.COMPLIANCE: 2,
    }
    assert timeline(customer, manager).entries == []

    head = make_user(role="branch_head", branch=branch)
    client = client_of(head)
    page = client.get(reverse("servicing:fraud_check", args=[check.pk])).content.decode()
    assert "Do you know the payee" in page
    assert "对方自称客服" not in page
    shown = client.post(reverse("servicing:fraud_note", args=[check.pk]))
    assert "对方自称客服" in shown.content.decode()
    assert shown["Cache-Control"] == "no-store"
    entry = TrailEntry.objects.get(subject="servicing.fraud_check")
    assert (entry.action, entry.actor_no) == ("read_fraud_note", head.staff_no)
    rows = client.get(reverse("servicing:fraud_checks"), {"outcome": "postponed", "since": today()}).context["listing"]
    assert [row.object for row in rows.rows] == [check]


def test_the_prompt_is_edited_and_its_next_version_is_asked() -> None:
    admin = client_of(make_user(role="admin"))
    url = reverse("customers:policy_draft", args=["fraud_prompt"])
    form = FRAUD_PROMPT.form(kind=FRAUD_PROMPT, values=BUILT_IN, initial={"effective_on": today(), "note": "更新话术"})
    sent = {bound.html_name: bound.value() for bound in form.plain_fields()}
    lines = form.groups["questions"].lines
    sent |= {bound.html_name: bound.value() for bound in lines.management_form}
    for line in lines:
        sent |= {bound.html_name: bound.value() for bound in line if bound.value() not in (False, None)}
    refused = admin.post(url, {**sent, "questions-1-text_en": "x" * 121})
    assert refused.status_code == 422
    saved = admin.post(url, {**sent, "questions-1-text_en": "Who is the payee?", "elderly_age": "65"})
    assert saved.status_code == 302
    policy = Policy.objects.get()
    wanted = deepcopy(dict(BUILT_IN))
    wanted["questions"][1]["text_en"], wanted["elderly_age"] = "Who is the payee?", 65
    assert policy.values == wanted
    assert "Who is the payee?" in admin.get(reverse("customers:policy", args=["fraud_prompt"])).content.decode()

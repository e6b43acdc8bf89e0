"""The pages on which rules are read, drawn up, approved and gone back to."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core.clock import today
from customers.forms.policies import KINDS, PolicyForm, leaves
from customers.rules import kyc
from depositcrm.policies import KINDS as ALL_KINDS
from staff.models import Policy, User
from staff.queries import policy_on
from tests.factories import make_head_office, make_user

pytestmark = pytest.mark.django_db
SOON = today() + timedelta(days=10)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="staff.backends.StaffBackend")
    client.cookies["language"] = "en"
    return client


@pytest.fixture
def admin() -> User:
    return make_user(role="admin")


@pytest.fixture
def officer() -> User:
    return make_user(role="head_office", branch=make_head_office())


def typed(kind: str = "kyc", **changes: Any) -> dict[str, Any]:
    """What a browser sends when the built-in values are left as they stand but for some."""
    form = PolicyForm(kind=KINDS[kind], values=KINDS[kind].built_in)
    sent = {name: bound.value() for name, bound in ((field.html_name, field) for field in form)}
    return {**sent, "effective_on": SOON.isoformat(), "note": "监管检查后调整", **changes}


def test_the_list_shows_what_is_in_force_and_what_comes_next(admin: User, officer: User) -> None:
    for version, day in ((1, today() - timedelta(days=3)), (2, SOON)):
        Policy.objects.create(
            kind="kyc",
            version=version,
            values={"grace_days": 60},
            effective_on=day,
            status="approved",
            drafted_by=admin,
            drafted_at="2026-01-01T00:00:00+08:00",
            approved_by=officer,
        )
    body = client_of(officer).get(reverse("customers:policies")).content.decode()
    assert f"Version 1 since {today() - timedelta(days=3)}" in body
    assert f"Version 2 from {SOON}" in body
    assert body.count("Built-in rules") == len(ALL_KINDS) - 1


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_has_a_form_whose_built_in_values_are_accepted(admin: User, kind: str) -> None:
    form = PolicyForm(typed(kind), kind=KINDS[kind], values=KINDS[kind].built_in)
    assert form.is_valid(), form.errors
    assert form.typed_values() == {**_plain(KINDS[kind].built_in)}
    labels = [str(field.label) for field in form]
    assert len(set(labels)) == len(labels)
    assert client_of(admin).get(reverse("customers:policy_draft", args=[kind])).status_code == 200


def _plain(values: Any) -> Any:
    if isinstance(values, dict):
        return {name: _plain(value) for name, value in values.items()}
    return list(values) if isinstance(values, tuple) else values


def test_from_draft_to_approval_with_two_people(admin: User, officer: User) -> None:
    one, two = client_of(admin), client_of(officer)
    page = reverse("customers:policy", args=["kyc"])

    response = one.post(reverse("customers:policy_draft", args=["kyc"]), typed(value__grace_days="60"))
    assert response.status_code == 302
    policy = Policy.objects.get()
    assert policy.values == {**_plain(kyc.BUILT_IN), "grace_days": 60}
    body = two.get(page).content.decode()
    assert "Grace, days after" in body
    assert "监管检查后调整" in body

    one.post(reverse("customers:policy_submit", args=["kyc", 1]))
    context = one.get(page).context["rows"][0]
    assert (context.may_decide, context.may_withdraw) == (False, True)
    row = two.get(page).context["rows"][0]
    assert (row.may_decide, [(d.label, d.before, d.after) for d in row.differences]) == (
        True,
        [("Grace, days after", "90", "60")],
    )
    decide = reverse("customers:policy_decide", args=["kyc", 1])
    said = {"digest": row.form["digest"].value(), "decision": "approve", "comment": ""}
    refused = one.post(decide, said)
    assert (refused.status_code, "a second person" in refused.content.decode()) == (422, True)
    stale = two.post(decide, {**said, "digest": "x"})
    assert (stale.status_code, "changed since" in stale.content.decode()) == (422, True)
    silent = two.post(decide, {**said, "decision": "reject"})
    assert (silent.status_code, "Say why" in silent.content.decode()) == (422, True)
    assert two.post(decide, said).status_code == 302

    assert policy_on("kyc", SOON, kyc.BUILT_IN).values["grace_days"] == 60
    assert policy_on("kyc", SOON - timedelta(days=1), kyc.BUILT_IN).version == 0


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"value__months__medium_high": "3"}, "value__months__medium_high", "at least as often"),
        ({"value__notice_days": "30, 90, 0"}, "value__notice_days", "grow smaller"),
        ({"value__notice_days": "ninety"}, "value__notice_days", "whole numbers"),
        ({"value__words__low": "高"}, "value__words__low", "one grade only"),
        ({"value__grace_days": "-1"}, "value__grace_days", "greater than or equal to 0"),
        ({"effective_on": "2020-01-01"}, "effective_on", "at the earliest"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field(admin: User, changes: dict[str, str], field: str, words: str) -> None:
    response = client_of(admin).post(reverse("customers:policy_draft", args=["kyc"]), typed(**changes))
    assert response.status_code == 422
    assert words in " ".join(response.context["form"].errors[field])
    assert not Policy.objects.exists()


def test_a_draft_is_changed_and_thrown_away(admin: User) -> None:
    client = client_of(admin)
    client.post(reverse("customers:policy_draft", args=["insurance"]), typed("insurance", value__limit="600000"))
    edit = reverse("customers:policy_edit", args=["insurance", 1])
    assert client.get(edit).context["form"]["value__limit"].value() == 600_000
    client.post(edit, typed("insurance", value__limit="700000", value__demand_rate="0.1"))
    assert Policy.objects.get().values == {"limit": 700_000, "demand_rate": "0.10"}
    client.post(reverse("customers:policy_discard", args=["insurance", 1]))
    assert not Policy.objects.exists()


def test_going_back_makes_a_draft_of_the_old_values(admin: User, officer: User) -> None:
    for version in (1, 2):
        Policy.objects.create(
            kind="merging",
            version=version,
            values={"undo_days": 10 + version},
            effective_on=today(),
            status="approved",
            drafted_by=officer,
            drafted_at="2026-01-01T00:00:00+08:00",
            approved_by=admin,
        )
    client = client_of(admin)
    rows = client.get(reverse("customers:policy", args=["merging"])).context["rows"]
    assert [(row.policy.version, row.in_force, row.may_go_back) for row in rows] == [(2, True, False), (1, False, True)]
    response = client.post(reverse("customers:policy_rollback", args=["merging", 1]))
    assert response["Location"] == reverse("customers:policy_edit", args=["merging", 3])
    made = Policy.objects.get(version=3)
    assert (made.values, made.status, made.note) == ({"undo_days": 11}, "draft", "Back to version 1")


def test_readers_see_no_buttons_and_unknown_rules_do_not_exist(officer: User) -> None:
    auditor = client_of(make_user(role="auditor"))
    page = auditor.get(reverse("customers:policy", args=["kyc"]))
    assert (page.status_code, page.context["may_edit"]) == (200, False)
    assert auditor.get(reverse("customers:policy_draft", args=["kyc"])).status_code == 403
    assert client_of(officer).get(reverse("customers:policy", args=["nothing"])).status_code == 404
    assert client_of(officer).get(reverse("customers:policy_edit", args=["kyc", 9])).status_code == 404


def test_leaves_name_every_value_with_its_path() -> None:
    assert list(leaves({"a": 1, "b": {"c": [2], "d": {"e": "x"}}})) == [("a", 1), ("b.c", [2]), ("b.d.e", "x")]

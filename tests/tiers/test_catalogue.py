"""The entitlement catalogue: what may be in it, from draft to approval, and who sees what of it."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core.clock import today
from staff.models import Policy, User
from tests.factories import make_branch, make_customer, make_head_office, make_user
from tiers.forms.catalogue import ENTITLEMENTS, CatalogueForm
from tiers.queries.catalogue import cost_per_head, entitlements_of, tiers_offered
from tiers.rules.catalogue import BUILT_IN, CatalogueError, cash_like, read_entitlements, yearly_cost

DAY = date(2026, 11, 20)


def item(**changes: Any) -> dict[str, Any]:
    return {**BUILT_IN["items"][0], **changes}


def approve(values: dict[str, Any], effective_on: date, kind: str = "entitlements") -> Policy:
    """A version in force from a day, past the workflow."""
    return Policy.objects.create(
        kind=kind,
        version=1 + Policy.objects.filter(kind=kind).count(),
        values=values,
        effective_on=effective_on,
        status="approved",
        drafted_by=make_user(role="admin"),
        drafted_at="2026-01-01T00:00:00+08:00",
        approved_by=make_user(role="admin"),
    )


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="staff.backends.StaffBackend")
    client.cookies["language"] = "en"
    return client


def test_the_built_in_catalogue_costs_what_its_items_do() -> None:
    costs = yearly_cost(read_entitlements(BUILT_IN), DAY)
    assert costs == {"A": Decimal("1315.00"), "B": Decimal("235.00"), "C": Decimal("3.00")}


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"kind": "cash_back"}, "kind", "kind"),
        ({"name_zh": "返现10元"}, "cash_like", "name_zh"),
        ({"text_zh": "存款赠 现 金 券"}, "cash_like", "text_zh"),
        ({"text_en": "a ＣＡＳＨ reward"}, "cash_like", "text_en"),
        ({"text_en": "Red  packet at new year"}, "cash_like", "text_en"),
        ({"name_en": " "}, "name_en", "name_en"),
        ({"tiers": []}, "tiers", "tiers"),
        ({"tiers": ["AB"]}, "tiers", "tiers"),
        ({"cost": "-1"}, "cost", "cost"),
        ({"cost": "1.005"}, "cost", "cost"),
        ({"quota": 0}, "quota", "quota"),
        ({"quota": True}, "quota", "quota"),
        ({"since": "2026-02-30"}, "dates", "since"),
        ({"since": "2026-02-03", "until": "2026-02-02"}, "dates_order", "until"),
    ],
)
def test_refuses_what_is_no_entitlement(changes: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        read_entitlements({"items": [item(code="first"), item(**changes)]})
    assert (str(caught.value), caught.value.place, caught.value.field) == (code, 2, field)


def test_one_code_stands_once_and_a_catalogue_is_a_list() -> None:
    for values, code in (
        ({"items": [item(), item()]}, "code_twice"),
        ({}, "items"),
        ({"items": [item()] * 61}, "too_many"),
    ):
        with pytest.raises(ValueError, match=f"^{code}$"):
            read_entitlements(values)


@pytest.mark.parametrize("text", ["Cashier's window", "Regift", "专属窗口", "Golden lounge", ""])
def test_innocent_words_pass(text: str) -> None:
    assert cash_like(text) == ""


@pytest.mark.django_db
def test_only_what_applies_on_the_day_counts() -> None:
    first, last = DAY - timedelta(days=1), DAY + timedelta(days=1)
    lines = [
        item(code="now", since=first.isoformat(), until=last.isoformat(), cost="10.00"),
        item(code="over", until=first.isoformat(), cost="100.00"),
        item(code="coming", since=last.isoformat(), cost="1000.00"),
    ]
    approve({"items": lines}, DAY - timedelta(days=5))
    assert [found.code for found in entitlements_of("A", DAY)] == ["now"]
    assert [found.code for found in entitlements_of("A", last)] == ["now", "coming"]
    assert entitlements_of("D", DAY) == []
    assert cost_per_head(DAY) == {"A": Decimal("10.00"), "B": Decimal("10.00")}
    assert len(entitlements_of("A", DAY - timedelta(days=6))) == 10


def typed(**changes: str) -> dict[str, Any]:
    """What a browser sends when the built-in catalogue is left as it stands but for some fields."""
    form = CatalogueForm(kind=ENTITLEMENTS, values=BUILT_IN, initial={"effective_on": today(), "note": "年度更新"})
    sent = {bound.html_name: bound.value() for bound in (form["effective_on"], form["note"])}
    sent |= {bound.html_name: bound.value() for bound in form.lines.management_form}
    for line in form.lines:
        sent |= {bound.html_name: bound.value() for bound in line}
    return {name: "" if value is None else value for name, value in {**sent, **changes}.items()}


@pytest.mark.django_db
def test_from_draft_to_the_customers_page_with_two_people() -> None:
    head_office = make_head_office()
    admin, officer = make_user(role="admin"), make_user(role="head_office", branch=head_office)
    one, two = client_of(admin), client_of(officer)
    draft = reverse("customers:policy_draft", args=["entitlements"])
    soon = today().isoformat()
    saved = one.post(
        draft, typed(**{"lines-0-name_en": "Front of the queue", "lines-0-cost": "2.50", "effective_on": soon})
    )
    assert saved.status_code == 302
    one.post(reverse("customers:policy_submit", args=["entitlements", 1]))
    page = reverse("customers:policy", args=["entitlements"])
    row = two.get(page).context["rows"][0]
    assert [(d.label, d.before, d.after) for d in row.differences] == [
        ("Front of the queue · English name", "Priority number", "Front of the queue"),
        ("Front of the queue · Cost a head and year, yuan", "2.00", "2.50"),
    ]
    said = {"digest": row.form["digest"].value(), "decision": "approve", "comment": ""}
    decide = reverse("customers:policy_decide", args=["entitlements", 1])
    assert one.post(decide, said).status_code == 422
    assert two.post(decide, said).status_code == 302

    customer = make_customer(branch=make_branch(parent=head_office), tier=3)
    teller = make_user(role="teller", branch=customer.branch)
    body = client_of(teller).get(reverse("tiers:entitlements_of", args=[customer.customer_no])).content.decode()
    assert "Front of the queue" in body
    assert "Hotline" not in body
    assert "2.50" not in body
    assert "2.50" not in client_of(teller).get(reverse("tiers:catalogue")).content.decode()
    assert "2.50" in two.get(reverse("tiers:catalogue")).content.decode()


@pytest.mark.django_db
def test_a_rebate_is_refused_beside_its_field() -> None:
    client = client_of(make_user(role="admin"))
    draft = reverse("customers:policy_draft", args=["entitlements"])
    response = client.post(draft, typed(**{"lines-3-text_en": "Points to be paid out as cash"}))
    assert response.status_code == 422
    assert "“cash” means money" in response.context["form"].lines[3].errors["text_en"][0]
    assert "“cash” means money" in response.content.decode()
    assert not Policy.objects.exists()


@pytest.mark.django_db
def test_lines_are_added_and_taken_away_before_anything_is_saved() -> None:
    client = client_of(make_user(role="admin"))
    draft = reverse("customers:policy_draft", args=["entitlements"])
    added = client.post(draft, typed(change="add", **{"lines-1-name_en": "Own window"}))
    lines = added.context["form"].lines
    assert (added.status_code, len(lines), lines[1]["name_en"].value()) == (200, 11, "Own window")
    removed = client.post(draft, typed(change="remove-0"))
    assert [line["code"].value() for line in removed.context["form"].lines][:2] == ["window", "rate"]
    more = {"lines-TOTAL_FORMS": "11", "lines-INITIAL_FORMS": "11"}
    new = {"kind": "lounge", "tiers": ["A"], "name_zh": "高铁贵宾厅", "name_en": "Train lounge", "cost": "60"}
    assert (
        client.post(draft, typed(**more, **{f"lines-10-{name}": value for name, value in new.items()})).status_code
        == 302
    )
    assert Policy.objects.get().values["items"][-1] == {
        "code": "lounge_2",
        "text_zh": "",
        "text_en": "",
        "quota": None,
        "since": None,
        "until": None,
        **new,
        "cost": "60.00",
    }


@pytest.mark.django_db
def test_rules_can_speak_of_tiers_of_every_coming_scheme() -> None:
    assert list(tiers_offered(DAY, ["A", "Z"])) == ["A", "B", "C", "D", "Z"]

"""Service standards: what is promised, whose contact is overdue, and the names behind every number."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from core.clock import today
from customers.models import CustomerPosition
from staff.models import Policy
from tests.factories import make_branch, make_customer, make_head_office, make_user
from tests.tiers.test_catalogue import approve, client_of
from tiers.queries.standards import contacts_per_year, rhythm_of, service_by_tier, standard_for
from tiers.rules.standards import BUILT_IN, Standard, due_on, read_standards

DAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("figures", "code"),
    [
        ({"contact_days": 0}, "tiers.A.contact_days"),
        ({"contact_days": 731}, "tiers.A.contact_days"),
        ({"response_hours": "4"}, "tiers.A.response_hours"),
        ({"review_months": True}, "tiers.A.review_months"),
        ({"smile": 1}, "tiers.A"),
        (None, "tiers.A"),
    ],
)
def test_refuses_what_nobody_can_keep(figures: Any, code: str) -> None:
    with pytest.raises(ValueError, match=f"^{code}$"):
        read_standards({"tiers": {"A": figures}})
    with pytest.raises(ValueError, match=r"^tiers$"):
        read_standards({})


def test_a_contact_is_due_so_many_days_after_the_last_or_the_tiers_first_day() -> None:
    assert due_on(date(2026, 11, 1), date(2026, 1, 1), 30) == date(2026, 12, 1)
    assert due_on(None, date(2026, 11, 2), 30) == date(2026, 12, 2)
    assert due_on(None, None, 30) is None


@pytest.mark.django_db
def test_the_version_in_force_on_the_day_is_what_others_read() -> None:
    assert standard_for("A", DAY) == Standard(30, 4, 6, 3)
    approve({"tiers": {"A": {"contact_days": 20}}}, DAY, "standards")
    assert standard_for("A", DAY) == Standard(20)
    assert standard_for("B", DAY) == Standard()
    assert contacts_per_year(DAY) == {"A": Decimal("18.25")}
    assert contacts_per_year(DAY - timedelta(days=1))["A"] == Decimal("12.17")


@pytest.mark.django_db
def test_overdue_contacts_are_counted_by_tier_and_lead_to_the_names() -> None:
    head_office, day = make_head_office(), today()
    branch = make_branch(parent=head_office)
    head = make_user(role="branch_head", branch=branch)
    old, edge = day - timedelta(days=61), day - timedelta(days=60)
    places = [
        {"last_contact_on": old},
        {"last_contact_on": edge, "tier_since": old},
        {"last_contact_on": None, "tier_since": old},
        {"last_contact_on": None, "tier_since": edge},
        {"last_contact_on": day},
    ]
    named = [make_customer(branch=branch, tier=3, position=place) for place in places]
    make_customer(branch=make_branch(parent=head_office), tier=3, position=places[0])

    found = {row.band.letter: (row.heads, row.overdue, row.waited) for row in service_by_tier(head, day)}
    assert found == {"A": (0, 0, 31), "B": (5, 2, 61), "C": (0, 0, 181), "D": (0, 0, 366)}
    assert {row.band.letter: row.overdue for row in service_by_tier(make_user(role="admin"), day)}["B"] == 3

    client = client_of(head)
    lines = {line["row"].band.letter: line for line in client.get(reverse("tiers:standards_counts")).context["rows"]}
    listing = client.get(lines["B"]["overdue_url"]).context["listing"]
    assert {row.url for row in listing.rows} == {named[n].get_absolute_url() for n in (0, 2)}
    assert any("61" in chip.value for chip in listing.chips)
    rhythm = rhythm_of(CustomerPosition.everything.get(pk=named[0].pk), "B", day)
    assert rhythm is not None
    assert (rhythm.every, rhythm.ago, rhythm.due_on, rhythm.is_overdue) == (60, 61, day - timedelta(days=1), True)
    body = client.get(reverse("tiers:entitlements_of", args=[named[0].customer_no])).content.decode()
    assert " ".join(body.split()).count("Contact every 60 days; last 61 days ago; due by") == 1
    assert "Overdue" in body


@pytest.mark.django_db
def test_administrators_get_numbers_without_a_way_to_names_and_auditors_the_promises() -> None:
    body = client_of(make_user(role="admin")).get(reverse("tiers:standards_counts")).content.decode()
    assert "Contact overdue" in body
    assert "/customers/" not in body
    page = client_of(make_user(role="auditor")).get(reverse("tiers:standards")).content.decode()
    assert "First response within, hours" in page
    assert "Contact overdue" not in page


@pytest.mark.django_db
def test_the_grid_keeps_empty_figures_as_not_promised() -> None:
    client = client_of(make_user(role="admin"))
    sent = {
        f"{letter}__{name}": "" if figure is None else str(figure)
        for letter, figures in BUILT_IN["tiers"].items()
        for name, figure in figures.items()
    }
    said = {"effective_on": today().isoformat(), "note": "收紧高端客户的联系频率"}
    draft = reverse("customers:policy_draft", args=["standards"])
    refused = client.post(draft, {**sent, **said, "A__contact_days": "0"})
    assert (refused.status_code, "greater than or equal to 1" in refused.content.decode()) == (422, True)
    assert client.post(draft, {**sent, **said, "A__contact_days": "20", "B__report_months": ""}).status_code == 302
    kept = Policy.objects.get().values["tiers"]
    assert (kept["A"]["contact_days"], kept["B"]["report_months"], kept["D"]) == (20, None, BUILT_IN["tiers"]["D"])
    row = client.get(reverse("customers:policy", args=["standards"])).context["rows"][0]
    assert [(str(d.label), d.before, d.after) for d in row.differences] == [
        ("A Premier · Contact every, days", "30", "20"),
        ("B Preferred · Report every, months", "6", ""),
    ]

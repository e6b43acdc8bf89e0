"""The tier tab, the page that says why, who is on watch, what a run did."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core import jobs
from customers.models import Customer
from tests.factories import make_branch, make_customer
from tests.tiers.ledgers import approved, give_tier, lead, run, start_job, write_ledger
from tiers.models import RetierRun

pytestmark = pytest.mark.django_db
AUGUST, SEPTEMBER, OCTOBER = (date(2026, month, 28) for month in (8, 9, 10))
AsRole = Callable[..., Client]


@pytest.fixture
def watched_one() -> Customer:
    """Somebody held in tier 3 since September, and a stranger in the same position."""
    approved(effective_on=date(2026, 1, 1), watch_periods=3)
    people = [make_customer(tier=0, position={"on": None, "tier_since": None}) for _n in range(2)]
    history = {AUGUST: Decimal("623456.78"), SEPTEMBER: Decimal("434343.21")}
    write_ledger({person.pk: dict(history) for person in people}, SEPTEMBER)
    for day in (AUGUST, SEPTEMBER):
        run(day)
    return people[0]


def listed(answer: Any) -> str:
    """How many rows the page's list says it has."""
    return str(answer.context["listing"].page.count)


def test_the_tab_says_where_the_customer_stands(watched_one: Customer, as_role: AsRole) -> None:
    give_tier(watched_one.pk, "A", OCTOBER, OCTOBER)
    write_ledger({watched_one.pk: {AUGUST: Decimal(600_000), OCTOBER: Decimal("434343.21")}}, OCTOBER)
    run(OCTOBER)
    url = reverse("tiers:of_customer", args=[watched_one.customer_no])

    head = as_role("branch_head", branch=watched_one.branch).get(url)
    teller = as_role("teller", branch=watched_one.branch).get(url)

    assert [mark.tone for mark in head.context["marks"]] == ["info", "warn"]
    assert [row.change.event for row in head.context["history"]] == ["up", "watched", "first"]
    assert [row.is_move for row in head.context["history"]] == [True, False, False]
    assert "434,343.21" in head.content.decode()
    assert not {"434,343.21", "623,456.78", "500,000"} & set(teller.content.decode().split())
    assert reverse("tiers:explanation", args=[watched_one.customer_no]) in teller.content.decode()


@pytest.mark.parametrize(("role", "sees"), [("manager", True), ("branch_head", True), ("teller", False)])
def test_why_this_tier_on_a_day(watched_one: Customer, as_role: AsRole, role: str, sees: bool) -> None:
    url = reverse("tiers:explanation", args=[watched_one.customer_no])
    client = as_role(role, branch=watched_one.branch)
    if role == "manager":
        watched_one.manager_id = int(client.session["_auth_user_id"])
        watched_one.save()

    answer = client.get(url, {"on": "2026-09-30"})

    assert answer.status_code == 200
    assert (answer.context["explanation"].tier, answer.context["explanation"].watch) == (3, SEPTEMBER)
    assert len(answer.context["sentences"]) == 3
    text = answer.content.decode()
    assert ("623,456.78" in text, "434,343.21" in text) == (sees, sees)
    assert "data-print" in text
    assert client.get(url).context["day"] == SEPTEMBER


def test_days_that_cannot_be_asked_for(watched_one: Customer, as_role: AsRole) -> None:
    client = as_role("branch_head", branch=watched_one.branch)
    url = reverse("tiers:explanation", args=[watched_one.customer_no])

    for day in ("2126-01-01", "yesterday"):
        answer = client.get(url, {"on": day})
        assert answer.context["form"].errors
        assert answer.context["day"] == SEPTEMBER
    early = client.get(url, {"on": "1990-01-01"})
    assert (early.context["explanation"].tier, early.context["facts"]) == (0, [])
    assert as_role("branch_head").get(url).status_code == 404
    assert as_role("admin").get(url).status_code == 403


def test_the_watch_list(watched_one: Customer, as_role: AsRole) -> None:
    url = reverse("tiers:watch")
    client = as_role("branch_head", branch=watched_one.branch)

    found = client.get(url)

    text = found.content.decode()
    assert watched_one.name in text
    assert ["434,343.21" in text, "500,000.00" in text, "65,656.79" in text, "2026-12-01" in text] == [True] * 4
    assert [listed(found), listed(client.get(url, {"tier": "2"}))] == ["1", "0"]
    counter = as_role("teller", branch=watched_one.branch).get(url).content.decode()
    assert watched_one.name in counter
    assert not {"434,343.21", "500,000.00", "65,656.79"} & set(counter.replace(">", " ").replace("<", " ").split())
    assert listed(as_role("branch_head", branch=make_branch()).get(url)) == "0"
    assert as_role("admin").get(url).status_code == 403


def test_what_runs_did_in_counts(watched_one: Customer, as_role: AsRole) -> None:
    job = start_job(AUGUST)
    jobs.execute(job.job_id, lambda job, progress: lead(job, progress, 10))
    found = RetierRun.objects.get(on=SEPTEMBER)
    client = as_role("admin")

    answer = client.get(reverse("tiers:runs"))
    page = client.get(reverse("tiers:run", args=[found.pk]))

    assert listed(answer) == "2"
    assert page.context["done_with"] == AUGUST
    assert page.context["seconds"] > 0
    assert [(count.heads, count.before) for count in page.context["heads"]] == [(0, 0), (2, 2), (0, 0), (0, 0)]
    assert watched_one.name not in answer.content.decode() + page.content.decode()
    assert page.context["movers_url"] == ""
    assert as_role("head_office").get(reverse("tiers:run", args=[found.pk])).context["movers_url"]
    assert as_role("manager").get(reverse("tiers:runs")).status_code == 403


def test_movers_by_what_caused_them(watched_one: Customer, as_role: AsRole) -> None:
    give_tier(watched_one.pk, "A", OCTOBER, OCTOBER)
    day = date(2027, 1, 5)
    for on in (OCTOBER, day):
        run(on)
    client = as_role("branch_head", branch=watched_one.branch)

    def counts(cause: str) -> str:
        return listed(client.get(reverse("tiers:movers"), {"since": "2026-08-01", "cause": cause}))

    # Up by the override; down as it ended, with the watch over at the same time: people began it, people ended it.
    assert [counts(cause) for cause in ("", "override", "rule", "watch")] == ["2", "2", "0", "0"]

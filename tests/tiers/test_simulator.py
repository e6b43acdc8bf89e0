"""The simulator's pages: whose customers, live answers, drilling down, drafts; and back-tests asked for and read."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from core.models import Job
from customers.models import FedDay
from staff.models import Branch, User
from tests.factories import make_branch, make_customer, make_head_office, make_user
from tests.tiers.ledgers import run, write_ledger
from tiers import tasks
from tiers.models import Backtest, Scheme, Spread

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)
PAGE, ANSWER = "tiers:simulator", "tiers:simulator_answer"


@pytest.fixture
def bank() -> Branch:
    """A head office with two branches: two customers with a manager in one, one without a manager in the other."""
    head_office = make_head_office()
    mine, other = (
        make_branch(code="B1", name="城东支行", parent=head_office),
        make_branch(code="B2", parent=head_office),
    )
    manager = make_user(role="manager", branch=mine, name="赵敏")
    for branch, total, owner in ((mine, 60_000, manager), (mine, 700_000, manager), (other, 600_000, None)):
        customer = make_customer(tier=0, branch=branch, manager=owner, position={"tier_since": None, "on": None})
        write_ledger({customer.pk: {DAY: Decimal(total)}}, DAY)
    run(DAY)
    return head_office


@pytest.fixture
def enter(client: Client) -> Callable[..., Client]:
    """Signs a new person in."""

    def as_person(role: str, branch: Branch, **fields: object) -> Client:
        user: User = make_user(role=role, branch=branch, **fields)  # type: ignore[arg-type]
        client.force_login(user, backend="staff.backends.StaffBackend")
        return client

    return as_person


def test_bounds_are_answered_for_the_whole_bank_by_branch(bank: Branch, enter: Callable[..., Client]) -> None:
    client = enter("head_office", bank)

    page = client.get(reverse(PAGE))
    assert [floor for _band, floor in page.context["bounds"]] == ["0", "50,000", "500,000", "3,000,000"]
    assert page.context["answer"].simulation.up == 0

    found = client.get(reverse(ANSWER), {"floor": ["0", "50,000", "650000", "3000000"]})

    answer = found.context["answer"]
    assert (answer.simulation.down, answer.simulation.by_tier) == (1, {1: 0, 2: 2, 3: 1, 4: 0})
    assert [(line.code, line.unit.heads, line.unit.down) for line in answer.lines] == [("B2", 1, 1), ("B1", 2, 0)]
    assert answer.lines[0].effort.contacts_change <= 0
    assert found["HX-Replace-Url"].startswith(reverse(PAGE))
    by_name = client.get(reverse(ANSWER), {"floor": ["0", "50,000", "650000", "3000000"], "sort": "name"})
    assert [line.code for line in by_name.context["answer"].lines] == ["B1", "B2"]


def test_inside_a_branch_it_is_by_manager(bank: Branch, enter: Callable[..., Client]) -> None:
    client = enter("admin", bank)

    inside = client.get(reverse(ANSWER), {"branch": "B1", "floors": "0,50000,750000,3000000"})

    answer = inside.context["answer"]
    assert [(line.name, line.unit.heads, line.unit.down) for line in answer.lines] == [("赵敏", 2, 1)]
    # The balances of a branch could be one customer's, and an administrator sees none of these.
    assert not answer.amounts
    assert client.get(reverse(PAGE)).context["answer"].amounts
    assert client.get(reverse(ANSWER), {"branch": "nowhere"}).status_code == 404


def test_a_branch_head_tries_them_on_the_own_branch_alone(bank: Branch, enter: Callable[..., Client]) -> None:
    client = enter("branch_head", Branch.objects.get(code="B1"))

    page = client.get(reverse(PAGE))

    answer = page.context["answer"]
    assert (answer.simulation.customers, [line.name for line in answer.lines]) == (2, ["赵敏"])
    assert not page.context["draft_url"]
    assert client.get(reverse(ANSWER), {"branch": "B2"}).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        {"floor": ["0", "5", "4", "6"]},
        {"floor": ["0", "5", "x", "6"]},
        {"measure": "best", "tried": "1"},
        {"measure": "adb_trailing", "trailing_days": "1", "tried": "1"},
        {"on": "2026-11-21"},
        {"watch_periods": "99"},
    ],
)
def test_what_cannot_be_tried_is_said(bank: Branch, enter: Callable[..., Client], query: dict[str, object]) -> None:
    found = enter("head_office", bank).get(reverse(ANSWER), query)

    assert found.context["asked"].fault
    assert found.status_code == 200
    assert "answer" not in found.context


def test_a_rule_goes_to_the_editor_and_to_the_back_test(bank: Branch, enter: Callable[..., Client]) -> None:
    query = {
        "floor": ["0", "1", "2", "3.50"],
        "measure": "best",
        "best_of": ["balance", "adb_month"],
        "counted": "demand",
        "watch_periods": "3",
        "trailing_days": "60",
        "tried": "1",
    }

    found = enter("head_office", bank).get(reverse(PAGE), query)

    address = urlsplit(found.context["draft_url"])
    assert address.path == reverse("tiers:scheme_new")
    assert parse_qs(address.query) == {
        "floors": ["0.00,1.00,2.00,3.50"],
        "measure": ["best"],
        "trailing_days": ["60"],
        "watch_periods": ["3"],
        "best_of": ["balance", "adb_month"],
        "counted": ["demand"],
        "based_on": [str(Scheme.objects.get().pk)],
    }
    form = found.client.get(found.context["backtest_url"]).context["form"]
    assert form.initial["second"] == "tried"


def test_a_big_bank_waits_for_its_spread(
    bank: Branch, enter: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tiers.services.simulating.AT_ONCE", 2)
    client = enter("head_office", bank)

    waiting = client.get(reverse(ANSWER))

    job = Job.objects.get(name="tiers.spread")
    assert waiting.context["preparing"]["state"] == "waiting"
    assert reverse(ANSWER) in waiting.content.decode()
    tasks.spread(job.pk)
    tasks.spread(job.pk)
    assert Spread.objects.count() == 1
    assert client.get(reverse(ANSWER)).context["answer"].simulation.customers == 3
    Spread.objects.all().delete()
    Job.objects.update(state="parked")
    assert client.get(reverse(ANSWER)).context["preparing"]["state"] == "waiting"


def test_without_a_policy_there_is_nothing_to_try(bank: Branch, enter: Callable[..., Client]) -> None:
    Scheme.objects.update(status="draft", approved_by=None)
    client = enter("head_office", bank)

    assert client.get(reverse(PAGE)).context["asked"] is None
    assert client.get(reverse(ANSWER)).status_code == 404


def test_a_back_test_is_asked_for_waited_for_and_read(bank: Branch, enter: Callable[..., Client]) -> None:
    client, scheme = enter("head_office", bank), Scheme.objects.get()
    FedDay.objects.create(on=date(2026, 8, 1), is_full=True)
    address = f"{reverse('tiers:backtests')}?tried=1&based_on={scheme.pk}&floors=0,1,2,3&watch_periods=2"
    assert client.post(address, {"first": str(scheme.pk), "second": str(scheme.pk)}).status_code == 422

    sent = client.post(address, {"first": str(scheme.pk), "second": "tried"})

    backtest = Backtest.objects.get()
    assert sent.headers["Location"] == backtest.get_absolute_url()
    assert backtest.rules[1]["content"]["bands"][3][1] == "3.00"
    page = client.get(backtest.get_absolute_url())
    assert page.context["state"] == "waiting"
    progress = reverse("tiers:backtest_progress", args=[backtest.pk])
    assert progress in page.content.decode()
    assert "HX-Refresh" not in client.get(progress).headers
    Job.objects.filter(pk=backtest.job_id).update(state="parked")
    assert client.get(backtest.get_absolute_url()).context["state"] == "failed"
    client.post(reverse("tiers:backtest_again", args=[backtest.pk]))
    assert backtest.job_id is not None
    tasks.backtest(backtest.job_id)
    assert client.get(progress).headers["HX-Refresh"] == "true"
    done = client.get(backtest.get_absolute_url())
    assert done.context["state"] == "done"
    assert done.context["outcomes"][0].label == str(scheme)
    assert [chart.id for chart in done.context["charts"]] == ["backtest-movers", "backtest-costs"]
    assert [row.state for row in client.get(reverse("tiers:backtests")).context["rows"]] == ["done"]


def test_a_short_history_is_said_and_a_branch_head_only_reads(bank: Branch, enter: Callable[..., Client]) -> None:
    client, scheme = enter("head_office", bank), Scheme.objects.get()
    address = f"{reverse('tiers:backtests')}?tried=1&based_on={scheme.pk}"

    refused = client.post(address, {"first": str(scheme.pk), "second": "tried"})

    assert refused.status_code == 422
    assert refused.context["form"].non_field_errors()
    head = enter("branch_head", Branch.objects.get(code="B1"))
    page = head.get(reverse("tiers:backtests"))
    assert (page.context["is_short"], page.context["may_ask"]) == (True, False)

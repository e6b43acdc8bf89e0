"""The commands of interfaces.md 2: keys, exit statuses, one JSON object."""

import json
from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from core.models import Job
from customers.models import Customer
from tests.factories import make_customer
from tests.tiers.ledgers import start_job, write_ledger
from tests.tiers.test_rules import EDGES
from tiers.models import TierChange

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)


def said(*words: str) -> dict[str, Any]:
    """The JSON object a command prints."""
    out = StringIO()
    call_command(*words, "--json", stdout=out, stderr=StringIO())
    return json.loads(out.getvalue())  # type: ignore[no-any-return]


@pytest.fixture
def people() -> list[Customer]:
    """One customer at each edge."""
    found = [make_customer(tier=0, position={"on": None}) for _ in EDGES]
    write_ledger({c.pk: {DAY: Decimal(value)} for c, (value, _) in zip(found, EDGES, strict=True)}, DAY)
    return found


def test_retier_answers_its_totals(people: list[Customer]) -> None:
    found = said("retier", "--business-date", "2026-11-20")

    assert found.pop("seconds") > 0
    assert found == {
        "business_date": "2026-11-20",
        "scheme": 1,
        "customers": 10,
        "up": 0,
        "down": 0,
        "watch": 0,
        "unchanged": 10,
        "overridden": 0,
        "by_tier": {"1": 4, "2": 2, "3": 2, "4": 2},
        "first": 10,
        "redone": [],
    }


def test_retier_again_is_one_job_and_no_new_history(people: list[Customer]) -> None:
    first = said("retier", "--business-date", "2026-11-20")
    rows = TierChange.everything.count()

    again = said("retier")  # the latest day with balances

    assert (again["by_tier"], TierChange.everything.count()) == (first["by_tier"], rows)
    assert Job.objects.filter(name="tiers.retier").count() == 1


def test_retier_dry_run_keeps_nothing(people: list[Customer]) -> None:
    found = said("retier", "--business-date", "2026-11-20", "--dry-run")

    assert found["by_tier"] == {"1": 4, "2": 2, "3": 2, "4": 2}
    assert not TierChange.everything.exists()
    assert not Job.objects.exists()


def test_retier_without_a_scheme_is_refused_with_3() -> None:
    with pytest.raises(CommandError) as caught:
        said("retier", "--business-date", "1999-12-31")

    assert caught.value.returncode == 3


def test_retier_without_any_day_is_2() -> None:
    with pytest.raises(CommandError) as caught:
        said("retier")

    assert caught.value.returncode == 2


def test_simulate_tiers(people: list[Customer]) -> None:
    said("retier", "--business-date", "2026-11-20")

    found = said("simulate_tiers", "--bounds", "0,500000", "--measure", "balance", "--on", "2026-11-20")

    assert found.pop("seconds") >= 0
    assert found == {
        "measure": "balance",
        "on": "2026-11-20",
        "bounds": ["0.00", "500000.00"],
        "by_tier": {"1": 6, "2": 4},
        "matrix": {
            "1": {"1": 4, "2": 0},
            "2": {"1": 2, "2": 0},
            "3": {"1": 0, "2": 2},
            "4": {"1": 0, "2": 2},
        },
    }


@pytest.mark.parametrize("bounds", ["0", "1,2", "0,5,4", "0,x"])
def test_simulate_tiers_of_nonsense_is_2(bounds: str) -> None:
    with pytest.raises(CommandError) as caught:
        said("simulate_tiers", "--bounds", bounds)

    assert caught.value.returncode in {1, 2}  # argparse itself ends the process with 2


def test_explain_tier(people: list[Customer]) -> None:
    said("retier", "--business-date", "2026-11-20")

    found = said("explain_tier", people[4].customer_no, "--on", "2026-12-31")

    assert found.pop("reason")
    assert found == {
        "customer_no": people[4].customer_no,
        "on": "2026-12-31",
        "tier": 2,
        "scheme": 1,
        "measure": "balance",
        "window": {"from": "2026-11-20", "to": "2026-11-20"},
        "value": "50000.00",
    }


def test_explain_tier_of_nobody_is_2() -> None:
    with pytest.raises(CommandError) as caught:
        said("explain_tier", "NOBODY")

    assert caught.value.returncode == 2


def test_retier_waits_for_the_process_that_leads_the_job(
    people: list[Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    from core import jobs

    said("retier", "--business-date", "2026-11-20")
    assert start_job(DAY)

    def busy(*_: object) -> None:
        Job.objects.filter(key="2026-11-20").update(state="done")
        raise jobs.JobBusy

    monkeypatch.setattr("core.jobs.execute", busy)

    assert said("retier", "--business-date", "2026-11-20")["by_tier"]["1"] == 4

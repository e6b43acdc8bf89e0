"""Runs of the night in this process, over a few accounts."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from customers.models import CustomerPosition, Feed
from depositcrm import night
from insights.models import DepositDay
from tests.customers.feeding import feed
from tests.factories import TODAY, make_customer, make_product
from tests.insights.books import a_scheme

DAY = timedelta(days=1)
ROOT = Path(__file__).resolve().parents[1]
NAMES = [step.name for step in night.STEPS]
COMMAND = "depositcrm.management.commands.run_night"


@pytest.fixture
def inbox(tmp_path: Path, settings: Any) -> None:
    """An empty inbox, and a tier scheme in force."""
    settings.FEED_INBOX = tmp_path / "inbox"
    settings.FEED_INBOX.mkdir()
    a_scheme()


def make_accounts(*numbers: str) -> None:
    """Customers with one account each, as feeds leave them."""
    product = make_product()
    rows = [[no, make_customer(tier=0).customer_no, product.code] for no in numbers]
    assert feed("accounts", ["account_no", "customer_no", "product_code"], rows).accepted == len(numbers)


def balances(*amounts: str, on: Any = TODAY) -> Feed:
    """A day's balances of accounts A1, A2 ..., imported."""
    rows = [[f"A{n}", amount] for n, amount in enumerate(amounts, start=1)]
    return feed("balances", ["account_no", "balance"], rows, on=on)


def run(*options: str, day: Any = TODAY) -> tuple[int, dict[str, Any], str]:
    """Exit status, JSON and prose of run_night in this process."""
    out, err = io.StringIO(), io.StringIO()
    status = 0
    try:
        call_command("run_night", "--business-date", day.isoformat(), "--json", *options, stdout=out, stderr=err)
    except SystemExit as stop:
        status = int(stop.code or 0)
    return status, json.loads(out.getvalue()), err.getvalue()


def statuses(result: dict[str, Any]) -> dict[str, str]:
    return {step["name"]: step["status"] for step in result["steps"]}


def tiers() -> dict[str, int]:
    rows = CustomerPosition.everything.select_related("customer")
    return {row.customer.accounts.get().account_no: row.tier for row in rows}


def rolled_up() -> dict[int, tuple[int, Decimal]]:
    found: dict[int, tuple[int, Decimal]] = {}
    for row in DepositDay.objects.filter(on=TODAY):
        before = found.get(row.tier, (0, Decimal(0)))
        found[row.tier] = (before[0] + row.customers, before[1] + row.total)
    return found


@contextmanager
def steps(monkeypatch: pytest.MonkeyPatch, *pieces: tuple[str, Callable[[], int]]) -> Iterator[None]:
    """A night made of these pieces."""
    made = tuple(
        night.Step(name, lambda day, actor, at, progress, work=work: {"rows": work()}) for name, work in pieces
    )
    with monkeypatch.context() as patch:
        patch.setattr(night, "STEPS", made)
        yield

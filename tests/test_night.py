"""The night from end to end in one process: done, failed, corrected, repeated."""

import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from core.enums import JobState
from core.errors import DomainError
from core.models import Job, TrailSeal
from customers.models import FedDay
from tests.factories import TODAY, make_customer, make_product
from tests.night_scene import (
    COMMAND,
    DAY,
    NAMES,
    balances,
    inbox,
    make_accounts,
    rolled_up,
    run,
    statuses,
    steps,
    tiers,
)
from tiers.models import TierChange

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("inbox")]
__all__ = ["inbox"]


def test_a_night_does_every_step_once() -> None:
    make_accounts("A1", "A2")
    balances("49999.99", "500000")

    status, result, prose = run("--inline")

    assert (status, result["business_date"], list(result)) == (0, "2026-11-20", ["business_date", "steps", "seconds"])
    assert [list(step) for step in result["steps"]] == [["name", "status", "rows", "seconds"]] * len(NAMES)
    assert statuses(result) == dict.fromkeys(NAMES, "done")
    assert {step["name"]: step["rows"] for step in result["steps"]}["retier"] == 2
    assert all(name in prose for name in NAMES)
    assert tiers() == {"A1": 1, "A2": 3}
    assert rolled_up() == {1: (1, Decimal("49999.99")), 3: (1, Decimal(500_000))}
    assert TrailSeal.objects.exists()


def test_a_finished_night_answers_already_done() -> None:
    make_accounts("A1")
    balances("70000")
    run("--inline")
    before = list(TierChange.everything.values())

    status, result, _prose = run("--inline")

    assert (status, statuses(result)) == (0, dict.fromkeys(NAMES, "already_done"))
    assert list(TierChange.everything.values()) == before
    assert set(Job.objects.filter(name__startswith="night.").values_list("attempts", flat=True)) == {1}


def test_the_inbox_is_imported_first_in_the_order_of_the_ladder(settings: Any) -> None:
    customer, product = make_customer(tier=0), make_product()
    (settings.FEED_INBOX / "balances_20261120.csv").write_text("account_no,balance\nA1,3000000\n")
    (settings.FEED_INBOX / "accounts_20261120.csv").write_text(
        f"account_no,customer_no,product_code\nA1,{customer.customer_no},{product.code}\n"
    )

    status, result, _prose = run("--inline")

    assert (status, result["steps"][0]) == (0, {**result["steps"][0], "name": "import_feeds", "rows": 2})
    assert tiers() == {"A1": 4}
    assert FedDay.objects.filter(on=TODAY).exists()


def test_a_broken_file_in_the_inbox_stops_the_night(settings: Any) -> None:
    (settings.FEED_INBOX / "balances_20261120.csv").write_text("nothing,of,use\n1,2,3\n")

    status, result, prose = run("--inline")

    assert (status, statuses(result)) == (1, {"import_feeds": "failed"})
    assert "balances_20261120.csv" in prose
    assert Job.objects.get(name="depositcrm.night").state == JobState.REFUSED
    (settings.FEED_INBOX / "balances_20261120.csv").unlink()
    assert run("--inline")[0] == 0


def test_a_corrected_feed_is_recomputed_by_the_next_night_of_its_day() -> None:
    make_accounts("A1", "A2")
    balances("70000", "10")
    run("--inline")
    balances("499999.99", "500000")

    _status, result, _prose = run("--inline")

    assert statuses(result) == dict.fromkeys(NAMES, "done")
    assert tiers() == {"A1": 2, "A2": 3}
    assert rolled_up() == {2: (1, Decimal("499999.99")), 3: (1, Decimal(500_000))}


def test_a_late_feed_reopens_the_days_after_it_too() -> None:
    make_accounts("A1")
    balances("70000")
    run("--inline")
    balances("600000", on=TODAY - DAY)

    assert statuses(run("--inline", day=TODAY - DAY)[1]) == dict.fromkeys(NAMES, "done")
    assert statuses(run("--inline")[1]) == dict.fromkeys(NAMES, "done")

    changes = TierChange.everything.order_by("on").values_list("on", "from_tier", "to_tier")
    assert list(changes) == [(TODAY - DAY, 0, 3), (TODAY, 3, 2)]


def test_a_failed_step_stops_the_climb_and_is_taken_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def step(name: str, *outcomes: object) -> tuple[str, Callable[[], int]]:
        left = list(outcomes)

        def work() -> int:
            calls.append(name)
            outcome = left.pop(0) if left else 1
            if isinstance(outcome, Exception):
                raise outcome
            return 1

        return name, work

    with steps(monkeypatch, step("one"), step("two", OSError("disk full")), step("three")):
        status, result, prose = run("--inline")
        assert (status, statuses(result), calls) == (1, {"one": "done", "two": "failed"}, ["one", "two"])
        assert result["steps"][1]["error"] == "OSError: disk full"
        assert "disk full" in prose
        # The sweeper will try it again by itself, too.
        assert Job.objects.get(name="depositcrm.night").state == JobState.WAITING

        status, result, _prose = run("--inline")
        assert (status, calls) == (0, ["one", "two", "two", "three"])
        assert statuses(result) == {"one": "already_done", "two": "done", "three": "done"}


def test_a_step_that_keeps_failing_is_parked_and_run_again_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    faults = [OSError("gone")] * 3

    def work() -> int:
        if faults:
            raise faults.pop()
        return 5

    with steps(monkeypatch, ("one", work)):
        assert [run("--inline")[0] for _ in range(3)] == [1, 1, 1]
        assert set(Job.objects.exclude(name="staff.mail_notices").values_list("state", flat=True)) == {JobState.PARKED}
        status, result, _prose = run("--inline")
        assert (status, statuses(result), result["steps"][0]["rows"]) == (0, {"one": "done"}, 5)


def test_a_refused_step_is_not_tried_again_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> int:
        raise DomainError("no scheme")

    with steps(monkeypatch, ("one", work)):
        status, result, prose = run("--inline")
    assert (status, statuses(result)) == (1, {"one": "failed"})
    assert "no scheme" in prose
    assert Job.objects.get(name="depositcrm.night").state == JobState.REFUSED


@pytest.mark.parametrize("day", ["20-11-2026", "tomorrow", "2099-01-01"])
def test_a_day_that_cannot_be_is_a_wrong_argument(day: str) -> None:
    with pytest.raises(CommandError) as found:
        call_command("run_night", "--business-date", day, "--inline", stderr=io.StringIO())
    assert found.value.returncode == 2


def test_without_a_worker_the_command_says_so_and_leaves_nothing_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{COMMAND}.WORKER_SECONDS", 0.5)
    with pytest.raises(CommandError, match="--inline") as found:
        call_command("run_night", "--business-date", "2026-11-20", stderr=io.StringIO())
    assert found.value.returncode == 1
    assert Job.objects.get(name="depositcrm.night").state == JobState.FAILED
    assert run("--inline")[0] == 0

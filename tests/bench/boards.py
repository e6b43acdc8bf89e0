"""Boards and the pages of a branch head's week over a bank at work, as a browser waits."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from django.urls import reverse

from core.clock import now
from insights.models import KpiDay
from insights.rules.kpis import RECENT_DAYS
from insights.services import roll_up_range
from insights.services.kpis import roll_up_kpis
from servicing.services import maturity
from staff.models import User
from tests.bench import floors, week
from tests.bench.feeds import BENCH, Say
from tests.bench.measuring import Figure
from tests.bench.pages import Visit, measure_pages

BOARD_MS = 500
KEEPERS = ("manager", "branch_head", "head_office")
PAGES = ("bridge", "bridge_rows", "churn", "churned", "warnings", "completion", "satisfaction", "targets", "measures")
WIDGETS = (
    *("bridge_widget", "churn_widget", "flow_widget", "warnings_widget", "completion_widget"),
    *("satisfaction_widget", "targets_widget", "approvals_widget"),
)
HEADS_PAGES = ("workload", "spikes", "spiked", "supervision")


def measure_boards(day: date, folder: Path, requests: int, say: Say) -> list[Figure]:
    """p95 of the pages once the nights have added everything up."""
    say("figures of every day, for the boards")
    maturity.run(business_day=day, actor=BENCH, at=now())
    roll_up_range(day - timedelta(days=RECENT_DAYS), day)
    roll_up_kpis(business_day=day, at=now())
    if KpiDay.objects.count() < RECENT_DAYS:
        week.copy_earlier(day)
    floors.tidy()
    return measure_pages(folder, requests, say, visits)


def visits(role: str, user: User) -> Iterator[Visit]:
    """What somebody with a board opens."""
    if role not in KEEPERS:
        return
    home = reverse("insights:home")
    yield Visit(role, "board", [home], limit=BOARD_MS)
    yield Visit(role, "board, 90 days", [f"{home}?days=90"], limit=BOARD_MS)
    heads = HEADS_PAGES if role != "manager" else ()
    for name in (*PAGES, *WIDGETS, "approvals", "reports", *heads):
        yield Visit(role, name, [reverse(f"insights:{name}")], limit=BOARD_MS)
    yield Visit(role, "maturity ladder", [reverse("servicing:maturity_ladder")], limit=BOARD_MS)
    yield Visit(role, "palette", [reverse("insights:palette")], {"q": "王"}, limit=BOARD_MS)

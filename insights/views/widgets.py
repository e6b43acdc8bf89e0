"""What boards are made of: each part with its code, the boards it stands on, and how it is drawn."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from campaigns.queries.campaigns import campaigns_of
from customers import queries as customers
from insights import charts
from insights.enums import BoardKind
from insights.queries import boards, moves
from insights.views import tables, tiles
from insights.views.links import link
from insights.views.numbers import Text
from insights.views.units import DAY, SHOWN, Unit

MANAGER, BRANCH, REGION, BANK = BoardKind
EVERY = tuple(BoardKind)
SEVERAL = (REGION, BANK)
HALF, WHOLE = 6, 12

Found = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Widget:
    """A part of a board: drawn with the page by `template` from what `find` finds, or loaded from the address of its
    own called `address` (into the part's body only when it `is_bare`). Boards in `usual` show it until somebody
    arranges them otherwise; what is about the reader (`is_own`) stands on no board of another unit."""

    code: str
    label: Text
    boards: tuple[BoardKind, ...]
    usual: tuple[BoardKind, ...]
    span: int = HALF
    find: Callable[[Unit], Found] | None = None
    template: str = ""
    address: str = ""
    is_bare: bool = False
    is_own: bool = False


def _figures(unit: Unit) -> Found:
    made = {MANAGER: tiles.book_tiles, BRANCH: tiles.branch_tiles}.get(unit.kind, tiles.bank_tiles)
    return {"tiles": made(unit)}


def _movement(unit: Unit) -> Found:
    return {"tiles": tiles.movement_tiles(unit) if unit.moved else tiles.unit_mover_tiles(unit)}


def _service(unit: Unit) -> Found:
    return {"tiles": tiles.service_tiles(unit), "url": link("complaints:inbox")}


def _risk(unit: Unit) -> Found:
    return {"tiles": tiles.risk_tiles(unit)}


def _silent(unit: Unit) -> Found:
    return {"tiles": [tiles.silent_tile(unit)]}


def _tiers(unit: Unit) -> Found:
    return {"rows": tables.tier_rows(unit), "url": link("insights:tier_history", **unit.params)}


def _trend(unit: Unit) -> Found:
    """Deposits at each close; of a book or a branch each opens who moved since."""
    start, day = unit.days.day - unit.days.trend * DAY, unit.days.day
    if unit.kind == MANAGER:
        found = boards.book_trend(unit.viewer, start, day)
    else:
        found = boards.branch_trend(unit.viewer, unit.ids, start, day)
    opened = found if unit.moved else []
    hrefs = [link("insights:moves", since=one.on, **unit.params) for one in opened]
    return {"chart": charts.deposit_trend(found, day, hrefs)}


def _movers(unit: Unit) -> Found:
    """The first few are found by key alone: with names, a night's 100,000 were sorted in half a second."""
    found = tiles.movers(unit).order_by("-to_tier", "-value", "pk")
    return {"movers": list(found.filter(pk__in=found.values("pk")[:SHOWN])), "url": link("tiers:movers", **unit.params)}


def _moves(unit: Unit) -> Found:
    since = unit.days.opening.day
    rows = moves.biggest_moves(unit.positions, since, SHOWN)
    return {"moves": rows, "url": link("insights:moves", since=since, **unit.params)}


def _maturities(unit: Unit) -> Found:
    today, until = unit.days.today, unit.days.matures_until
    rows = customers.maturities(unit.viewer, today, until)
    if unit.ids is not None:
        rows = rows.filter(customer__branch_id__in=sorted(unit.ids))
    url = link("insights:maturities", since=today, until=until, **unit.params)
    return {"accounts": list(rows[:SHOWN]), "url": url}


def _managers(unit: Unit) -> Found:
    late = tiles.overdue_follow_ups(unit).order_by().values_list("owner").annotate(n=Count("pk"))
    return {"rows": tables.manager_rows(unit, dict(late))}


def _colleagues(unit: Unit) -> Found:
    return {"rows": tables.colleague_rows(unit), "url": link("servicing:contacts")}


def _units(unit: Unit) -> Found:
    rows, whole = tables.unit_rows(unit), len(unit.lines)
    return {
        "rows": rows,
        "whole": whole,
        "rest": whole - len(rows),
        "url": tables.units_url(unit),
        "day": unit.days.day,
    }


def _campaigns(unit: Unit) -> Found:
    """What runs for the unit: its own campaigns, and those of the units above and below it."""
    rows = campaigns_of(unit.viewer).running()
    if unit.branch is not None and unit.ids is not None:
        above = {int(pk) for pk in unit.branch.path.split("/") if pk}
        rows = rows.filter(branch_id__in=sorted(above | unit.ids))
    return {"campaigns": list(rows.order_by("ends_on", "pk")[:SHOWN]), "url": link("campaigns:list", state="running")}


# In the usual order: figures first, then what waits for somebody, then why it is so.
WIDGETS = (
    Widget("figures", _("First figures"), EVERY, EVERY, WHOLE, _figures, "insights/_tiles.html"),
    Widget("today", _("Today"), (MANAGER,), (MANAGER,), HALF, address="insights:today_widget"),
    Widget("units", _("By unit"), SEVERAL, SEVERAL, WHOLE, _units, "insights/_units.html"),
    Widget(
        "approvals", _("Approvals"), EVERY, (BRANCH, *SEVERAL), HALF, address="insights:approvals_widget", is_own=True
    ),
    Widget(
        "warnings",
        _("Outflow warnings"),
        EVERY,
        EVERY,
        HALF,
        address="insights:warnings_widget",
        is_bare=True,
        is_own=True,
    ),
    Widget("bridge", _("ADB bridge"), EVERY, EVERY, HALF, address="insights:bridge_widget"),
    Widget("tiers", _("By tier"), EVERY, EVERY, HALF, _tiers, "insights/_tiers.html"),
    Widget("managers", _("By manager"), (BRANCH,), (BRANCH,), WHOLE, _managers, "insights/_managers.html"),
    Widget("targets", _("Targets"), EVERY, EVERY, HALF, address="insights:targets_widget"),
    Widget("service", _("Service"), (BRANCH, *SEVERAL), (BRANCH, *SEVERAL), HALF, _service, "insights/_tile_card.html"),
    Widget("campaigns", _("Campaigns"), EVERY, (BRANCH, *SEVERAL), HALF, _campaigns, "insights/_campaigns.html"),
    Widget(
        "maturities", _("Maturing next"), (MANAGER, BRANCH), (MANAGER,), HALF, _maturities, "insights/_maturing.html"
    ),
    Widget("trend", _("Deposits over time"), EVERY, EVERY, HALF, _trend, "insights/_trend.html"),
    Widget("movement", _("Movement in detail"), EVERY, (MANAGER, BRANCH), HALF, _movement, "insights/_tile_card.html"),
    Widget(
        "moves",
        _("Largest moves of the day"),
        (MANAGER, BRANCH),
        (MANAGER, BRANCH),
        HALF,
        _moves,
        "insights/_moves.html",
    ),
    Widget("movers", _("Changed tier"), EVERY, EVERY, HALF, _movers, "insights/_movers.html"),
    Widget("risk", _("Tiers at risk"), (MANAGER, BRANCH), (BRANCH,), HALF, _risk, "insights/_tile_card.html"),
    Widget("silent", _("Long without contact"), (MANAGER,), (MANAGER,), HALF, _silent, "insights/_tile_card.html"),
    Widget("churn", _("Churn"), EVERY, (BRANCH, *SEVERAL), HALF, address="insights:churn_widget"),
    Widget("satisfaction", _("Satisfaction"), EVERY, (BRANCH, *SEVERAL), HALF, address="insights:satisfaction_widget"),
    Widget("completion", _("Completion and results"), EVERY, (BRANCH,), HALF, address="insights:completion_widget"),
    Widget(
        "colleagues", _("Contacts per colleague"), (BRANCH,), (BRANCH,), HALF, _colleagues, "insights/_colleagues.html"
    ),
    Widget("flow", _("Tier migration"), EVERY, (), HALF, address="insights:flow_widget"),
    Widget("training", _("Training"), EVERY, (), HALF, address="staff:training_widget", is_own=True),
)


def widgets_of(board: BoardKind) -> list[Widget]:
    """The parts a kind of board can have, in the usual order."""
    return [widget for widget in WIDGETS if board in widget.boards]

"""Where customers went between the tiers of two days: the page, its matrix and picture, and the names behind them."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core.pages import BadQuery
from core.pages.state import read_state, write_state
from customers.models import CustomerPosition
from customers.queries import ledger_day
from staff.access import AMOUNT_ROLES, has_role, roles, scope_of
from staff.enums import Reach, Role
from staff.models import User
from tiers.charts import Move, Picture, flow_picture
from tiers.enums import Way
from tiers.filters import FLOWS
from tiers.forms.flows import FlowForm
from tiers.queries import tier_name
from tiers.queries.flows import Flow, FlowCell, RunDays, bands_at, flow, heads_at, run_days

READERS = (*AMOUNT_ROLES, Role.ADMIN)
KEPT_SECONDS = 600
# From these shares of a row on, a cell is shaded one step more.
SHADES = (0.0, 0.01, 0.05, 0.2, 0.5)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Head:
    """A tier as the head of a row or a column; `url` names its customers."""

    rank: int
    name: str
    heads: int
    url: str

    @property
    def shown(self) -> str:
        """How many there are, ready to read."""
        return f"{self.heads:,}"


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """A cell of the matrix: None as `cell` where nobody went this way; `shade` 0 to 5."""

    cell: FlowCell | None
    label: str
    url: str
    shade: int

    @property
    def shown(self) -> str:
        """How many went this way, ready to read."""
        return f"{self.cell.heads:,}" if self.cell else ""


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A row of the matrix."""

    head: Head
    cells: tuple[MatrixCell, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """What the page shows of a flow."""

    flow: Flow
    columns: tuple[Head, ...]
    rows: tuple[MatrixRow, ...]
    picture: Picture
    moved: dict[str, int]
    sentence: str
    held: Any
    heads: str


@roles(*READERS)
@require_GET
def flow_page(request: HttpRequest) -> HttpResponse:
    """Two days to choose and what lies between them; of a whole bank the figures come as a part of their own."""
    days = run_days()
    context: dict[str, Any] = {"page_title": _("Tier migration"), "days": days}
    context["may_list"] = days is not None and has_role(request.user, *AMOUNT_ROLES)
    if days is not None:
        form = _form(request, days)
        context |= {"form": form, "choices": _choices(request, form), "is_cut": form.is_valid() and form.is_cut}
        if form.is_valid():
            found = _kept(request, form) if _is_wide(request.user, form) else _flow(request, form)
            context |= {"board": _board(request, form, found)} if found else {"board_url": _board_url(request)}
    return render(request, "tiers/flows.html", context)


@roles(*READERS)
@require_GET
def flow_board(request: HttpRequest) -> HttpResponse:
    """The matrix and the picture alone."""
    days = run_days()
    form = _form(request, days) if days else None
    if form is None or not form.is_valid():
        raise BadQuery()
    found = _kept(request, form) or _flow(request, form)
    if _is_wide(request.user, form):
        cache.set(_key(request.user, form), found, KEPT_SECONDS)
    return render(request, "tiers/_flow.html", {"board": _board(request, form, found)})


@roles(*AMOUNT_ROLES)
@require_GET
def flow_names(request: HttpRequest) -> HttpResponse:
    """The customers of a cell, a row or a column, or of a tier at the close of a day."""
    rows = CustomerPosition.objects.visible_to(request.user).prefetch_related("customer", "branch", "manager")
    listing = FLOWS.show(request, rows, amounts=True)
    asked = read_state(request.GET.urlencode())
    context = {
        "listing": listing,
        "page_title": _("Customers between tiers"),
        "page_subtitle": _said(listing.form.cleaned_data) if listing.form.is_valid() else "",
        "back": f"{reverse('tiers:flows')}?{urlencode(_page_of(request))}",
        "export_url": f"{reverse('tiers:flow_export')}?{write_state(asked)}" if listing.rows else "",
    }
    return render(request, "tiers/flow_names.html", context)


def _said(asked: dict[str, Any]) -> str:
    """What the list holds, in a sentence."""
    first, last = asked["first"] or asked["last"], asked["last"]
    if last is None:
        return _("Choose a day first.")
    before, after = (
        tier_name(int(rank), bands_at(day)) if rank else _("any tier")
        for rank, day in ((asked["from_tier"], first), (asked["to_tier"], last))
    )
    if first == last:
        return _("In %(tier)s at the close of %(day)s") % {"tier": after, "day": last}
    words = {"before": before, "first": first, "after": after, "last": last}
    return _("In %(before)s at the close of %(first)s, in %(after)s at the close of %(last)s") % words


def _page_of(request: HttpRequest) -> dict[str, str]:
    """The matrix a list of names came from."""
    return {name: value for name in ("first", "last", "branch", "manager") if (value := request.GET.get(name, ""))}


def _form(request: HttpRequest, days: RunDays) -> FlowForm:
    usual = {"first": _usual_first(days).isoformat(), "last": days.last.isoformat()}
    asked = {name: request.GET[name] for name in ("first", "last", "branch", "manager") if request.GET.get(name)}
    return FlowForm({**usual, **asked}, user=request.user, days=days)


def _usual_first(days: RunDays) -> date:
    """The last month end, or the first re-tiering where that came later."""
    opening = days.last.replace(day=1) - DAY
    return max(opening, min(days.first, days.last - DAY))


def _choices(request: HttpRequest, form: FlowForm) -> list[dict[str, Any]]:
    last = form.days.last
    month = last.replace(day=1) - DAY
    quarter = last.replace(month=(last.month - 1) // 3 * 3 + 1, day=1) - DAY
    year = last.replace(month=1, day=1) - DAY
    spans = (
        (_("This month"), month, last),
        (_("Last month"), month.replace(day=1) - DAY, month),
        (_("This quarter"), quarter, last),
        (_("This year"), year, last),
        (_("One year"), last - timedelta(days=365), last),
    )
    asked = (form.data["first"], form.data["last"])
    units = {name: value for name, value in _page_of(request).items() if name in {"branch", "manager"}}
    return [
        {
            "label": label,
            "url": f"?{urlencode({'first': first, 'last': until, **units})}",
            "active": asked == (first.isoformat(), until.isoformat()),
        }
        for label, first, until in spans
    ]


def _is_wide(user: User, form: FlowForm) -> bool:
    """Whether so many customers are asked for that the page should not wait for them."""
    if form.cleaned_data.get("branch") or form.cleaned_data.get("manager"):
        return False
    scope = scope_of(user)
    return has_role(user, Role.ADMIN) or scope.reach == Reach.BANK or len(scope.branch_ids) > 20


def _flow(request: HttpRequest, form: FlowForm) -> Flow:
    asked = form.cleaned_data
    return flow(request.user, asked["first"], asked["last"], branch=asked.get("branch"), manager=asked.get("manager"))


def _kept(request: HttpRequest, form: FlowForm) -> Flow | None:
    found: Flow | None = cache.get(_key(request.user, form)) if _is_wide(request.user, form) else None
    return found


def _key(user: User, form: FlowForm) -> str:
    """Of the scope, the days and what they were worked out from: another feed or run makes it another key."""
    scope, asked = scope_of(user), form.cleaned_data
    parts = [scope.reach, scope.amounts, sorted(scope.branch_ids), asked["first"], asked["last"]]
    parts += [form.days.stamp, ledger_day()]
    return f"tiers.flow.{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"


def _board_url(request: HttpRequest) -> str:
    return f"{reverse('tiers:flow_board')}?{urlencode(_page_of(request))}"


def _board(request: HttpRequest, form: FlowForm, found: Flow) -> Board:
    """The matrix with an address to the names of each cell, for those who may see any."""
    names = _names_of(request, form) if has_role(request.user, *AMOUNT_ROLES) else lambda **ranks: ""
    by_place = {(cell.before, cell.after): cell for cell in found.cells}
    before, after = heads_at(found, at_first=True), heads_at(found, at_first=False)
    from_ranks = [*(band.rank for band in reversed(found.bands_before)), *([0] if 0 in before else [])]
    to_ranks = [band.rank for band in reversed(found.bands_after)]
    columns = tuple(
        Head(rank, tier_name(rank, found.bands_after), after.get(rank, 0), names(to_tier=rank)) for rank in to_ranks
    )
    rows = tuple(
        MatrixRow(
            head := Head(rank, tier_name(rank, found.bands_before), before.get(rank, 0), names(from_tier=rank)),
            tuple(
                _cell(head, column, by_place.get((rank, column.rank)), names(from_tier=rank, to_tier=column.rank))
                for column in columns
            ),
        )
        for rank in from_ranks
    )
    moved = {way.value: found.heads(way) for way in Way}
    words = _sentence(found, moved)
    return Board(found, columns, rows, _picture(rows, columns), moved, words, _net(found), f"{found.heads():,}")


def _names_of(request: HttpRequest, form: FlowForm) -> Callable[..., str]:
    asked = {**_page_of(request), "first": form.cleaned_data["first"], "last": form.cleaned_data["last"]}
    address = reverse("tiers:flow_names")
    return lambda **ranks: f"{address}?{urlencode({**asked, **ranks})}"


def _cell(row: Head, column: Head, cell: FlowCell | None, url: str) -> MatrixCell:
    words = {"before": row.name, "after": column.name, "way": Way(cell.way).label if cell else ""}
    label = _("From %(before)s to %(after)s (%(way)s)") % words
    share = cell.heads / row.heads if cell and row.heads else 0
    return MatrixCell(cell, label, url if cell else "", sum(share > edge for edge in SHADES) if cell else 0)


def _picture(rows: tuple[MatrixRow, ...], columns: tuple[Head, ...]) -> Picture:
    """Those who moved or came; beside those who stayed, moves would be too thin to see."""
    moves = [
        Move(place.cell.before, place.cell.after, place.cell.way, place.cell.heads, place.label, place.url)
        for row in rows
        for place in row.cells
        if place.cell and place.cell.way != Way.STAYED
    ]
    return flow_picture(
        moves, {row.head.rank: row.head.name for row in rows}, {head.rank: head.name for head in columns}
    )


def _sentence(found: Flow, moved: dict[str, int]) -> str:
    words = {name: f"{heads:,}" for name, heads in moved.items()}
    days = {"first": found.first.isoformat(), "last": found.last.isoformat()}
    sentence = _(
        "Between the closes of %(first)s and %(last)s: %(up)s customers up, %(down)s down, %(new)s tiered for the "
        "first time, %(stayed)s in the same tier at both."
    )
    return sentence % {**words, **days}


def _net(found: Flow) -> Any:
    """What those who moved up hold less what those who moved down hold, in yuan; None for counts only."""
    up, down = found.total(Way.UP), found.total(Way.DOWN)
    return None if up is None or down is None or not found.heads(Way.UP, Way.DOWN) else up - down

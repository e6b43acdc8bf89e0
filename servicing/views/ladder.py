"""The maturity ladder: what matures by day or week, what matured and stayed, and every number's deposits."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core.charts import Chart
from core.clock import today
from core.pages import BadQuery, Tile
from servicing.charts import Rung, ahead_chart, past_chart, rung_name, within
from servicing.enums.maturity import Ended, PlanState
from servicing.filters.maturity import PLACES, SPANS, LadderFilter
from servicing.queries import maturity as queries
from servicing.queries.ladder import Ahead, Dimension, Group, Past, Result, Sum, ladder_ahead, ladder_past
from servicing.queries.ladder_kept import is_kept, kept_ahead, kept_past
from servicing.rules.maturity import rungs
from staff.access import AMOUNT_ROLES, has_role, roles, scope_of
from staff.enums import Reach
from staff.models import User
from tiers.queries import bands_for_display, tier_name

KEPT_SECONDS = 300
WIDE_BRANCHES = 20
USUAL = {"span": "next30", "step": "day", "by": "tier"}


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a table: its name (a tier's `rank` beside it), its sums, and the addresses of their deposits."""

    name: str
    rank: int | None
    sum: Sum
    url: str
    open_url: str = ""
    result: Result | None = None
    ways: tuple[tuple[Sum, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Board:
    """Everything that is shown of a ladder; `lines_by` is what the second table is called by."""

    is_past: bool
    tiles: tuple[Tile, ...]
    chart: Chart
    days: tuple[Place, ...]
    lines: tuple[Place, ...]
    lines_by: str
    total: Place
    measure_days: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A ladder as it was asked for: its filter, window, rungs, dimension of the lines, and what links repeat."""

    filterset: LadderFilter
    window: queries.Window
    rungs: tuple[Rung, ...]
    by: Dimension
    who: Dimension
    params: Mapping[str, str]
    is_wide: bool

    def link(self, rung: Rung | None = None, **more: Any) -> str:
        """The list of the deposits of a rung (None = all days) with further filters."""
        first, last = rung or (self.window.first, self.window.last)
        name = "servicing:maturities_past" if self.window.is_past else "servicing:maturities_ahead"
        wanted = {"since": first, "until": last, **self.params, **{key: value for key, value in more.items() if value}}
        return f"{reverse(name)}?{urlencode(wanted)}"

    def of_group(self, key: str) -> dict[str, str]:
        """The filter for a group of the dimension; none for "" (undivided)."""
        return {self.by: key} if key else {}


@require_GET
@roles(*AMOUNT_ROLES)
def ladder(request: HttpRequest) -> HttpResponse:
    """Days and lines to choose, and the ladder; of a whole bank it comes as a part of its own."""
    asked = _asked(request)
    context: dict[str, Any] = {
        "page_title": _("Maturity desk"),
        "form": asked.filterset.form,
        "choices": _choices(request, asked),
        "links": _links(request, asked),
        "may_plan": has_role(request.user, *queries.PLANNERS),
    }
    if asked.filterset.is_valid():
        found = _kept(request.user, asked) if asked.is_wide else _ladder(request, asked)
        context |= {"board": _board(asked, found)} if found else {"board_url": _board_url(request)}
    return render(request, "servicing/maturity_ladder.html", context)


@require_GET
@roles(*AMOUNT_ROLES)
def ladder_board(request: HttpRequest) -> HttpResponse:
    """The ladder alone."""
    asked = _asked(request)
    if not asked.filterset.is_valid():
        raise BadQuery()
    found = _kept(request.user, asked) or _ladder(request, asked)
    if asked.is_wide:
        cache.set(_key(request.user, asked), found, KEPT_SECONDS)
    return render(request, "servicing/_maturity_board.html", {"board": _board(asked, found)})


def _asked(request: HttpRequest) -> Asked:
    """What the address says. Raises BadQuery for parameters the ladder does not have."""
    params = request.GET.copy()
    for name, value in USUAL.items():
        params.setdefault(name, value)
    as_of = queries.book_day(today())
    is_past = SPANS.get(params["span"], 1) < 0
    rows: Any = queries.past(request.user, as_of) if is_past else queries.ahead(request.user, as_of)
    filterset = LadderFilter(params, rows, amounts=True, request=request)
    if set(params) - set(filterset.form.fields):
        raise BadQuery()
    values = filterset.form.cleaned_data if filterset.is_valid() else USUAL
    window = queries.window(as_of, SPANS[values["span"]])
    kept = {name: params[name] for name in PLACES if params.get(name)}
    is_wide = _is_wide(request.user) and not kept.keys() & {"branch", "manager"}
    who: Dimension = "branch" if is_wide else "manager"
    by: Dimension = who if values["by"] == "people" else values["by"]
    steps = tuple(rungs(window.first, window.last, by_week=values["step"] == "week"))
    return Asked(filterset, window, steps, by, who, kept, is_wide)


def _is_wide(user: User) -> bool:
    """Whether somebody sees so many branches that a page should not wait for them all."""
    scope = scope_of(user)
    return scope.reach == Reach.BANK or len(scope.branch_ids) > WIDE_BRANCHES


def _ladder(request: HttpRequest, asked: Asked) -> Ahead | Past:
    if _is_bank(request.user, asked) and is_kept(asked.window):
        return kept_past(asked.window) if asked.window.is_past else kept_ahead(asked.filterset.qs, asked.window)
    read = ladder_past if asked.window.is_past else ladder_ahead
    return read(asked.filterset.qs, asked.window, asked.who)


def _is_bank(user: User, asked: Asked) -> bool:
    """Whether all of the bank is asked for: the night adds that up."""
    return not asked.params and scope_of(user).reach == Reach.BANK


def _kept(user: User, asked: Asked) -> Ahead | Past | None:
    found: Ahead | Past | None = cache.get(_key(user, asked)) if asked.is_wide else None
    return found


def _key(user: User, asked: Asked) -> str:
    scope = scope_of(user)
    parts = [scope.reach, sorted(scope.branch_ids), asked.window, sorted(asked.params.items())]
    return f"servicing.ladder.{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"


def _board_url(request: HttpRequest) -> str:
    return f"{reverse('servicing:maturity_board')}?{request.GET.urlencode()}"


def _choices(request: HttpRequest, asked: Asked) -> list[dict[str, Any]]:
    """The usual spans as links that keep the rest of what was asked."""
    field = asked.filterset.form.fields["span"]
    chosen = request.GET.get("span", USUAL["span"])
    kept = {name: value for name, value in request.GET.items() if name not in {"span", "step"}}
    return [
        {
            "label": label,
            "url": f"?{urlencode({**kept, 'span': span, 'step': 'week' if abs(SPANS[span]) > 31 else 'day'})}",
            "active": span == chosen,
        }
        for span, label in field.choices  # type: ignore[attr-defined]  # a choice field
    ]


def _links(request: HttpRequest, asked: Asked) -> dict[str, str]:
    """The lists beside the ladder: everything ahead, what is mine, what matured."""
    ahead, past = reverse("servicing:maturities_ahead"), reverse("servicing:maturities_past")
    last = asked.window.as_of + timedelta(days=30)
    return {
        "ahead": f"{ahead}?{urlencode({'until': last})}",
        "mine": f"{ahead}?{urlencode({'until': last, 'owner': request.user.staff_no})}",
        "past": f"{past}?{urlencode({'since': asked.window.as_of - timedelta(days=89)})}",
    }


def _board(asked: Asked, found: Ahead | Past) -> Board:
    return _past_board(asked, found) if isinstance(found, Past) else _ahead_board(asked, found)


def _named(groups: Sequence[Group], by: Dimension) -> list[tuple[int | None, str, str]]:
    bands, nobody = bands_for_display(today()), _("Without a manager")
    return [(one.id, one.key, tier_name(one.id or 0, bands) if by == "tier" else one.name or nobody) for one in groups]


def _ahead_board(asked: Asked, found: Ahead) -> Board:
    names = _named(found.groups[asked.by], asked.by)
    by_group, by_day = found.by_group(asked.by), _by_day(found)

    def place(name: str, rank: int | None, part: Sum, rung: Rung | None, group: dict[str, str]) -> Place:
        url = asked.link(rung, **group) if part.count else ""
        open_url = asked.link(rung, state=PlanState.OPEN, **group) if part.unplanned else ""
        return Place(name, rank, part, url, open_url)

    days = tuple(
        place(rung_name(rung), None, sum((part for day, part in by_day.items() if within(rung, day)), Sum()), rung, {})
        for rung in asked.rungs
    )
    lines = tuple(
        place(name, group if asked.by == "tier" else None, by_group.get(group, Sum()), None, asked.of_group(key))
        for group, key, name in names
    )
    total = place(_("All"), None, found.total, None, {})
    chart = ahead_chart(found, asked.rungs, asked.by, names, lambda rung, key: asked.link(rung, **asked.of_group(key)))
    tiles = (
        Tile(_("Maturing"), icon="calendar-due", money=total.sum.amount, url=total.url, hint=_days_said(asked)),
        Tile(_("Deposits"), icon="wallet", value=f"{total.sum.count:,}", url=total.url),
        Tile(
            _("Nothing planned"),
            icon="list-check",
            value=f"{total.sum.unplanned:,}",
            url=total.open_url,
            tone="warn" if total.sum.unplanned else "",
        ),
    )
    terms = queries.terms_on(asked.window.as_of)
    return Board(False, tiles, chart, days, lines, _lines_by(asked.by), total, terms.measure_days)


def _by_day(found: Ahead) -> dict[date, Sum]:
    days: dict[date, Sum] = {}
    for (day, _tier), part in found.cells["tier"].items():
        days[day] = days.get(day, Sum()) + part
    return days


def _past_board(asked: Asked, found: Past) -> Board:
    def place(name: str, rank: int | None, result: Result, rung: Rung | None, group: dict[str, str]) -> Place:
        url = asked.link(rung, **group) if result.all.count else ""
        ways = tuple(
            (part := result.of(way), asked.link(rung, outcome=way, **group) if part.count else "") for way in Ended
        )
        return Place(name, rank, result.all, url, result=result, ways=ways)

    days = tuple(place(rung_name(rung), None, found.between(*rung), rung, {}) for rung in asked.rungs)
    lines = tuple(
        place(name, group if asked.by == "tier" else None, found.cells[asked.by][group], None, asked.of_group(key))
        for group, key, name in _named(found.groups[asked.by], asked.by)
    )
    total = place(_("All"), None, found.total, None, {})
    chart = past_chart(found, asked.rungs, lambda rung, way: asked.link(rung, outcome=way))
    terms = queries.terms_on(asked.window.as_of)
    return Board(
        True, _past_tiles(asked, found.total, total), chart, days, lines, _lines_by(asked.by), total, terms.measure_days
    )


def _past_tiles(asked: Asked, result: Result, total: Place) -> tuple[Tile, ...]:
    waiting = result.of(Ended.WAITING)
    counted = _("%(count)s of %(all)s deposits measured") % {
        "count": f"{result.measured.count:,}",
        "all": f"{result.all.count:,}",
    }
    return (
        Tile(_("Matured"), icon="calendar-due", money=result.all.amount, url=total.url, hint=_days_said(asked)),
        Tile(_("Stayed, by amount"), icon="chart-bar", value=_percent(result.rate_by_amount), hint=counted),
        Tile(_("Rolled over, by number"), icon="refresh", value=_percent(result.rate_by_count)),
        Tile(
            _("Not measured yet"),
            icon="clock",
            money=waiting.amount,
            url=asked.link(outcome=Ended.WAITING) if waiting.count else "",
        ),
    )


def _percent(value: Decimal | None) -> str:
    return "–" if value is None else f"{value}%"


def _days_said(asked: Asked) -> str:
    return f"{asked.window.first:%Y-%m-%d} – {asked.window.last:%Y-%m-%d}"


def _lines_by(by: Dimension) -> str:
    return {"tier": _("Tier"), "product": _("Product"), "manager": _("Manager"), "branch": _("Branch")}[by]

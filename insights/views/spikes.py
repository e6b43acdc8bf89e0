"""Month-end spikes by branch or manager, what a month end would lack without them, and the customers (B9)."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from django.core.cache import cache
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core.money import ZERO
from core.pages import BadQuery
from core.sql import any_of
from customers.queries import ledger_day
from insights.filters.spikes import SPIKES
from insights.forms.spikes import SpikeForm
from insights.forms.units import NOBODY
from insights.models import MonthClose
from insights.queries.bridge import closed_months
from insights.queries.definitions import definitions_on
from insights.queries.spikes import Key, SpikeLine, Spikes, closes_of, spike_lines, spikes_in
from insights.rules.kpis import month_end
from insights.rules.measures import Definitions
from insights.rules.spikes import seen_by
from insights.views.links import link
from insights.views.numbers import Number, Tile
from servicing.queries.contacts import units_of
from staff.access import HEADS, roles, scope_of
from staff.enums import BranchKind, Reach
from staff.models import Branch, User

KEPT_SECONDS = 600
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Asked:
    """A month end of a unit; `key` says what its lines are by."""

    viewer: User
    month: date
    unit: Branch
    key: Key
    numbers: Definitions

    @property
    def params(self) -> dict[str, str]:
        """The same as query parameters."""
        return {"month": self.month.isoformat(), "unit": self.unit.code}

    def closes(self) -> QuerySet[MonthClose]:
        """Closes of customers who were the unit's then, or of a unit below it."""
        found = closes_of(self.viewer, self.month)
        if self.unit.parent_id is None and self.unit.kind == BranchKind.HEAD_OFFICE:
            return found
        below = Branch.objects.below(self.unit).values_list("pk", flat=True)
        return found.filter(branch_id__in=list(below))


@dataclass(frozen=True, slots=True)
class Row:
    """A branch or a manager at the month end."""

    name: str
    line: SpikeLine
    customers: Number
    excess: Number
    share: str


@dataclass(frozen=True, slots=True)
class Board:
    """What the page shows; `is_early` while the days after the month end are not over."""

    asked: Asked
    tiles: Sequence[Tile]
    rows: Sequence[Row]
    seen_on: date
    is_early: bool

    @property
    def numbers(self) -> Iterable[Number]:
        """All numbers that lead to rows."""
        yield from (tile.number for tile in self.tiles)
        for row in self.rows:
            yield from (row.customers, row.excess)


@roles(*HEADS)
@require_GET
def spikes(request: HttpRequest) -> HttpResponse:
    """A month end and a unit to choose, and who dressed it up."""
    form = _form(request)
    asked = _asked(form, request.user) if form else None
    context = {"page_title": _("Month-end spikes"), "form": form, "board": _board(asked) if asked else None}
    return render(request, "insights/spikes.html", context)


@roles(*HEADS)
@require_GET
def spiked(request: HttpRequest) -> HttpResponse:
    """The customers, the largest excess first; `manager` narrows them to whose they were then."""
    asked, rows = spiked_of(request)
    context = {
        "listing": SPIKES.show(request, rows, amounts=True),
        "export": "insights:spiked_export",
        "page_title": _("Month-end spikes"),
        "page_subtitle": said(asked, request.GET.get("manager", "")),
        "back": link("insights:spikes", **asked.params) if asked else link("insights:spikes"),
        "back_label": _("Month-end spikes"),
    }
    return render(request, "insights/truth_rows.html", context)


def spiked_of(request: HttpRequest) -> tuple[Asked | None, Spikes]:
    """Whose month end an address asks for, and the customers with a spike. Raises BadQuery."""
    form = _form(request)
    asked = _asked(form, request.user) if form else None
    if form is not None and asked is None:
        raise BadQuery()
    return asked, _customers(asked, request.GET.get("manager", "")) if asked else MonthClose.objects.none()


def said(asked: Asked | None, manager: str = "") -> str:
    """Whose month end it is, in words."""
    if asked is None:
        return ""
    whose = _("Without a manager") if manager == NOBODY else manager
    return " · ".join(part for part in (asked.unit.name, whose, str(month_end(asked.month))) if part)


def _form(request: HttpRequest) -> SpikeForm | None:
    months = closed_months()
    if not months:
        return None
    given = {name: request.GET[name] for name in ("month", "unit") if request.GET.get(name)}
    usual = {"month": months[0].isoformat(), "unit": request.user.branch.code}
    return SpikeForm({**usual, **given}, user=request.user, months=months)


def _asked(form: SpikeForm, viewer: User) -> Asked | None:
    if not form.is_valid():
        return None
    month, unit = form.cleaned_data["month"], form.cleaned_data["unit"]
    key: Key = "manager_id" if unit.kind == BranchKind.BRANCH else "branch_id"
    return Asked(viewer, month, unit, key, definitions_on(month_end(month)))


def _customers(asked: Asked, manager: str) -> Spikes:
    closes = asked.closes()
    if scope_of(asked.viewer).reach == Reach.BANK:
        closes = closes.filter(any_of("customer_id", _spiked_of_bank(asked)))
    rows = spikes_in(closes, asked.month, asked.numbers).select_related("customer__manager")
    if not manager:
        return rows
    if manager == NOBODY:
        return rows.filter(manager_id=None)
    return rows.filter(manager_id__in=User.objects.filter(staff_no=manager).values("pk"))


def _board(asked: Asked) -> Board:
    lines = _lines(asked)
    total = sum((line.total for line in lines), ZERO)
    adb = sum((line.adb for line in lines), ZERO)
    excess = sum((line.excess for line in lines), ZERO)
    customers = sum(line.customers for line in lines)
    url = link("insights:spiked", **asked.params)
    tiles = [
        Tile(_("At the month end"), Number(total, "", "total"), "coins"),
        Tile(_("ADB of the month"), Number(adb, "", "adb"), "chart-line", _deviation(total, adb)),
        Tile(_("Customers with a spike"), Number(customers, url), "users"),
        Tile(_("Of it from spikes"), Number(excess, url, "excess"), "trending-up", tone="warn" if excess else ""),
    ]
    seen_on, day = seen_by(month_end(asked.month), asked.numbers.spike_days), ledger_day()
    rows = _rows(asked, [line for line in lines if line.customers])
    return Board(asked, tiles, rows, seen_on, day is None or day < seen_on)


def _lines(asked: Asked) -> list[SpikeLine]:
    """Of all branches it takes a pass over the bank: kept for a while."""

    def found() -> list[SpikeLine]:
        closes = asked.closes()
        return spike_lines(closes, spikes_in(closes, asked.month, asked.numbers), asked.key)

    is_wide = scope_of(asked.viewer).reach == Reach.BANK
    return _kept("lines", (asked.month, asked.unit.pk, asked.numbers), found) if is_wide else found()


def _spiked_of_bank(asked: Asked) -> list[int]:
    """Keys of all the bank's customers with a spike, kept as long: a list reads them for its page and its count."""
    spikes = spikes_in(closes_of(asked.viewer, asked.month), asked.month, asked.numbers)
    keys = spikes.order_by().values_list("customer_id", flat=True)
    return _kept("keys", (asked.month, asked.numbers), lambda: list(keys))


def _kept(name: str, parts: tuple[object, ...], find: Callable[[], list[Found]]) -> list[Found]:
    """What was found of a whole bank up to its last day, for ten minutes."""
    key = f"insights.spikes.{name}.{hashlib.sha256(repr((*parts, ledger_day())).encode()).hexdigest()[:32]}"
    found: list[Found] | None = cache.get(key)
    if found is None:
        found = find()
        cache.set(key, found, KEPT_SECONDS)
    return found


def _deviation(total: Decimal, adb: Decimal) -> str:
    """How far the close stands off the average, in words."""
    if adb <= 0:
        return ""
    off = Decimal(int((total - adb) * 10_000 / adb)) / 100
    return _("the close deviates by %(share)s %%") % {"share": f"{off:+}"}


def _rows(asked: Asked, lines: Sequence[SpikeLine]) -> list[Row]:
    units = {unit.pk: unit for unit in units_of(asked.viewer)} if asked.key == "branch_id" else {}
    people = User.objects.in_bulk([line.key for line in lines if line.key]) if asked.key == "manager_id" else {}
    return [_row(asked, line, units, people) for line in lines]


def _row(asked: Asked, line: SpikeLine, units: Mapping[int, Branch], people: Mapping[int, User]) -> Row:
    params = dict(asked.params)
    if asked.key == "branch_id":
        unit = units.get(line.key or 0)
        name, url = (unit.name, link("insights:spiked", **{**params, "unit": unit.code})) if unit else ("–", "")
    else:
        person = people.get(line.key or 0)
        name = person.name if person else _("Without a manager")
        url = link("insights:spiked", **params, manager=person.staff_no if person else NOBODY)
    share = "–" if line.share is None else f"{line.share}%"
    return Row(name, line, Number(line.customers, url), Number(line.excess, url, "excess"), share)

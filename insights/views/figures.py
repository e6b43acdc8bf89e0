"""Behind a figure: the list of its rows where that comes to it, else the figure as it was kept, in its parts."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from core.pages import BadQuery
from customers.queries import ledger_day
from insights.enums import UnitKind
from insights.models import KpiDay
from insights.queries import figures as queries
from insights.queries.definitions import definition_of
from insights.queries.figures import Kept, Parts
from insights.rules.figures import Place, read_place
from insights.rules.measures import Kind
from insights.views.behind import Asked, Listed, Way, listed
from insights.views.links import link
from insights.views.ways import BASES, OTHERS, way_of
from staff.access import BOOK_KEEPERS, HEADS, roles
from tiers.queries import bands_for_display, tier_name

READERS = (*BOOK_KEEPERS, *HEADS)
# What parts are by.
TITLES = {"unit": gettext_lazy("By unit"), "tier": gettext_lazy("By tier"), "time": gettext_lazy("By day")}
MOST_NAMES = 3


@dataclass(frozen=True, slots=True)
class Row:
    """A part of a figure ready to read: its name and address, its figure, and of shares and means its two sides."""

    name: str
    url: str
    kept: Kept

    @property
    def is_money(self) -> bool:
        """Whether it is yuan."""
        return self.kept.place.measure.kind == Kind.MONEY

    @property
    def shown(self) -> str:
        """The figure, unless it is yuan."""
        figure = self.kept.figure
        if figure is None:
            return "–"
        kind = self.kept.place.measure.kind
        return f"{figure} %" if kind == Kind.SHARE else f"{figure}" if kind == Kind.MEAN else f"{figure:,.0f}"


@dataclass(frozen=True, slots=True)
class Table:
    """Parts of a figure by one dimension, ready to read; `rest` is what no part has (None = they add up)."""

    title: str
    rows: tuple[Row, ...]
    rest: Row | None


@dataclass(frozen=True, slots=True)
class Side:
    """A count with its list: `url` is "" where none has just these rows, `now` what it has instead (None = no list)."""

    label: str
    value: Decimal
    url: str
    now: Decimal | None


def figure_url(place: Place) -> str:
    """The address behind a figure."""
    return f"{reverse('insights:figure')}?{place.query}"


@roles(*READERS)
@require_GET
def figure(request: HttpRequest) -> HttpResponse:
    """The list of a figure's rows if it comes to that figure, else the figure as it was kept, in its parts."""
    place = _place(request)
    units, night = queries.units_named(request.user, place), queries.rolled_up(place)
    if units is None or night is None:
        raise Http404
    kept = queries.kept_of(request.user, place, units)
    sides = _sides(request, kept, units)
    if not place.is_ratio and sides[0].url:
        return redirect(sides[0].url)
    return render(request, "insights/figure.html", _page(request, kept, units, night) | {"sides": sides})


def _place(request: HttpRequest) -> Place:
    try:
        return read_place(request.GET.dict())
    except ValueError as error:
        raise BadQuery() from error


def _page(request: HttpRequest, kept: Kept, units: Mapping[int, str], night: KpiDay) -> dict[str, Any]:
    place, defined = kept.place, definition_of(kept.place.code, kept.place.last)
    parts = queries.parts_of(request.user, kept, units)
    return {
        "page_title": defined.label,
        "page_subtitle": " · ".join(_said(place, units)),
        "defined": defined,
        "own": Row(defined.label, "", kept),
        "night": night,
        "tables": [_table(one) for one in parts],
        "measure_url": link("insights:measure", place.code),
    }


def _said(place: Place, units: Mapping[int, str]) -> list[str]:
    """Whose figure it is, of which tiers and days, in words."""
    is_all = not place.units and len(units) > 1
    names = [_("%(kind)s: all in sight") % {"kind": place.kind.label}] if is_all else list(units.values())[:MOST_NAMES]
    if not is_all and len(units) > MOST_NAMES:
        names.append(_("and %(count)s more") % {"count": len(units) - MOST_NAMES})
    bands = bands_for_display(place.last)
    days = f"{place.first} – {place.last}" if place.first != place.last else f"{place.last}"
    return ["、".join(names), *(tier_name(rank, bands) for rank in place.tiers), days]


def _table(parts: Parts) -> Table:
    rows = tuple(Row(one.name, figure_url(one.place), one) for one in parts.kept)
    return Table(str(TITLES[parts.by]), rows, None if parts.adds_up else Row(_rest_name(parts), "", parts.rest))


def _rest_name(parts: Parts) -> str:
    place = parts.rest.place
    if parts.by == "tier":
        return _("Of customers whose tier is not known")
    if place.code in queries.HANDED and place.kind in (UnitKind.BANK, UnitKind.REGION):
        return _("Handed over between these, no change of the whole")
    return _("Of nobody, or of people who belong elsewhere")


def _sides(request: HttpRequest, kept: Kept, units: Mapping[int, str]) -> list[Side]:
    """The figure with its list; of a ratio what counts, what it is out of, and what of that does not count."""
    place, asked = kept.place, _asked(request, kept.place, units)
    way = way_of(asked) if asked else None
    if not place.is_ratio:
        return [_side(request, asked, way, _("The figure"), kept.value)]
    found = [
        _side(request, asked, way, _("Counted"), kept.value),
        _side(request, asked, BASES.get(place.code), _("Out of"), kept.base),
    ]
    if place.measure.kind == Kind.SHARE:
        found.append(_side(request, asked, OTHERS.get(place.code), _("Not counted"), kept.base - kept.value))
    return found


def _asked(request: HttpRequest, place: Place, units: Mapping[int, str]) -> Asked | None:
    day = ledger_day()
    return Asked(request.user, place, next(iter(units)), day) if day and len(units) == 1 else None


def _side(request: HttpRequest, asked: Asked | None, way: Way | None, label: str, value: Decimal) -> Side:
    found: Listed | None = listed(way, request, asked) if asked else None
    if found is None:
        return Side(label, value, "", None)
    return Side(label, value, found.url if found.figure == value else "", found.figure)

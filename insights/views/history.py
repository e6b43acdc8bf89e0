"""Customers and deposits of each tier over time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from customers import queries as customers
from insights import charts
from insights.forms.history import HistoryForm
from insights.queries.history import TierHistory, TierLine, history_of_book, history_of_units
from insights.views.links import link
from staff.access import BOOK_KEEPERS, HEADS, has_role, roles

SPANS = (30, 90, 365)
Link = Callable[[TierLine, int], str]


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A tier at the first and the last close of the span; yuan or customers, with the addresses of the customers."""

    name: str
    rank: int
    before: Decimal | int
    after: Decimal | int
    before_url: str
    after_url: str

    @property
    def change(self) -> Decimal | int:
        """What the last close has more than the first."""
        return self.after - self.before

    @property
    def before_shown(self) -> str:
        """The first number, ready to read."""
        return f"{self.before:,}"

    @property
    def after_shown(self) -> str:
        """The last number, ready to read."""
        return f"{self.after:,}"

    @property
    def change_shown(self) -> str:
        """The change with its sign, ready to read."""
        return f"{self.change:+,}"


@roles(*BOOK_KEEPERS, *HEADS)
@require_GET
def tier_history(request: HttpRequest) -> HttpResponse:
    """An area for each tier, of heads or deposits; each value leads to the customers it counts."""
    context: dict[str, Any] = {"page_title": _("Tiers over time"), "day": customers.ledger_day()}
    if context["day"] is not None:
        is_book = has_role(request.user, *BOOK_KEEPERS)
        form = HistoryForm(_asked(request, context), user=request.user, day=context["day"], is_book=is_book)
        context |= {"form": form, "spans": _spans(request, context)}
        if form.is_valid():
            context |= _shown(request, form, is_book=is_book)
    return render(request, "insights/tier_history.html", context)


def _asked(request: HttpRequest, context: dict[str, Any]) -> dict[str, str]:
    day = context["day"]
    usual = {"first": (day - timedelta(days=SPANS[0])).isoformat(), "last": day.isoformat(), "show": "customers"}
    return usual | {name: request.GET[name] for name in (*usual, "branch") if request.GET.get(name)}


def _spans(request: HttpRequest, context: dict[str, Any]) -> list[dict[str, Any]]:
    asked, day = _asked(request, context), context["day"]
    found = []
    for days in SPANS:
        first = (day - timedelta(days=days)).isoformat()
        url = link("insights:tier_history", **{**asked, "first": first, "last": day})
        is_active = (asked["first"], asked["last"]) == (first, day.isoformat())
        found.append({"label": _("%(days)s days") % {"days": days}, "url": url, "active": is_active})
    return found


def _shown(request: HttpRequest, form: HistoryForm, *, is_book: bool) -> dict[str, Any]:
    asked = form.cleaned_data
    branch, first, last = asked.get("branch"), asked["first"], asked["last"]
    if is_book:
        history = history_of_book(request.user, first, last)
    else:
        history = history_of_units(request.user, branch, first, last)
    deposits = asked["show"] == "deposits"
    names = _names(history, form, {"branch": branch.code} if branch else {})
    return {
        "chart": charts.tier_areas(history, names, deposits=deposits),
        "rows": _changes(history, names, deposits=deposits) if len(history.days) > 1 else [],
        "deposits": deposits,
        "days": history.days,
        "flows_url": link("tiers:flows", first=first, last=last, branch=branch.code if branch else ""),
    }


def _names(history: TierHistory, form: HistoryForm, params: dict[str, str]) -> Link:
    """To the customers of a tier: as they are now, or by their tier at an earlier close."""

    def to(line: TierLine, place: int) -> str:
        rank, day = line.ranks[place], history.days[place]
        if not rank or not line.heads[place]:
            return ""
        if day == form.day:
            return link("customers:list", tier=rank, **params)
        return link("tiers:flow_names", last=day, to_tier=rank, **params)

    return to


def _changes(history: TierHistory, names: Link, *, deposits: bool) -> list[ChangeRow]:
    end = len(history.days) - 1
    rows = []
    for line in reversed(history.lines):
        values = line.totals if deposits else line.heads
        urls = names(line, 0), names(line, end)
        rows.append(ChangeRow(line.name, line.rank, values[0] or 0, values[end] or 0, *urls))
    return rows

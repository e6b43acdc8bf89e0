"""Workload: each book against what a manager can do, and which customers could pass to a colleague with room."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core.charts import Chart, Mark, Series
from core.clock import today
from core.pages.selection import SELECTED
from customers.models import Customer
from insights.queries import workload as queries
from insights.rules.workload import Book, Move, suggest
from insights.views.links import link
from servicing.queries.contacts import units_of
from staff.access import HEADS, roles
from staff.models import Branch, User
from tiers.queries import bands_for_display, tier_name

NAMED = 12


@dataclass(frozen=True, slots=True)
class BookLine:
    """A manager's book to read: heads by tier, hours a year, share of capacity, and the list behind it."""

    person: User
    customers: int
    heads: Sequence[tuple[int, str, int]]
    hours: int
    percent: int
    is_above: bool
    url: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Customers that could pass on, with the effect on both books and on relationships, and the hand-over's address."""

    giver: User
    taker: User
    move: Move
    percents: tuple[int, int, int, int]
    names: Sequence[Customer]
    more: int
    silent: int
    url: str


@roles(*HEADS)
@require_GET
def workload(request: HttpRequest) -> HttpResponse:
    """The managers of a unit (?unit=), or the units below it."""
    units, code = units_of(request.user), request.GET.get("unit", "")
    unit = get_object_or_404(units, **({"code": code} if code else {"pk": request.user.branch_id}))
    day = today()
    terms = queries.terms_on(day)
    context: dict[str, Any] = {
        "unit": unit,
        "hours": terms.capacity // 60,
        "terms": terms,
        "rules_url": reverse("customers:policy", args=[queries.KIND]),
        "page_title": _("Workload"),
    }
    if unit.children.exists():
        visible = set(units.values_list("pk", flat=True))
        loads = queries.loads_below(unit, visible, day)
        context["units"] = [
            (load, load.percent(terms.capacity), link("insights:workload", unit=load.unit.code)) for load in loads
        ]
    else:
        context |= _of_unit(request.user, unit, terms.capacity)
    return render(request, "insights/workload.html", context)


def _of_unit(user: User, unit: Branch, capacity: int) -> dict[str, Any]:
    day = today()
    books = queries.books_of(user, unit, day)
    people = User.objects.in_bulk([book.manager for book in books])
    above = [book.manager for book in books if book.minutes > capacity]
    moves = suggest(books, queries.candidates_of(user, above, day), capacity) if above else []
    lines = [_line(book, people[book.manager], capacity) for book in books]
    return {
        "lines": lines,
        "chart": _chart(lines) if lines else None,
        "suggestions": _suggestions(user, moves, people, capacity),
        "above": len(above),
    }


def _line(book: Book, person: User, capacity: int) -> BookLine:
    bands = bands_for_display(today())
    heads = [(tier, tier_name(tier, bands), count) for tier, count in sorted(book.heads.items(), reverse=True) if tier]
    percent = book.percent(capacity)
    url = link("customers:list", manager=person.staff_no)
    customers = sum(book.heads.values())
    return BookLine(person, customers, heads, int(book.minutes / 60), percent, book.minutes > capacity, url)


def _chart(lines: Sequence[BookLine]) -> Chart:
    """Each book's share of capacity, with the line nobody should be above."""
    return Chart(
        id="workload",
        title=_("Load of each book, % of capacity"),
        kind="bar",
        label_name=_("Manager"),
        labels=[line.person.name for line in lines],
        series=[Series(_("Load, %"), [line.percent for line in lines], hrefs=[line.url for line in lines])],
        unit="percent",
        marks=[Mark(100, _("Capacity"))],
        zero=True,
    )


def _suggestions(user: User, moves: Sequence[Move], people: Mapping[int, User], capacity: int) -> list[Suggestion]:
    named = Customer.objects.visible_to(user).in_bulk([one.customer for move in moves for one in move.customers])
    found = []
    for move in moves:
        rows = [named[one.customer] for one in move.customers if one.customer in named]
        chosen = [*((SELECTED, row.customer_no) for row in rows), ("to", people[move.taker].staff_no)]
        minutes = (move.giver_before, move.giver_after, move.taker_before, move.taker_after)
        percents = tuple(int(one * 100 / capacity) for one in minutes)
        found.append(
            Suggestion(
                people[move.giver],
                people[move.taker],
                move,
                (percents[0], percents[1], percents[2], percents[3]),
                rows[:NAMED],
                max(0, len(rows) - NAMED),
                sum(one.last_contact_on is None for one in move.customers),
                f"{reverse('customers:handover_new')}?{urlencode(chosen)}",
            )
        )
    return found

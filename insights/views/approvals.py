"""The inbox of decisions: what waits for this person in all apps, what they asked for themselves."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from core.clock import today
from insights.enums import ApprovalKind
from insights.filters.approvals import REQUESTS, kind_word
from insights.queries import approvals as queries
from insights.queries.approvals import DECIDERS, Pile, Waiting
from insights.views.deciding import IN_PLACE
from insights.views.links import link
from staff.access import EVERYONE, has_role, roles

ON_WIDGET = 5


@roles(*EVERYONE)
@require_GET
def approvals(request: HttpRequest) -> HttpResponse:
    """What waits for this person, the oldest of each kind first; `kind` narrows it."""
    day, decides = today(), has_role(request.user, *DECIDERS)
    piles = queries.piles_for(request.user, day)
    wanted = request.GET.get("kind", "")
    shown = [pile for pile in piles if pile.kind == wanted] or piles
    context = {
        "piles": [_named(pile) for pile in shown],
        "kinds": _kinds(piles, wanted),
        "count": sum(len(pile.rows) for pile in piles),
        "decides": decides,
        "today": day,
        "in_place": [str(kind) for kind in IN_PLACE],
        "page_title": _("Approvals"),
        "tabs_at": "decide",
    }
    return render(request, "insights/approvals.html", context)


@roles(*EVERYONE)
@require_GET
def approvals_mine(request: HttpRequest) -> HttpResponse:
    """What this person asked for, with what was decided."""
    listing = REQUESTS.show(request, queries.asked_by(request.user))
    context = {
        "listing": listing,
        "decides": has_role(request.user, *DECIDERS),
        "page_title": _("Approvals"),
        "tabs_at": "mine",
    }
    return render(request, "insights/approvals_mine.html", context)


@roles(*EVERYONE)
@never_cache
@require_GET
def approvals_count(request: HttpRequest) -> HttpResponse:
    """How much waits for this person, for the navigation; asked for once a minute at most (waiting.js)."""
    return JsonResponse({"count": queries.count_for(request.user, today())})


@roles(*EVERYONE)
@require_GET
def approvals_widget(request: HttpRequest) -> HttpResponse:
    """The part of a board: how much waits, and the oldest of it."""
    piles = [_named(pile) for pile in queries.piles_for(request.user, today())]
    rows = sorted((row for pile in piles for row in pile.rows), key=lambda row: row.at)
    context = {
        "rows": [(row, kind_word(row.kind)) for row in rows[:ON_WIDGET]],
        "kinds": _kinds(piles, ""),
        "count": len(rows),
        "today": today(),
    }
    return render(request, "insights/_approvals_widget.html", context)


def _kinds(piles: Iterable[Pile], wanted: str) -> list[dict[str, Any]]:
    return [
        {
            "label": pile.kind.label,
            "count": f"{len(pile.rows)}{'+' if pile.is_cut else ''}",
            "url": link("insights:approvals", kind=pile.kind.value),
            "active": pile.kind == wanted,
        }
        for pile in piles
    ]


def _named(pile: Pile) -> Pile:
    """Versions of rules by the name of their kind, which only the composition root knows."""
    if pile.kind != ApprovalKind.POLICY:
        return pile
    known = import_string(settings.POLICY_KINDS)
    return replace(pile, rows=tuple(_with_title(row, known) for row in pile.rows))


def _with_title(row: Waiting, known: Any) -> Waiting:
    code, _v, version = row.title.rpartition(" v")
    return replace(row, title=f"{known[code].title} v{version}") if code in known else row

"""Movers, and customers on watch."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core.pages import recall
from staff.access import CUSTOMER_ROLES, roles, scope_of
from staff.queries import view_to_open
from tiers import queries
from tiers.filters import MOVERS, WATCH


@roles(*CUSTOMER_ROLES)
@require_GET
def mover_list(request: HttpRequest) -> HttpResponse:
    """Customers who moved between tiers, the latest month unless other days are asked for."""
    amounts, moves = scope_of(request.user).amounts, queries.moves_of(request.user)
    recall(request, MOVERS, view_to_open(request.user, MOVERS.list_key, request.GET), moves, amounts=amounts)
    listing = MOVERS.show(request, moves, amounts=amounts)
    context = {"listing": listing, "last": queries.latest_run_day(), "page_title": _("Movers")}
    return render(request, "tiers/movers.html", context)


@roles(*CUSTOMER_ROLES)
@require_GET
def watch_list(request: HttpRequest) -> HttpResponse:
    """Customers who are below the floor of a tier that is still held for them, longest watched first."""
    amounts, rows = scope_of(request.user).amounts, queries.watched(request.user)
    recall(request, WATCH, view_to_open(request.user, WATCH.list_key, request.GET), rows, amounts=amounts)
    listing = WATCH.show(request, rows, amounts=amounts)
    context = {"listing": listing, "last": queries.latest_run_day(), "page_title": _("On watch")}
    return render(request, "tiers/watch.html", context)

"""The first page of each role, and boards of single units."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core.clock import now, today
from customers import queries as customers
from customers.models import Feed
from insights.queries import freshness, moves, nights
from insights.views.boards import make_board
from insights.views.links import link
from insights.views.units import Days, Unit, of_branch, of_manager, of_units
from servicing.queries.contacts import units_of
from staff.access import COUNTER, EVERYONE, HEADS, roles
from staff.enums import Role
from staff.models import Branch, User
from tiers import queries as tiers
from tiers.models import Scheme

TREND_DAYS = (30, 90)


@require_GET
@roles(*EVERYONE)
def home(request: HttpRequest) -> HttpResponse:
    """What the person's role does first."""
    role = request.user.role
    if role in COUNTER:
        return redirect("servicing:counter")
    if role == Role.AUDITOR:
        return redirect("staff:trail")
    pages = {Role.BRANCH_HEAD: _head, Role.HEAD_OFFICE: _head, Role.ADMIN: _admin, Role.COMPLIANCE: _compliance}
    return pages.get(Role(role), _manager)(request)


@require_GET
@roles(*HEADS)
def branch(request: HttpRequest, code: str) -> HttpResponse:
    """The board of one unit in sight: a branch, a region, or the bank."""
    return _of_unit(request, get_object_or_404(units_of(request.user).select_related("parent"), code=code))


def _manager(request: HttpRequest) -> HttpResponse:
    return _board(request, _("My customers"), of_manager)


def _head(request: HttpRequest) -> HttpResponse:
    return _of_unit(request, request.user.branch)


def _of_unit(request: HttpRequest, unit: Branch) -> HttpResponse:
    below = units_of(request.user).filter(path__startswith=unit.path)[:2]
    if len(below) < 2:
        return _board(request, unit.name, lambda viewer, days: of_branch(viewer, days, unit), unit)
    is_whole = request.GET.get("units") == "all"
    return _board(request, unit.name, lambda viewer, days: of_units(viewer, days, unit, is_whole=is_whole), unit)


def _board(
    request: HttpRequest, title: str, make: Callable[[User, Days], Unit], unit: Branch | None = None
) -> HttpResponse:
    """A board as of the ledger day; without any balances the page says what to do first."""
    day = customers.ledger_day()
    wanted = request.GET.get("days", "")
    trend = int(wanted) if wanted in map(str, TREND_DAYS) else TREND_DAYS[0]
    days = Days(day, today(), moves.openings(day), trend) if day else None
    ranges = [
        {"label": _("%(days)s days") % {"days": n}, "url": f"?days={n}", "active": n == trend} for n in TREND_DAYS
    ]
    context = {
        "board": make_board(make(request.user, days)) if days else None,
        "page_title": title,
        "ranges": ranges,
        "fresh": freshness.freshness(at=now()),
        "above": unit.parent if unit and unit != request.user.branch else None,
        "here": request.path,
    }
    return render(request, "insights/board.html", context)


def _admin(request: HttpRequest) -> HttpResponse:
    at = now()
    day = at.date()
    context = {
        "page_title": _("Administration"),
        "scheme": Scheme.objects.in_force_on(day),
        "bands": tiers.bands_for_display(day),
        "pending": tiers.versions().exclude(status__in=["approved", "rejected"])[:5],
        "people": User.objects.filter(is_active=True).count(),
        "branches": Branch.objects.count(),
        "feeds": Feed.objects.order_by("-pk")[:8],
        "fresh": freshness.freshness(at=at),
        "failed_jobs": nights.failed_count(),
        "clock": nights.clock_state(at=at),
        "freshness_day": customers.ledger_day(),
    }
    return render(request, "insights/admin.html", context)


def _compliance(request: HttpRequest) -> HttpResponse:
    context = {
        "page_title": _("Compliance"),
        "find_url": link("customers:find"),
        "trail_url": link("staff:trail"),
        "fresh": freshness.freshness(at=now()),
    }
    return render(request, "insights/compliance.html", context)

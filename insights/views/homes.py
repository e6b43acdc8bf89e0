"""The first page of each role, and boards of single branches."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core.clock import now, today
from customers import queries as customers
from customers.models import Feed
from insights.queries import nights
from insights.views import boards
from insights.views.links import link
from servicing.queries.contacts import units_of
from staff.access import BOOK_KEEPERS, COUNTER, EVERYONE, HEADS, roles
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
    """The board of one branch in sight."""
    return _branch(request, get_object_or_404(units_of(request.user), code=code))


def _manager(request: HttpRequest) -> HttpResponse:
    return _board(request, "insights/manager.html", boards.manager_board, _("My customers"))


def _head(request: HttpRequest) -> HttpResponse:
    units = list(units_of(request.user)[:2])
    if len(units) == 1:
        return _branch(request, units[0])
    return _board(request, "insights/bank.html", boards.bank_board, request.user.branch.name)


def _branch(request: HttpRequest, unit: Branch) -> HttpResponse:
    return _board(request, "insights/branch.html", boards.branch_board, unit.name, unit)


def _board(request: HttpRequest, template: str, make: Any, title: str, *args: Branch) -> HttpResponse:
    """A board as of the ledger day; without any balances the page says what to do first."""
    day = customers.ledger_day()
    wanted = request.GET.get("days", "")
    days = int(wanted) if wanted in map(str, TREND_DAYS) else TREND_DAYS[0]
    board = make(request.user, *args, day, today(), days) if day else None
    ranges = [{"label": _("%(days)s days") % {"days": n}, "url": f"?days={n}", "active": n == days} for n in TREND_DAYS]
    context = {
        "board": board,
        "page_title": title,
        "ranges": ranges,
        "night": nights.latest_night(at=now()),
        "is_own_book": request.user.role in BOOK_KEEPERS,
    }
    return render(request, template, context)


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
        "night": nights.latest_night(at=at),
        "failed_jobs": nights.failed_count(),
        "clock": nights.clock_state(at=at),
        "freshness_day": customers.ledger_day(),
    }
    return render(request, "insights/admin.html", context)


def _compliance(request: HttpRequest) -> HttpResponse:
    context = {"page_title": _("Compliance"), "search_url": link("customers:find"), "trail_url": link("staff:trail")}
    return render(request, "insights/compliance.html", context)

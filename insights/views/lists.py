"""The lists behind the boards' numbers."""

from datetime import date

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core.clock import today
from core.pages import BadQuery
from customers import queries as customers
from customers.models import CustomerPosition
from insights.filters.boards import AVERAGES, MATURITIES, MOVES, RHYTHM, SILENT
from insights.queries import boards
from insights.queries import moves as moved
from insights.rules import moves as rules
from staff.access import BOOK_KEEPERS, HEADS, roles, scope_of
from staff.enums import Reach

READERS = (*BOOK_KEEPERS, *HEADS)
LONGEST_DAYS = 3650


@require_GET
@roles(*READERS)
def moves(request: HttpRequest) -> HttpResponse:
    """Customers whose deposits differ from an earlier close."""
    day = customers.ledger_day() or today()
    since = _day(request.GET.get("since", ""), moved.openings(day).day)
    positions, needs_branch = _positions(request)
    rows = moved.moved_since(positions, since)
    listing = MOVES.show(request, rows.select_related("customer", "manager"), amounts=True)
    title = _("Moved deposits")
    subtitle = _("From the close of %(since)s to that of %(day)s") % {"since": since, "day": day}
    context = {"listing": listing, "page_title": title, "page_subtitle": subtitle, "needs_branch": needs_branch}
    return render(request, "insights/list.html", context)


@require_GET
@roles(*READERS)
def maturities(request: HttpRequest) -> HttpResponse:
    """Deposits in sight that mature; from today on unless asked otherwise."""
    first = _day(request.GET.get("since", ""), today())
    last = _day(request.GET.get("until", ""), date(9999, 12, 31))
    rows = customers.maturities(request.user, first, last)
    listing = MATURITIES.show(request, rows if first <= last else rows.none(), amounts=True)
    context = {"listing": listing, "page_title": _("Maturities")}
    return render(request, "insights/list.html", context)


@require_GET
@roles(*READERS)
def silent(request: HttpRequest) -> HttpResponse:
    """Customers with deposits nobody has spoken to for long."""
    wanted = request.GET.get("days", "")
    days = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) <= 4 else rules.SILENT_DAYS
    positions, needs_branch = _positions(request)
    rows = boards.silent_since(positions, today(), min(days, LONGEST_DAYS))
    listing = SILENT.show(request, rows.select_related("customer", "manager"), amounts=True)
    subtitle = _("No contact for %(days)s days") % {"days": days}
    title = _("Customers without contact")
    context = {"listing": listing, "page_title": title, "page_subtitle": subtitle, "needs_branch": needs_branch}
    return render(request, "insights/list.html", context)


@require_GET
@roles(*READERS)
def rhythm(request: HttpRequest) -> HttpResponse:
    """Customers whose last contact is longer ago than the rhythm of their tier allows."""
    positions, needs_branch = _positions(request)
    rows = boards.with_rhythm(positions.filter(boards.rhythm_overdue(today())))
    listing = RHYTHM.show(request, rows.select_related("customer", "manager"), amounts=True)
    subtitle = _("Longest first within each tier; without any contact the days count from the first day of the tier")
    context = {
        "listing": listing,
        "page_title": _("Contact overdue"),
        "page_subtitle": subtitle,
        "needs_branch": needs_branch,
    }
    return render(request, "insights/list.html", context)


@require_GET
@roles(*READERS)
def averages(request: HttpRequest) -> HttpResponse:
    """Customers by their average of the running month: what the average of a board adds up."""
    day = customers.ledger_day() or today()
    positions, needs_branch = _positions(request)
    rows = positions.annotate(adb=boards.month_average(day)).select_related("customer", "manager")
    context = {
        "listing": AVERAGES.show(request, rows, amounts=True),
        "page_title": _("Average this month"),
        "page_subtitle": _("Average of the balances at the close of each day up to %(day)s") % {"day": day},
        "needs_branch": needs_branch,
    }
    return render(request, "insights/list.html", context)


def _positions(request: HttpRequest) -> tuple[QuerySet[CustomerPosition], bool]:
    """The positions to list, and whether a branch must be chosen first: sorting the whole bank would read all of it."""
    positions = CustomerPosition.objects.visible_to(request.user)
    needs_branch = scope_of(request.user).reach == Reach.BANK and not request.GET.get("branch")
    return (positions.none() if needs_branch else positions), needs_branch


def _day(text: str, default: date) -> date:
    """A day of an address. Raises BadQuery for what is none."""
    if not text:
        return default
    try:
        found = parse_date(text)
    except ValueError:
        found = None
    if found is None:
        raise BadQuery()
    return found

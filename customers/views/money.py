"""The tabs with money: holdings and balances."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from customers import queries
from customers.charts import balances_chart
from customers.queries.insurance import insurance_of
from customers.views.scope import customer_in_sight, windows
from staff.access import AMOUNT_ROLES, CUSTOMER_ROLES, roles, scope_of

RANGES = (30, 90, 365)
DEFAULT_RANGE = 90


@roles(*CUSTOMER_ROLES)
@require_GET
def customer_holdings(request: HttpRequest, customer_no: str) -> HttpResponse:
    """The tab with the accounts, by kind of product."""
    customer = customer_in_sight(request, customer_no)
    found = queries.holdings(customer.pk)
    context = {
        "customer": customer,
        "holdings": found,
        "amounts": scope_of(request.user).amounts,
        "total": sum((holding.value or Decimal(0) for holding in found), Decimal(0)),
        "as_of": queries.ledger_day(),
    }
    return render(request, "customers/_holdings.html", context)


@roles(*AMOUNT_ROLES)
@require_GET
def customer_balances(request: HttpRequest, customer_no: str) -> HttpResponse:
    """The tab with daily totals and their average over the last days."""
    customer = customer_in_sight(request, customer_no)
    end = queries.ledger_day()
    context: dict[str, Any] = {"customer": customer, "ranges": RANGES, "days": _days(request, end)}
    if end is not None:
        start = end - timedelta(days=context["days"] - 1)
        context["average"] = queries.average_balance(customer.pk, start, end)
        context["chart"] = balances_chart(queries.daily_totals(customer.pk, start, end))
        context["start"], context["end"] = start, end
    return render(request, "customers/_balances.html", context)


@roles(*AMOUNT_ROLES)
@require_GET
def customer_insurance(request: HttpRequest, customer_no: str) -> HttpResponse:
    """A part of the holdings tab: principal and estimated interest against the limit of deposit insurance."""
    customer = customer_in_sight(request, customer_no)
    as_of = queries.ledger_day()
    found = insurance_of(customer, as_of) if as_of else None
    return render(request, "customers/_insurance.html", {"customer": customer, "view": found})


def _days(request: HttpRequest, end: date | None) -> int:
    """The range asked for: one of those offered, or a running month, quarter or year."""
    text = request.GET.get("days", "")
    offered = {*RANGES, *(windows(end).values() if end else ())}
    return int(text) if text.isascii() and text.isdigit() and int(text) in offered else DEFAULT_RANGE

"""The customers list, the search box, the customer page and its tabs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.clock import now, today
from core.errors import DomainError
from core.money import wan
from core.pages import Listing
from customers import queries
from customers.charts import balances_chart
from customers.enums import CustomerKind, FlagKind
from customers.filters import CUSTOMERS, PERSONAL
from customers.forms import FindForm, RevealForm
from customers.models import Customer
from customers.models.customers import CustomerQuerySet
from customers.queries.lists import listed
from customers.rules.alerts import identity_alert
from customers.rules.periods import periods_of
from customers.rules.search import read_search
from customers.services import records
from staff.access import AMOUNT_ROLES, CUSTOMER_ROLES, HEADS, has_role, roles, scope_of
from staff.enums import Role

FOUND = 50
OWN_FIELDS = {"q", "csrfmiddlewaretoken"}
RANGES = (30, 90, 365)
DEFAULT_RANGE = 90
TABS = ("profile", "holdings", "tier", "timeline")
AMOUNT_TABS = ("holdings", "balances", "tier", "timeline", "profile")


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the profile."""

    label: str
    value: Any
    kind: str = "text"
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Secret:
    """A sealed value as the profile shows it."""

    field: str
    label: str
    masked: str


@dataclass(frozen=True, slots=True)
class Alert:
    """A warning on top of the customer page."""

    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure of the customer page and the address of the rows behind it."""

    label: str
    url: str
    icon: str = ""
    money: Decimal | None = None
    value: str = ""
    hint: str = ""


@roles(*CUSTOMER_ROLES)
@require_GET
def customer_list(request: HttpRequest) -> HttpResponse:
    """Customers in scope, filtered and sorted."""
    if read_search(request.GET.get("q", "")).is_personal:
        messages.warning(request, PERSONAL)
        return redirect("customers:list")
    visible = Customer.objects.visible_to(request.user)
    rows = listed(visible, queries.ledger_day())
    listing = CUSTOMERS.show(request, rows, amounts=scope_of(request.user).amounts)
    context = {
        "listing": listing,
        "total": _total(request, visible, listing),
        "page_title": _("Customers"),
    }
    return render(request, "customers/list.html", context)


def _total(request: HttpRequest, visible: CustomerQuerySet, listing: Listing) -> Decimal | None:
    """Deposits of all rows of the filter, for heads; not for lists too long to count."""
    if not has_role(request.user, *HEADS) or not listing.rows or listing.page.count.endswith("+"):
        return None
    return queries.total_balance(CUSTOMERS.select(request.GET, visible, amounts=True, request=request).queryset)


@roles(*CUSTOMER_ROLES)
@require_POST
def customer_find(request: HttpRequest) -> HttpResponse:
    """The search box. What may be the number of a person is answered here; names go on to the list."""
    form = FindForm(request.POST)
    kept = {name: given for name in request.POST if name not in OWN_FIELDS and (given := _given(request, name))}
    if not form.is_valid():
        return redirect(_list_address(kept))
    text = form.cleaned_data["q"]
    if not form.is_for_post_only():
        return redirect(_list_address({**kept, "q": [text]}))
    visible = Customer.objects.visible_to(request.user)
    rows = listed(visible, queries.ledger_day())
    found = list(queries.search(rows, text).order_by("name_pinyin", "pk")[:FOUND])
    if len(found) == 1:
        return redirect(found[0])
    columns = CUSTOMERS.visible_columns(amounts=scope_of(request.user).amounts)
    context = {
        "columns": columns,
        "rows": [{"url": row.get_absolute_url(), "cells": [column.cell(row) for column in columns]} for row in found],
        "page_title": _("Search"),
    }
    return render(request, "customers/found.html", context)


def _given(request: HttpRequest, name: str) -> list[str]:
    return [value for value in request.POST.getlist(name) if value]


def _list_address(params: dict[str, list[Any]]) -> str:
    query = urlencode(params, doseq=True)
    return f"{reverse('customers:list')}?{query}" if query else reverse("customers:list")


@roles(*CUSTOMER_ROLES)
@require_GET
def customer_detail(request: HttpRequest, customer_no: str) -> HttpResponse:
    """The frame of the customer page: who it is, what to beware of, figures, and tabs that load by address."""
    as_of = queries.ledger_day()
    visible = Customer.objects.visible_to(request.user).select_related("branch", "manager", "backup")
    customer = get_object_or_404(queries.with_figures(visible, as_of), customer_no=customer_no)
    amounts = scope_of(request.user).amounts
    tabs = AMOUNT_TABS if amounts else TABS
    wanted, days = request.GET.get("tab", ""), request.GET.get("days", "")
    context = {
        "customer": customer,
        "alerts": list(_alerts(customer, today())),
        "tiles": [*(_money_tiles(customer, as_of) if amounts else ()), *_day_tiles(customer, amounts=amounts)],
        "last_contact": _last_contact(customer) if amounts else "",
        "tabs": tabs,
        "active": wanted if wanted in tabs else tabs[0],
        "days": days if days.isdigit() else "",
        "may_log": not has_role(request.user, Role.HEAD_OFFICE, Role.COMPLIANCE),
        "crumbs": [{"label": _("Customers"), "url": reverse("customers:list")}, {"label": customer.name}],
    }
    return render(request, "customers/detail.html", context)


def _money_tiles(customer: Any, as_of: date | None) -> Iterator[Tile]:
    yield Tile(_("Balance"), "?tab=holdings", "wallet", customer.balance)
    names = {"month": _("Average this month"), "quarter": _("Average this quarter"), "year": _("Average this year")}
    for name, days in (_windows(as_of) if as_of else {}).items():
        words = ngettext("over %(days)d day", "over %(days)d days", days) % {"days": days}
        url = f"?tab=balances&days={days}"
        yield Tile(names[name], url, "chart-line", getattr(customer, f"adb_{name}"), hint=words)


def _day_tiles(customer: Any, *, amounts: bool) -> Iterator[Tile]:
    matures_on, amount = customer.next_maturity_on, customer.next_maturity_amount
    hint = _("%(amount)s matures") % {"amount": wan(amount, get_language() or "")} if amounts and amount else ""
    day = matures_on.isoformat() if matures_on else _("None")
    yield Tile(_("Next maturity"), "?tab=holdings", "calendar-due", value=day, hint=hint)
    if not amounts:  # beside five figures of money it stands in the head of the page
        yield Tile(_("Last contact"), "?tab=timeline", "message", value=_last_contact(customer))


def _last_contact(customer: Any) -> str:
    return customer.last_contact_on.isoformat() if customer.last_contact_on else _("Never")


def _alerts(customer: Customer, day: date) -> Iterator[Alert]:
    state = identity_alert(customer.id_expires_on, customer.id_is_long_term, day)
    if state == "id_expired":
        yield Alert("bad", _("The identity document expired on %(day)s.") % {"day": customer.id_expires_on})
    if state == "id_expires_soon":
        yield Alert("warn", _("The identity document expires on %(day)s.") % {"day": customer.id_expires_on})
    for kind in customer.flags.filter(resolved_on=None).order_by("kind").values_list("kind", flat=True):
        yield Alert("warn", str(FlagKind(kind).label))


def _windows(as_of: date) -> dict[str, int]:
    """Days of the running month, quarter and year up to the ledger day: what the averages are taken over."""
    periods = periods_of(as_of)
    starts = {"month": periods.month_start, "quarter": periods.quarter_start, "year": periods.year_start}
    return {name: (as_of - start).days + 1 for name, start in starts.items()}


def _customer(request: HttpRequest, customer_no: str) -> Customer:
    visible = Customer.objects.visible_to(request.user).select_related("branch", "manager", "backup")
    return get_object_or_404(visible, customer_no=customer_no)


@roles(*CUSTOMER_ROLES)
@require_GET
def customer_profile(request: HttpRequest, customer_no: str) -> HttpResponse:
    """The tab with what is known of the customer, sealed values masked."""
    customer = _customer(request, customer_no)
    context = {"customer": customer, "facts": list(_facts(customer)), "secrets": list(_secrets(customer))}
    return render(request, "customers/_profile.html", context)


def _facts(customer: Customer) -> Iterator[Fact]:
    validity = _("without expiry") if customer.id_is_long_term else customer.id_expires_on
    yield Fact(_("Kind"), customer.get_kind_display())
    yield Fact(_("Identity document"), customer.get_id_type_display())
    yield Fact(_("Valid until"), validity, "text" if customer.id_is_long_term else "date")
    if customer.kind == CustomerKind.PERSON:
        yield Fact(_("Sex"), customer.get_sex_display())
        yield Fact(_("Date of birth"), customer.birth_date, "date")
        yield Fact(_("Occupation"), customer.occupation)
        yield Fact(_("Employer"), customer.employer)
    yield Fact(_("Risk grade"), customer.risk_grade)
    yield Fact(_("Customer since"), customer.opened_on, "date")


def _labels() -> dict[str, str]:
    return {
        "id_no": _("Identity number"),
        "phone": _("Phone"),
        "email": _("E-mail"),
        "address": _("Address"),
    }


def _secrets(customer: Customer) -> Iterator[Secret]:
    masked = records.mask(customer)
    for field, label in _labels().items():
        yield Secret(field, label, getattr(masked, field))


@roles(*CUSTOMER_ROLES)
@require_GET
def customer_holdings(request: HttpRequest, customer_no: str) -> HttpResponse:
    """The tab with the accounts, by kind of product."""
    customer = _customer(request, customer_no)
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
    customer = _customer(request, customer_no)
    end = queries.ledger_day()
    context: dict[str, Any] = {"customer": customer, "ranges": RANGES, "days": _days(request, end)}
    if end is not None:
        start = end - timedelta(days=context["days"] - 1)
        context["average"] = queries.average_balance(customer.pk, start, end)
        context["chart"] = balances_chart(queries.daily_totals(customer.pk, start, end))
        context["start"], context["end"] = start, end
    return render(request, "customers/_balances.html", context)


def _days(request: HttpRequest, end: date | None) -> int:
    """The range asked for: one of those offered, or a running month, quarter or year."""
    text = request.GET.get("days", "")
    offered = {*RANGES, *(_windows(end).values() if end else ())}
    return int(text) if text.isascii() and text.isdigit() and int(text) in offered else DEFAULT_RANGE


@never_cache
@roles(*CUSTOMER_ROLES)
@require_http_methods(["GET", "POST"])
def customer_reveal(request: HttpRequest, customer_no: str, field: str) -> HttpResponse:
    """A sealed value: masked, or asking for the reason (?ask=1), or after the reason was given, for half a minute."""
    if field not in records.FIELDS:
        raise Http404
    customer = _customer(request, customer_no)
    form = RevealForm(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {"customer": customer, "field": field, "label": _labels()[field], "form": form}
    if request.method == "GET":
        context["masked"] = records.masked(customer, field)
        template = "customers/_reveal_form.html" if "ask" in request.GET else "customers/_secret.html"
        return render(request, template, context)
    if form.is_valid():
        try:
            context["value"] = records.reveal(
                customer=customer, field=field, reason=form.words(), actor=request.user, at=now()
            )
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return render(request, "customers/_revealed.html", context)
    return render(request, "customers/_reveal_form.html", context, status=422)

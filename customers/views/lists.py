"""The customers list and the search box."""

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from core.pages import NO_VIEW, VIEW, Listing, recall
from customers import queries
from customers.filters import CUSTOMERS, PERSONAL
from customers.forms import FindForm
from customers.models import CustomerPosition
from customers.queries.lists import listed
from customers.rules.search import read_search
from staff.access import CUSTOMER_ROLES, HEADS, SERVING, has_role, roles, scope_of
from staff.queries import view_to_open

FOUND = 50
OWN_FIELDS = {"q", "csrfmiddlewaretoken"}


@roles(*CUSTOMER_ROLES)
@require_GET
def customer_list(request: HttpRequest) -> HttpResponse:
    """Customers in scope, filtered and sorted."""
    if read_search(request.GET.get("q", "")).is_personal:
        messages.warning(request, PERSONAL)
        return redirect("customers:list")
    visible = CustomerPosition.objects.visible_to(request.user)
    amounts = scope_of(request.user).amounts
    recall(request, CUSTOMERS, view_to_open(request.user, CUSTOMERS.list_key, request.GET), visible, amounts=amounts)
    listing = CUSTOMERS.show(request, listed(visible, queries.ledger_day()), amounts=amounts)
    context = {
        "listing": listing,
        "total": _total(request, listing),
        "may_create": has_role(request.user, *SERVING),
        "page_title": _("Customers"),
    }
    return render(request, "customers/list.html", context)


def _total(request: HttpRequest, listing: Listing) -> Decimal | None:
    """Deposits of all rows of the filter, for heads; not for lists too long to count."""
    if not has_role(request.user, *HEADS) or not listing.rows or listing.page.count.endswith("+"):
        return None
    return queries.total_balance(listing.queryset)


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
    visible = CustomerPosition.objects.visible_to(request.user)
    rows = listed(visible, queries.ledger_day())
    found = list(queries.search(rows, text, "customer__").order_by("customer__name_pinyin", "pk")[:FOUND])
    if len(found) == 1:
        return redirect(found[0])
    columns = CUSTOMERS.chosen_columns((), amounts=scope_of(request.user).amounts)
    context = {
        "columns": columns,
        "rows": [CUSTOMERS.row(row, columns) for row in found],
        "page_title": _("Search"),
    }
    return render(request, "customers/found.html", context)


def _given(request: HttpRequest, name: str) -> list[str]:
    return [value for value in request.POST.getlist(name) if value]


def _list_address(params: dict[str, list[Any]]) -> str:
    # An emptied form means the whole list, not the view it opens with.
    return f"{reverse('customers:list')}?{urlencode(params or {VIEW: NO_VIEW}, doseq=True)}"

"""The customers list as a file."""

from dataclasses import replace

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from core.exporting import ListSource
from core.pages import Column, State, holds_personal
from customers import queries
from customers.filters import CUSTOMERS, PERSONAL
from customers.models import CustomerPosition
from customers.queries.lists import listed
from staff.access import CUSTOMER_ROLES, roles, scope_of
from staff.exports import ask_for_file, read_wish
from staff.models import User


def _rows(user: User) -> QuerySet[CustomerPosition]:
    return listed(CustomerPosition.objects.visible_to(user), queries.ledger_day())


CUSTOMER_LIST = ListSource(
    key="customers",
    page=CUSTOMERS,
    rows=_rows,
    roles=CUSTOMER_ROLES,
    number=Column("customer_no", gettext_lazy("Customer number")),
    unlinked={"name": "name"},
)


@roles(*CUSTOMER_ROLES)
@require_http_methods(["GET", "HEAD", "POST"])
def customer_export(request: HttpRequest) -> HttpResponse:
    """Ask for the list as a file: of its filters (GET), or of the rows ticked in it (POST)."""
    wish = read_wish(request, CUSTOMER_LIST, amounts=scope_of(request.user).amounts)
    if wish.chosen.numbers:
        wish = replace(wish, state=_without_filters(wish.state))
    if holds_personal(wish.state.query):
        messages.warning(request, PERSONAL)
        return redirect("customers:list")
    return ask_for_file(request, wish, list_url=reverse("customers:list"), title=_("Customers"))


def _without_filters(state: State) -> State:
    """Of ticked rows the list's filters say nothing, its order and columns do."""
    order, kept = QueryDict(state.query).get("ordering", ""), QueryDict(mutable=True)
    if order:
        kept["ordering"] = order
    return State(kept.urlencode(), state.columns)

"""The history tab: every change of the record, whoever or whatever made it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from customers import queries
from customers.views.scope import customer_in_sight
from staff.access import CUSTOMER_ROLES, roles

LARGEST = 2**63 - 1


@roles(*CUSTOMER_ROLES)
@require_GET
def customer_history(request: HttpRequest, customer_no: str) -> HttpResponse:
    """A page of it, the latest change first; ?before= is where an older page begins."""
    customer = customer_in_sight(request, customer_no)
    asked = request.GET.get("before", "")
    if asked and not (asked.isascii() and asked.isdigit() and int(asked) <= LARGEST):
        raise Http404
    page = queries.field_history(customer, int(asked) if asked else None)
    template = "customers/_history_rows.html" if asked else "customers/_history.html"
    return render(request, template, {"customer": customer, "page": page})

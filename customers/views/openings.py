"""Who opened a customer's page: a tab for compliance."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from customers.queries.openings import LATELY, openings_of
from customers.views.scope import customer_in_sight
from staff.access import roles
from staff.enums import Role


@roles(Role.COMPLIANCE)
@require_GET
def customer_openings(request: HttpRequest, customer_no: str) -> HttpResponse:
    """The latest people who opened the page, with day, times and whether they had to do with the customer's unit."""
    customer = customer_in_sight(request, customer_no)
    rows = list(openings_of(customer, request.user))
    return render(request, "customers/_openings.html", {"customer": customer, "rows": rows, "most": LATELY})

"""What several customer pages need: the customer in sight, and the windows of the averages."""

from datetime import date

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from customers.models import Customer
from customers.rules.periods import periods_of


def customer_in_sight(request: HttpRequest, customer_no: str) -> Customer:
    """The customer of this number if the person may see it, with its unit and managers; 404 otherwise."""
    visible = Customer.objects.visible_to(request.user).select_related("branch", "manager", "backup")
    return get_object_or_404(visible, customer_no=customer_no)


def windows(as_of: date) -> dict[str, int]:
    """Days of the running month, quarter and year up to the ledger day: what the averages are taken over."""
    periods = periods_of(as_of)
    starts = {"month": periods.month_start, "quarter": periods.quarter_start, "year": periods.year_start}
    return {name: (as_of - start).days + 1 for name, start in starts.items()}

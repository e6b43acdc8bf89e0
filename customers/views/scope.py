"""What several customer pages need: the customer in sight, and the windows of the averages."""

from datetime import date

from django.http import Http404, HttpRequest

from customers.models import Customer
from customers.models.customers import CustomerQuerySet
from customers.queries.merges import find_in_sight
from customers.rules.periods import periods_of


def customer_in_sight(request: HttpRequest, customer_no: str) -> Customer:
    """The customer of this number if the person may see it, with its unit and managers; 404 otherwise.

    A number that was merged into a customer in sight sends on to that one.
    """
    visible = Customer.objects.visible_to(request.user).select_related("branch", "manager", "backup")
    return found_or_renamed(request, visible, customer_no)


def found_or_renamed(request: HttpRequest, visible: CustomerQuerySet, customer_no: str) -> Customer:
    """The customer of this number among the rows in sight. Raises Http404, or Renamed for a merged number."""
    try:
        return find_in_sight(request.user, visible, customer_no)
    except Customer.DoesNotExist:
        raise Http404 from None


def windows(as_of: date) -> dict[str, int]:
    """Days of the running month, quarter and year up to the ledger day: what the averages are taken over."""
    periods = periods_of(as_of)
    starts = {"month": periods.month_start, "quarter": periods.quarter_start, "year": periods.year_start}
    return {name: (as_of - start).days + 1 for name, start in starts.items()}

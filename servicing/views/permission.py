"""Whether a customer may be contacted now, by which way and for what."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from core.clock import now
from customers.models import Customer
from servicing.queries.permission import permits_of
from staff.access import CUSTOMER_ROLES, roles


@require_GET
@roles(*CUSTOMER_ROLES)
def permits(request: HttpRequest, customer_no: str) -> HttpResponse:
    """The controls of one customer, as a part of other pages."""
    customer = get_object_or_404(Customer.objects.visible_to(request.user), customer_no=customer_no)
    return render(request, "servicing/permits.html", {"permits": permits_of(customer, now(), request.user)})

"""A customer's life-cycle stage and how it came about."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from customers.enums import Stage
from customers.models import CustomerPosition
from customers.queries.lifecycle import explain
from customers.views.scope import customer_in_sight
from staff.access import CUSTOMER_ROLES, roles, scope_of

TONES = {
    Stage.NEW: "info",
    Stage.GROWING: "good",
    Stage.DECLINING: "warn",
    Stage.LOST: "bad",
    Stage.WON_BACK: "good",
}


@roles(*CUSTOMER_ROLES)
@require_GET
def customer_lifecycle(request: HttpRequest, customer_no: str) -> HttpResponse:
    """The stage now, and each change with the rule and the figures it was decided on."""
    customer = customer_in_sight(request, customer_no)
    position = CustomerPosition.objects.visible_to(request.user).get(pk=customer.pk)
    stage = Stage(position.stage)
    context = {
        "customer": customer,
        "stage": stage,
        "tone": TONES.get(stage, "neutral"),
        "lines": explain(customer.pk, amounts=scope_of(request.user).amounts),
    }
    return render(request, "customers/_lifecycle.html", context)

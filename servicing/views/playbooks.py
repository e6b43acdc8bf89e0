"""Playbooks begun and stopped from a customer's page."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core.clock import now
from core.errors import DomainError
from customers.models import Customer
from servicing.forms.follow_ups import StopForm
from servicing.models import PlaybookRun
from servicing.services import playbooks as services
from staff.access import BOOK_KEEPERS, HEADS, roles

STARTERS = (*BOOK_KEEPERS, *HEADS)


@roles(*STARTERS)
@require_POST
def start(request: HttpRequest, customer_no: str) -> HttpResponse:
    """Begin a playbook for a customer today."""
    customer = get_object_or_404(Customer.objects.visible_to(request.user), customer_no=customer_no)
    try:
        services.start_playbook(customer=customer, key=request.POST.get("playbook", ""), actor=request.user, at=now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The playbook has begun; its steps become follow-ups as they come due."))
    return redirect(f"{customer.get_absolute_url()}?tab=tasks")


@roles(*STARTERS)
@require_POST
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a playbook before its last step, with a reason."""
    run = get_object_or_404(PlaybookRun.objects.visible_to(request.user).select_related("customer"), pk=pk)
    form = StopForm(request.POST)
    try:
        services.stop_playbook(run=run, reason=form.data.get("reason", "")[:200], actor=request.user, at=now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The playbook was stopped."))
    return redirect(f"{run.customer.get_absolute_url()}?tab=tasks")

"""Who looks after a customer: manager, backup, colleagues it is opened to, and how that came about."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from core.clock import now
from core.errors import DomainError
from customers.forms.portfolio import BackupForm, ShareForm
from customers.models import Customer, Handover
from customers.queries import portfolio as queries
from customers.services.ownership import set_backup
from customers.services.sharing import share_customer, unshare_customer
from customers.views.scope import customer_in_sight
from staff.access import AMOUNT_ROLES, BOOK_KEEPERS, CUSTOMER_ROLES, HEADS, MANAGERS, has_role, roles
from staff.models import User

KEEPERS = (*BOOK_KEEPERS, *HEADS)
SHOWN = 100


@roles(*CUSTOMER_ROLES)
@require_GET
def customer_team(request: HttpRequest, customer_no: str) -> HttpResponse:
    """Manager, backup, shares and the history of all of it."""
    return _team(request, customer_in_sight(request, customer_no))


def _team(
    request: HttpRequest, customer: Customer, share: ShareForm | None = None, backup: BackupForm | None = None
) -> HttpResponse:
    keeps = queries.keeps_team(request.user, customer)
    past = Handover.objects.visible_to(request.user).filter(items__customer=customer)
    context: dict[str, Any] = {
        "customer": customer,
        "shares": customer.shares.select_related("user__branch", "granted_by").order_by("-granted_at"),
        "changes": queries.ownership_history(customer)[:SHOWN],
        "handovers": queries.with_people(past).order_by("-pk")[:SHOWN] if has_role(request.user, *AMOUNT_ROLES) else [],
        "keeps": keeps,
        "may_hand_over": keeps and has_role(request.user, *MANAGERS, *HEADS),
        "crumbs": [
            {"label": _("Customers"), "url": reverse("customers:list")},
            {"label": customer.name, "url": customer.get_absolute_url()},
            {"label": _("Team")},
        ],
        "page_title": _("Team of %(name)s") % {"name": customer.name},
    }
    if keeps:
        context["share_form"] = share or ShareForm(people=queries.shareable_with(customer))
        context["backup_form"] = backup or _backup_form(customer)
    is_refused = share is not None or backup is not None
    return render(request, "customers/team.html", context, status=422 if is_refused else 200)


def _backup_form(customer: Customer, data: Any = None) -> BackupForm:
    people = queries.owners_at(customer.branch).exclude(pk=customer.manager_id or 0)
    initial = {"backup": customer.backup.staff_no if customer.backup else ""}
    return BackupForm(data, people=people, initial=initial)


def _kept(request: HttpRequest, customer_no: str) -> Customer:
    """The customer, for those who decide who else sees it. Raises PermissionDenied for others who see it."""
    customer = customer_in_sight(request, customer_no)
    if not queries.keeps_team(request.user, customer):
        raise PermissionDenied()
    return customer


@roles(*KEEPERS)
@require_POST
def customer_share(request: HttpRequest, customer_no: str) -> HttpResponse:
    """Open the customer to a colleague."""
    customer = _kept(request, customer_no)
    form = ShareForm(request.POST, people=queries.shareable_with(customer))
    if not form.is_valid():
        return _team(request, customer, share=form)
    user = form.cleaned_data["user"]
    try:
        share_customer(customer=customer, user=user, reason=form.cleaned_data["reason"], actor=request.user, at=now())
    except DomainError as error:
        form.add_error(None, str(error))
        return _team(request, customer, share=form)
    messages.success(request, _("%(name)s sees the customer from now on.") % {"name": user.name})
    return redirect("customers:team", customer_no)


@roles(*KEEPERS)
@require_POST
def customer_unshare(request: HttpRequest, customer_no: str, staff_no: str) -> HttpResponse:
    """Close the customer to a colleague again."""
    customer = _kept(request, customer_no)
    user = get_object_or_404(User, staff_no=staff_no)
    if unshare_customer(customer=customer, user=user, actor=request.user, at=now()):
        messages.success(request, _("The customer is no longer open to %(name)s.") % {"name": user.name})
    return redirect("customers:team", customer_no)


@roles(*KEEPERS)
@require_POST
def customer_backup(request: HttpRequest, customer_no: str) -> HttpResponse:
    """Name the backup, or nobody."""
    customer = _kept(request, customer_no)
    form = _backup_form(customer, request.POST)
    if form.is_valid():
        try:
            set_backup(customer=customer, backup=form.cleaned_data["backup"], actor=request.user, at=now())
        except DomainError as error:
            form.add_error("backup", str(error))
        else:
            messages.success(request, _("The backup was changed."))
            return redirect("customers:team", customer_no)
    return _team(request, customer, backup=form)

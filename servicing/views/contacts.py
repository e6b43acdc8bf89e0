"""Contacts of a customer, and the list of contacts."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.clock import now
from core.errors import DomainError
from customers.models import Customer
from customers.queries.care import standing_alerts
from servicing.filters.contacts import CONTACTS
from servicing.forms.contacts import ChangeForm, ContactForm
from servicing.models import Interaction
from servicing.queries import contacts as queries
from servicing.queries import follow_ups
from servicing.queries.follow_ups import title_of
from servicing.services import contacts as services
from servicing.services.talks import log_talk
from staff.access import BOOK_KEEPERS, COUNTER, CUSTOMER_ROLES, has_role, roles
from staff.enums import Role

LOGS = (*COUNTER, *BOOK_KEEPERS, Role.BRANCH_HEAD)
CORRECTED = ("topic", "outcome", "note", "next_step", "minutes", "mood")


@require_http_methods(["GET", "POST"])
@roles(*LOGS)
def log(request: HttpRequest, customer_no: str) -> HttpResponse:
    """Write a contact down from the customer's page."""
    customer, at = _customer(request, customer_no), now()
    form = ContactForm(
        request.POST if request.method == "POST" else None,
        may_confide=has_role(request.user, *queries.CONFIDENTIAL_WRITERS),
        follow_ups=[(row, title_of(row)) for row in follow_ups.offered(customer, request.user)],
        initial={"happened_at": at, "follow_up": request.GET.get("follow_up", "")},
    )
    if form.is_valid():
        try:
            contact = log_talk(actor=request.user, customer=customer, at=at, **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return _written(request, contact, at)
    context = {"form": form, "customer": customer, "alerts": standing_alerts(customer, request.user, at.date())}
    context["page_title"] = _("Log a contact")
    return _form(request, "servicing/_log.html", context)


@require_http_methods(["GET", "POST"])
@roles(*LOGS)
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct one's own contact of the last quarter of an hour."""
    contact = _contact(request, pk)
    may_confide = queries.may_rewrite_confidential(contact, request.user)
    form = ChangeForm(
        request.POST if request.method == "POST" else None,
        initial=_as_written(request, contact, may_confide=may_confide),
        channel=contact.channel,
        may_confide=may_confide,
    )
    if form.is_valid():
        try:
            services.change_interaction(interaction=contact, actor=request.user, at=now(), **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return _written(request, contact, now())
    context = {"form": form, "contact": contact, "customer": contact.customer}
    response = _form(request, "servicing/_change.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@roles(*LOGS)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one's own contact of the last quarter of an hour back."""
    contact = _contact(request, pk)
    try:
        services.undo_interaction(interaction=contact, actor=request.user, at=now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The contact was taken back."))
    if request.user.role in COUNTER:
        page = "servicing/_panel.html" if request.htmx else "servicing/counter.html"
        return render(request, page, {"customer": contact.customer, "panel": "servicing/_undone.html"})
    if request.htmx:
        return _fragment(request, "servicing/_undone.html", {"customer": contact.customer})
    return redirect(contact.customer)


@require_POST
@roles(*queries.CONFIDENTIAL_WRITERS)
def confidential(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the confidential part of a contact; who asked stays on the trail."""
    visible = Interaction.objects.visible_to(request.user).select_related("customer", "author")
    contact = get_object_or_404(visible, pk=pk)
    if not queries.may_read_confidential(contact, request.user) or not contact.confidential_cipher:
        raise Http404
    text = services.show_confidential(interaction=contact, actor=request.user, at=now())
    context = {"contact": contact, "customer": contact.customer, "text": text, "part": "servicing/_confidential.html"}
    page = "servicing/_confidential.html" if request.htmx else "servicing/form_page.html"
    response = render(request, page, context)
    response["Cache-Control"] = "no-store"
    return response


@require_GET
@roles(*CUSTOMER_ROLES)
def contacts(request: HttpRequest) -> HttpResponse:
    """Contacts the viewer may see, latest first."""
    rows = Interaction.objects.visible_to(request.user).by_people().select_related("author", "branch", "customer")
    listing = CONTACTS.show(request, queries.with_readable_note(rows, request.user))
    return render(request, "servicing/contacts.html", {"listing": listing, "page_title": _("Contacts")})


def _customer(request: HttpRequest, customer_no: str) -> Customer:
    rows = Customer.objects.visible_to(request.user).select_related("position", "manager", "branch")
    return get_object_or_404(rows, customer_no=customer_no)


def _contact(request: HttpRequest, pk: int) -> Interaction:
    """One's own contact: what others wrote may hold a note that is not for everybody who sees the customer."""
    mine = Interaction.objects.visible_to(request.user).by_people().filter(author=request.user)
    rows = mine.select_related("customer")
    return get_object_or_404(rows, pk=pk)


def _as_written(request: HttpRequest, contact: Interaction, *, may_confide: bool) -> dict[str, Any]:
    """What the form begins with; opening the confidential part to change it is on the trail as any opening is."""
    found = {name: getattr(contact, name) for name in CORRECTED}
    if request.method == "GET" and may_confide and contact.confidential_cipher:
        found["confidential"] = services.show_confidential(interaction=contact, actor=request.user, at=now())
    return found


def _form(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    status = 422 if context["form"].errors else 200
    page = template if request.htmx else "servicing/form_page.html"
    return render(request, page, {**context, "part": template}, status=status)


def _fragment(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    response = render(request, template, context)
    response["HX-Trigger"] = "contact-changed"
    return response


def _written(request: HttpRequest, contact: Interaction, at: datetime) -> HttpResponse:
    if request.htmx:
        return _fragment(request, "servicing/_logged_inline.html", {"contact": contact, "customer": contact.customer})
    messages.success(request, _("The contact was written down."))
    return redirect(contact.customer)

"""The counter, contacts of a customer, and the list of contacts."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.clock import now
from core.errors import DomainError
from customers import queries as customers
from customers.models import Customer
from customers.queries.care import standing_alerts
from customers.services import records
from servicing import queries, services
from servicing.enums import Channel
from servicing.filters import CONTACTS
from servicing.forms import ChangeForm, ContactForm, CounterForm, SearchForm
from servicing.models import Interaction
from staff.access import BOOK_KEEPERS, COUNTER, CUSTOMER_ROLES, MANAGERS, roles
from staff.enums import Role
from staff.models import User

SERVES = (*COUNTER, *MANAGERS)
LOGS = (*COUNTER, *BOOK_KEEPERS, Role.BRANCH_HEAD)
SHOWN = 8


@require_GET
@roles(*SERVES)
def counter(request: HttpRequest) -> HttpResponse:
    """The teller's screen: one search box."""
    return render(request, "servicing/counter.html")


@require_POST
@roles(*SERVES)
def counter_search(request: HttpRequest) -> HttpResponse:
    """Customers for what is typed; always a POST, so that no number ever stands in an address."""
    form = SearchForm(request.POST)
    text = form.cleaned_data["q"] if form.is_valid() else ""
    found = []
    if text:
        rows = customers.search(Customer.objects.visible_to(request.user), text)
        rows = rows.select_related("position", "manager").order_by("name_pinyin", "pk")[: SHOWN + 1]
        found = [(row, records.mask(row)) for row in rows]
    context = {"text": text, "found": found[:SHOWN], "has_more": len(found) > SHOWN}
    return _panel(request, "servicing/_results.html", context)


@require_GET
@roles(*SERVES)
def counter_card(request: HttpRequest, customer_no: str) -> HttpResponse:
    """The masked card of a customer, ready to log the contact."""
    customer = _customer(request, customer_no)
    return _panel(request, "servicing/_card.html", _card(request, customer, _counter_form(request)))


@require_POST
@roles(*SERVES)
def counter_log(request: HttpRequest, customer_no: str) -> HttpResponse:
    """Log the contact at the counter and be ready for the next customer."""
    customer, at = _customer(request, customer_no), now()
    form = _counter_form(request, request.POST)
    if form.is_valid():
        try:
            contact = services.log_interaction(
                actor=request.user,
                customer=customer,
                channel=_counter_channel(request.user),
                happened_at=at,
                at=at,
                **form.cleaned_data,
            )
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return _panel(request, "servicing/_logged.html", {"contact": contact, "customer": customer})
    return _panel(request, "servicing/_card.html", _card(request, customer, form), status=422)


@require_http_methods(["GET", "POST"])
@roles(*LOGS)
def log(request: HttpRequest, customer_no: str) -> HttpResponse:
    """Write a contact down from the customer's page."""
    customer, at = _customer(request, customer_no), now()
    form = ContactForm(request.POST if request.method == "POST" else None, initial={"happened_at": at})
    if form.is_valid():
        try:
            contact = services.log_interaction(actor=request.user, customer=customer, at=at, **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return _written(request, contact, at)
    context = {"form": form, "customer": customer, "alerts": standing_alerts(customer, at.date())}
    return _form(request, "servicing/_log.html", context)


@require_http_methods(["GET", "POST"])
@roles(*LOGS)
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct one's own contact of the last quarter of an hour."""
    contact = _contact(request, pk)
    data = request.POST if request.method == "POST" else None
    initial = {name: getattr(contact, name) for name in ("topic", "outcome", "note")}
    form = ChangeForm(data, initial=initial, channel=contact.channel)
    if form.is_valid():
        try:
            services.change_interaction(interaction=contact, actor=request.user, at=now(), **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return _written(request, contact, now())
    return _form(request, "servicing/_change.html", {"form": form, "contact": contact, "customer": contact.customer})


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
        return _panel(request, "servicing/_undone.html", {"customer": contact.customer})
    if request.htmx:
        return _fragment(request, "servicing/_undone.html", {"customer": contact.customer})
    return redirect(contact.customer)


@require_GET
@roles(*CUSTOMER_ROLES)
def contacts(request: HttpRequest) -> HttpResponse:
    """Contacts the viewer may see, latest first."""
    rows = Interaction.objects.visible_to(request.user).select_related("author", "branch", "customer")
    listing = CONTACTS.show(request, queries.with_readable_note(rows, request.user))
    return render(request, "servicing/contacts.html", {"listing": listing, "page_title": _("Contacts")})


def _customer(request: HttpRequest, customer_no: str) -> Customer:
    rows = Customer.objects.visible_to(request.user).select_related("position", "manager", "branch")
    return get_object_or_404(rows, customer_no=customer_no)


def _contact(request: HttpRequest, pk: int) -> Interaction:
    """One's own contact: what others wrote may hold a note that is not for everybody who sees the customer."""
    rows = Interaction.objects.visible_to(request.user).filter(author=request.user).select_related("customer")
    return get_object_or_404(rows, pk=pk)


def _counter_channel(user: User) -> Channel:
    return Channel.LOBBY if user.role == Role.LOBBY else Channel.COUNTER


def _counter_form(request: HttpRequest, data: Any = None) -> CounterForm:
    return CounterForm(data, channel=_counter_channel(request.user))


def _card(request: HttpRequest, customer: Customer, form: CounterForm) -> dict[str, Any]:
    return {
        "customer": customer,
        "masked": records.mask(customer),
        "alerts": standing_alerts(customer, now().date()),
        "last": queries.contacts_of(customer, request.user).first(),
        "form": form,
    }


def _panel(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A part of the counter screen: alone for htmx, else inside the whole screen."""
    page = "servicing/_panel.html" if request.htmx else "servicing/counter.html"
    return render(request, page, {**context, "panel": template}, status=status)


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

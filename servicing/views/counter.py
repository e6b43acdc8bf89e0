"""The counter: search, card, quick log, referral and fraud prompt, all in one panel."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.ahead import not_ahead
from core.clock import now, today
from core.errors import DomainError
from customers import queries as customers
from customers.models import Customer
from customers.services import records
from customers.services.openings import note_opening
from servicing.enums import Channel
from servicing.forms.contacts import CounterForm, SearchForm
from servicing.forms.fraud import FraudForm
from servicing.forms.referrals import ReferralForm
from servicing.queries import contacts as queries
from servicing.queries import fraud
from servicing.queries.card import card_of
from servicing.queries.referrals import open_referrals, takers_for
from servicing.rules.card import age_on
from servicing.services.contacts import log_interaction
from servicing.services.fraud import record_check
from servicing.services.referrals import make_referral
from staff.access import COUNTER, MANAGERS, roles
from staff.enums import Role
from staff.models import User

SERVES = (*COUNTER, *MANAGERS)
SHOWN = 8
INVALID = 422  # htmx shows forms with errors under this status


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
@not_ahead
def counter_card(request: HttpRequest, customer_no: str) -> HttpResponse:
    """The masked card of a customer, ready to log the contact; ?topic= chooses what it is about."""
    customer = _customer(request, customer_no)
    note_opening(person=request.user, customer=customer, at=now())
    form = _counter_form(request, initial={"topic": request.GET.get("topic", "")})
    return _panel(request, "servicing/_card.html", _card(request, customer, form))


@require_POST
@roles(*SERVES)
def counter_log(request: HttpRequest, customer_no: str) -> HttpResponse:
    """Log the contact at the counter and be ready for the next customer."""
    customer, at = _customer(request, customer_no), now()
    form = _counter_form(request, request.POST)
    if form.is_valid():
        try:
            contact = log_interaction(
                actor=request.user,
                customer=customer,
                channel=_channel(request.user),
                happened_at=at,
                at=at,
                **form.cleaned_data,
            )
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return _panel(request, "servicing/_logged.html", {"contact": contact, "customer": customer})
    return _panel(request, "servicing/_card.html", _card(request, customer, form), status=INVALID)


@require_http_methods(["GET", "POST"])
@roles(*SERVES)
def counter_refer(request: HttpRequest, customer_no: str) -> HttpResponse:
    """Send the customer to a manager; the contact is logged with it."""
    customer, at = _customer(request, customer_no), now()
    people = takers_for(customer, request.user)
    manager = customer.manager.staff_no if customer.manager and customer.manager != request.user else ""
    form = ReferralForm(request.POST or None, people=people, at_counter=True, initial={"to_user": manager})
    if request.method == "POST" and form.is_valid():
        try:
            referral = make_referral(
                actor=request.user, customer=customer, at=at, channel=_channel(request.user), **form.cleaned_data
            )
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return _panel(request, "servicing/_referred.html", {"referral": referral, "customer": customer})
    context = {"customer": customer, "form": form, "waiting": open_referrals(customer, request.user).first()}
    return _panel(request, "servicing/_counter_refer.html", context, status=INVALID if form.errors else 200)


@require_http_methods(["GET", "POST"])
@roles(*SERVES)
def counter_fraud(request: HttpRequest, customer_no: str) -> HttpResponse:
    """Ask at most three questions before large cash or a transfer to somebody new, and keep what came of it."""
    customer, at, day = _customer(request, customer_no), now(), today()
    prompt, age = fraud.prompt_on(day), age_on(customer.birth_date, day)
    form = FraudForm(request.POST or None, questions=prompt.asked_of(age))
    if request.method == "POST" and form.is_valid():
        said = {name: form.cleaned_data[name] for name in ("outcome", "note", "once")}
        try:
            check = record_check(actor=request.user, customer=customer, answers=form.answers, at=at, **said)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return _panel(request, "servicing/_fraud_done.html", {"check": check, "customer": customer})
    context = {
        "customer": customer,
        "form": form,
        "script": prompt.script(get_language() or ""),
        "cash_from": f"{prompt.cash_from:,}",
        "earlier": fraud.was_checked(customer.pk, request.user, at),
    }
    return _panel(request, "servicing/_fraud.html", context, status=INVALID if form.errors else 200)


def _customer(request: HttpRequest, customer_no: str) -> Customer:
    rows = Customer.objects.visible_to(request.user).select_related("position", "manager", "branch")
    return get_object_or_404(rows, customer_no=customer_no)


def _channel(user: User) -> Channel:
    return Channel.LOBBY if user.role == Role.LOBBY else Channel.COUNTER


def _counter_form(request: HttpRequest, data: Any = None, **kwargs: Any) -> CounterForm:
    return CounterForm(data, channel=_channel(request.user), **kwargs)


def _card(request: HttpRequest, customer: Customer, form: CounterForm) -> dict[str, Any]:
    return {
        "customer": customer,
        "masked": records.mask(customer),
        "card": card_of(customer, request.user, today()),
        "last": queries.contacts_of(customer, request.user).first(),
        "form": form,
    }


def _panel(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A part of the counter screen: alone for htmx, else inside the whole screen."""
    page = "servicing/_panel.html" if request.htmx else "servicing/counter.html"
    return render(request, page, {**context, "panel": template}, status=status)

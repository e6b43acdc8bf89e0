"""The profile tab, and sealed values shown for a reason."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from core.clock import now
from core.errors import DomainError
from customers.enums import CustomerKind
from customers.forms import RevealForm
from customers.models import Customer
from customers.services import records
from customers.views.scope import customer_in_sight
from staff.access import CUSTOMER_ROLES, roles


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the profile."""

    label: str
    value: Any
    kind: str = "text"
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Secret:
    """A sealed value as the profile shows it."""

    field: str
    label: str
    masked: str


@roles(*CUSTOMER_ROLES)
@require_GET
def customer_profile(request: HttpRequest, customer_no: str) -> HttpResponse:
    """The tab with what is known of the customer, sealed values masked."""
    customer = customer_in_sight(request, customer_no)
    context = {"customer": customer, "facts": list(_facts(customer)), "secrets": list(_secrets(customer))}
    return render(request, "customers/_profile.html", context)


def _facts(customer: Customer) -> Iterator[Fact]:
    validity = _("without expiry") if customer.id_is_long_term else customer.id_expires_on
    yield Fact(_("Kind"), customer.get_kind_display())
    yield Fact(_("Identity document"), customer.get_id_type_display())
    yield Fact(_("Valid until"), validity, "text" if customer.id_is_long_term else "date")
    if customer.kind == CustomerKind.PERSON:
        yield Fact(_("Sex"), customer.get_sex_display())
        yield Fact(_("Date of birth"), customer.birth_date, "date")
        yield Fact(_("Occupation"), customer.occupation)
        yield Fact(_("Employer"), customer.employer)
    yield Fact(_("Risk grade"), customer.risk_grade)
    yield Fact(_("Customer since"), customer.opened_on, "date")


def _labels() -> dict[str, str]:
    return {
        "id_no": _("Identity number"),
        "phone": _("Phone"),
        "email": _("E-mail"),
        "address": _("Address"),
    }


def _secrets(customer: Customer) -> Iterator[Secret]:
    masked = records.mask(customer)
    for field, label in _labels().items():
        yield Secret(field, label, getattr(masked, field))


@never_cache
@roles(*CUSTOMER_ROLES)
@require_http_methods(["GET", "POST"])
def customer_reveal(request: HttpRequest, customer_no: str, field: str) -> HttpResponse:
    """A sealed value: masked, or asking for the reason (?ask=1), or after the reason was given, for half a minute."""
    if field not in records.FIELDS:
        raise Http404
    customer = customer_in_sight(request, customer_no)
    form = RevealForm(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {"customer": customer, "field": field, "label": _labels()[field], "form": form}
    if request.method == "GET":
        context["masked"] = records.masked(customer, field)
        template = "customers/_reveal_form.html" if "ask" in request.GET else "customers/_secret.html"
        return render(request, template, context)
    if form.is_valid():
        try:
            context["value"] = records.reveal(
                customer=customer, field=field, reason=form.words(), actor=request.user, at=now()
            )
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return render(request, "customers/_revealed.html", context)
    return render(request, "customers/_reveal_form.html", context, status=422)

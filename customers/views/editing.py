"""Customers made and edited on a page: the form, who may be the same, and two who edit at once."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from core.ahead import not_ahead
from core.clock import now
from core.errors import DomainError
from customers import queries
from customers.enums import CustomerKind
from customers.forms import AlikeForm, ProfileForm
from customers.forms.profile import REMOVE, doubt_words
from customers.models import Customer
from customers.rules import profile as rules
from customers.services import duplicates, profile, records
from customers.services.openings import note_opening
from customers.views.scope import customer_in_sight
from staff.access import SERVING, roles

INVALID = 422
PICK = "pick_"
# How long a form that was sent twice finds what its first sending made.
ONCE_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that two people have seen differently: what this one typed, and what stands there now."""

    field: str
    label: str
    mine: str
    theirs: str
    is_mine: bool


@dataclass(frozen=True, slots=True)
class AlikeRow:
    """A customer in sight who may be the one being typed."""

    customer: Customer
    why: list[str]
    phone: str
    id_no: str


@never_cache
@roles(*SERVING)
@require_http_methods(["GET", "HEAD", "POST"])
def customer_new(request: HttpRequest) -> HttpResponse:
    """A new person or organisation."""
    asked = (request.POST if request.method == "POST" else request.GET).get("kind", "")
    kind = asked if asked in CustomerKind.values else CustomerKind.PERSON
    form = ProfileForm(request.POST if request.method == "POST" else None, kind=kind, user=request.user)
    context: dict[str, Any] = {"form": form, "kind": kind, "kinds": CustomerKind.choices}
    if request.method == "POST" and form.is_valid():
        once = f"customer-new:{request.user.pk}:{form.cleaned_data['once']}"
        if number := cache.get(once):
            return redirect("customers:detail", number)
        saved = _attempt(context, lambda: _create(request, form))
        if saved:
            cache.set(once, saved.customer.customer_no, ONCE_SECONDS)
            return _done(request, saved, _("The customer was created."))
    context["page_title"] = title = _("New customer")
    context["crumbs"] = [{"label": _("Customers"), "url": reverse("customers:list")}, {"label": title}]
    return render(request, "customers/new.html", context, status=INVALID if form.errors else 200)


def _create(request: HttpRequest, form: ProfileForm) -> profile.Saved:
    return profile.create_customer(
        kind=form.kind,
        values=form.values,
        source=form.cleaned_data["source"],
        actor=request.user,
        at=now(),
        branch=form.cleaned_data.get("branch"),
    )


def _attempt(context: dict[str, Any], save: Callable[[], profile.Saved]) -> profile.Saved | None:
    """What was saved, or None with the reason on the form; StaleRecord is the caller's."""
    form: ProfileForm = context["form"]
    try:
        return save()
    except profile.StaleRecord:
        raise
    except profile.ProfileRefused as error:
        form.add_faults(error.faults)
    except duplicates.AlreadyCustomer as error:
        form.add_error("id_no", str(error))
        context["existing"] = error.customer
    except duplicates.ExistsElsewhere as error:
        form.add_error("id_no", str(error))
    except DomainError as error:
        form.add_error(None, str(error))
    return None


def _done(request: HttpRequest, saved: profile.Saved, words: str) -> HttpResponseRedirect:
    if saved.changed:
        messages.success(request, words)
    else:
        messages.info(request, _("Nothing was changed."))
    for doubt in saved.doubts:
        messages.warning(request, doubt_words(doubt.code))
    return redirect(f"{saved.customer.get_absolute_url()}?tab=profile")


@never_cache
@roles(*SERVING)
@require_http_methods(["GET", "HEAD", "POST"])
@not_ahead
def customer_edit(request: HttpRequest, customer_no: str) -> HttpResponse:
    """The record of a customer; of two who edit at once the second is shown both values of what differs."""
    customer = customer_in_sight(request, customer_no)
    if request.method == "GET":
        note_opening(person=request.user, customer=customer, at=now())
    data = _picked(request.POST) if request.method == "POST" else None
    form = ProfileForm(data, kind=customer.kind, user=request.user, customer=customer)
    context: dict[str, Any] = {"form": form, "customer": customer, "kind": customer.kind}
    if data is not None and form.is_valid():
        try:
            saved = _attempt(context, lambda: _edit(request, customer, form))
        except profile.StaleRecord:
            return _conflict(request, customer_in_sight(request, customer_no), form)
        if saved:
            return _done(request, saved, _("The changes were saved."))
    context["crumbs"] = _crumbs(customer)
    return render(request, "customers/edit.html", context, status=INVALID if form.errors else 200)


def _edit(request: HttpRequest, customer: Customer, form: ProfileForm) -> profile.Saved:
    return profile.edit_customer(
        customer=customer,
        values=form.values,
        version=form.cleaned_data["version"],
        source=form.cleaned_data["source"],
        actor=request.user,
        at=now(),
    )


def _crumbs(customer: Customer) -> list[dict[str, str]]:
    return [
        {"label": _("Customers"), "url": reverse("customers:list")},
        {"label": customer.name, "url": customer.get_absolute_url()},
        {"label": _("Edit")},
    ]


def _picked(data: QueryDict) -> QueryDict:
    """What was sent, with the other's value in each field for which that was chosen."""
    data = data.copy()
    for key in [key for key in data if key.startswith(PICK)]:
        name = key.removeprefix(PICK)
        if data[key] == "theirs":
            data.pop(REMOVE + name, None)
            data[name] = data.get(f"initial-{name}", "")
    return data


def _conflict(request: HttpRequest, customer: Customer, form: ProfileForm) -> HttpResponse:
    """Both values of each field that differs; whatever was typed goes along, hidden, until one is chosen."""
    theirs = profile.stored_values(customer)
    seen = {name: _first_value(form, name) for name in theirs if name not in rules.SEALED}
    mine = {**theirs, **seen, **form.values}
    differing = [name for name in theirs if (mine[name] or "") != (theirs[name] or "")]
    context = {
        "customer": customer,
        "differences": [_difference(name, mine, theirs, name in form.values) for name in differing],
        "kept": [*_kept(form, mine, theirs), ("version", customer.version)],
        "crumbs": _crumbs(customer),
    }
    return render(request, "customers/conflict.html", context, status=409)


def _first_value(form: ProfileForm, name: str) -> Any:
    """What the person saw when they opened the form."""
    try:
        return form.fields[name].to_python(form.data.get(f"initial-{name}"))
    except ValidationError:
        return None


def _difference(name: str, mine: Mapping[str, Any], theirs: Mapping[str, Any], is_mine: bool) -> Difference:
    return Difference(name, str(queries.LABELS[name]), _words(name, mine[name]), _words(name, theirs[name]), is_mine)


def _words(name: str, value: Any) -> str:
    if name in rules.SEALED:
        return queries.mask_value(name, value)
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, date):
        return value.isoformat()
    return str(dict(Customer._meta.get_field(name).choices or ()).get(value, value or ""))


def _kept(form: ProfileForm, mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and value of each hidden field: mine as they were typed, and theirs as the first values of the next try."""
    yield "source", form.cleaned_data["source"]
    for name in theirs:
        if name not in rules.SEALED:
            yield name, _raw(mine[name])
            yield f"initial-{name}", _raw(theirs[name])
        elif form.values.get(name):
            yield name, form.values[name]
        elif name in form.values:
            yield REMOVE + name, "on"


def _raw(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else ""
    return value.isoformat() if isinstance(value, date) else str(value or "")


@never_cache
@roles(*SERVING)
@require_POST
def customer_duplicates(request: HttpRequest) -> HttpResponse:
    """Who may be the customer being typed; asked and answered in bodies, so that no address holds a number."""
    form = AlikeForm(request.POST)
    why = {"id_no": _("Same identity number"), "phone": _("Same phone"), "name": _("Same name and date of birth")}
    try:
        found = duplicates.find_alike(actor=request.user, at=now(), **form.typed())
    except duplicates.TooManyChecks as error:
        return render(request, "customers/_duplicates.html", {"refusal": str(error)})
    rows = [
        AlikeRow(
            customer,
            [why[reason] for reason in found.reasons[customer.pk]],
            records.masked(customer, "phone"),
            records.masked(customer, "id_no"),
        )
        for customer in found.customers
    ]
    return render(request, "customers/_duplicates.html", {"rows": rows, "elsewhere": found.elsewhere})

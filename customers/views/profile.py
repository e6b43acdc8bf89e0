"""The profile tab with preferences, and sealed values shown for a reason."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from core.clock import now
from core.errors import DomainError
from customers import queries
from customers.enums import PreferenceKind, PreferenceValue
from customers.forms import PreferenceForm, RevealForm
from customers.models import Customer, FieldSource, Preference
from customers.rules import profile as rules
from customers.services import preferences, records
from customers.views.scope import customer_in_sight
from staff.access import CUSTOMER_ROLES, SERVING, has_role, roles


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
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """A preference as the profile shows it; without one its kind stands there empty."""

    kind: str
    label: str
    value: str = ""
    source: str = ""
    stated_on: date | None = None


@roles(*CUSTOMER_ROLES)
@require_GET
def customer_profile(request: HttpRequest, customer_no: str) -> HttpResponse:
    """The tab with what is known of the customer and where it comes from, sealed values masked; what it prefers."""
    customer = customer_in_sight(request, customer_no)
    sources = queries.sources_of(customer.pk)
    stated = {preference.kind: preference for preference in queries.preferences(customer.pk)}
    context = {
        "customer": customer,
        "facts": list(_facts(customer, sources)),
        "secrets": list(_secrets(customer, sources)),
        "wishes": [_wish(kind, stated.get(kind)) for kind in PreferenceKind.values],
        "may_edit": has_role(request.user, *SERVING),
    }
    return render(request, "customers/_profile.html", context)


def _facts(customer: Customer, sources: Mapping[str, FieldSource]) -> Iterator[Fact]:
    shown = [name for name in rules.fields_of(customer.kind) if name not in (*rules.SEALED, "name")]
    yield Fact(str(queries.LABELS["kind"]), customer.get_kind_display())
    for name in shown:
        if name == "id_is_long_term" or (name == "id_expires_on" and customer.id_is_long_term):
            continue
        value = getattr(customer, name)
        kind = "date" if name in rules.DATES else "text"
        if name in ("sex", "id_type", "origin"):
            value = getattr(customer, f"get_{name}_display")()
        yield Fact(str(queries.LABELS[name]), value, kind, _origin(sources.get(name)))
    if customer.id_is_long_term:
        hint = _origin(sources.get("id_is_long_term"))
        yield Fact(str(queries.LABELS["id_expires_on"]), _("without expiry"), "text", hint)
    yield Fact(str(queries.LABELS["risk_grade"]), customer.risk_grade)


def _origin(source: FieldSource | None) -> str:
    """Where a value comes from and how fresh that is; nothing for what the core's feed brought."""
    if source is None:
        return ""
    words = {"source": source.get_source_display(), "day": source.confirmed_on.isoformat()}
    return _("%(source)s, %(day)s") % words


def _secrets(customer: Customer, sources: Mapping[str, FieldSource]) -> Iterator[Secret]:
    masked = records.mask(customer)
    for field in records.FIELDS:
        yield Secret(field, str(queries.LABELS[field]), getattr(masked, field), _origin(sources.get(field)))


def _wish(kind: str, preference: Preference | None) -> Wish:
    label = str(PreferenceKind(kind).label)
    if preference is None:
        return Wish(kind, label)
    value = str(PreferenceValue(preference.value).label)
    return Wish(kind, label, value, preference.get_source_display(), preference.stated_on)


@never_cache
@roles(*SERVING)
@require_http_methods(["GET", "POST"])
def customer_preference(request: HttpRequest, customer_no: str, kind: str) -> HttpResponse:
    """One preference: as it is, or with ?edit=1 its form in its place; what is sent ends the statement before it."""
    if kind not in PreferenceKind.values:
        raise Http404
    customer = customer_in_sight(request, customer_no)
    current = next((each for each in queries.preferences(customer.pk) if each.kind == kind), None)
    form = PreferenceForm(
        request.POST if request.method == "POST" else None, kind=kind, user=request.user, current=current
    )
    label = PreferenceKind(kind).label
    context: dict[str, Any] = {"customer": customer, "kind": kind, "label": label, "form": form, "may_edit": True}
    if request.method == "POST" and form.is_valid():
        current = preferences.set_preference(
            customer=customer, kind=kind, **form.cleaned_data, actor=request.user, at=now()
        )
    elif request.method == "POST" or "edit" in request.GET:
        status = 422 if form.errors else 200
        return render(request, "customers/_preferences_form.html", context, status=status)
    return render(request, "customers/_preferences_row.html", {**context, "wish": _wish(kind, current)})


@never_cache
@roles(*CUSTOMER_ROLES)
@require_http_methods(["GET", "POST"])
def customer_reveal(request: HttpRequest, customer_no: str, field: str) -> HttpResponse:
    """A sealed value: masked, or asking for the reason (?ask=1), or after the reason was given, for half a minute."""
    if field not in records.FIELDS:
        raise Http404
    customer = customer_in_sight(request, customer_no)
    form = RevealForm(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {"customer": customer, "field": field, "label": queries.LABELS[field], "form": form}
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

"""The consents of a customer, and the wordings they are given to."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from core.clock import now, today
from core.errors import DomainError
from core.pages import CURSOR, keyset_page
from customers.enums import ConsentChannel, ConsentDecision, ConsentPurpose
from customers.forms.care import ConsentForm, WordingForm
from customers.models import ConsentWording, Customer
from customers.queries import consents as queries
from customers.services import consents as services
from customers.views.scope import customer_in_sight
from staff.access import CUSTOMER_ROLES, SERVING, has_role, roles
from staff.enums import Role

WORDING_READERS = (*CUSTOMER_ROLES, Role.AUDITOR)
INVALID = 422
HISTORY = 20


@dataclass(frozen=True, slots=True)
class PurposeRow:
    """A purpose as the matrix shows it: the wording in force and what holds over each channel."""

    purpose: ConsentPurpose
    wording: ConsentWording | None
    states: tuple[queries.ConsentState, ...]


@roles(*CUSTOMER_ROLES)
@require_GET
def customer_consents(request: HttpRequest, customer_no: str) -> HttpResponse:
    """The tab with what the customer agrees to, and every statement that led there."""
    customer = customer_in_sight(request, customer_no)
    return render(request, "customers/_consents.html", _tab(request, customer))


def _tab(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    cursor = request.GET.get(CURSOR, "")
    page = keyset_page(queries.statements_of(customer.pk), ["-pk"], cursor, size=HISTORY, count=False)
    here = reverse("customers:consents", args=[customer.customer_no])
    return {
        "customer": customer,
        "rows": list(_rows(customer)),
        "channels": list(ConsentChannel),
        "history": page.rows,
        "next_url": f"{here}?{urlencode({CURSOR: page.next})}" if page.next else "",
        "previous_url": f"{here}?{urlencode({CURSOR: page.previous})}" if page.previous else "",
        "may_write": has_role(request.user, *SERVING),
    }


def _rows(customer: Customer) -> Iterator[PurposeRow]:
    wordings = queries.wordings_in_force(today())
    for row in queries.current(customer.pk):
        yield PurposeRow(row.purpose, wordings.get(row.purpose), row.states)


@roles(*SERVING)
@require_http_methods(["GET", "HEAD", "POST"])
def consent_record(request: HttpRequest, customer_no: str) -> HttpResponse:
    """Write a statement down: given with its proof, or withdrawn, for which a press of the button is enough."""
    customer, at = customer_in_sight(request, customer_no), now()
    if request.method == "POST":
        form = ConsentForm(request.POST)
        if form.is_valid() and _record(request, customer, form):
            messages.success(request, _said(form.cleaned_data["decision"]))
            if not request.htmx:
                return redirect(f"{customer.get_absolute_url()}?tab=consents")
            response = render(request, "customers/_consents.html", _tab(request, customer))
            response["HX-Retarget"] = "#customer-tab"
            return response
    else:
        form = ConsentForm(initial={**request.GET.dict(), "stated_at": at})
    return _form(request, customer, form)


def _said(decision: str) -> str:
    if decision == ConsentDecision.GIVEN:
        return _("The consent was recorded.")
    return _("The withdrawal was recorded; it holds from this moment.")


def _record(request: HttpRequest, customer: Customer, form: ConsentForm) -> bool:
    try:
        services.record_consent(customer=customer, actor=request.user, at=now(), **form.cleaned_data)
    except DomainError as error:
        form.add_error("proof_ref" if isinstance(error, services.ProofReferenceNeeded) else None, str(error))
        return False
    return True


def _form(request: HttpRequest, customer: Customer, form: ConsentForm) -> HttpResponse:
    asked = {name: form[name].value() for name in ("purpose", "channel", "decision")}
    purpose = ConsentPurpose(asked["purpose"]) if asked["purpose"] in ConsentPurpose.values else None
    channel = ConsentChannel(asked["channel"]) if asked["channel"] in ConsentChannel.values else None
    context = {
        "customer": customer,
        "form": form,
        "purpose": purpose,
        "channel": channel,
        "is_withdrawal": asked["decision"] == ConsentDecision.WITHDRAWN,
        "wording": queries.wording_on(purpose, today()) if purpose else None,
        "part": "customers/_consents_form.html",
    }
    page = context["part"] if request.htmx else "customers/care_page.html"
    return render(request, page, context, status=INVALID if form.errors else 200)


@roles(*WORDING_READERS)
@require_GET
def wording_list(request: HttpRequest) -> HttpResponse:
    """Every wording there ever was, by purpose, and which one is agreed to today."""
    in_force = {wording.pk for wording in queries.wordings_in_force(today()).values()}
    groups: dict[str, list[ConsentWording]] = {purpose.label: [] for purpose in ConsentPurpose}
    for wording in queries.wordings():
        groups[wording.get_purpose_display()].append(wording)
    context = {
        "groups": groups.items(),
        "in_force": in_force,
        "today": today(),
        "may_write": has_role(request.user, Role.COMPLIANCE),
        "page_title": _("Consent wordings"),
    }
    return render(request, "customers/wordings.html", context)


@roles(Role.COMPLIANCE)
@require_http_methods(["GET", "HEAD", "POST"])
def wording_new(request: HttpRequest) -> HttpResponse:
    """Add a version; those before stay as they were agreed to."""
    purpose = request.GET.get("purpose", ConsentPurpose.MARKETING)
    newest = queries.latest_wording(purpose) if purpose in ConsentPurpose.values else None
    initial = {"purpose": purpose, "effective_on": today()}
    if newest:
        initial |= {"text_zh": newest.text_zh, "text_en": newest.text_en}
    form = WordingForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        try:
            wording = services.add_wording(actor=request.user, at=now(), **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            words = {"version": wording.version, "day": wording.effective_on.isoformat()}
            messages.success(request, _("Version %(version)s holds from %(day)s on.") % words)
            return redirect("customers:wordings")
    title = _("New wording")
    crumbs = [{"label": _("Consent wordings"), "url": reverse("customers:wordings")}, {"label": title}]
    context = {"form": form, "page_title": title, "crumbs": crumbs}
    return render(request, "customers/wordings_form.html", context, status=INVALID if form.errors else 200)

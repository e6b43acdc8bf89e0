"""Prospects: who may become a customer, from the first contact to the customer record."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.clock import now, today
from core.errors import DomainError
from core.privacy import mask_phone
from customers.enums import CustomerKind, ProspectState
from customers.filters.care import PROSPECTS
from customers.forms.profile import fault_words
from customers.forms.prospects import ConvertForm, DropForm, PhoneCheckForm, ProspectForm
from customers.models import Customer, Prospect
from customers.queries import prospects as queries
from customers.services import prospects as services
from customers.services.profile import ProfileRefused
from staff.access import BOOK_KEEPERS, HEADS, SERVING, has_role, roles

READERS = tuple(dict.fromkeys((*SERVING, *HEADS)))
INVALID = 422


@roles(*READERS)
@require_GET
def prospect_list(request: HttpRequest) -> HttpResponse:
    """Prospects in sight, the latest first."""
    rows = Prospect.objects.visible_to(request.user).select_related("branch", "manager")
    context = {
        "listing": PROSPECTS.show(request, rows),
        "may_write": has_role(request.user, *SERVING),
        "page_title": _("Prospects"),
    }
    return render(request, "customers/prospects.html", context)


@roles(*READERS)
@require_GET
def prospect_detail(request: HttpRequest, number: str) -> HttpResponse:
    """What is known of a prospect, and what may be done."""
    prospect = _prospect(request, number)
    is_open = prospect.state == ProspectState.OPEN
    # The record may be out of the viewer's sight by now.
    became = Customer.objects.visible_to(request.user).filter(pk=prospect.customer_id).first()
    context = {
        "prospect": prospect,
        "phone": mask_phone(services.phone_of(prospect)),
        "known": queries.alike(prospect, request.user) if is_open else [],
        "became": became,
        "may_write": is_open and has_role(request.user, *SERVING),
        "drop_form": DropForm(),
        "crumbs": _crumbs(prospect.name),
    }
    return render(request, "customers/prospect.html", context)


def _prospect(request: HttpRequest, number: str) -> Prospect:
    rows = Prospect.objects.visible_to(request.user).select_related("branch", "manager", "referred_by", "customer")
    return get_object_or_404(rows, number=number)


def _open_prospect(request: HttpRequest, number: str) -> Prospect:
    prospect = _prospect(request, number)
    return get_object_or_404(Prospect.objects.visible_to(request.user), pk=prospect.pk, state=ProspectState.OPEN)


def _crumbs(title: str) -> list[dict[str, str]]:
    return [{"label": _("Prospects"), "url": reverse("customers:prospects")}, {"label": title}]


@roles(*SERVING)
@require_http_methods(["GET", "HEAD", "POST"])
def prospect_new(request: HttpRequest) -> HttpResponse:
    """Take somebody in who asks for something and is not a customer yet."""
    own = request.user.staff_no if has_role(request.user, *BOOK_KEEPERS) else ""
    initial = {"first_contact_on": today(), "kind": CustomerKind.PERSON, "manager": own}
    form = _form(request, initial, request.user.branch)
    prospect = _save(request, form, None)
    if prospect:
        messages.success(request, _("%(name)s was taken in as %(number)s.") % _named(prospect))
        return redirect(prospect)
    return _editor(request, form, _("New prospect"), reverse("customers:prospects"))


@roles(*SERVING)
@require_http_methods(["GET", "HEAD", "POST"])
def prospect_edit(request: HttpRequest, number: str) -> HttpResponse:
    """Correct what is known of an open prospect."""
    prospect = _open_prospect(request, number)
    names = ("name", "kind", "origin", "campaign", "interest", "first_contact_on")
    initial = {name: getattr(prospect, name) for name in names}
    initial["referred_by"] = prospect.referred_by.customer_no if prospect.referred_by else ""
    initial["manager"] = prospect.manager.staff_no if prospect.manager else ""
    form = _form(request, initial, prospect.branch)
    form.fields["phone"].help_text = _("Known: %(phone)s. Empty keeps it.") % {
        "phone": mask_phone(services.phone_of(prospect)) or "–"
    }
    if _save(request, form, prospect):
        messages.success(request, _("The prospect was changed."))
        return redirect(prospect)
    return _editor(request, form, _("Change %(name)s") % {"name": prospect.name}, prospect.get_absolute_url())


def _named(prospect: Prospect) -> dict[str, str]:
    return {"name": prospect.name, "number": prospect.number}


def _form(request: HttpRequest, initial: dict[str, Any], branch: Any) -> ProspectForm:
    data = request.POST if request.method == "POST" else None
    seen = Customer.objects.visible_to(request.user)
    return ProspectForm(data, initial=initial, managers=queries.prospect_managers(branch), seen=seen)


def _save(request: HttpRequest, form: ProspectForm, prospect: Prospect | None) -> Prospect | None:
    if not form.is_valid():
        return None
    values = form.cleaned_data
    if prospect and not values["phone"]:
        values["phone"] = services.phone_of(prospect)
    facts = services.ProspectFacts(**values)
    try:
        if prospect is None:
            return services.create_prospect(facts=facts, branch=request.user.branch, actor=request.user, at=now())
        return services.change_prospect(prospect=prospect, facts=facts, actor=request.user, at=now())
    except DomainError as error:
        form.add_error("referred_by" if isinstance(error, services.ReferrerNeeded) else None, str(error))
        return None


def _editor(request: HttpRequest, form: ProspectForm, title: str, back: str) -> HttpResponse:
    context = {"form": form, "back": back, "page_title": title, "crumbs": _crumbs(title)}
    return render(request, "customers/prospect_form.html", context, status=INVALID if form.errors else 200)


@roles(*SERVING)
@require_POST
def prospect_check(request: HttpRequest) -> HttpResponse:
    """Customers in sight who have the phone being typed; a POST, so that no phone ever stands in an address."""
    form = PhoneCheckForm(request.POST)
    phone = form.cleaned_data["phone"] if form.is_valid() else ""
    return render(request, "customers/prospect_known.html", {"known": queries.known_by_phone(phone, request.user)})


@roles(*SERVING)
@require_POST
def prospect_drop(request: HttpRequest, number: str) -> HttpResponse:
    """Give a prospect up for a reason."""
    prospect, form = _open_prospect(request, number), DropForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        services.drop_prospect(prospect=prospect, reason=reason, actor=request.user, at=now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The prospect was given up."))
    return redirect(prospect)


@roles(*SERVING)
@require_http_methods(["GET", "HEAD", "POST"])
def prospect_convert(request: HttpRequest, number: str) -> HttpResponse:
    """Make the prospect a customer, with the document that was shown."""
    prospect = _open_prospect(request, number)
    form = ConvertForm(request.POST if request.method == "POST" else None, initial={"name": prospect.name})
    phone = mask_phone(services.phone_of(prospect))
    if phone:
        form.fields["phone"].help_text = _("Known: %(phone)s. Empty keeps it.") % {"phone": phone}
    if form.is_valid():
        customer = _convert(request, prospect, form)
        if customer:
            messages.success(request, _("%(name)s is a customer now.") % {"name": customer.name})
            visible = Customer.objects.visible_to(request.user).filter(pk=customer.pk).exists()
            return redirect(customer if visible else prospect)
    title = _("Make %(name)s a customer") % {"name": prospect.name}
    context = {"form": form, "back": prospect.get_absolute_url(), "page_title": title, "crumbs": _crumbs(title)}
    return render(request, "customers/prospect_convert.html", context, status=INVALID if form.errors else 200)


def _convert(request: HttpRequest, prospect: Prospect, form: ConvertForm) -> Customer | None:
    try:
        return services.convert_prospect(prospect=prospect, values=form.cleaned_data, actor=request.user, at=now())
    except ProfileRefused as error:
        for fault in error.faults:
            form.add_error(fault.field if fault.field in form.fields else None, fault_words(fault.code))
    except DomainError as error:
        form.add_error(None, str(error))
    return None

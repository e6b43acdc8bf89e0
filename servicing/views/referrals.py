"""Referrals: sending a customer on, the lists, and what the taker and the head decide."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.clock import now, today
from core.errors import DomainError
from customers.models import Customer
from servicing.enums import ReferralState
from servicing.filters.referrals import REFERRALS, state_cell, waited
from servicing.forms.referrals import AssignForm, CloseForm, DeclineForm, ReferralForm
from servicing.models import Referral
from servicing.queries import referrals as queries
from servicing.services import referrals as services
from staff.access import BOOK_KEEPERS, HEADS, SERVING, has_role, roles
from staff.enums import Role
from staff.models import User

READERS = (*SERVING, Role.HEAD_OFFICE)
DECIDERS = (*BOOK_KEEPERS, Role.BRANCH_HEAD)
INVALID = 422  # htmx shows forms with errors under this status
BOXES: tuple[tuple[str, str | Promise, tuple[str, ...]], ...] = (
    ("received", gettext_lazy("Sent to me"), BOOK_KEEPERS),
    ("unit", gettext_lazy("Of the unit"), HEADS),
    ("sent", gettext_lazy("Sent by me"), SERVING),
)


@dataclass(frozen=True, slots=True)
class Box:
    """One of the lists: its key, name, address, and whether it is the one shown."""

    key: str
    label: str
    url: str
    active: bool


@require_GET
@roles(*READERS)
def referral_list(request: HttpRequest) -> HttpResponse:
    """Referrals sent to me, by me, or of the unit, and what mine have earned this year."""
    mine = [(key, str(label)) for key, label, allowed in BOXES if has_role(request.user, *allowed)]
    asked = request.GET.get("box", "")
    chosen = asked if asked in dict(mine) else mine[0][0]
    url, day = reverse("servicing:referrals"), today()
    context = {
        "listing": REFERRALS.show(request, _of_box(request.user, chosen)),
        "boxes": [Box(key, label, f"{url}?box={key}", key == chosen) for key, label in mine],
        "waiting": queries.waiting_for(request.user).count() if has_role(request.user, *DECIDERS) else 0,
        "earned": queries.earned_by(request.user, date(day.year, 1, 1), day) if chosen == "sent" else None,
        "page_title": _("Referrals"),
    }
    return render(request, "servicing/referrals.html", context)


def _of_box(viewer: User, box: str) -> Any:
    rows = queries.referrals_of(viewer)
    if box == "unit":
        return rows
    return rows.filter(from_user=viewer) if box == "sent" else rows.filter(to_user=viewer)


@require_http_methods(["GET", "POST"])
@roles(*SERVING)
def referral_new(request: HttpRequest, customer_no: str) -> HttpResponse:
    """Send a customer on from its page."""
    visible = Customer.objects.visible_to(request.user).select_related("manager", "branch")
    customer = get_object_or_404(visible, customer_no=customer_no)
    form = ReferralForm(request.POST or None, people=queries.takers_for(customer, request.user))
    if request.method == "POST" and form.is_valid():
        try:
            made = services.make_referral(actor=request.user, customer=customer, at=now(), **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Sent on. You will see here what becomes of it."))
            return redirect("servicing:referral", made.pk)
    context = {
        "customer": customer,
        "form": form,
        "open": queries.open_referrals(customer, request.user)[:3],
        "page_title": _("Send %(name)s on") % {"name": customer.name},
        "crumbs": _crumbs(_("Send %(name)s on") % {"name": customer.name}),
    }
    return render(request, "servicing/referral_new.html", context, status=INVALID if form.errors else 200)


@require_GET
@roles(*READERS)
def referral(request: HttpRequest, pk: int) -> HttpResponse:
    """One referral, and what this person may do about it."""
    return _page(request, _referral(request, pk))


@require_POST
@roles(*DECIDERS)
def referral_accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the customer on."""
    return _done(request, _referral(request, pk), services.accept_referral, _("Taken. Contact the customer soon."))


@require_POST
@roles(*DECIDERS)
def referral_decline(request: HttpRequest, pk: int) -> HttpResponse:
    """Send it back with the reason."""
    found, form = _referral(request, pk), DeclineForm(request.POST)
    if not form.is_valid():
        return _page(request, found, decline=form)
    return _done(request, found, services.decline_referral, _("Declined; the colleague sees why."), **form.cleaned_data)


@require_POST
@roles(*DECIDERS)
def referral_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what came of it."""
    found, form = _referral(request, pk), CloseForm(request.POST)
    if not form.is_valid():
        return _page(request, found, close=form)
    said = {**form.cleaned_data, "succeeded": form.cleaned_data["succeeded"] == "yes"}
    return _done(request, found, services.close_referral, _("Closed; the colleague sees what came of it."), **said)


@require_POST
@roles(Role.BRANCH_HEAD)
def referral_assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a referral that names nobody to somebody."""
    found = _referral(request, pk)
    form = AssignForm(request.POST, people=queries.candidates_for(found.customer))
    if not form.is_valid():
        return _page(request, found, assign=form)
    return _done(request, found, services.assign_referral, _("Given on."), **form.cleaned_data)


def _referral(request: HttpRequest, pk: int) -> Referral:
    return get_object_or_404(queries.referrals_of(request.user).select_related("customer__branch"), pk=pk)


def _done(
    request: HttpRequest, found: Referral, service: Callable[..., Referral], words: str, **said: Any
) -> HttpResponse:
    try:
        service(referral=found, actor=request.user, at=now(), **said)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, words)
    return redirect("servicing:referral", found.pk)


def _page(request: HttpRequest, found: Referral, **forms: Any) -> HttpResponse:
    credit, bonus = queries.points_of(found)
    context = {
        "referral": found,
        "state": state_cell(found),
        "named": found.in_sight,  # type: ignore[attr-defined]  # annotated by queries.referrals
        "first": waited(found.first_contact_at - found.made_at) if found.first_contact_at else "",
        "credit": credit,
        "bonus": bonus,
        **_forms(request, found),
        **forms,
        "crumbs": _crumbs(found.customer.name if found.in_sight else _("Referral")),  # type: ignore[attr-defined]  # annotated
    }
    return render(request, "servicing/referral.html", context, status=INVALID if forms else 200)


def _forms(request: HttpRequest, found: Referral) -> dict[str, Any]:
    """What this person may do about it."""
    is_taker, is_waiting = found.to_user_id == request.user.pk, found.state == ReferralState.WAITING
    is_finder = is_waiting and has_role(request.user, Role.BRANCH_HEAD)
    may_decline = is_waiting and (is_taker or (is_finder and found.to_user_id is None))
    return {
        "may_accept": is_taker and is_waiting,
        "decline": DeclineForm() if may_decline else None,
        "close": CloseForm() if is_taker and found.state == ReferralState.ACCEPTED else None,
        "assign": AssignForm(people=queries.candidates_for(found.customer)) if is_finder else None,
    }


def _crumbs(title: str) -> list[dict[str, str]]:
    return [{"label": _("Referrals"), "url": reverse("servicing:referrals")}, {"label": title}]

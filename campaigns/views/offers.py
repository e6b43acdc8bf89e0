"""Offers: the list, one of them with its products and rule, drawing one up, and its steps."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.enums import ContentState
from campaigns.filters.content import OFFERS
from campaigns.forms.content import OfferForm
from campaigns.forms.rules import ACT
from campaigns.models import Offer
from campaigns.queries.content import DECIDERS, MAKERS
from campaigns.queries.offers import pieces_of, product_names, risk_on
from campaigns.queries.segments import sentence_of
from campaigns.rules.segments import EVERYBODY
from campaigns.services import offers as services
from campaigns.views.content import INVALID, crumbs, people_facts, shown, taken
from core.clock import now, today
from core.errors import DomainError
from core.money import format_yuan
from servicing.enums import RiskGrade
from staff.access import CUSTOMER_ROLES, has_role, roles

LIST = "campaigns:offers"
FIELDS = ("name", "kind", "text", "least", "risk", "starts_on", "ends_on", "rule", "is_new")


def _rows(request: HttpRequest) -> Any:
    return Offer.objects.visible_to(request.user).select_related("created_by__branch", "approved_by")


@roles(*CUSTOMER_ROLES)
@require_GET
def offer_list(request: HttpRequest) -> HttpResponse:
    """Every offer, the latest first."""
    listing = OFFERS.show(request, _rows(request))
    context = {"listing": listing, "may_make": has_role(request.user, *MAKERS), "page_title": _("Offers")}
    return render(request, "campaigns/offers.html", context)


@roles(*CUSTOMER_ROLES)
@require_GET
def offer_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One offer: its products, who is eligible in words, and where it stands."""
    row = get_object_or_404(_rows(request), pk=pk)
    context = {
        **shown(request, row),
        "facts": [*_facts(row), *people_facts(row)],
        "pieces": list(_pieces(row)),
        "sentence": sentence_of(row.rule or EVERYBODY, day=today()),
        "page_title": row.name,
        "crumbs": crumbs(_("Offers"), reverse(LIST), row.name),
    }
    return render(request, "campaigns/offer.html", context)


def _facts(row: Offer) -> Iterator[dict[str, Any]]:
    yield {"label": _("Kind"), "value": row.get_kind_display()}
    if row.least:
        yield {"label": _("Smallest amount, yuan"), "value": format_yuan(row.least)}
    yield {"label": _("From"), "value": row.starts_on, "kind": "date"}
    yield {"label": _("Until"), "value": row.ends_on, "kind": "date"}
    yield {"label": _("Risk grade"), "value": RiskGrade(risk_on(row, today())).label}
    if row.is_new:
        yield {"label": _("A new product"), "value": _("Compliance has a say in campaigns with it.")}


def _pieces(row: Offer) -> Iterator[tuple[str, int | None, int]]:
    names = product_names(today(), get_language() or "")
    for piece in pieces_of(row):
        yield names.get(piece.product, piece.product), piece.months, piece.share


@roles(*MAKERS)
@require_http_methods(["GET", "HEAD", "POST"])
def offer_new(request: HttpRequest) -> HttpResponse:
    """Draw up an offer."""
    initial = {"starts_on": today(), "rule": EVERYBODY}
    form = OfferForm(request.POST or None, viewer=request.user, initial=initial)
    if ACT in request.POST:
        form = form.again(request.user)
    elif request.method == "POST" and form.is_valid():
        try:
            row = services.draft_offer(facts=_said(form), actor=request.user, at=now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return redirect(row.get_absolute_url())
    return _form(request, form, _("New offer"), reverse(LIST))


@roles(*MAKERS)
@require_http_methods(["GET", "HEAD", "POST"])
def offer_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change one's own draft."""
    row = get_object_or_404(_rows(request), pk=pk, created_by=request.user, state=ContentState.DRAFT)
    initial = {name: getattr(row, name) for name in FIELDS}
    form = OfferForm(request.POST or None, viewer=request.user, initial=initial, pieces=row.pieces)
    if ACT in request.POST:
        form = form.again(request.user)
    elif request.method == "POST" and form.is_valid():
        try:
            services.change_offer(offer=row, facts=_said(form), actor=request.user, at=now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect(row.get_absolute_url())
    return _form(request, form, row.name, row.get_absolute_url())


def _said(form: OfferForm) -> services.OfferFacts:
    return services.OfferFacts(**form.cleaned_data, pieces=form.pieces())


def _form(request: HttpRequest, form: OfferForm, title: str, back: str) -> HttpResponse:
    is_wrong = form.is_bound and (bool(form.errors) or not form.lines.is_valid())
    context = {
        "form": form,
        "shows_errors": is_wrong,
        "back": back,
        "page_title": title,
        "crumbs": crumbs(_("Offers"), reverse(LIST), title),
    }
    return render(request, "campaigns/offer_form.html", context, status=INVALID if is_wrong else 200)


@roles(*MAKERS, *DECIDERS)
@require_POST
def offer_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Submit, decide, take back, put away or throw away an offer, or copy it to change it."""
    row = get_object_or_404(_rows(request), pk=pk)
    if step != "version":
        return taken(request, row, step, LIST)
    try:
        made = services.copy_offer(offer=row, actor=request.user, at=now())
    except DomainError as error:
        messages.error(request, str(error))
        return redirect(row.get_absolute_url())
    return redirect("campaigns:offer_edit", made.pk)

"""A customer's tab of campaigns: offers with their reasons, pieces of the library to give, what was sent."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.filters.content import tier_names
from campaigns.forms.content import ToleranceForm
from campaigns.models import Article, Offer, Outreach, RiskTolerance
from campaigns.queries.articles import given_to, suits_tier, to_give
from campaigns.queries.content import is_sendable
from campaigns.queries.offers import current_offers, depends_on_amounts, explain, holds_wealth
from campaigns.queries.reasons import kept_apart, reason_words, state_words
from campaigns.services.articles import give_article
from campaigns.services.offers import record_tolerance
from campaigns.views.content import INVALID
from core.clock import now, today
from core.errors import DomainError
from customers.enums import ConsentChannel
from customers.models import Customer
from staff.access import BOOK_KEEPERS, CUSTOMER_ROLES, HEADS, SERVING, has_role, roles, scope_of
from staff.enums.training import Activity
from staff.queries.licences import lacking, licence_words

MOST = 20


def _customer(request: HttpRequest, customer_no: str) -> Customer:
    visible = Customer.objects.visible_to(request.user).select_related("branch", "position")
    return get_object_or_404(visible, customer_no=customer_no)


@roles(*CUSTOMER_ROLES)
@require_GET
def of_customer(request: HttpRequest, customer_no: str) -> HttpResponse:
    """The tab: what may be offered to the customer and why or why not, what may be given, what campaigns sent."""
    return _tab(request, _customer(request, customer_no))


def _tab(request: HttpRequest, customer: Customer, form: ToleranceForm | None = None) -> HttpResponse:
    sent = Outreach.objects.visible_to(request.user).filter(customer=customer).select_related("campaign")
    is_kept = bool(kept_apart([customer.pk], request.user))
    seen = Offer.objects.visible_to(request.user).values("pk")
    offers, sees_amounts = current_offers(today()).filter(pk__in=seen)[:MOST], scope_of(request.user).amounts

    def is_apart(offer: Offer) -> bool:
        return not sees_amounts and depends_on_amounts(offer)

    context = {
        "customer": customer,
        "offers": explain([offer for offer in offers if not is_apart(offer)], customer, today()),
        "apart": [offer for offer in offers if is_apart(offer)],
        "unlicensed": _unlicensed(request, offers),
        "articles": to_give(customer, today()),
        "given": given_to(customer),
        "sent": [
            (
                row,
                state_words(row.state, is_call=row.channel == ConsentChannel.PHONE),
                reason_words(row.reason, is_kept=is_kept),
            )
            for row in sent.order_by("-pk")[:MOST]
        ],
        "tolerance": RiskTolerance.objects.visible_to(request.user).filter(customer=customer).order_by("-pk").first(),
        "form": form or ToleranceForm(initial={"assessed_on": today()}),
        "may_record": has_role(request.user, *SERVING),
        "may_call": has_role(request.user, *BOOK_KEEPERS, *HEADS),
        "day": today(),
    }
    return render(request, "campaigns/of_customer.html", context, status=INVALID if form else 200)


def _unlicensed(request: HttpRequest, offers: Iterable[Offer]) -> dict[int, str]:
    """Offers this person may not recommend, by key, with the certificates that are missing in words."""
    wealth = [offer.pk for offer in offers if holds_wealth(offer)]
    codes = lacking(request.user, Activity.WEALTH_OFFER, today()) if wealth else ()
    return dict.fromkeys(wealth, licence_words(codes, today())) if codes else {}


@roles(*SERVING)
@require_POST
def tolerance_new(request: HttpRequest, customer_no: str) -> HttpResponse:
    """Note what risk the customer bears by the bank's questionnaire."""
    customer, form = _customer(request, customer_no), ToleranceForm(request.POST)
    if form.is_valid():
        try:
            record_tolerance(customer=customer, actor=request.user, at=now(), **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The risk the customer bears was kept."))
            return redirect(f"{customer.get_absolute_url()}?tab=campaigns")
    return _tab(request, customer, form)


@roles(*CUSTOMER_ROLES)
@require_http_methods(["GET", "HEAD", "POST"])
def article_give(request: HttpRequest, pk: int, customer_no: str) -> HttpResponse:
    """A piece as it is printed for a customer; sending the form counts it as given."""
    customer = _customer(request, customer_no)
    row = get_object_or_404(Article.objects.visible_to(request.user), pk=pk)
    if request.method == "POST":
        try:
            give_article(article=row, customer=customer, actor=request.user, at=now())
        except DomainError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Noted: the customer was given it."))
        return redirect(f"{customer.get_absolute_url()}?tab=campaigns")
    context: dict[str, Any] = {
        "row": row,
        "customer": customer,
        "may_give": is_sendable(row, today()) and suits_tier(row, customer),
        "tiers": tier_names(row.tiers),
        "page_title": row.title,
        "crumbs": [
            {"label": customer.name, "url": f"{customer.get_absolute_url()}?tab=campaigns"},
            {"label": row.title},
        ],
    }
    return render(request, "campaigns/article_give.html", context)

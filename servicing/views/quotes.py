"""The calculator, the early-withdrawal explainer and the comparison of products; and the quotes given to customers."""

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from core.clock import now, today
from core.errors import DomainError
from customers.models import Account, Customer
from customers.rules.kyc import add_months
from servicing.enums import QuoteKind
from servicing.forms.quotes import FORMS, OffersForm, ProductForm
from servicing.models import Quote
from servicing.queries import quotes as queries
from servicing.queries.products import library_on
from servicing.queries.quotes import PostedRates
from servicing.services import quotes as services
from staff.access import AMOUNT_ROLES, COUNTER, CUSTOMER_ROLES, roles, scope_of
from staff.models import Branch, User

# Whoever serves customers; compliance sees no amounts, and a quote is nothing else.
QUOTERS = (*COUNTER, *AMOUNT_ROLES)
INVALID = 422  # htmx shows forms with errors under this status
TITLES = {
    QuoteKind.EARLY: gettext_lazy("Early withdrawal"),
    QuoteKind.HOLD: gettext_lazy("Interest calculator"),
    QuoteKind.NEW: gettext_lazy("New deposit"),
}
LANGUAGES = {"zh-hans": "中文", "en": "English"}

Form = ProductForm | OffersForm


@roles(*CUSTOMER_ROLES)
@require_http_methods(["GET", "HEAD", "POST"])
def calculator(request: HttpRequest, kind: str) -> HttpResponse:
    """Interest of typed numbers, on the screen only: what is handed to a customer is worked out from their page."""
    sort = _sort(kind)
    form = _form(request, sort, _first_day(sort))
    context = {"form": form, "kind": sort, "page_title": TITLES[sort], "tabs": _tabs("servicing:work_out")}
    if form.is_valid():
        try:
            posted = _posted(form, request.user.branch)
            inputs, result = services.work_out(
                kind=sort, inputs=queries.inputs_for(sort, form.plain(), posted), posted=posted
            )
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            context["shown"] = {"kind": sort, "inputs": inputs, "result": result}
    return render(request, "servicing/calculator.html", context, status=INVALID if form.errors else 200)


@roles(*QUOTERS)
@require_http_methods(["GET", "HEAD", "POST"])
def quote_new(request: HttpRequest, customer_no: str, kind: str) -> HttpResponse:
    """Work a quote out for a customer, from one of its accounts (?account=) or from what is typed; it is kept."""
    sort, customer = _sort(kind), _customer(request, customer_no)
    account = queries.account_of(customer, request.GET.get("account", ""), request.user)
    form = _form(request, sort, _first_day(sort) | _of_account(account, request.user, sort))
    if sort == QuoteKind.NEW:
        del form.fields["buyer"]
    if form.is_valid():
        try:
            quote = _give(request, sort, form, customer, account)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return redirect("servicing:quote", quote.pk)
    context = {
        "form": form,
        "kind": sort,
        "customer": customer,
        "account": account,
        "types_amounts": not scope_of(request.user).amounts,
        "is_renewed": account is not None and _is_renewed(account, request.user),
        "page_title": TITLES[sort],
        "crumbs": [*_crumbs(customer), {"label": TITLES[sort]}],
        "tabs": _tabs("servicing:quote_new", customer_no=customer.customer_no),
    }
    return render(request, "servicing/quote_form.html", context, status=INVALID if form.errors else 200)


@roles(*QUOTERS)
@require_GET
def quotes_of(request: HttpRequest, customer_no: str) -> HttpResponse:
    """The quotes given to a customer, the latest first."""
    customer = _customer(request, customer_no)
    context = {
        "customer": customer,
        "quotes": queries.quotes_of(customer, request.user)[: queries.SHOWN],
        "page_title": _("Quotes"),
        "crumbs": [*_crumbs(customer)[:1], {"label": _("Quotes")}],
        "tabs": _tabs("servicing:quote_new", customer_no=customer.customer_no),
    }
    return render(request, "servicing/quotes.html", context)


@roles(*QUOTERS)
@require_GET
def quote_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A quote exactly as it was given, to explain or print again, in the language asked for (?language=)."""
    rows = Quote.objects.visible_to(request.user).select_related("customer__branch", "made_by", "account")
    quote = get_object_or_404(rows, pk=pk)
    language = request.GET.get("language", "")
    with translation.override(language if language in LANGUAGES else get_language()):
        title = str(TITLES[QuoteKind(quote.kind)])
        context = {
            "quote": quote,
            "shown": quote,
            "customer": quote.customer,
            "languages": LANGUAGES,
            "reproduces": services.still_reproduces(quote),
            "page_title": title,
            "crumbs": [*_crumbs(quote.customer), {"label": title}],
        }
        return render(request, "servicing/quote.html", context)


def _sort(kind: str) -> QuoteKind:
    if kind not in QuoteKind.values:
        raise Http404
    return QuoteKind(kind)


def _customer(request: HttpRequest, customer_no: str) -> Customer:
    rows = Customer.objects.visible_to(request.user).select_related("branch")
    return get_object_or_404(rows, customer_no=customer_no)


def _form(request: HttpRequest, kind: QuoteKind, initial: dict[str, Any]) -> Form:
    products = queries.products_to_choose(library_on(today()), kind, get_language() or "")
    data = request.POST if request.method == "POST" else None
    return FORMS[kind](data, products=products, initial=initial)


def _first_day(kind: QuoteKind) -> dict[str, Any]:
    """What a form begins with."""
    day = today()
    if kind == QuoteKind.HOLD:
        return {"since": day, "on": add_months(day, 12)}
    return {"day": day}


def _of_account(account: Account | None, user: User, kind: QuoteKind) -> dict[str, Any]:
    """What a form begins with about an account: amounts only for those who may see them."""
    terms = queries.holding_terms(account, user, today()) if account else None
    if terms is None:
        return {}
    rate = "" if terms.rate is None else f"{terms.rate.normalize():f}"
    found = {"product": terms.product.code, "amount": terms.amount, "since": terms.since, "until": terms.until}
    found["rate"] = rate
    if kind == QuoteKind.HOLD and terms.until:
        return found | {"on": terms.until}
    # A term that begins today pays from tomorrow on.
    return found | ({"day": terms.since + timedelta(days=1)} if terms.since and terms.since >= today() else {})


def _is_renewed(account: Account, user: User) -> bool:
    terms = queries.holding_terms(account, user, today())
    return terms is not None and terms.is_renewed


def _posted(form: Form, branch: Branch) -> PostedRates:
    language = get_language() or ""
    return PostedRates(
        library=library_on(today()), branch=branch, amount=form.cleaned_data["amount"], language=language
    )


def _give(request: HttpRequest, kind: QuoteKind, form: Form, customer: Customer, account: Account | None) -> Quote:
    posted = _posted(form, customer.branch)
    said = form.plain() | ({"buyer": customer.kind} if kind == QuoteKind.NEW else {})
    return services.give_quote(
        customer=customer,
        kind=kind,
        inputs=queries.inputs_for(kind, said, posted),
        posted=posted,
        account=account,
        actor=request.user,
        at=now(),
        once=form.cleaned_data["once"],
    )


def _crumbs(customer: Customer) -> list[dict[str, Any]]:
    mine = {"label": _("Quotes"), "url": reverse("servicing:quotes_of", args=[customer.customer_no])}
    return [{"label": customer.name, "url": customer.get_absolute_url()}, mine]


def _tabs(name: str, **kwargs: str) -> list[dict[str, Any]]:
    """The three things that can be worked out."""
    return [
        {"key": kind, "label": TITLES[kind], "url": reverse(name, kwargs={**kwargs, "kind": kind})} for kind in TITLES
    ]

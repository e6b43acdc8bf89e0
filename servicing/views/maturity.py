"""The maturity desk's lists and the page of one deposit: its plan, the talk about it, what became of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from core.clock import now, today
from core.errors import DomainError
from core.exporting import ListSource
from core.money import ZERO
from core.pages import Column, ListPage
from customers.queries.care import standing_alerts
from servicing.enums import Topic
from servicing.enums.maturity import Ended
from servicing.filters.maturity import AHEAD, AHEAD_OF_BANK, PAST, PAST_OF_BANK, desk_url
from servicing.forms.contacts import ContactForm
from servicing.forms.maturity import PlanForm
from servicing.models import Maturity
from servicing.queries import maturity as queries
from servicing.services.contacts import log_interaction
from servicing.services.maturity_plans import link_talk, plan_maturity
from staff.access import AMOUNT_ROLES, has_role, roles, scope_of
from staff.enums import Reach
from staff.exports import list_export
from staff.models import User

INVALID = 422
NUMBER = Column("customer_no", gettext_lazy("Customer number"), "customer__customer_no")
UNLINKED = {"customer": "customer__name", "matures_on": "matures_on"}


def _ahead(user: User) -> Any:
    return queries.ahead(user, queries.book_day(today()))


def _past(user: User) -> Any:
    return queries.past(user, queries.book_day(today()))


AHEAD_LIST = ListSource(
    key="maturities_ahead", page=AHEAD, rows=_ahead, roles=AMOUNT_ROLES, number=NUMBER, unlinked=UNLINKED
)
PAST_LIST = ListSource(
    key="maturities_past", page=PAST, rows=_past, roles=AMOUNT_ROLES, number=NUMBER, unlinked=UNLINKED
)


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the deposit's facts."""

    label: str
    value: Any
    kind: str = "text"
    url: str = ""
    hint: str = ""


@require_GET
@roles(*AMOUNT_ROLES)
def ahead(request: HttpRequest) -> HttpResponse:
    """Deposits in sight that will mature, with who sees to them and what is planned."""
    page = AHEAD_OF_BANK if _is_bank(request.user) else AHEAD
    context = {"page_title": _("Maturing deposits"), "export": "servicing:maturities_ahead_export"}
    return _list(request, page, _ahead(request.user), context)


@require_GET
@roles(*AMOUNT_ROLES)
def past(request: HttpRequest) -> HttpResponse:
    """Deposits in sight that matured, and what became of them."""
    page = PAST_OF_BANK if _is_bank(request.user) else PAST
    context = {"page_title": _("Matured deposits"), "export": "servicing:maturities_past_export", "is_past": True}
    return _list(request, page, _past(request.user), context)


ahead_export = list_export(AHEAD_LIST, "servicing:maturities_ahead")
past_export = list_export(PAST_LIST, "servicing:maturities_past")


@require_http_methods(["GET", "HEAD", "POST"])
@roles(*AMOUNT_ROLES)
def plan(request: HttpRequest, account: int, day: str) -> HttpResponse:
    """One deposit: its facts and its plan; the head office reads only."""
    maturity = _maturity(request, account, day)
    may_plan = has_role(request.user, *queries.PLANNERS)
    data = request.POST if request.method == "POST" and may_plan else None
    form = PlanForm(data, maturity=maturity, viewer=request.user) if may_plan else None
    if form is not None and form.is_valid():
        try:
            plan_maturity(
                maturity=maturity,
                plan=form.plan(),
                held=_held(maturity),
                seen=form.cleaned_data["seen"],
                actor=request.user,
                at=now(),
            )
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return _done(request, _("The plan was saved."), _back(request))
    return _page(request, maturity, "servicing/_maturity_plan.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@roles(*queries.PLANNERS)
def talk(request: HttpRequest, account: int, day: str) -> HttpResponse:
    """Log the contact in which the deposit was spoken of; it is linked by itself."""
    maturity, at = _maturity(request, account, day), now()
    data = request.POST if request.method == "POST" else None
    form = ContactForm(data, initial={"happened_at": at, "topic": Topic.DEPOSIT})
    if form.is_valid():
        try:
            contact = log_interaction(actor=request.user, customer=maturity.customer, at=at, **form.cleaned_data)
            link_talk(maturity=maturity, talk=contact, actor=request.user, at=at)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return _done(request, _("The contact was written down and linked."), desk_url(account, maturity.matures_on))
    alerts = standing_alerts(maturity.customer, request.user, at.date())
    return _page(request, maturity, "servicing/_maturity_talk.html", {"form": form, "alerts": alerts})


def _is_bank(user: User) -> bool:
    return scope_of(user).reach == Reach.BANK


def _list(request: HttpRequest, page: ListPage, rows: Any, context: dict[str, Any]) -> HttpResponse:
    listing = page.show(request, rows, amounts=True)
    return render(request, "servicing/maturities.html", {**context, "listing": listing, "me": request.user.staff_no})


def _maturity(request: HttpRequest, account: int, day: str) -> Maturity:
    """The row of the address, unsaved where there is none yet; 404 for what is out of sight."""
    try:
        on = parse_date(day)
    except ValueError:
        on = None
    found = queries.maturity_of(request.user, account, on) if on else None
    if found is None:
        raise Http404
    return found


def _held(maturity: Maturity) -> Any:
    """What the plan is about, in yuan: what matured, before that what the account holds."""
    if maturity.amount is not None:
        return maturity.amount
    balance = getattr(maturity.account, "balance", None)
    return balance.value if balance else ZERO


def _page(request: HttpRequest, maturity: Maturity, part: str, context: dict[str, Any]) -> HttpResponse:
    """A form of the deposit: alone for htmx, else with the facts on a page."""
    form = context["form"]
    context |= {
        "maturity": maturity,
        "customer": maturity.customer,
        "part": part,
        "facts": list(_facts(maturity)),
        "back": _back(request),
        "day": maturity.matures_on.isoformat(),
        "may_plan": has_role(request.user, *queries.PLANNERS),
        "page_title": _("Maturing deposit"),
    }
    template = part if request.htmx else "servicing/maturity.html"
    return render(request, template, context, status=INVALID if form is not None and form.errors else 200)


def _facts(maturity: Maturity) -> Iterator[Fact]:
    account = maturity.account
    yield Fact(_("Product"), account.product.name)
    yield Fact(_("Matures on"), maturity.matures_on, "date")
    yield Fact(_("Amount, yuan"), _held(maturity), "money")
    yield Fact(_("Rate, % a year"), None if account.rate is None else f"{account.rate.normalize():f}")
    renews = {True: _("Yes"), False: _("No"), None: None}
    yield Fact(_("Renews automatically"), renews[account.rollover])
    yield Fact(_("Manager"), maturity.customer.manager.name if maturity.customer.manager else None)
    if maturity.amount is not None:
        yield from _ended(maturity)


def _ended(maturity: Maturity) -> Iterator[Fact]:
    if maturity.measured_on is None:
        due = queries.terms_on(maturity.matures_on).measured_on(maturity.matures_on)
        said = _("measured at the close of %(day)s") % {"day": due.isoformat()}
        yield Fact(_("Outcome"), Ended.WAITING.label, hint=said)
    elif not maturity.amount:
        yield Fact(_("Outcome"), _("Nothing matured: it was withdrawn before"))
    else:
        said = _("at the close of %(day)s") % {"day": maturity.measured_on.isoformat()}
        yield Fact(_("Outcome"), maturity.get_outcome_display(), hint=said)
        yield Fact(_("Stayed, yuan"), maturity.stayed, "money")


def _back(request: HttpRequest) -> str:
    """Where to go after saving: the list somebody came from, else the list of what is ahead."""
    sent = request.POST.get("back") or request.headers.get("Referer", "")
    place = reverse("servicing:maturity_ladder")
    if url_has_allowed_host_and_scheme(sent, {request.get_host()}, require_https=request.is_secure()):
        path = sent.split(request.get_host(), 1)[-1] if "://" in sent else sent
        own = path.startswith(place) and not path[len(place) :][:1].isdigit()
        return path if own or path.startswith("/customers/") else reverse("servicing:maturities_ahead")
    return reverse("servicing:maturities_ahead")


def _done(request: HttpRequest, words: str, url: str) -> HttpResponse:
    messages.success(request, words)
    if request.htmx:
        response = HttpResponse(status=204)
        response["HX-Redirect"] = url
        return response
    return redirect(url)

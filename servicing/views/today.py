"""The manager's day: whom to talk to first, done and skipped one after the other."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from core.clock import now
from core.errors import DomainError
from customers.models import Customer
from servicing.enums import SkipReason
from servicing.forms.today import VerdictForm, WhoForm
from servicing.queries import today as queries
from servicing.queries.contacts import units_of
from servicing.services import today as services
from staff.access import BOOK_KEEPERS, HEADS, has_role, roles
from staff.models import User

MOST_SHOWN = 200
INVALID = 422


@require_GET
@roles(*BOOK_KEEPERS, *HEADS)
def today(request: HttpRequest) -> HttpResponse:
    """One's own list; heads choose whose."""
    if has_role(request.user, *BOOK_KEEPERS):
        return _page(request, request.user)
    form = who_form(request, nobody=_("Choose a person"))
    if form.is_bound and request.GET.get("person") and form.chosen is None:
        raise Http404
    return _page(request, form.chosen if form.is_bound else None, form)


@require_GET
@roles(*BOOK_KEEPERS, *HEADS)
def today_why(request: HttpRequest, customer_no: str) -> HttpResponse:
    """How the points of one entry come about."""
    person = request.user
    if has_role(request.user, *HEADS):
        staff_no = request.GET.get("person", "")
        person = get_object_or_404(queries.may_look_at(request.user, staff_no=staff_no), staff_no=staff_no)
    entry = queries.entry_of(_customer(request, customer_no), person, now(), viewer=request.user)
    context = {"entry": entry, "rules": queries.rules_on(now().date())}
    return render(request, "servicing/today_why.html", context)


def who_form(request: HttpRequest, *, nobody: str) -> WhoForm:
    """The choice of a person among those a head may look at."""
    asked = [request.GET.get(name, "") for name in ("branch", "person")]
    people = queries.may_look_at(request.user, *asked)
    units = units_of(request.user).filter(kind="branch") if has_role(request.user, *HEADS) else []
    return WhoForm(request.GET or None, units=units, people=people, nobody=nobody)


@require_POST
@roles(*BOOK_KEEPERS)
def today_done(request: HttpRequest, customer_no: str) -> HttpResponse:
    """The customer was talked to: the next one comes up."""
    return _judged(request, customer_no, lambda customer, form: _finish(request, customer, form))


@require_POST
@roles(*BOOK_KEEPERS)
def today_skip(request: HttpRequest, customer_no: str) -> HttpResponse:
    """Not this time, and why: the next one comes up."""
    return _judged(request, customer_no, lambda customer, form: _skip(request, customer, form))


@require_POST
@roles(*BOOK_KEEPERS)
def today_undo(request: HttpRequest, customer_no: str) -> HttpResponse:
    """Take the last verdict on a customer back."""
    customer = _customer(request, customer_no)
    try:
        services.take_back(customer=customer, actor=request.user, at=now())
    except DomainError as error:
        return _answer(request, error=str(error), status=INVALID)
    return _answer(request, back=customer)


def _finish(request: HttpRequest, customer: Customer, form: VerdictForm) -> str:
    services.finish_entry(customer=customer, keys=form.cleaned_data["keys"], actor=request.user, at=now())
    return _("%(name)s: done.") % {"name": customer.name}


def _skip(request: HttpRequest, customer: Customer, form: VerdictForm) -> str:
    why = form.cleaned_data["why"]
    services.skip_entry(customer=customer, keys=form.cleaned_data["keys"], why=why, actor=request.user, at=now())
    return _("%(name)s: skipped, %(why)s.") % {"name": customer.name, "why": SkipReason(why).label}


def _judged(request: HttpRequest, customer_no: str, judge: Callable[[Customer, VerdictForm], str]) -> HttpResponse:
    customer, form = _customer(request, customer_no), VerdictForm(request.POST)
    if not form.is_valid():
        return _answer(request, error=_("This could not be understood. Load the page again."), status=INVALID)
    try:
        said = judge(customer, form)
    except DomainError as error:
        return _answer(request, error=str(error), status=INVALID)
    return _answer(request, said=said, judged=customer)


def _answer(request: HttpRequest, *, status: int = 200, **context: Any) -> HttpResponse:
    """The list as it stands now, with what just happened; without htmx back to the page."""
    if request.htmx:
        found = _list(request, request.user)
        return render(request, "servicing/today_list.html", {**found, **context}, status=status)
    if "error" in context:
        messages.error(request, context["error"])
    elif "said" in context:
        messages.success(request, context["said"])
    return redirect("servicing:today")


def _page(request: HttpRequest, person: User | None, form: WhoForm | None = None) -> HttpResponse:
    context = {"page_title": _("Today"), "who": form, **(_list(request, person) if person else {})}
    template = "servicing/today_list.html" if request.htmx and person else "servicing/today.html"
    return render(request, template, context)


def _list(request: HttpRequest, person: User) -> dict[str, Any]:
    asked = request.GET.get("shown", "")
    shown = min(int(asked), MOST_SHOWN) if asked.isdecimal() and len(asked) < 6 else 0
    found = queries.today_of(person, request.user, now(), shown=shown)
    return {
        "today": found,
        "is_own": person == request.user,
        "skip_buttons": render_to_string("servicing/_today_skips.html", {"skips": SkipReason.choices}),
        # What was opened further down stays open from one verdict to the next.
        "shown_query": f"?shown={shown}" if shown else "",
        "next_shown": min(len(found.entries) + found.rules["shown"], MOST_SHOWN) if found.more else 0,
        "most_shown": MOST_SHOWN,
    }


def _customer(request: HttpRequest, customer_no: str) -> Customer:
    return get_object_or_404(Customer.objects.visible_to(request.user), customer_no=customer_no)

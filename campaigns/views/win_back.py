"""Winning customers back: whom, the attempts, one of them, and results by cause."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from campaigns.enums import WinBackState
from campaigns.filters.win_back import TO_WIN_BACK, WIN_BACKS, state_cell, tiles
from campaigns.forms.win_back import CloseForm, WinBackForm
from campaigns.models import Offer, WinBack
from campaigns.queries import win_back as queries
from campaigns.queries.offers import current_offers, explain
from campaigns.rules.win_back import regained, window_after
from campaigns.services import win_back as services
from core.clock import now, today
from core.errors import DomainError
from core.pages.selection import MATCHING, SELECTED, chosen_rows, read_selection
from customers.queries.care import promise_owners
from staff.access import roles
from staff.models import User

INVALID = 422  # htmx shows forms with errors under this status
SAMPLE = 20
CONFIRMED = "confirmed"


@roles(*queries.WORKERS)
@require_GET
def win_back_list(request: HttpRequest) -> HttpResponse:
    """Attempts about customers in sight, the latest first."""
    rows = queries.win_backs_of(request.user)
    context = {
        "listing": WIN_BACKS.show(request, rows, amounts=True),
        "tiles": list(tiles(request, rows, queries.to_win_back(request.user, today()))),
        "page_title": _("Win-back"),
    }
    return render(request, "campaigns/win_backs.html", context)


@roles(*queries.WORKERS)
@require_GET
def win_back_candidates(request: HttpRequest) -> HttpResponse:
    """Customers whose deposits fell or left and whom nobody works on."""
    listing = TO_WIN_BACK.show(request, queries.to_win_back(request.user, today()), amounts=True)
    title = str(TO_WIN_BACK.caption)
    context = {"listing": listing, "page_title": title, "crumbs": _crumbs(title)}
    return render(request, "campaigns/win_back_candidates.html", context)


@roles(*queries.WORKERS)
@require_POST
def win_back_open(request: HttpRequest) -> HttpResponse:
    """Begin with the customers chosen: first what would happen, then the act."""
    chosen = read_selection(request.POST)
    rows = queries.to_win_back(request.user, today())
    found = chosen_rows(TO_WIN_BACK, chosen, rows, key="customer__customer_no", amounts=True, request=request)
    customers = [position.customer for position in found.rows[: services.MOST + 1]]
    is_too_many = len(customers) > services.MOST
    if CONFIRMED in request.POST and not is_too_many:
        return _begin(request, customers)
    hidden = [(MATCHING, chosen.query)] if chosen.is_query else [(SELECTED, number) for number in chosen.numbers]
    title = _("Begin a win-back")
    context = {
        "customers": customers[:SAMPLE],
        "count": len(customers),
        "more": max(0, len(customers) - SAMPLE),
        "missing": len(found.missing),
        "hidden": [*hidden, (CONFIRMED, "1")],
        "is_too_many": is_too_many,
        "most": services.MOST,
        "page_title": title,
        "crumbs": _crumbs(title),
    }
    return render(request, "campaigns/win_back_open.html", context)


def _begin(request: HttpRequest, customers: list[Any]) -> HttpResponse:
    begun = services.open_win_backs(customers=customers, actor=request.user, at=now())
    count = len(begun.done)
    words = ngettext("%(n)s win-back was begun.", "%(n)s win-backs were begun.", count) % {"n": count}
    messages.success(request, words)
    if begun.there:
        left = ngettext("%(n)s is worked on already.", "%(n)s are worked on already.", len(begun.there))
        messages.warning(request, left % {"n": len(begun.there)})
    if count == 1:
        return redirect("campaigns:win_back", begun.done[0].pk)
    return redirect("campaigns:win_backs")


@roles(*queries.WORKERS)
@require_GET
def win_back_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One attempt: what was lost, what to say and offer, and what came of it."""
    return _page(request, _row(request, pk))


@roles(*queries.WORKERS)
@require_POST
def win_back_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Change it, or close it with its cause."""
    row = _row(request, pk)
    if step not in STEPS:
        raise Http404
    form = _forms(row, **{step: request.POST})[step]
    work, words = STEPS[step]
    if form.is_valid():
        try:
            work(win_back=row, actor=request.user, at=now(), **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, str(words))
            return redirect("campaigns:win_back", pk)
    return _page(request, row, **{step: form})


@roles(*queries.WORKERS)
@require_GET
def win_back_results(request: HttpRequest) -> HttpResponse:
    """What came of the closed attempts in sight, by cause, on balances."""
    results = queries.results_by_cause(queries.win_backs_of(request.user))
    title = _("Results by cause")
    context = {"results": results, "page_title": title, "crumbs": _crumbs(title)}
    return render(request, "campaigns/win_back_results.html", context)


STEPS: Mapping[str, tuple[Callable[..., WinBack], Any]] = {
    "change": (services.change_win_back, gettext_lazy("Saved.")),
    "close": (services.close_win_back, gettext_lazy("Closed; what it brought is measured 30 days from now.")),
}


def _row(request: HttpRequest, pk: int) -> WinBack:
    return get_object_or_404(queries.win_backs_of(request.user), pk=pk)


def _forms(row: WinBack, *, change: Any = None, close: Any = None) -> dict[str, forms.Form]:
    people = promise_owners(row.customer).filter(role__in=queries.WORKERS) | User.objects.filter(pk=row.owner_id)
    # What it has already stays, also where that is no longer offered.
    offers = current_offers(today()) | Offer.everything.filter(pk=row.offer_id)
    return {
        "change": WinBackForm(change, row=row, owners=people.distinct(), offers=offers, prefix="change"),
        "close": CloseForm(close, initial={"note": row.note}, prefix="close"),
    }


def _page(request: HttpRequest, row: WinBack, **wrong: forms.Form) -> HttpResponse:
    day = today()
    is_open = row.state == WinBackState.OPEN
    title = _("Win back %(name)s") % {"name": row.customer.name}
    context = {
        "row": row,
        "state": state_cell(row),
        "facts": list(_facts(row)),
        "script": queries.rules_on(day).script(get_language() or ""),
        "offers": explain(current_offers(day), row.customer, day) if is_open else [],
        "steps": {**_forms(row), **wrong} if is_open else {},
        "measured_on": window_after(row.closed_on)[1] if row.closed_on else None,
        "page_title": title,
        "crumbs": _crumbs(title),
    }
    return render(request, "campaigns/win_back.html", context, status=INVALID if wrong else 200)


def _facts(row: WinBack) -> Iterator[dict[str, Any]]:
    customer = row.customer
    named = f"{customer.name} {customer.customer_no}"
    yield {"label": _("Customer"), "value": named, "url": customer.get_absolute_url()}
    yield {"label": _("Owner"), "value": row.owner.name}
    yield {"label": _("Begun on"), "value": row.opened_on, "kind": "date"}
    yield {"label": _("Best month of the year before"), "value": row.peak, "kind": "money"}
    yield {"label": _("Average of the 30 days before"), "value": row.before, "kind": "money"}
    if row.closed_on is None:
        return
    yield {"label": _("Closed on"), "value": row.closed_on, "kind": "date"}
    yield {"label": _("Why the money left"), "value": row.get_cause_display()}
    yield {"label": _("Offer"), "value": row.offer.name if row.offer else _("None")}
    if row.after is not None:
        yield {"label": _("Average of the 30 days after"), "value": row.after, "kind": "money"}
        yield {"label": _("Regained"), "value": regained(row.before, row.after), "kind": "money"}


def _crumbs(title: str) -> list[dict[str, str]]:
    return [{"label": _("Win-back"), "url": reverse("campaigns:win_backs")}, {"label": title}]

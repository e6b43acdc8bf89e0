"""A customer's way through the tiers, and why: on the customer page, and as a page to hand over."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core.clock import now, today
from customers.models import Customer, CustomerPosition
from customers.queries import ledger_day
from staff.access import CUSTOMER_ROLES, roles, scope_of
from tiers import queries
from tiers.enums import Event, Measure
from tiers.forms.explanation import DayForm
from tiers.models import TierChange
from tiers.rules import NEAR_DOWN, NEAR_UP

SHOWN = 100
TONES = {Event.UP: "good", Event.DOWN: "warn", Event.WATCHED: "warn", Event.CLEARED: "good", Event.OVERRIDDEN: "info"}
MOVES = (Event.UP, Event.DOWN, Event.RENUMBERED)


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change of standing with the names its own scheme gave, and those the scheme before gave."""

    change: TierChange
    from_name: str
    to_name: str
    tone: str
    is_move: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """A badge about where the customer stands."""

    text: str
    tone: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the explanation."""

    label: str
    value: Any
    kind: str = "text"


@roles(*CUSTOMER_ROLES)
@require_GET
def tier_of_customer(request: HttpRequest, customer_no: str) -> HttpResponse:
    """A tab of the customer page: the tier, why, and how it came about."""
    customer, amounts = _customer(request, customer_no), scope_of(request.user).amounts
    explanation = queries.explain(customer, ledger_day() or today())
    context = {
        "customer": customer,
        "explanation": explanation,
        "sentences": explanation.texts(amounts=amounts),
        "marks": list(_marks(request, customer, explanation)),
        "history": [_change_row(change) for change in queries.tier_history(request.user, customer)[:SHOWN]],
        "amounts": amounts,
    }
    return render(request, "tiers/of_customer.html", context)


@roles(*CUSTOMER_ROLES)
@require_GET
def tier_explanation(request: HttpRequest, customer_no: str) -> HttpResponse:
    """Why this tier on that day, as a page to print and hand over; ?on= names the day."""
    customer, amounts = _customer(request, customer_no), scope_of(request.user).amounts
    form = DayForm(request.GET if "on" in request.GET else {"on": ledger_day() or today()})
    day = (form.cleaned_data["on"] if form.is_valid() else None) or ledger_day() or today()
    explanation = queries.explain(customer, day)
    context = {
        "customer": customer,
        "form": form,
        "day": day,
        "explanation": explanation,
        "sentences": explanation.texts(amounts=amounts),
        "facts": list(_facts(explanation, amounts=amounts)),
        "amounts": amounts,
        "printed_at": now(),
        **_titles(customer, day),
    }
    return render(request, "tiers/explanation.html", context)


def _titles(customer: Customer, day: date) -> dict[str, Any]:
    crumbs = [
        {"label": customer.name, "url": f"{customer.get_absolute_url()}?tab=tier"},
        {"label": _("Why this tier")},
    ]
    return {"page_title": _("Why this tier on %(day)s") % {"day": day.isoformat()}, "crumbs": crumbs}


def _customer(request: HttpRequest, customer_no: str) -> Customer:
    visible = Customer.objects.visible_to(request.user).select_related("branch")
    return get_object_or_404(visible, customer_no=customer_no)


def _change_row(change: TierChange) -> ChangeRow:
    return ChangeRow(
        change,
        queries.tier_name(change.from_tier, queries.bands_of_run(change.on, before=True)),
        queries.tier_name(change.to_tier, queries.bands_of(change.scheme)),
        TONES.get(Event(change.event), "neutral"),
        change.event in MOVES,
    )


def _marks(request: HttpRequest, customer: Customer, explanation: queries.Explanation) -> Iterator[Mark]:
    if explanation.ruled is not None:
        yield Mark(_("Held by an override"), "info")
    if explanation.watch and explanation.down_on:
        yield Mark(_("On watch, goes down from %(day)s") % {"day": explanation.down_on.isoformat()}, "warn")
    position = CustomerPosition.objects.visible_to(request.user).filter(customer=customer).first()
    near = position.near if position else 0
    if near & NEAR_UP:
        yield Mark(_("Close to the next tier"), "good")
    if near & NEAR_DOWN and not explanation.watch and explanation.ruled is None:
        yield Mark(_("Close to losing this tier"), "warn")


def _facts(explanation: queries.Explanation, *, amounts: bool) -> Iterator[Fact]:
    """What the decision was taken from, as it was stored."""
    change, run = explanation.change, explanation.run
    if not change:
        return
    start, end = explanation.window.start.isoformat(), explanation.window.end.isoformat()
    days = end if start == end else _("%(start)s to %(end)s") % {"start": start, "end": end}
    words = {"version": change.scheme.version, "day": change.scheme.effective_on.isoformat()}
    yield Fact(_("What was measured"), Measure(explanation.measure).label)
    yield Fact(_("Over the days"), days)
    if amounts:
        yield Fact(_("Figure, yuan"), explanation.value, "money")
    yield Fact(_("Decided by the re-tiering of"), change.on, "date")
    yield Fact(_("Tier scheme"), _("Version %(version)s, in force from %(day)s") % words)
    if run:
        yield Fact(_("Last re-tiering up to that day"), run.on, "date")

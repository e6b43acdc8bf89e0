"""How far a customer is from the next tier, and from losing this one."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from core.clock import today
from customers.models import Customer, CustomerPosition
from customers.queries import ledger_day
from staff.access import CUSTOMER_ROLES, roles, scope_of
from tiers.enums import Measure
from tiers.forms.runway import LevelForm
from tiers.queries import runway as queries
from tiers.rules import NEAR_DOWN, NEAR_UP
from tiers.rules.runway import DAY, Advice

INVALID = 422  # htmx shows forms with errors under this status
FIGURES: dict[str, str | Promise] = {
    Measure.BALANCE: _("the closing balance"),
    Measure.ADB_MONTH: _("the average of the month"),
    Measure.ADB_QUARTER: _("the average of the quarter"),
    Measure.ADB_TRAILING: _("the average of the last days"),
}


@roles(*CUSTOMER_ROLES)
@require_GET
def runway_of(request: HttpRequest, customer_no: str) -> HttpResponse:
    """The runway of a customer; without amounts only whether a bound is near. ?level= asks what would become of it."""
    visible = Customer.objects.visible_to(request.user).select_related("position")
    customer = get_object_or_404(visible, customer_no=customer_no)
    position = customer.position
    context = {
        "customer": customer,
        "is_near_up": bool(position.near & NEAR_UP),
        "is_near_down": bool(position.near & NEAR_DOWN),
        "watch_since": position.watch_since,
    }
    if not scope_of(request.user).amounts:
        return render(request, "tiers/runway_words.html", {**context, "is_brief": "counter" in request.GET})
    form = LevelForm(request.GET if "level" in request.GET else None)
    is_valid = not form.is_bound or form.is_valid()
    context |= {"form": form, **_way(position, form)}
    return render(request, "tiers/runway.html", context, status=200 if is_valid else INVALID)


def _way(position: CustomerPosition, form: LevelForm) -> dict[str, Any]:
    day = ledger_day() or today()
    way = queries.way_of(position, day)
    if way is None:
        return {"way": None}
    language = get_language() or ""
    found, level = way.runway, form.cleaned_data.get("level") if form.is_bound and form.is_valid() else None
    asked = None if level is None else way.outlook(level)
    present = way.outlook(found.balance)
    return {
        "way": way,
        "tier": way.band(way.rank).name(language),
        "up": _shown(way, found.up),
        # The day it comes by itself, if nothing is paid in or taken out.
        "comes_on": present.up_on,
        "goes_on": present.down_on,
        "keep": _shown(way, found.keep),
        "starts_on": day + DAY,
        "asked": asked,
        "asked_tier": way.band(asked.rank).name(language) if asked else "",
    }


def _shown(way: queries.Way, advice: Advice | None) -> dict[str, Any] | None:
    if advice is None:
        return None
    return {
        "advice": advice,
        "tier": way.band(advice.rank).name(get_language() or ""),
        "figure": FIGURES[advice.figure],
        "is_balance": advice.figure == Measure.BALANCE,
    }

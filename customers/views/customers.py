"""The frame of the customer page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core.clock import today
from core.money import wan
from customers import queries
from customers.enums import FlagKind
from customers.models import Customer
from customers.rules.alerts import identity_alert
from customers.views.scope import windows
from staff.access import CUSTOMER_ROLES, has_role, roles, scope_of
from staff.enums import Role

TABS = ("profile", "holdings", "tier", "timeline")
AMOUNT_TABS = ("holdings", "balances", "tier", "timeline", "profile")


@dataclass(frozen=True, slots=True)
class Alert:
    """A warning on top of the customer page."""

    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure of the customer page and the address of the rows behind it."""

    label: str
    url: str
    icon: str = ""
    money: Decimal | None = None
    value: str = ""
    hint: str = ""


@roles(*CUSTOMER_ROLES)
@require_GET
def customer_detail(request: HttpRequest, customer_no: str) -> HttpResponse:
    """The frame of the customer page: who it is, what to beware of, figures, and tabs that load by address."""
    as_of = queries.ledger_day()
    visible = Customer.objects.visible_to(request.user).select_related("branch", "manager", "backup")
    customer = get_object_or_404(queries.with_figures(visible, as_of), customer_no=customer_no)
    amounts = scope_of(request.user).amounts
    tabs = AMOUNT_TABS if amounts else TABS
    wanted, days = request.GET.get("tab", ""), request.GET.get("days", "")
    context = {
        "customer": customer,
        "alerts": list(_alerts(customer, today())),
        "tiles": [*(_money_tiles(customer, as_of) if amounts else ()), *_day_tiles(customer, amounts=amounts)],
        "last_contact": _last_contact(customer) if amounts else "",
        "tabs": tabs,
        "active": wanted if wanted in tabs else tabs[0],
        "days": days if days.isdigit() else "",
        "may_log": not has_role(request.user, Role.HEAD_OFFICE, Role.COMPLIANCE),
        "crumbs": [{"label": _("Customers"), "url": reverse("customers:list")}, {"label": customer.name}],
    }
    return render(request, "customers/detail.html", context)


def _money_tiles(customer: Any, as_of: date | None) -> Iterator[Tile]:
    yield Tile(_("Balance"), "?tab=holdings", "wallet", customer.balance)
    names = {"month": _("Average this month"), "quarter": _("Average this quarter"), "year": _("Average this year")}
    for name, days in (windows(as_of) if as_of else {}).items():
        words = ngettext("over %(days)d day", "over %(days)d days", days) % {"days": days}
        url = f"?tab=balances&days={days}"
        yield Tile(names[name], url, "chart-line", getattr(customer, f"adb_{name}"), hint=words)


def _day_tiles(customer: Any, *, amounts: bool) -> Iterator[Tile]:
    matures_on, amount = customer.next_maturity_on, customer.next_maturity_amount
    hint = _("%(amount)s matures") % {"amount": wan(amount, get_language() or "")} if amounts and amount else ""
    day = matures_on.isoformat() if matures_on else _("None")
    yield Tile(_("Next maturity"), "?tab=holdings", "calendar-due", value=day, hint=hint)
    if not amounts:  # beside five figures of money it stands in the head of the page
        yield Tile(_("Last contact"), "?tab=timeline", "message", value=_last_contact(customer))


def _last_contact(customer: Any) -> str:
    return customer.last_contact_on.isoformat() if customer.last_contact_on else _("Never")


def _alerts(customer: Customer, day: date) -> Iterator[Alert]:
    state = identity_alert(customer.id_expires_on, customer.id_is_long_term, day)
    if state == "id_expired":
        yield Alert("bad", _("The identity document expired on %(day)s.") % {"day": customer.id_expires_on})
    if state == "id_expires_soon":
        yield Alert("warn", _("The identity document expires on %(day)s.") % {"day": customer.id_expires_on})
    for kind in customer.flags.filter(resolved_on=None).order_by("kind").values_list("kind", flat=True):
        yield Alert("warn", str(FlagKind(kind).label))

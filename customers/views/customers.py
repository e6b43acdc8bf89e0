"""The frame of the customer page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise as Words
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core.ahead import not_ahead
from core.clock import now, today
from core.money import wan
from core.pages import Tab, Tile
from customers import queries
from customers.enums import Stage, StageRule
from customers.models import Customer
from customers.queries import care, prospects
from customers.services.openings import note_opening
from customers.views.scope import found_or_renamed, windows
from staff.access import CUSTOMER_ROLES, SERVING, has_role, roles, scope_of
from staff.enums import Role

# Key, label and address of each tab, in order. Apps above own some: a tab is there when its address is.
TABS: tuple[tuple[str, Words, str], ...] = (
    ("holdings", gettext_lazy("Holdings"), "customers:holdings"),
    ("balances", gettext_lazy("Balances"), "customers:balances"),
    ("tier", gettext_lazy("Tier"), "tiers:of_customer"),
    ("lifecycle", gettext_lazy("Life cycle"), "customers:lifecycle"),
    ("timeline", gettext_lazy("Timeline"), "insights:timeline"),
    ("profile", gettext_lazy("Profile"), "customers:profile"),
    ("tasks", gettext_lazy("Tasks"), "servicing:of_customer"),
    ("complaints", gettext_lazy("Complaints"), "complaints:of_customer"),
    ("campaigns", gettext_lazy("Campaigns"), "campaigns:of_customer"),
    ("consents", gettext_lazy("Consents"), "customers:consents"),
    ("promises", gettext_lazy("Promises"), "customers:promises"),
    ("history", gettext_lazy("History"), "customers:history"),
    ("openings", gettext_lazy("Who opened it"), "customers:openings"),
)
# Tabs of one role alone.
ROLE_TABS = {"openings": Role.COMPLIANCE}
# Who sees no amounts has no balances, and begins with who it is.
WITHOUT_AMOUNTS = ("profile", *(key for key, _label, _name in TABS if key not in {"profile", "balances"}))
WITH_AMOUNTS = tuple(key for key, _label, _name in TABS)
STAGE_TONES = {Stage.NEW: "info", Stage.GROWING: "good", Stage.DECLINING: "warn", Stage.LOST: "bad"}


@dataclass(frozen=True, slots=True)
class StageBadge:
    """Where the customer stands, since when, and the rule in words (for the tooltip)."""

    label: str
    tone: str
    since: date | None
    rule: str


@roles(*CUSTOMER_ROLES)
@require_GET
@not_ahead
def customer_detail(request: HttpRequest, customer_no: str) -> HttpResponse:
    """The frame of the customer page: who it is, what to beware of, figures, and tabs that load by address."""
    as_of, day = queries.ledger_day(), today()
    visible = Customer.objects.visible_to(request.user).select_related("branch", "manager", "backup", "position")
    customer = found_or_renamed(request, care.for_page(queries.with_figures(visible, as_of), day), customer_no)
    note_opening(person=request.user, customer=customer, at=now())
    amounts = scope_of(request.user).amounts
    may_serve = has_role(request.user, *SERVING)
    tabs = list(_tabs(request, customer_no, customer.open_promises, amounts=amounts))
    context = {
        "customer": customer,
        "stage": _stage(customer),
        "alerts": care.standing_alerts(customer, request.user, day),
        # Prospects leave their source on the record: without one there is nothing to look for.
        "origin": prospects.origin_of(customer.pk) if customer.origin else None,
        "tiles": [*(_money_tiles(customer, as_of) if amounts else ()), *_day_tiles(customer, amounts=amounts)],
        "last_contact": _last_contact(customer) if amounts else "",
        "tabs": tabs,
        "active": next(tab.key for tab in tabs if tab.active),
        "may_log": not has_role(request.user, Role.HEAD_OFFICE, Role.COMPLIANCE),
        "may_serve": may_serve,
        "team_url": _address("customers:team", customer_no),
        "warning_url": _address("insights:warning_of_customer", customer_no) if amounts else "",
        "ask_url": _address("customers:ask", customer_no) if may_serve else "",
        "edit_url": _address("customers:edit", customer_no) if may_serve else "",
        "crumbs": [{"label": _("Customers"), "url": reverse("customers:list")}, {"label": customer.name}],
    }
    return render(request, "customers/detail.html", context)


def _address(name: str, customer_no: str) -> str:
    try:
        return reverse(name, args=[customer_no])
    except NoReverseMatch:
        return ""


def _tabs(request: HttpRequest, customer_no: str, promises: int, *, amounts: bool) -> Iterator[Tab]:
    labels = {key: (label, _address(name, customer_no)) for key, label, name in TABS}
    keys = [key for key in (WITH_AMOUNTS if amounts else WITHOUT_AMOUNTS) if labels[key][1]]
    keys = [key for key in keys if ROLE_TABS.get(key, request.user.role) == request.user.role]
    wanted, days = request.GET.get("tab", ""), request.GET.get("days", "")
    active = wanted if wanted in keys else keys[0]
    for key in keys:
        label, url = labels[key]
        asked = f"{url}?days={days}" if key == active == "balances" and days.isdigit() else url
        count = promises if key == "promises" else 0
        yield Tab(key, str(label), asked, f"?tab={key}", key == active, count)


def _stage(customer: Any) -> StageBadge | None:
    stage = Stage(customer.position.stage)
    if stage == Stage.NONE:
        return None
    rule = str(StageRule(customer.stage_rule).label) if customer.stage_rule in StageRule.values else ""
    return StageBadge(str(stage.label), STAGE_TONES.get(stage, ""), customer.stage_since, rule)


def _money_tiles(customer: Any, as_of: date | None) -> Iterator[Tile]:
    yield Tile(_("Balance"), url="?tab=holdings", icon="wallet", money=customer.balance)
    names = {"month": _("Average this month"), "quarter": _("Average this quarter"), "year": _("Average this year")}
    for name, days in (windows(as_of) if as_of else {}).items():
        words = ngettext("over %(days)d day", "over %(days)d days", days) % {"days": days}
        url = f"?tab=balances&days={days}"
        yield Tile(names[name], url=url, icon="chart-line", money=getattr(customer, f"adb_{name}"), hint=words)


def _day_tiles(customer: Any, *, amounts: bool) -> Iterator[Tile]:
    matures_on, amount = customer.next_maturity_on, customer.next_maturity_amount
    hint = _("%(amount)s matures") % {"amount": wan(amount, get_language() or "")} if amounts and amount else ""
    day = matures_on.isoformat() if matures_on else _("None")
    yield Tile(_("Next maturity"), day, "?tab=holdings", icon="calendar-due", hint=hint)
    if not amounts:  # beside five figures of money it stands in the head of the page
        yield Tile(_("Last contact"), _last_contact(customer), "?tab=timeline", icon="message")


def _last_contact(customer: Any) -> str:
    return customer.last_contact_on.isoformat() if customer.last_contact_on else _("Never")

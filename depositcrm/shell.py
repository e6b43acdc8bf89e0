"""What the frame around every page shows: places to go, search, freshness of the figures."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from core.clock import now
from core.pinyin import reading
from customers.queries import ledger_day
from insights.queries.freshness import is_stale
from staff.access import BOOK_KEEPERS, COUNTER, CUSTOMER_ROLES, HEADS, SERVING, has_role, is_staff_member
from staff.enums import Role


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation: an address by name, and the roles that may go there."""

    name: str
    label: str | Promise
    icon: str
    roles: tuple[str, ...]
    group: str | Promise = ""


@dataclass(frozen=True, slots=True)
class NavItem:
    """A place as the template shows it, under the heading of its group.

    `words` is what else the palette finds it by: its name in every language, in pinyin and by initials. What stands at
    `count_url` is how much waits there.
    """

    label: str
    url: str
    icon: str
    active: bool
    group: str
    words: str = ""
    count_url: str = ""


@dataclass(frozen=True, slots=True)
class Freshness:
    """The day the figures are of; stale when older than one business day."""

    as_of: date
    stale: bool


OFFICE = (*BOOK_KEEPERS, *HEADS)
# Where a number beside the place says how much waits, for those who decide: the address of that number.
COUNTED = {"insights:approvals": "insights:approvals_count"}
DECIDERS = (*HEADS, Role.ADMIN, Role.COMPLIANCE)
RECORDS, OVERSIGHT = _("Records"), _("Management")
# In the order shown, a group after the other; the first four of a role stand at the foot of a phone.
PLACES = (
    Place("servicing:counter", _("Counter"), "headset", COUNTER),
    Place("insights:home", _("Home"), "home", (*OFFICE, Role.ADMIN, Role.COMPLIANCE, Role.AUDITOR)),
    Place("servicing:today", _("Today"), "target", BOOK_KEEPERS),
    Place("insights:warnings", _("Outflow warnings"), "alert-triangle", OFFICE),
    Place("customers:list", _("Customers"), "users", CUSTOMER_ROLES),
    Place("servicing:maturity_ladder", _("Maturity desk"), "calendar-due", OFFICE),
    Place("tiers:movers", _("Movers"), "arrows-exchange", OFFICE),
    Place("insights:bridge", _("ADB bridge"), "chart-bar", OFFICE),
    Place("insights:churn", _("Churn"), "trending-down", OFFICE),
    Place("tiers:flows", _("Tier migration"), "arrows-sort", (*OFFICE, Role.ADMIN)),
    Place("servicing:follow_ups", _("Follow-ups"), "list-check", (*SERVING, Role.HEAD_OFFICE)),
    Place("servicing:today", _("Lists of the day"), "target", HEADS),
    Place("servicing:agenda", _("Calendar"), "calendar-event", (*COUNTER, *OFFICE)),
    Place("servicing:contacts", _("Contacts"), "message", CUSTOMER_ROLES),
    Place("servicing:referrals", _("Referrals"), "arrows-exchange", (*SERVING, Role.HEAD_OFFICE)),
    Place("servicing:fraud_checks", _("Fraud prompts"), "shield-check", (*COUNTER, Role.BRANCH_HEAD, Role.COMPLIANCE)),
    Place("servicing:feedback", _("Feedback"), "message-report", CUSTOMER_ROLES),
    Place("complaints:inbox", _("Complaints"), "message-report", CUSTOMER_ROLES),
    Place("complaints:reviews", _("Reviews of decisions"), "scale", (*HEADS, Role.COMPLIANCE)),
    Place("servicing:surveys", _("Surveys"), "star", (*HEADS, Role.COMPLIANCE)),
    Place("campaigns:list", _("Campaigns"), "speakerphone", (*OFFICE, Role.COMPLIANCE)),
    Place("campaigns:events", _("Events"), "cake", (*COUNTER, *OFFICE)),
    Place("campaigns:win_backs", _("Win-back"), "heart-handshake", OFFICE),
    Place("servicing:kiosk_open", _("Kiosk"), "device-mobile", SERVING),
    Place("customers:my_promises", _("Promises"), "heart-handshake", (*SERVING, Role.HEAD_OFFICE)),
    Place("customers:prospects", _("Prospects"), "user-plus", (*SERVING, Role.HEAD_OFFICE)),
    Place("customers:kyc", _("KYC"), "shield-check", CUSTOMER_ROLES, RECORDS),
    Place("customers:quality", _("Data quality"), "list-check", CUSTOMER_ROLES, RECORDS),
    Place("tiers:catalogue", _("Entitlements"), "star", (*CUSTOMER_ROLES, Role.ADMIN, Role.AUDITOR), RECORDS),
    Place("servicing:calculator", _("Calculator"), "percentage", CUSTOMER_ROLES, RECORDS),
    Place("servicing:products", _("Products and rates"), "file-text", tuple(Role), RECORDS),
    Place("customers:handovers", _("Hand-overs"), "user-check", OFFICE, RECORDS),
    Place("tiers:overrides", _("Overrides"), "user-check", (*OFFICE, Role.COMPLIANCE), RECORDS),
    Place("customers:merges", _("Merged records"), "copy", HEADS, RECORDS),
    Place("staff:absences", _("Leave and deputies"), "calendar-event", (*SERVING, Role.HEAD_OFFICE), RECORDS),
    Place("staff:exports", _("Exports"), "file-export", CUSTOMER_ROLES, RECORDS),
    Place("campaigns:segments", _("Segments"), "filter", OFFICE, RECORDS),
    Place("campaigns:offers", _("Offers"), "coins", CUSTOMER_ROLES, RECORDS),
    Place("campaigns:templates", _("Templates"), "message", (*OFFICE, Role.COMPLIANCE), RECORDS),
    Place("campaigns:library", _("Library"), "bookmark", CUSTOMER_ROLES, RECORDS),
    Place("complaints:action_list", _("Corrective actions"), "list-check", CUSTOMER_ROLES, RECORDS),
    Place("staff:training", _("Training"), "bookmark", tuple(Role), RECORDS),
    Place("insights:findings", _("Findings of supervision"), "shield-check", CUSTOMER_ROLES, RECORDS),
    Place("insights:approvals", _("Approvals"), "user-check", tuple(Role), RECORDS),
    Place("insights:targets", _("Targets"), "target", OFFICE, OVERSIGHT),
    Place("insights:workload", _("Workload"), "users-group", HEADS, OVERSIGHT),
    Place("insights:satisfaction", _("Satisfaction"), "star", (*OFFICE, Role.COMPLIANCE), OVERSIGHT),
    Place("insights:completion", _("Completion and results"), "list-check", OFFICE, OVERSIGHT),
    Place("insights:spikes", _("Month-end spikes"), "activity", HEADS, OVERSIGHT),
    Place("insights:measures", _("Key figures"), "chart-bar", OFFICE, OVERSIGHT),
    Place("insights:reports", _("Reports"), "file-text", OFFICE, OVERSIGHT),
    Place("insights:supervision", _("Supervision"), "shield-check", (*HEADS, Role.COMPLIANCE), OVERSIGHT),
    Place("staff:teams", _("Teams"), "users-group", HEADS, OVERSIGHT),
    Place("complaints:problems", _("Problems"), "alert-triangle", (*HEADS, Role.COMPLIANCE), OVERSIGHT),
    Place("campaigns:models", _("Whom to call"), "target", (*OFFICE, Role.COMPLIANCE), OVERSIGHT),
    Place("campaigns:results_list", _("Results of campaigns"), "chart-bar", OFFICE, OVERSIGHT),
    Place("complaints:statistics", _("Complaint statistics"), "chart-bar", (*HEADS, Role.COMPLIANCE), OVERSIGHT),
    Place("tiers:schemes", _("Tiers"), "stairs", (Role.ADMIN, *HEADS, Role.COMPLIANCE, Role.AUDITOR), OVERSIGHT),
    Place("tiers:runs", _("Re-tierings"), "refresh", (Role.ADMIN, *HEADS, Role.COMPLIANCE, Role.AUDITOR), OVERSIGHT),
    Place("tiers:standards", _("Service standards"), "clock", (*OFFICE, Role.ADMIN, Role.COMPLIANCE), OVERSIGHT),
    Place("tiers:simulator", _("Simulator"), "adjustments-horizontal", (Role.ADMIN, *HEADS), OVERSIGHT),
    Place("customers:policies", _("Rules"), "versions", (Role.ADMIN, *HEADS, Role.COMPLIANCE, Role.AUDITOR), OVERSIGHT),
    Place("customers:wordings", _("Consent wordings"), "file-text", (Role.COMPLIANCE, Role.AUDITOR), OVERSIGHT),
    Place("customers:feeds", _("Feeds"), "file-import", (Role.ADMIN, Role.HEAD_OFFICE), OVERSIGHT),
    Place("servicing:contact_import", _("Import contacts"), "file-import", (Role.ADMIN, Role.HEAD_OFFICE), OVERSIGHT),
    Place("insights:jobs", _("Jobs"), "activity", (Role.ADMIN, Role.HEAD_OFFICE), OVERSIGHT),
    Place("insights:calendar", _("Working days"), "calendar", (Role.ADMIN, Role.HEAD_OFFICE), OVERSIGHT),
    Place("staff:users", _("People"), "users-group", (Role.ADMIN, *HEADS), OVERSIGHT),
    Place("staff:trail", _("Trail"), "history", (Role.COMPLIANCE, Role.AUDITOR), OVERSIGHT),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor of every page; its look-up runs only when the template asks for it."""
    user = getattr(request, "user", None)
    if not is_staff_member(user):
        return {"nav": [], "search_url": "", "freshness": None, "unread": 0}
    may_search = has_role(user, *CUSTOMER_ROLES)
    return {
        "nav": list(_places(user.role, request.path)),
        "search_url": _address("customers:find") if may_search else "",
        "freshness": SimpleLazyObject(_freshness),
        "unread": getattr(user, "unread", None) or 0,  # found with the person (staff.access.with_standing)
    }


def _places(role: str, at: str) -> Iterator[NavItem]:
    offered = [(place, _address(place.name)) for place in PLACES if role in place.roles]
    around = [url for _place, url in offered if url and (at == url or (url != "/" and at.startswith(url)))]
    # Of places one within the other, the inner one is where the person is.
    here = max(around, key=len, default="")
    for place, url in offered:
        if url:
            counted = COUNTED.get(place.name) if role in DECIDERS else None
            count_url = _address(counted) if counted else ""
            yield NavItem(
                str(place.label), url, place.icon, url == here, str(place.group), _words(place.label), count_url
            )


@cache
def _words(label: str | Promise) -> str:
    """A name in every language, lower-cased, and how the Chinese one is spelled: "approvals shenpi sp"."""
    found: dict[str, None] = {}
    for language, _name in settings.LANGUAGES:
        with override(language):
            name = str(label).lower()
        sounds = reading(name, is_person=False)
        found |= dict.fromkeys([*name.split(), sounds.full, sounds.initials])
    return " ".join(word for word in found if word)


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _freshness() -> Freshness | None:
    day = ledger_day()
    return Freshness(day, is_stale(day, now())) if day else None

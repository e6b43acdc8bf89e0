"""What the frame around every page shows: places to go, search, freshness of the figures."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
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
class Group:
    """A heading of the navigation that folds; `key` is what the browser remembers it by."""

    key: str
    label: str | Promise
    icon: str


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation: an address by name, and the roles that may go there. Without a group: daily work."""

    name: str
    label: str | Promise
    icon: str
    roles: tuple[str, ...]
    group: Group | None = None


@dataclass(frozen=True, slots=True)
class NavItem:
    """A place as the template shows it, under the heading of its group, which stands `unfolded` or not.

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
    fold: str = ""
    fold_icon: str = ""
    unfolded: bool = False


@dataclass(frozen=True, slots=True)
class Freshness:
    """The day the figures are of; stale when older than one business day."""

    as_of: date
    stale: bool


OFFICE = (*BOOK_KEEPERS, *HEADS)
# Where a number beside the place says how much waits, for those who decide: the address of that number.
COUNTED = {"insights:approvals": "insights:approvals_count"}
DECIDERS = (*HEADS, Role.ADMIN, Role.COMPLIANCE)
OVERSEERS = (*HEADS, Role.COMPLIANCE)
RULERS = (Role.ADMIN, *OVERSEERS, Role.AUDITOR)
PROMPTED = (*COUNTER, Role.BRANCH_HEAD, Role.COMPLIANCE)
OTHERS = tuple(role for role in Role if role not in DECIDERS)
# So few places are all in sight at once: nothing of them is folded.
FEW = 16
RECORDS = Group("records", _("Records"), "clipboard-list")
DEPOSITS = Group("deposits", _("Deposits"), "chart-line")
SERVICE = Group("service", _("Service"), "message")
CAMPAIGNS = Group("campaigns", _("Campaigns"), "speakerphone")
TEAM = Group("team", _("Team"), "users-group")
TIERS = Group("tiers", _("Tiers and rates"), "stairs")
SETTINGS = Group("settings", _("Settings"), "settings")
# In the order shown: the work of a day, then a group after the other; the first four of a role stand at the foot of a
# phone.
PLACES = (
    Place("servicing:counter", _("Counter"), "headset", COUNTER),
    Place("insights:home", _("Home"), "home", (*OFFICE, Role.ADMIN, Role.COMPLIANCE)),
    Place("servicing:today", _("Today"), "target", BOOK_KEEPERS),
    Place("insights:warnings", _("Outflow warnings"), "alert-triangle", OFFICE),
    Place("customers:list", _("Customers"), "users", CUSTOMER_ROLES),
    Place("insights:approvals", _("Approvals"), "user-check", DECIDERS),
    Place("staff:trail", _("Trail"), "history", (Role.COMPLIANCE, Role.AUDITOR)),
    Place("customers:feeds", _("Feeds"), "file-import", (Role.ADMIN,)),
    Place("insights:jobs", _("Jobs"), "activity", (Role.ADMIN,)),
    Place("servicing:follow_ups", _("Follow-ups"), "list-check", (*SERVING, Role.HEAD_OFFICE)),
    Place("servicing:agenda", _("Calendar"), "calendar-event", (*COUNTER, *OFFICE)),
    Place("complaints:inbox", _("Complaints"), "message-report", CUSTOMER_ROLES),
    Place("servicing:today", _("Lists of the day"), "target", HEADS),
    Place("insights:approvals", _("Approvals"), "user-check", OTHERS),
    Place("customers:prospects", _("Prospects"), "user-plus", (*SERVING, Role.HEAD_OFFICE), RECORDS),
    Place("servicing:referrals", _("Referrals"), "arrows-exchange", (*SERVING, Role.HEAD_OFFICE), RECORDS),
    Place("customers:my_promises", _("Promises"), "heart-handshake", (*SERVING, Role.HEAD_OFFICE), RECORDS),
    Place("customers:kyc", _("KYC"), "shield-check", CUSTOMER_ROLES, RECORDS),
    Place("customers:quality", _("Data quality"), "list-check", CUSTOMER_ROLES, RECORDS),
    Place("customers:handovers", _("Hand-overs"), "user-check", OFFICE, RECORDS),
    Place("customers:merges", _("Merged records"), "copy", HEADS, RECORDS),
    Place("staff:exports", _("Exports"), "file-export", CUSTOMER_ROLES, RECORDS),
    Place("servicing:maturity_ladder", _("Maturity desk"), "calendar-due", OFFICE, DEPOSITS),
    Place("tiers:movers", _("Movers"), "arrows-exchange", OFFICE, DEPOSITS),
    Place("insights:bridge", _("ADB bridge"), "chart-bar", OFFICE, DEPOSITS),
    Place("insights:churn", _("Churn"), "trending-down", OFFICE, DEPOSITS),
    Place("tiers:flows", _("Tier migration"), "arrows-sort", (*OFFICE, Role.ADMIN), DEPOSITS),
    Place("insights:spikes", _("Month-end spikes"), "activity", HEADS, DEPOSITS),
    Place("insights:measures", _("Key figures"), "chart-bar", OFFICE, DEPOSITS),
    Place("insights:reports", _("Reports"), "file-text", OFFICE, DEPOSITS),
    Place("servicing:contacts", _("Contacts"), "message", CUSTOMER_ROLES, SERVICE),
    Place("servicing:fraud_checks", _("Fraud prompts"), "shield-check", PROMPTED, SERVICE),
    Place("servicing:feedback", _("Feedback"), "message-report", CUSTOMER_ROLES, SERVICE),
    Place("servicing:surveys", _("Surveys"), "star", OVERSEERS, SERVICE),
    Place("servicing:kiosk_open", _("Kiosk"), "device-mobile", SERVING, SERVICE),
    Place("complaints:reviews", _("Reviews of decisions"), "scale", OVERSEERS, SERVICE),
    Place("complaints:action_list", _("Corrective actions"), "list-check", CUSTOMER_ROLES, SERVICE),
    Place("complaints:problems", _("Problems"), "alert-triangle", OVERSEERS, SERVICE),
    Place("complaints:statistics", _("Complaint statistics"), "chart-bar", OVERSEERS, SERVICE),
    Place("campaigns:list", _("Campaigns"), "speakerphone", (*OFFICE, Role.COMPLIANCE), CAMPAIGNS),
    Place("campaigns:events", _("Events"), "cake", (*COUNTER, *OFFICE), CAMPAIGNS),
    Place("campaigns:win_backs", _("Win-back"), "heart-handshake", OFFICE, CAMPAIGNS),
    Place("campaigns:models", _("Whom to call"), "target", (*OFFICE, Role.COMPLIANCE), CAMPAIGNS),
    Place("campaigns:results_list", _("Results of campaigns"), "chart-bar", OFFICE, CAMPAIGNS),
    Place("campaigns:segments", _("Segments"), "filter", OFFICE, CAMPAIGNS),
    Place("campaigns:offers", _("Offers"), "coins", CUSTOMER_ROLES, CAMPAIGNS),
    Place("campaigns:templates", _("Templates"), "message", (*OFFICE, Role.COMPLIANCE), CAMPAIGNS),
    Place("campaigns:library", _("Library"), "bookmark", CUSTOMER_ROLES, CAMPAIGNS),
    Place("insights:targets", _("Targets"), "target", OFFICE, TEAM),
    Place("insights:workload", _("Workload"), "users-group", HEADS, TEAM),
    Place("insights:completion", _("Completion and results"), "list-check", OFFICE, TEAM),
    Place("insights:satisfaction", _("Satisfaction"), "star", (*OFFICE, Role.COMPLIANCE), TEAM),
    Place("staff:teams", _("Teams"), "users-group", HEADS, TEAM),
    Place("staff:absences", _("Leave and deputies"), "calendar-event", (*SERVING, Role.HEAD_OFFICE), TEAM),
    Place("staff:training", _("Training"), "bookmark", tuple(Role), TEAM),
    Place("insights:supervision", _("Supervision"), "shield-check", OVERSEERS, TEAM),
    Place("insights:findings", _("Findings of supervision"), "shield-check", CUSTOMER_ROLES, TEAM),
    Place("insights:openings", _("Opened customer pages"), "eye", (Role.COMPLIANCE, Role.AUDITOR), TEAM),
    Place("tiers:catalogue", _("Entitlements"), "star", (*CUSTOMER_ROLES, Role.ADMIN, Role.AUDITOR), TIERS),
    Place("servicing:products", _("Products and rates"), "file-text", tuple(Role), TIERS),
    Place("servicing:calculator", _("Calculator"), "percentage", CUSTOMER_ROLES, TIERS),
    Place("tiers:overrides", _("Overrides"), "user-check", (*OFFICE, Role.COMPLIANCE), TIERS),
    Place("tiers:schemes", _("Tiers"), "stairs", RULERS, TIERS),
    Place("tiers:runs", _("Re-tierings"), "refresh", RULERS, TIERS),
    Place("tiers:standards", _("Service standards"), "clock", (*OFFICE, Role.ADMIN, Role.COMPLIANCE), TIERS),
    Place("tiers:simulator", _("Simulator"), "adjustments-horizontal", (Role.ADMIN, *HEADS), TIERS),
    Place("customers:policies", _("Rules"), "versions", RULERS, SETTINGS),
    Place("customers:wordings", _("Consent wordings"), "file-text", (Role.COMPLIANCE, Role.AUDITOR), SETTINGS),
    Place("customers:feeds", _("Feeds"), "file-import", (Role.HEAD_OFFICE,), SETTINGS),
    Place("servicing:contact_import", _("Import contacts"), "file-import", (Role.ADMIN, Role.HEAD_OFFICE), SETTINGS),
    Place("insights:jobs", _("Jobs"), "activity", (Role.HEAD_OFFICE,), SETTINGS),
    Place("insights:calendar", _("Working days"), "calendar", (Role.ADMIN, Role.HEAD_OFFICE), SETTINGS),
    Place("staff:users", _("People"), "users-group", (Role.ADMIN, *HEADS), SETTINGS),
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
    known = [(place, _address(place.name)) for place in PLACES if role in place.roles]
    offered = [(place, url) for place, url in known if url]
    sizes = Counter(place.group for place, _url in offered)
    # A group of one is no group: its place stands with those of the day.
    grouped = [(place if sizes[place.group] > 1 else replace(place, group=None), url) for place, url in offered]
    around = [(place, url) for place, url in grouped if at == url or (url != "/" and at.startswith(url))]
    # Of places one within the other, the inner one is where the person is.
    here = max(around, key=lambda one: len(one[1]), default=None)
    for place, url in sorted(grouped, key=lambda one: one[0].group is not None):
        group = place.group
        yield NavItem(
            str(place.label),
            url,
            place.icon,
            active=bool(here) and url == here[1],
            group=str(group.label) if group else "",
            words=_words(place.label),
            count_url=_address(COUNTED[place.name]) if place.name in COUNTED and role in DECIDERS else "",
            fold=group.key if group else "",
            fold_icon=group.icon if group else "",
            unfolded=len(offered) <= FEW or bool(here and group is here[0].group),
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

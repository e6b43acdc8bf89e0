"""Reads of follow-ups: whose they are, what they say, which are due, who may take them over."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core.memo import once_a_request
from customers.models import Customer
from customers.models.customers import CustomerQuerySet
from servicing.enums import FollowUpKind, FollowUpState
from servicing.models import FollowUp, Series
from servicing.models.follow_ups import FollowUpQuerySet
from servicing.rules.cadence import BUILT_IN, Cadence, read_cadence
from staff.access import BOOK_KEEPERS, HEADS, SERVING, has_role
from staff.enums import Role
from staff.models import User
from staff.queries import people_offered, policy_on
from tiers.queries import bands_for_display, tier_name

KIND = "cadence"
MANAGING = (*BOOK_KEEPERS, *HEADS)


@once_a_request
def cadence_on(day: date) -> Cadence:
    """The rules of contact rhythms in force on a day."""
    return read_cadence(policy_on(KIND, day, BUILT_IN).values)


def with_people(rows: FollowUpQuerySet) -> FollowUpQuerySet:
    """With all that a list says of a follow-up."""
    return rows.select_related("customer", "owner", "closed_by", "series")


def of_whom(rows: FollowUpQuerySet, viewer: User, whose: str) -> FollowUpQuerySet:
    """One's own follow-ups ("mine"), or all in sight ("team"); for tellers only their own or what they wrote."""
    if whose != "team":
        return rows.filter(owner=viewer)
    if has_role(viewer, *MANAGING, Role.COMPLIANCE):
        return rows
    return rows.filter(Q(owner=viewer) | Q(created_by=viewer))


def readable_by(rows: FollowUpQuerySet, viewer: User) -> FollowUpQuerySet:
    """Of the follow-ups in sight those this person may read: tellers not what managers plan with a customer."""
    return of_whom(rows, viewer, "team")


def may_change(user: User, follow_up: FollowUp) -> bool:
    """Whether a person who sees the customer may close, move or change the follow-up: its owner, whoever looks after
    the customer or stands in, the heads, and its author."""
    if follow_up.owner_id == user.pk or follow_up.created_by_id == user.pk:
        return has_role(user, *SERVING, *HEADS)
    return has_role(user, *MANAGING)


def may_own(user: User, customer: Customer) -> bool:
    """Whether a person serves customers and sees this one."""
    if not user.is_active or not has_role(user, *SERVING, *HEADS):
        return False
    return Customer.objects.visible_to(user).filter(pk=customer.pk).exists()


def seen_by(user: User, customer_ids: Iterable[int]) -> set[int]:
    """Of these customers those a person sees and may have follow-ups of."""
    if not user.is_active or not has_role(user, *SERVING, *HEADS):
        return set()
    rows: CustomerQuerySet = Customer.objects.visible_to(user).filter(pk__in=set(customer_ids))
    return set(rows.order_by().values_list("pk", flat=True))


def colleagues(user: User, unit_code: str = "", staff_no: str = "") -> QuerySet[User]:
    """Whom a list of follow-ups may name: a manager's own unit, a head's units (of the whole bank only the chosen)."""
    people = User.objects.filter(is_active=True, role__in=[*SERVING, *HEADS]).select_related("branch")
    if has_role(user, *HEADS, Role.COMPLIANCE):
        people = people_offered(people.filter(branch__path__startswith=user.branch.path), user, unit_code, staff_no)
    else:
        people = people.filter(branch_id=user.branch_id)
    return people.order_by("branch__code", "name", "pk")


def offered(customer: Customer, user: User) -> list[FollowUp]:
    """The customer's open follow-ups this person may close with a contact, the most pressing first."""
    rows = readable_by(FollowUp.objects.visible_to(user).open().filter(customer=customer), user)
    return list(rows.select_related("customer", "owner").order_by("due_on", "priority", "pk")[:20])


def tasks_of(customer: Customer, viewer: User) -> FollowUpQuerySet:
    """The follow-ups of a customer this person may read, with their people."""
    return readable_by(with_people(FollowUp.objects.visible_to(viewer).filter(customer=customer)), viewer)


def series_of(customer: Customer) -> QuerySet[Series]:
    """Follow-ups of the customer that recur and are not ended."""
    return Series.everything.filter(customer=customer, ended_at=None).select_related("owner").order_by("pk")


def reminders_due(*, until: datetime, since: datetime | None = None) -> QuerySet[FollowUp]:
    """Open follow-ups whose reminder falls after `since` and by `until`, the earliest first."""
    rows = FollowUp.everything.filter(state=FollowUpState.OPEN, remind_at__lte=until)
    if since is not None:
        rows = rows.filter(remind_at__gt=since)
    return rows.select_related("customer", "owner").order_by("remind_at", "pk")


@dataclass(frozen=True, slots=True)
class Load:
    """What is open of somebody's follow-ups on a day: all, due on the day, overdue."""

    open: int
    today: int
    overdue: int


def load(rows: FollowUpQuerySet, day: date) -> Load:
    """How many of these follow-ups are open, due on the day, and overdue."""
    counts = (
        rows.order_by()
        .filter(state=FollowUpState.OPEN)
        .aggregate(
            open=Count("pk"), today=Count("pk", filter=Q(due_on=day)), overdue=Count("pk", filter=Q(due_on__lt=day))
        )
    )
    return Load(**counts)


def title_of(follow_up: FollowUp) -> str:
    """What is to be done, in the reader's language: what a person wrote, else in words of the reason."""
    if follow_up.title:
        return follow_up.title
    facts: Mapping[str, Any] = follow_up.facts
    if follow_up.kind == FollowUpKind.CAMPAIGN and "win_back" in facts:
        return _("Win the customer back")
    if follow_up.kind == FollowUpKind.PLAYBOOK:
        return str(facts.get("title_zh" if (get_language() or "").startswith("zh") else "title_en", ""))
    return {
        FollowUpKind.CADENCE: _("Contact the customer"),
        FollowUpKind.REVIEW: _("Hold the review meeting"),
        FollowUpKind.TIER_UP: _("Congratulate and explain the new tier's services"),
        FollowUpKind.TIER_WATCH: _("Talk about keeping the tier"),
    }.get(FollowUpKind(follow_up.kind), str(follow_up.get_kind_display()))


def reason_of(follow_up: FollowUp) -> str:
    """Why it is to be done, with the inputs; "" for what a person wrote without a reason."""
    facts: Mapping[str, Any] = follow_up.facts
    if follow_up.kind == FollowUpKind.CADENCE and "every" in facts:
        return _cadence(facts)
    if follow_up.kind == FollowUpKind.REVIEW and "months" in facts:
        return _("A review meeting every %(months)s months is promised.") % facts
    if follow_up.kind in {FollowUpKind.TIER_UP, FollowUpKind.TIER_WATCH} and "to" in facts:
        return _tier(follow_up, facts)
    if follow_up.kind == FollowUpKind.PLAYBOOK and "playbook" in facts:
        zh = (get_language() or "").startswith("zh")
        return _("Playbook: %(name)s, day %(days)s") % {
            "name": facts["playbook_zh" if zh else "playbook_en"],
            "days": facts.get("days", ""),
        }
    if follow_up.kind == FollowUpKind.CAMPAIGN and "win_back" in facts:
        return _("Deposits fell or left: find out why, and what would bring them back.")
    if follow_up.kind == FollowUpKind.CAMPAIGN and "event" in facts:
        return _event(facts)
    if follow_up.kind == FollowUpKind.CAMPAIGN and facts.get("script"):
        return _("What to say: %(script)s") % facts
    return ""


def _cadence(facts: Mapping[str, Any]) -> str:
    if facts.get("last"):
        return _("Last contact on %(last)s; one at least every %(every)s days is promised.") % facts
    return _("Not contacted since the tier began on %(since)s; one at least every %(every)s days is promised.") % facts


def _event(facts: Mapping[str, Any]) -> str:
    return {
        "moved_up": _("A seat became free: the customer moved up from the waiting list. Tell them."),
        "changed": _("Time or place of the event changed: tell the customer."),
        "cancelled": _("The event is called off: tell the customer."),
        "missed": _("Had a seat at the event and did not come: ask how they are, offer another day."),
    }.get(str(facts.get("why")), "")


def _tier(follow_up: FollowUp, facts: Mapping[str, Any]) -> str:
    on = parse_date(str(facts.get("on", ""))) or follow_up.due_on
    bands = bands_for_display(on)
    if follow_up.kind == FollowUpKind.TIER_WATCH:
        return _("Below the floor of %(tier)s since %(day)s.") % {"tier": tier_name(facts["to"], bands), "day": on}
    names = {"before": tier_name(facts["from"], bands), "after": tier_name(facts["to"], bands), "day": on}
    return _("Rose from %(before)s to %(after)s on %(day)s.") % names


def undo_until(follow_up: FollowUp, day: date) -> datetime | None:
    """Until when the last step on a follow-up can be taken back; None when there is none to take back."""
    undo = follow_up.facts.get("undo")
    at = follow_up.closed_at if follow_up.state != FollowUpState.OPEN else undo and parse_datetime(undo["at"])
    return at + cadence_on(day).undo if at else None

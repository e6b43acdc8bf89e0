"""Opened customer pages: the list for compliance and the auditor, and what the person had to do with the customer."""

from datetime import timedelta
from typing import Any

from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from complaints.models import Complaint
from customers.models import Customer, PageOpening
from servicing.enums import Origin
from servicing.models import FollowUp, Interaction, Quote, Referral
from staff.models import User

CONTACT, FOLLOW_UP, WORK, NONE = "contact", "follow_up", "work", ""
SHOWN = (
    *("on", "first_at", "last_at", "times", "is_outside", "person__name", "person__staff_no", "person__role"),
    *("branch__name", "customer__customer_no", "customer__name"),
)


def openings_for(user: User, *, days: int) -> QuerySet[PageOpening]:
    """Openings this person reads, each with its `need` within `days`, and `in_sight`: whether they may see the
    customer; of others they are told the number, as the trail tells it."""
    mine = Customer.objects.visible_to(user).filter(pk=OuterRef("customer"))
    rows = PageOpening.objects.visible_to(user).select_related("person", "branch", "customer").only(*SHOWN)
    return with_need(rows.annotate(in_sight=Exists(mine)), days)


def with_need(rows: QuerySet[PageOpening], days: int) -> QuerySet[PageOpening]:
    """Openings with `need`: what the person had to do with the customer at most `days` days before or after.

    "contact", "follow_up", "work" (a complaint, a referral, a quote; which of them is not told, as a complaint may be
    kept from whoever reads this), "" = nothing found. Fraud prompts serve fraud control only and are not looked at.
    """
    # What was done for a merged customer stands with the one it became.
    whose = Coalesce("customer__merged_into", "customer")
    found = ((CONTACT, _contacts(days)), (FOLLOW_UP, _follow_ups(days)), (WORK, _work(days)))
    cases = (When(condition, then=Value(code)) for code, condition in found)
    return rows.annotate(whose=whose).annotate(need=Case(*cases, default=Value(NONE), output_field=CharField()))


def without_need(days: int) -> Q:
    """Of rows made by `with_need`: nothing found. Told apart from its `need`, PostgreSQL reads on from the latest row
    until a page is full, and not all there are."""
    return ~Q(_contacts(days)) & ~Q(_follow_ups(days)) & ~_work(days)


def _of(model: Any, *conditions: Q) -> Exists:
    rows = model.everything.filter(*conditions, customer=OuterRef("whose"))
    return Exists(rows.order_by())


def _near(name: str, days: int) -> Q:
    """The moment `name` is at most `days` days before the first or after the last look."""
    span = timedelta(days=days)
    return Q(**{f"{name}__gte": OuterRef("first_at") - span, f"{name}__lte": OuterRef("last_at") + span})


def _contacts(days: int) -> Exists:
    """They spoke to the customer; what a campaign sent by itself is no talk."""
    return _of(Interaction, ~Q(origin=Origin.CAMPAIGN), Q(author=OuterRef("person")), _near("happened_at", days))


def _follow_ups(days: int) -> Exists:
    """Something they had to do for the customer was due, was made by them, or closed by them."""
    span = timedelta(days=days)
    due = Q(owner=OuterRef("person"), due_on__gte=OuterRef("on") - span, due_on__lte=OuterRef("on") + span)
    made = Q(created_by=OuterRef("person")) & _near("created_at", days)
    closed = Q(closed_by=OuterRef("person")) & _near("closed_at", days)
    return _of(FollowUp, due | made | closed)


def _work(days: int) -> Q:
    """They handled or took down a complaint of the customer's, sent the customer on or got them, or gave a quote."""
    span = timedelta(days=days)
    person = OuterRef("person")
    open_then = Q(closed_on=None) | Q(closed_on__gte=OuterRef("on") - span)
    case = open_then & (Q(handler=person) | Q(registered_by=person)) & Q(received_on__lte=OuterRef("on") + span)
    sent = (Q(from_user=person) | Q(to_user=person)) & _near("made_at", days)
    return Q(_of(Complaint, case)) | Q(_of(Referral, sent)) | Q(_of(Quote, Q(made_by=person), _near("made_at", days)))


def opened_that_day(opening: PageOpening) -> int:
    """How many customers the person opened on the day of an opening."""
    return PageOpening.everything.filter(person=opening.person_id, on=opening.on).count()

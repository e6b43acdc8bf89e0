"""Reads for taking complaints in: which unit decides, what may be the same matter, whom names on paper mean."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from complaints.models import Complaint
from complaints.queries.choices import intake_choices
from complaints.rules.intake import Unit, desk_of
from core import crypto
from core.phones import PhoneError, normalise_phone
from customers.models import Customer
from staff.access import HEADS
from staff.models import Branch, User

PHONE_INDEX = "complaint.phone"
CUSTOMER_PHONE = "customers.customer.phone"
SHOWN = 5
MOST_NAMED = 10
_SEPARATORS = re.compile(r"[,，、;；\n]+")


@dataclass(frozen=True, slots=True)
class Named:
    """Colleagues a text names; `unknown` are the words that name nobody or several."""

    people: tuple[User, ...]
    unknown: tuple[str, ...]


def phone_index(phone: str) -> bytes | None:
    """The blind index of a complainant's phone; None for what is no phone."""
    try:
        return crypto.blind_index(PHONE_INDEX, normalise_phone(phone))
    except PhoneError:
        return None


def desk_for(branch: Branch, apart: frozenset[int]) -> Branch:
    """The unit that decides a complaint about `branch`; people in `apart` (ids) are kept away from it."""
    above = [int(part) for part in reversed(branch.path.strip("/").split("/")) if part] or [branch.pk]
    heads: dict[int, set[int]] = {pk: set() for pk in above}
    people = User.objects.filter(role__in=HEADS, is_active=True, branch_id__in=above)
    for pk, unit in people.values_list("pk", "branch_id"):
        heads[unit].add(pk)
    found = desk_of([Unit(pk, frozenset(heads[pk])) for pk in above], apart)
    return branch if found == branch.pk else Branch.objects.get(pk=found)


def alike(
    viewer: User, *, customer: Customer | None, phone: str, source_no: str, category: str, day: date
) -> QuerySet[Complaint]:
    """Up to 5 cases in the viewer's sight that may be the same matter: of this customer, phone or sender's number,
    received within the days of the rules; those of the same category first, then the latest."""
    same = Q(pk__in=[])
    if customer is not None:
        same |= Q(customer=customer)
    if index := phone_index(phone):
        same |= Q(phone_index=index)
    if source_no:
        same |= Q(source_no=source_no)
    since = day - timedelta(days=intake_choices(day).same_days)
    other = Case(When(category=category, then=Value(0)), default=Value(1), output_field=IntegerField())
    rows = Complaint.objects.visible_to(viewer).filter(same, received_on__gte=since)
    return rows.alias(other=other).order_by("other", "-received_on", "-pk")[:SHOWN]


def candidates_for(case: Complaint, viewer: User) -> QuerySet[Complaint]:
    """Up to 5 other cases in the viewer's sight that may be the same matter as this one: of its customer or phone,
    received within the days of the rules around it; the latest first. None that is joined with it already."""
    same = Q(pk__in=[])
    if case.customer_id is not None:
        same |= Q(customer=case.customer_id)
    if case.phone_index is not None:
        same |= Q(phone_index=case.phone_index)
    days = timedelta(days=intake_choices(case.received_on).same_days)
    rows = Complaint.objects.visible_to(viewer).filter(
        same, received_on__range=(case.received_on - days, case.received_on + days), same_as=None
    )
    rows = rows.exclude(pk__in=[case.pk, case.same_as_id or 0]).exclude(same_as=case)
    return rows.order_by("-received_on", "-pk")[:SHOWN]


def is_joined_to(case: Complaint) -> bool:
    """Whether others say they are the same matter as this one: it is the first of them."""
    return Complaint.everything.filter(same_as=case).exists()


def colleagues_named(text: str) -> Named:
    """Whom staff numbers or full names mean, separated by commas or lines; at most 10 count."""
    words = [word for word in (part.strip() for part in _SEPARATORS.split(text)) if word][:MOST_NAMED]
    rows = User.objects.filter(Q(staff_no__in=words) | Q(name__in=words), is_active=True).select_related("branch")
    found = list(rows)
    people: dict[int, User] = {}
    unknown = []
    for word in words:
        meant = [user for user in found if word in (user.staff_no, user.name)]
        if len(meant) == 1:
            people[meant[0].pk] = meant[0]
        else:
            unknown.append(word)
    return Named(tuple(people.values()), tuple(unknown))


def customer_who_says(name: str, phone: str) -> Customer | None:
    """The one customer with this very name and phone: whom somebody without a sign-in says to be."""
    try:
        index = crypto.blind_index(CUSTOMER_PHONE, normalise_phone(phone))
    except PhoneError:
        return None
    rows = Customer.everything.filter(phone_index=index, name=name.strip(), merged_into=None)
    found = list(rows.select_related("branch", "position")[:2])
    return found[0] if len(found) == 1 else None


def cases_about(customer: Customer, viewer: User) -> QuerySet[Complaint]:
    """The customer's cases this person may see, those under way first, then the latest."""
    rows = Complaint.objects.visible_to(viewer).filter(customer=customer).select_related("handler", "desk")
    return rows.order_by("closed_on", "-received_on", "-pk")

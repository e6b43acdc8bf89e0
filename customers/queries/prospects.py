"""Reads of prospects: where a customer came from, and whom a prospect may be."""

from django.db.models import QuerySet

from core import crypto
from core.phones import PhoneError, normalise_phone
from customers.models import Customer, Prospect
from staff.access import BOOK_KEEPERS
from staff.enums import Role
from staff.models import Branch, User

PHONE_INDEX = "customers.customer.phone"
SHOWN = 5


def origin_of(customer_id: int) -> Prospect | None:
    """The prospect a customer came as, with who referred them; None for those who came otherwise."""
    return Prospect.everything.filter(customer_id=customer_id).select_related("referred_by").first()


def known_by_phone(phone: str, viewer: User) -> list[Customer]:
    """Customers in the viewer's sight with this phone; a text that is no phone finds nobody."""
    try:
        index = crypto.blind_index(PHONE_INDEX, normalise_phone(phone))
    except PhoneError:
        return []
    return _customers(index, viewer)


def alike(prospect: Prospect, viewer: User) -> list[Customer]:
    """Customers in the viewer's sight with the prospect's phone."""
    return _customers(bytes(prospect.phone_index), viewer) if prospect.phone_index else []


def _customers(index: bytes, viewer: User) -> list[Customer]:
    return list(Customer.objects.visible_to(viewer).filter(phone_index=index).order_by("name_pinyin", "pk")[:SHOWN])


def prospect_managers(branch: Branch) -> QuerySet[User]:
    """Who may look after a prospect of a unit: its managers and its head, by name."""
    people = User.objects.filter(branch=branch, is_active=True, role__in=[*BOOK_KEEPERS, Role.BRANCH_HEAD])
    return people.order_by("name", "pk")

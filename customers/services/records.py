"""Writes to the customer record, and the only way to its sealed values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import crypto, trail
from core.errors import DomainError
from core.models import TrailEntry
from customers.models import Customer, CustomerPosition
from customers.queries.profile import masked_value
from staff.models import User

Field = Literal["id_no", "phone", "email", "address", "wechat"]
FIELDS: tuple[Field, ...] = ("id_no", "phone", "email", "address", "wechat")
REVEALS_PER_HOUR = 30


class ReasonNeeded(DomainError):
    """Sealed values are shown for a stated reason only."""

    code = "reason_needed"
    message = _("Say why you need to see this (at least 4 characters).")


class TooManyReveals(DomainError):
    """The hour's quota of revealed values is used up."""

    code = "too_many_reveals"
    message = _("You have revealed %(limit)s values within the hour; wait or ask compliance.")


class NothingStored(DomainError):
    """The record has no value there."""

    code = "nothing_stored"
    message = _("Nothing is recorded here.")


@dataclass(frozen=True, slots=True)
class MaskedFields:
    """Sealed values as they may be shown to anybody who may see the customer."""

    id_no: str
    phone: str
    email: str
    address: str
    wechat: str


def unsealed(customer: Customer, field: str) -> str:
    """A sealed value in clear, for checks and comparisons within the product; what people see goes by `reveal`."""
    blob = getattr(customer, f"{field}_cipher")
    return crypto.unseal(f"customers.customer.{field}", customer.customer_no, blob) if blob else ""


def mask(customer: Customer) -> MaskedFields:
    """All sealed values, masked."""
    return MaskedFields(**{field: masked(customer, field) for field in FIELDS})


def masked(customer: Customer, field: Field) -> str:
    """One sealed value, masked; for lists."""
    return masked_value(field, customer.customer_no, getattr(customer, f"{field}_cipher"))


def reveal(*, customer: Customer, field: Field, reason: str, actor: User, at: datetime) -> str:
    """The plain value; the trail entry is committed first. Raises ReasonNeeded, TooManyReveals, NothingStored."""
    if len(reason.strip()) < 4:
        raise ReasonNeeded()
    if not getattr(customer, f"{field}_cipher"):
        raise NothingStored()
    with transaction.atomic():
        User.objects.select_for_update().get(pk=actor.pk)  # parallel requests are counted one by one
        hour = Q(at__gt=at - timedelta(hours=1), actor_no=actor.staff_no, action="reveal")
        if TrailEntry.objects.filter(hour).count() >= REVEALS_PER_HOUR:
            raise TooManyReveals(limit=REVEALS_PER_HOUR)
        trail.record(
            actor=actor.actor,
            action="reveal",
            subject="customers.customer",
            subject_id=customer.customer_no,
            at=at,
            changes={"field": field},
            reason=reason.strip(),
        )
    return unsealed(customer, field)


def touch_contact(*, customer_id: int, on: date) -> None:
    """Remember the latest day somebody of the bank was in contact with the customer."""
    earlier = Q(last_contact_on=None) | Q(last_contact_on__lt=on)
    CustomerPosition.everything.filter(earlier, customer_id=customer_id).update(last_contact_on=on)


def touch_contacts(*, latest: Mapping[int, date]) -> int:
    """Remember the latest contacts of many customers at once, by customer id; returns how many are later than known."""
    if not latest:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE customers_customerposition AS p SET last_contact_on = n.day"
            "  FROM unnest(%(ids)s::bigint[], %(days)s::date[]) AS n (customer_id, day)"
            " WHERE p.customer_id = n.customer_id AND (p.last_contact_on IS NULL OR p.last_contact_on < n.day)",
            {"ids": list(latest), "days": list(latest.values())},
        )
        return cursor.rowcount


def set_last_contact(*, customer_id: int, on: date | None) -> None:
    """Put the last contact right after one was corrected or taken back; None when none is left."""
    CustomerPosition.everything.filter(pk=customer_id).update(last_contact_on=on)

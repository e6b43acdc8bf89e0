"""What customers prefer: dated, with its source; a new statement ends the one before it."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import trail
from core.errors import DomainError
from customers.enums import Source
from customers.models import Customer, Preference
from customers.rules.profile import PREFERENCES
from staff.models import User


class NoSuchPreference(DomainError):
    """A kind that is not kept, a value it cannot have, or a day to come."""

    code = "no_such_preference"
    message = _("This is not one of the values to choose from.")


@transaction.atomic
def set_preference(
    *, customer: Customer, kind: str, value: str, source: str, stated_on: date, actor: User, at: datetime
) -> Preference | None:
    """Note what the customer prefers; "" takes a preference back, and None is what is left then.

    Saying the same again with the same source and day changes nothing. Raises NoSuchPreference.
    """
    if kind not in PREFERENCES or (value and value not in PREFERENCES[kind]) or stated_on > at.date():
        raise NoSuchPreference()
    Customer.everything.select_for_update().get(pk=customer.pk)  # one statement at a time
    current = Preference.everything.filter(customer=customer, kind=kind, ended_at=None).first()
    if current is None and not value:
        return None
    if current and (current.value, current.source, current.stated_on) == (value, source, stated_on):
        return current
    Preference.everything.filter(customer=customer, kind=kind, ended_at=None).update(ended_at=at)
    made = None
    if value:
        made = Preference.everything.create(
            customer=customer,
            kind=kind,
            value=value,
            source=Source(source),
            stated_on=stated_on,
            recorded_by=actor,
            recorded_at=at,
        )
    trail.record(
        actor=actor.actor,
        action="change",
        subject="customers.preference",
        subject_id=customer.customer_no,
        at=at,
        changes={kind: [current.value if current else "", value]},
    )
    return made

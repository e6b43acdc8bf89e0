"""Where a field's present value comes from, and when somebody last made sure of it."""

from collections.abc import Iterable
from datetime import date

from customers.enums import Source
from customers.models import Customer, FieldSource
from staff.models import User


def confirm(*, customer: Customer, fields: Iterable[str], source: str, actor: User | None, on: date) -> None:
    """Note that these fields were stated or made sure of on a day; an earlier note of a field is replaced.

    `fields` are names of `customers.rules.profile.FIELDS`; nobody (None) confirms what the core's feed brings.
    Call it inside the transaction of the change it belongs to.
    """
    rows = [
        FieldSource(customer=customer, field=field, source=Source(source), confirmed_on=on, confirmed_by=actor)
        for field in dict.fromkeys(fields)
    ]
    FieldSource.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["customer", "field"],
        update_fields=["source", "confirmed_on", "confirmed_by"],
    )

"""A contact together with what of the work it did."""

from datetime import datetime
from typing import Any

from django.db import transaction

from customers.models import Customer
from servicing.models import FollowUp, Interaction
from servicing.services.contacts import log_interaction
from servicing.services.follow_ups import close_with_contact
from staff.models import User


@transaction.atomic
def log_talk(
    *, actor: User, customer: Customer, follow_up: FollowUp | None = None, at: datetime, **contact: Any
) -> Interaction:
    """Write a contact down, and complete the follow-up it was made for, unless the customer was not reached.

    Takes and raises what `log_interaction` and `close_with_contact` do; either both are kept or neither.
    """
    logged = log_interaction(actor=actor, customer=customer, at=at, **contact)
    if follow_up is not None:
        close_with_contact(follow_up=follow_up, interaction=logged, actor=actor, at=at)
    return logged

"""How some words read for a real customer, masked, with what they cost and what is wrong with them (M05)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from campaigns.models import Campaign
from campaigns.queries.wording import Words, fault_words, rendered, word_rules
from campaigns.rules.wording import TYPICAL, faults, sms_parts
from customers.enums import ConsentChannel
from customers.models import Customer
from staff.models import User

# How far a reader may leaf through customers.
MOST: Final = 20


@dataclass(frozen=True, slots=True)
class Preview:
    """`words` as a customer would get them (None: a variable is unknown), text messages it takes, yuan, and flaws."""

    words: Words | None
    parts: int
    price: Decimal
    flaws: tuple[str, ...]
    place: int
    following: int


def preview(
    subject: str,
    body: str,
    channel: str,
    viewer: User,
    day: date,
    *,
    disclosures: Sequence[str] = (),
    place: int = 0,
    campaign: Campaign | None = None,
) -> Preview:
    """How words read for the customer at a place among those in the viewer's sight, name masked."""
    rules, customer = word_rules(day), customer_at(viewer, place)
    try:
        found = rendered(
            subject,
            body,
            campaign,
            [customer.pk] if customer else [],
            opt_out=lambda _pk: TYPICAL["opt_out"],
            day=day,
            masked=True,
        )
    except ValueError:
        found = {}
    words = found.get(customer.pk) if customer else None
    parts = sms_parts(words.body if words else body, rules.sms_single, rules.sms_part)
    return Preview(
        words=words,
        parts=parts if channel == ConsentChannel.SMS else 0,
        price=rules.price(channel, parts) if channel in ConsentChannel.values else Decimal(0),
        flaws=tuple(fault_words(one, rules) for one in faults(body, subject, channel, rules, disclosures)),
        place=place,
        following=(place + 1) % MOST,
    )


def customer_at(viewer: User, place: int) -> Customer | None:
    """A customer in the viewer's sight; the first one where there are not so many."""
    rows = Customer.objects.visible_to(viewer).order_by("pk")
    wanted = min(max(place, 0), MOST)
    return next(iter(rows[wanted : wanted + 1]), None) or rows.first()

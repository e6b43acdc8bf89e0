from django import template
from django.urls import reverse

from servicing.queries.today import Entry, Reason

register = template.Library()

PAGES = {
    "follow_up": "servicing:follow_up",
    "referral": "servicing:referral",
    "feedback": "servicing:feedback_item",
}


@register.filter
def thing_url(reason: Reason) -> str:
    """The page of what a reason of the day is about; "" for what is about the customer as a whole."""
    kind, _colon, rest = reason.score.signal.key.partition(":")
    key, _colon, day = rest.partition(":")
    if kind in PAGES:
        return reverse(PAGES[kind], args=[int(key)])
    if kind == "maturity":
        return reverse("servicing:maturity", args=[int(key), f"{day[:4]}-{day[4:6]}-{day[6:]}"])
    return reverse("customers:my_promises") if kind == "promise" else ""


@register.filter
def log_query(entry: Entry) -> str:
    """What the form for a contact completes: the one follow-up behind an entry; "" where there are more or none."""
    behind = [pk for reason in entry.reasons for pk in reason.score.signal.follow_ups]
    return f"?follow_up={behind[0]}" if len(behind) == 1 else ""

"""The clocks of a case on a page."""

from datetime import date
from typing import Any

from django import template

from complaints.models import Complaint
from complaints.queries.clocks import WAYS, ClockState, clocks_of, next_deadline_words
from core.clock import today

register = template.Library()

ICONS = {
    "running": "clock",
    "paused": "clock-pause",
    "met": "circle-check",
    "missed": "alert-circle",
    "none": "circle-x",
}


@register.inclusion_tag("complaints/_clocks.html")
def case_clocks(case: Complaint, beside: bool = False) -> dict[str, Any]:
    """Every clock of a case with its deadline in words: {% case_clocks case %}.

    With `beside` in the answer of another part of the page, the clocks on the page are brought up to date.
    """
    found = clocks_of(case, day=today())
    return {"clocks": found.all, "next": found.next, "beside": beside}


@register.inclusion_tag("complaints/_clock_badges.html")
def clock_badges(case: Complaint) -> dict[str, Any]:
    """The law's clock and the bank's own in a line, for a row or a card: {% clock_badges case %}."""
    found = clocks_of(case, day=today())
    return {"clocks": (found.statutory, found.internal)}


@register.simple_tag
def next_deadline(case: Complaint, day: date | None = None) -> str:
    """What ends first and when: {% next_deadline case %}."""
    return next_deadline_words(case, day or today())


@register.filter
def clock_icon(clock: ClockState) -> str:
    """The icon of where a clock stands."""
    return ICONS[clock.state]


@register.filter
def way_words(code: str) -> str:
    """How somebody was reached or told."""
    return str(dict(WAYS).get(code, code))


@register.filter
def extension_tone(state: str) -> str:
    """The colour of where a request for more time stands."""
    return {"asked": "warn", "approved": "warn", "granted": "good", "refused": "bad"}.get(state, "neutral")

"""What was done to a case, in words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django import template
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.enums import CaseState, Move
from complaints.queries.cases import MOVES, Happening
from staff.queries import ACTIONS

register = template.Library()

# Where the page of a case says it shorter than the trail.
ACTS: Final = {
    "assign": _("Given to a handler"),
    "open_account": pgettext_lazy("complaint", "Account opened"),
    "cause": _("Root cause said"),
    "pack": _("Whole file taken as a zip"),
}
TONES: Final = {Move.CLOSE: "good", Move.ANSWER: "good", Move.WITHDRAW: "warn", Move.REOPEN: "warn"}
ICONS: Final = {"open_account": "eye", "assign": "user-check", "recuse": "eye-off", "lift_recusal": "user-plus"}


@dataclass(frozen=True, slots=True)
class Item:
    """An entry as components/timeline_item.html shows it."""

    at: datetime
    title: str
    text: str
    actor: str
    meta: str
    icon: str
    tone: str


@register.filter
def act_word(action: str) -> str:
    """What a move or another act is called."""
    if action in MOVES:
        return str(Move(action).label)
    return str(ACTS.get(action) or ACTIONS.get(action, action))


def happenings(found: Iterable[Happening]) -> Iterator[Item]:
    """The history of a case for its timeline."""
    for one in found:
        meta = CaseState(one.to_state).label if one.to_state else "; ".join(_changes(one))
        icon = "arrow-right" if one.to_state else ICONS.get(one.action, "point")
        tone = TONES.get(Move(one.action), "") if one.to_state else ""
        yield Item(one.at, act_word(one.action), one.note, one.who or _t("The complainant"), str(meta), icon, tone)


def _changes(one: Happening) -> Iterator[str]:
    for _name, value in one.changes:
        if isinstance(value, list) and len(value) == 2:
            yield f"{value[0] or '–'} → {value[1] or '–'}"
        elif isinstance(value, str) and value:
            yield value

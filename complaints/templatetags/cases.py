"""What was done to a case, in words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django import template
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.enums import (
    AttemptResult,
    CaseState,
    Delivery,
    ExtensionKind,
    ExtensionState,
    Grade,
    Move,
    PauseReason,
    ReviewOutcome,
)
from complaints.queries.cases import MOVES, Happening
from complaints.queries.choices import word_for
from complaints.queries.clocks import WAYS
from core.wording import listed
from staff.queries import ACTIONS

register = template.Library()

# Where the page of a case says it shorter than the trail.
ACTS: Final = {
    "assign": _("Given to a handler"),
    "open_account": pgettext_lazy("complaint", "Account opened"),
    "cause": _("Root cause said"),
    "pack": _("Whole file taken as a zip"),
}
# The codes an act leaves on the trail, and their words.
CODES: Final[dict[str, dict[Any, Any]]] = {
    "how": dict(WAYS),
    "result": dict(AttemptResult.choices),
    "reason": dict(PauseReason.choices),
    "kind": dict(ExtensionKind.choices),
    "state": dict(ExtensionState.choices),
    "grade": dict(Grade.choices),
    "delivery": dict(Delivery.choices),
    "outcome": dict(ReviewOutcome.choices),
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
        meta = CaseState(one.to_state).label if one.to_state else listed(_changes(one))
        icon = "arrow-right" if one.to_state else ICONS.get(one.action, "point")
        tone = TONES.get(Move(one.action), "") if one.to_state else ""
        yield Item(one.at, act_word(one.action), one.note, one.who or _t("The complainant"), str(meta), icon, tone)


def _changes(one: Happening) -> Iterator[str]:
    for name, value in one.changes:
        if isinstance(value, list) and len(value) == 2:
            before, after = (_word(name, each) for each in value)
            yield f"{before} → {after}" if before else after or "–"
        elif isinstance(value, str) and value:
            yield _word(name, value)


def _word(name: str, value: Any) -> str:
    """What a value on the trail means."""
    if name == "cause":
        return word_for("causes", value) if value else ""
    return str(CODES.get(name, {}).get(value, "" if value is None else value))

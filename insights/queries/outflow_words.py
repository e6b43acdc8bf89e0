"""The signs of a warning in words with their numbers, in the reader's language, and what to say on the phone."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from core.money import wan
from insights.enums import OutflowSignal
from insights.models import OutflowWarning
from insights.queries.outflow import rules_on

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """One sign: its name, the sentence with its numbers, and the points it adds to the score."""

    code: str
    label: str
    text: str
    points: int


def signs_of(warning: OutflowWarning) -> Iterator[Said]:
    """All signs of a warning, the weightiest first."""
    for facts in warning.signals:
        code = str(facts["code"])
        yield Said(code, str(OutflowSignal(code).label), WORDS[code](facts), int(facts["points"]))


def reason_of(warning: OutflowWarning) -> str:
    """The weightiest sign as one sentence."""
    return WORDS[warning.main](next(facts for facts in warning.signals if facts["code"] == warning.main))


def script_of(warning: OutflowWarning, day: date) -> str:
    """What to say on the phone, by the rules in force."""
    return rules_on(day).script(warning.main, get_language() or "")


def _amount(text: str) -> str:
    return wan(Decimal(text), get_language() or "zh-hans")


def _share(before: Decimal, now: Decimal) -> int:
    return int((before - now) * 100 / before)


def _fall(facts: Facts) -> str:
    usual, now = Decimal(facts["usual"]), Decimal(facts["now"])
    return _("Usually holds %(usual)s yuan, now %(now)s: %(share)s%% less within 14 days.") % {
        "usual": _amount(facts["usual"]),
        "now": _amount(facts["now"]),
        "share": _share(usual, now),
    }


def _salary(facts: Facts) -> str:
    return _("About %(amount)s yuan came every month (%(months)s of 6); expected on %(day)s, it did not come.") % {
        "amount": _amount(facts["amount"]),
        "months": facts["months"],
        "day": facts["expected"],
    }


def _cascade(facts: Facts) -> str:
    count, before, now = int(facts["count"]), Decimal(facts["from"]), Decimal(facts["now"])
    words = ngettext(
        "%(count)s withdrawal in a row since %(day)s: from %(before)s to %(now)s yuan, %(share)s%% less.",
        "%(count)s withdrawals in a row since %(day)s: from %(before)s to %(now)s yuan, %(share)s%% less.",
        count,
    )
    return words % {
        "count": count,
        "day": facts["since"],
        "before": _amount(facts["from"]),
        "now": _amount(facts["now"]),
        "share": _share(before, now),
    }


def _matured(facts: Facts) -> str:
    return _("%(amount)s yuan matured on %(day)s and no new time deposit was opened.") % {
        "amount": _amount(facts["amount"]),
        "day": facts["on"],
    }


def _complaint(facts: Facts) -> str:
    return _("Told us of a problem on %(day)s.") % {"day": facts["on"]}


def _contact(facts: Facts) -> str:
    if "due" in facts:
        return _("Something promised or planned is overdue since %(day)s.") % {"day": facts["due"]}
    said = {"days": facts["days"], "every": facts["every"]}
    if facts.get("last"):
        return _("Last spoken to %(days)s days ago; the tier is promised a contact every %(every)s days.") % said
    return _("Never spoken to in this tier, for %(days)s days; it is promised a contact every %(every)s.") % said


def _tier(facts: Facts) -> str:
    if facts.get("since"):
        return _("On watch since %(day)s: about to lose the tier.") % {"day": facts["since"]}
    return _("Close to the edge of the tier.")


WORDS: Mapping[str, Callable[[Facts], str]] = {
    OutflowSignal.FALL: _fall,
    OutflowSignal.SALARY: _salary,
    OutflowSignal.CASCADE: _cascade,
    OutflowSignal.MATURED: _matured,
    OutflowSignal.COMPLAINT: _complaint,
    OutflowSignal.CONTACT: _contact,
    OutflowSignal.TIER: _tier,
}

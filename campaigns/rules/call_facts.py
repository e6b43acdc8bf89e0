"""What is known of a customer before a call, as the columns of a model and as reasons in words.

Month and weekday are not among it: they are the same for everybody on a day's list, and a model that learned from one
year takes the season for the customers (docs/decisions/0020).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import copysign, log1p
from typing import Final

from campaigns.enums import CallFact, CallReason
from campaigns.rules.learning import Row
from customers.enums import ProductKind
from servicing.enums import Outcome

AGREED: Final = (Outcome.DONE, Outcome.INTERESTED)
REFUSED: Final = (Outcome.NOT_INTERESTED, Outcome.NOT_REACHED)
SOON: Final = 30
MONTH: Final = 30
YEAR: Final = 365
MOST_REASONS: Final = 3
# Change of a month's average by less than this, in yuan, is none.
_STILL: Final = 100
# What moves the chance by less than about one in a hundred is no reason.
_LEAST: Final = 0.05
_AGES: Final = ((0, 30), (30, 45), (45, 60), (60, 200))


@dataclass(frozen=True, slots=True)
class Facts:
    """A customer as known the evening before a day. Averages in yuan; None = not known, or never."""

    tier: int
    adb: float
    adb_before: float
    is_organisation: bool
    age: int | None
    customer_days: int | None
    kinds: frozenset[str]
    is_maturing: bool
    days_since_contact: int | None
    called: int
    agreed: int
    last_outcome: str


@dataclass(frozen=True, slots=True)
class Reason:
    """A fact that speaks for (effect above 0) or against a call, in the active language."""

    fact: CallFact
    words: str
    effect: float


COLUMNS: Final[Mapping[str, CallFact]] = {
    "tier": CallFact.TIER,
    "adb": CallFact.ADB,
    "change": CallFact.CHANGE,
    "change_share": CallFact.CHANGE,
    "organisation": CallFact.KIND,
    **{f"age_{first}": CallFact.AGE for first, _last in _AGES},
    "years": CallFact.SINCE,
    **{f"holds_{kind}": CallFact.PRODUCTS for kind in ProductKind.values},
    "maturing": CallFact.MATURING,
    "never_talked": CallFact.CONTACT,
    "contact": CallFact.CONTACT,
    "called": CallFact.EARLIER,
    "agreed": CallFact.EARLIER,
    "last_agreed": CallFact.EARLIER,
    "last_refused": CallFact.EARLIER,
    "last_not_reached": CallFact.EARLIER,
}


def columns_of(facts: Facts) -> list[float | None]:
    """The row of a customer, in the order of COLUMNS. Amounts and spans by logarithm: most are small, few are huge."""
    change, before = facts.adb - facts.adb_before, max(facts.adb_before, 0.0)
    talked, since = facts.days_since_contact, facts.customer_days
    return [
        float(facts.tier),
        _log(facts.adb),
        _log(change),
        min(max(change / (before + 1000), -1.0), 2.0),
        float(facts.is_organisation),
        *(float(facts.age is not None and first <= facts.age < last) for first, last in _AGES),
        None if since is None else log1p(max(since, 0) / YEAR),
        *(float(kind in facts.kinds) for kind in ProductKind.values),
        float(facts.is_maturing),
        float(talked is None),
        None if talked is None else log1p(max(talked, 0)),
        log1p(facts.called),
        log1p(facts.agreed),
        float(facts.last_outcome in AGREED),
        float(facts.last_outcome == Outcome.NOT_INTERESTED),
        float(facts.last_outcome == Outcome.NOT_REACHED),
    ]


def _log(amount: float) -> float:
    return copysign(log1p(abs(amount)), amount)


def reasons(
    facts: Facts, effects: Sequence[float], means: Sequence[float], tiers: Mapping[int, str]
) -> tuple[list[Reason], list[Reason]]:
    """What speaks for and what against the call, the strongest first, at most three each. `means` = the average row
    the model learned from, `tiers` = names of tiers by rank."""
    sums: defaultdict[CallFact, float] = defaultdict(float)
    for fact, effect in zip(COLUMNS.values(), effects, strict=True):
        sums[fact] += effect
    row, typical = columns_of(facts), dict(zip(COLUMNS, means, strict=True))
    found = [Reason(fact, _words(fact, facts, row, typical, tiers), effect) for fact, effect in sums.items()]
    found = [reason for reason in found if abs(reason.effect) >= _LEAST]
    found.sort(key=lambda reason: -abs(reason.effect))
    pros, cons = ([one for one in found if (one.effect > 0) == is_for] for is_for in (True, False))
    return pros[:MOST_REASONS], cons[:MOST_REASONS]


def _words(fact: CallFact, facts: Facts, row: Row, typical: Mapping[str, float], tiers: Mapping[int, str]) -> str:
    if fact == CallFact.TIER:
        return _say(CallReason.TIER, tiers.get(facts.tier, facts.tier)) if facts.tier else _say(CallReason.NO_TIER)
    if fact == CallFact.ADB:
        return _say(CallReason.ADB_HIGH if _log(facts.adb) >= typical["adb"] else CallReason.ADB_LOW)
    return _say(*_SAID[fact](facts))


def _change(facts: Facts) -> tuple[CallReason, object]:
    change = facts.adb - facts.adb_before
    if abs(change) < _STILL:
        return CallReason.STEADY, None
    return (CallReason.ROSE if change > 0 else CallReason.FELL), None


def _kind(facts: Facts) -> tuple[CallReason, object]:
    return (CallReason.ORGANISATION if facts.is_organisation else CallReason.PERSON), None


def _age(facts: Facts) -> tuple[CallReason, object]:
    return (CallReason.AGE_UNKNOWN if facts.age is None else CallReason.AGE), facts.age


def _since(facts: Facts) -> tuple[CallReason, object]:
    if facts.customer_days is None:
        return CallReason.SINCE_UNKNOWN, None
    years = facts.customer_days // YEAR
    return (CallReason.SINCE if years else CallReason.SINCE_NEW), years


def _products(facts: Facts) -> tuple[CallReason, object]:
    held = [str(ProductKind(kind).label) for kind in ProductKind.values if kind in facts.kinds]
    return (CallReason.HOLDS if held else CallReason.HOLDS_NOTHING), " · ".join(held)


def _maturing(facts: Facts) -> tuple[CallReason, object]:
    return (CallReason.MATURING if facts.is_maturing else CallReason.NOT_MATURING), None


def _contact(facts: Facts) -> tuple[CallReason, object]:
    days = facts.days_since_contact
    return (CallReason.NEVER_TALKED if days is None else CallReason.CONTACT), days


def _earlier(facts: Facts) -> tuple[CallReason, object]:
    if said := _LAST.get(facts.last_outcome):
        return said, None
    return (CallReason.CALLED if facts.called else CallReason.NOT_CALLED), facts.called


_LAST: Final[Mapping[str, CallReason]] = {
    **dict.fromkeys(AGREED, CallReason.AGREED),
    Outcome.NOT_INTERESTED: CallReason.REFUSED,
    Outcome.NOT_REACHED: CallReason.NOT_REACHED,
}
_SAID: Final = {
    CallFact.CHANGE: _change,
    CallFact.KIND: _kind,
    CallFact.AGE: _age,
    CallFact.SINCE: _since,
    CallFact.PRODUCTS: _products,
    CallFact.MATURING: _maturing,
    CallFact.CONTACT: _contact,
    CallFact.EARLIER: _earlier,
}


def _say(words: CallReason, value: object = None) -> str:
    return str(words.label) % {"value": value}

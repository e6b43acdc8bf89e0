"""Life-cycle stages (C14): which stage a customer is in on a day, and by which rule.

`customers/sql/lifecycle.sql` decides the same for thousands at once; a test holds the two against each other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from customers.enums import Stage, StageRule

KIND: Final = "lifecycle"
# Days, shares of an average, and one amount in yuan; amounts and shares as text, so that they stay exact in JSON.
BUILT_IN: Final[Mapping[str, Any]] = {
    "new_days": 90,
    "average_days": 30,
    "before_days": 90,
    "growing_ratio": "1.10",
    "declining_ratio": "0.80",
    "lost_days": 90,
    "lost_share": "0.01",
    "won_back_floor": "1000.00",
    "won_back_days": 180,
}
DAYS: Final = ("new_days", "average_days", "before_days", "lost_days", "won_back_days")
MOST_DAYS: Final = 1830
NUMBERS: Final = ("growing_ratio", "declining_ratio", "lost_share", "won_back_floor")

STAGES: Final[Mapping[StageRule, Stage]] = {
    StageRule.NO_ACCOUNT: Stage.PROSPECT,
    StageRule.ALL_CLOSED: Stage.LOST,
    StageRule.YOUNG: Stage.NEW,
    StageRule.CAME_BACK: Stage.WON_BACK,
    StageRule.BACK: Stage.WON_BACK,
    StageRule.EMPTY: Stage.LOST,
    StageRule.DRIED_UP: Stage.LOST,
    StageRule.STILL_LOST: Stage.LOST,
    StageRule.DRYING_UP: Stage.DECLINING,
    StageRule.TOO_SHORT: Stage.MATURE,
    StageRule.FALLING: Stage.DECLINING,
    StageRule.RISING: Stage.GROWING,
    StageRule.STEADY: Stage.MATURE,
}


@dataclass(frozen=True, slots=True)
class LifecycleRules:
    """The numbers of the rules: days, ratios of averages, and the floor in yuan above which somebody is back."""

    new_days: int
    average_days: int
    before_days: int
    growing_ratio: Decimal
    declining_ratio: Decimal
    lost_days: int
    lost_share: Decimal
    won_back_floor: Decimal
    won_back_days: int


@dataclass(frozen=True, slots=True)
class LifecycleFacts:
    """What is known of a customer on `day`; averages in yuan, two places, None where the history is too short.

    `recent` is the average of the last `average_days`, `before` that of the `before_days` before them, `peak` the
    highest average of such a span within about a year, `quiet` the average of the last `lost_days`. `stage` and
    `stage_since` are how the customer stood the day before.
    """

    day: date
    accounts: int
    open_accounts: int
    since: date | None
    recent: Decimal
    before: Decimal | None
    peak: Decimal
    quiet: Decimal | None
    last_contact_on: date | None
    stage: Stage = Stage.NONE
    stage_since: date | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """A stage and the rule that says so."""

    stage: Stage
    rule: StageRule


def read_lifecycle(values: Mapping[str, Any]) -> LifecycleRules:
    """The rules of a version. Raises ValueError with a code for a value that is missing, no number or nonsense."""
    numbers = {name: _number(values, name) for name in NUMBERS}
    given: dict[str, Any] = {**numbers, **{name: _days(values, name) for name in DAYS}}
    rules = LifecycleRules(**given)
    if not Decimal(0) < rules.declining_ratio < Decimal(1):
        raise ValueError("declining_ratio_below_one")
    if not Decimal(1) < rules.growing_ratio <= Decimal(100):
        raise ValueError("growing_ratio_above_one")
    if not Decimal(0) <= rules.lost_share < rules.declining_ratio:
        raise ValueError("lost_share_below_declining_ratio")
    if rules.won_back_floor <= 0:
        raise ValueError("won_back_floor_above_zero")
    if rules.before_days < rules.average_days:
        raise ValueError("before_days_not_shorter")
    return rules


def _days(values: Mapping[str, Any], name: str) -> int:
    value = values.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_DAYS:
        raise ValueError(f"{name}_not_days")
    return value


def _number(values: Mapping[str, Any], name: str) -> Decimal:
    try:
        number = Decimal(str(values.get(name)))
    except InvalidOperation:
        raise ValueError(f"{name}_not_a_number") from None
    if not number.is_finite():
        raise ValueError(f"{name}_not_a_number")
    return number


def decide(facts: LifecycleFacts, rules: LifecycleRules) -> Decision:
    """The stage on the facts' day: of the first rule, in the order of `StageRule`, that holds."""
    rule = next(rule for rule, holds in _TESTS if holds(facts, rules))
    return Decision(STAGES[rule], rule)


def _is_young(facts: LifecycleFacts, rules: LifecycleRules) -> bool:
    return facts.since is not None and (facts.day - facts.since).days < rules.new_days


def _has_floor(facts: LifecycleFacts, rules: LifecycleRules) -> bool:
    return facts.recent >= rules.won_back_floor


def _is_back(facts: LifecycleFacts, rules: LifecycleRules) -> bool:
    if facts.stage != Stage.WON_BACK or facts.stage_since is None:
        return False
    return _has_floor(facts, rules) and (facts.day - facts.stage_since).days < rules.won_back_days


def _is_dry(facts: LifecycleFacts, rules: LifecycleRules) -> bool:
    return facts.quiet is not None and facts.peak > 0 and facts.quiet <= facts.peak * rules.lost_share


def _in_contact(facts: LifecycleFacts, rules: LifecycleRules) -> bool:
    earliest = facts.day - timedelta(days=rules.lost_days)
    return facts.last_contact_on is not None and facts.last_contact_on > earliest


def _is_falling(facts: LifecycleFacts, rules: LifecycleRules) -> bool:
    before = facts.before or Decimal(0)
    return before > 0 and facts.recent <= before * rules.declining_ratio


def _is_rising(facts: LifecycleFacts, rules: LifecycleRules) -> bool:
    return facts.recent > 0 and facts.recent >= (facts.before or Decimal(0)) * rules.growing_ratio


_TESTS: Final[tuple[tuple[StageRule, Callable[[LifecycleFacts, LifecycleRules], bool]], ...]] = (
    (StageRule.NO_ACCOUNT, lambda facts, rules: not facts.accounts),
    (StageRule.ALL_CLOSED, lambda facts, rules: not facts.open_accounts),
    (StageRule.YOUNG, _is_young),
    (StageRule.CAME_BACK, lambda facts, rules: facts.stage == Stage.LOST and _has_floor(facts, rules)),
    (StageRule.BACK, _is_back),
    (StageRule.EMPTY, lambda facts, rules: facts.quiet is not None and facts.quiet <= 0),
    (StageRule.DRIED_UP, lambda facts, rules: _is_dry(facts, rules) and not _in_contact(facts, rules)),
    (StageRule.STILL_LOST, lambda facts, rules: facts.stage == Stage.LOST),
    (StageRule.DRYING_UP, _is_dry),
    (StageRule.TOO_SHORT, lambda facts, rules: facts.before is None),
    (StageRule.FALLING, _is_falling),
    (StageRule.RISING, _is_rising),
    (StageRule.STEADY, lambda facts, rules: True),
)

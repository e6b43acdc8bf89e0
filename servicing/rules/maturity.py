"""The maturity desk's rules: what of a matured deposit stayed, and what that counts as (product.md B2, K08).

Nobody types an outcome: it is measured. The rule, in words for the bank:

1. Matured is what lay in the account at the close before its maturity date, in yuan.
2. It is measured at the close N days after that date (N from the rules in force, 30 unless changed).
3. What still lies in the very account then has stayed, whatever else the customer did: it was rolled over.
4. Of the rest, what left is the fall of the customer's total since the close before the maturity. It is taken first
   from money the customer gained since, then from the deposit that matured last before the fall, then from the one
   before it, and from the customer's other money last. Of deposits that mature on the same day the older one keeps
   first. So no yuan that stayed is counted for two deposits, and money back before the day of measure has stayed.
5. For a single maturity this is min(amount, what the customer has over what there was beside the deposit).
6. At least `rolled_from` per cent stayed: rolled. At most `left_up_to` per cent: left. Between them: partly.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from core.money import ZERO
from servicing.enums import MaturityOutcome

KIND: Final = "maturity"
# Until a policy of this kind says otherwise; days, per cent.
BUILT_IN: Final[Mapping[str, int]] = {
    "horizon_days": 30,
    "measure_days": 30,
    "rolled_from": 95,
    "left_up_to": 5,
    "late_days": 14,
}
LIMITS: Final[Mapping[str, tuple[int, int]]] = {
    "horizon_days": (1, 366),
    "measure_days": (1, 180),
    "rolled_from": (1, 100),
    "left_up_to": (0, 99),
    "late_days": (0, 90),
}
HUNDRED: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class Terms:
    """The desk's figures in force: rows are made `horizon_days` ahead, outcomes measured `measure_days` after and
    measured again for feeds that come up to `late_days` late; shares in per cent of what matured."""

    horizon_days: int
    measure_days: int
    rolled_from: int
    left_up_to: int
    late_days: int

    def measured_on(self, matures_on: date) -> date:
        """The day at whose close a deposit maturing on this day is measured."""
        return matures_on + timedelta(days=self.measure_days)


@dataclass(frozen=True, slots=True)
class Matured:
    """A deposit that came free: `amount` matured on `on`, `before` was the customer's total at the close before, and
    `still` lies in the very account on the day of measure. Yuan; `key` tells deposits apart, the older one lower."""

    key: int
    on: date
    amount: Decimal
    before: Decimal
    still: Decimal


def read_terms(values: Mapping[str, Any]) -> Terms:
    """The figures of a policy of kind "maturity". Raises ValueError("<name>") or ValueError("shares_order")."""
    for name, (least, most) in LIMITS.items():
        value = values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(name)
    if values["left_up_to"] >= values["rolled_from"]:
        raise ValueError("shares_order")
    return Terms(**{name: values[name] for name in LIMITS})


def stayed(key: int, deposits: Sequence[Matured], total: Decimal) -> Decimal:
    """How much of deposit `key` is still here, in yuan, 0 to its amount, when the customer's total is `total`.

    `deposits` are those of the customer that matured from its day up to the day of measure, itself among them.
    """
    free = {one.key: one.amount - _locked(one) for one in deposits}
    kept, beside = dict(free), ZERO
    waiting: list[int] = []
    for freed, change in _changes(deposits, total):
        waiting += freed
        beside = _take(kept, waiting, beside, change) if change < 0 else _give(kept, free, waiting, beside, change)
    own = next(one for one in deposits if one.key == key)
    return _locked(own) + kept[key]


def outcome_of(amount: Decimal, stayed: Decimal, terms: Terms) -> MaturityOutcome | None:
    """What it counts as that `stayed` of `amount` is still here; None where nothing matured."""
    if amount <= 0:
        return None
    share = stayed * HUNDRED
    if share >= amount * terms.rolled_from:
        return MaturityOutcome.ROLLED
    return MaturityOutcome.LEFT if share <= amount * terms.left_up_to else MaturityOutcome.PARTLY


def rate(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    """`part` of `whole` in per cent with one place, cut off; None of nothing."""
    if not whole:
        return None
    return Decimal(int(Decimal(part) * 1_000 / Decimal(whole))) / 10


def _locked(one: Matured) -> Decimal:
    return min(one.amount, max(one.still, ZERO))


def _changes(deposits: Sequence[Matured], total: Decimal) -> Iterator[tuple[list[int], Decimal]]:
    """For each day of maturity the deposits it frees, oldest first, and the change of the total until the next one."""
    days = sorted({one.on for one in deposits})
    before = {one.on: one.before for one in deposits}
    closes = [*(before[day] for day in days), total]
    for place, day in enumerate(days):
        freed = sorted(one.key for one in deposits if one.on == day)
        yield freed, closes[place + 1] - closes[place]


def _take(kept: dict[int, Decimal], waiting: Sequence[int], beside: Decimal, change: Decimal) -> Decimal:
    """A fall of the total: from what was gained, then from the deposits freed last, then from other money."""
    loss = -change
    gained = min(loss, max(beside, ZERO))
    beside, loss = beside - gained, loss - gained
    for key in reversed(waiting):
        part = min(loss, kept[key])
        kept[key], loss = kept[key] - part, loss - part
    return beside - loss


def _give(
    kept: dict[int, Decimal], free: Mapping[int, Decimal], waiting: Sequence[int], beside: Decimal, change: Decimal
) -> Decimal:
    """A rise of the total: back to other money that is short, then to the deposits that lost, the oldest first."""
    owed = min(change, max(-beside, ZERO))
    beside, gain = beside + owed, change - owed
    for key in waiting:
        part = min(gain, free[key] - kept[key])
        kept[key], gain = kept[key] + part, gain - part
    return beside + gain


def rungs(first: date, last: date, *, by_week: bool) -> list[tuple[date, date]]:
    """The steps of the ladder from `first` to `last`, both included: days, or weeks from Monday to Sunday, cut off
    at both ends."""
    found, day = [], first
    while day <= last:
        end = day if not by_week else min(last, day + timedelta(days=6 - day.weekday()))
        found.append((day, end))
        day = end + timedelta(days=1)
    return found

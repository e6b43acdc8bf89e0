"""How far it is to the next tier, what keeps the present one, and what may be withdrawn (product.md T07 and B3).

Advice speaks of a level: the end-of-day total on each of the coming days. A tier is reached when a run finds the figure
at or above its floor on some day of the window, and kept when every run until then does. A level is rounded up to the
fen and a withdrawal follows from it, so that whoever does exactly that stands where it says. An average that misses
the floor by less than half a fen is rounded up to it by the run; advice does not count on that.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from itertools import accumulate
from typing import Final

from core.money import CENT, ZERO, yuan
from tiers.enums import Measure
from tiers.rules.measures import MONTHS_OF_WINDOW, Basis, period_start

Steps = Mapping[date, Decimal]
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Past:
    """What the ledger knows at the close of `day`: `sums[n]` is the sum of the end-of-day totals of the last n days."""

    day: date
    sums: tuple[Decimal, ...]

    @property
    def balance(self) -> Decimal:
        """The total at the close of the day."""
        return self.sums[1] if len(self.sums) > 1 else ZERO


@dataclass(frozen=True, slots=True)
class Stand:
    """A figure some days ahead: of its `days` the last `coming` are still to come, the others sum up to `known`."""

    known: Decimal
    coming: int
    days: int

    def value(self, level: Decimal) -> Decimal:
        """The figure when every coming day ends with `level`, as a run would round it."""
        return yuan((self.known + self.coming * level) / self.days)

    def needed(self, floor: Decimal) -> Decimal:
        """The least level, in whole fen and not below zero, that brings the figure to `floor`."""
        level = (floor * self.days - self.known) / self.coming
        return max(level.quantize(CENT, ROUND_CEILING), ZERO)


@dataclass(frozen=True, slots=True)
class Advice:
    """Hold `level` on each of the coming `days`: then `figure` is at or above `floor` on `on`. `more` is the level less
    the present balance: what has to come in, or, when negative, what may go out."""

    rank: int
    floor: Decimal
    figure: str
    level: Decimal
    days: int
    on: date
    more: Decimal

    @property
    def withdraw(self) -> Decimal:
        """What may be withdrawn at once; zero when something has to come in instead."""
        return max(-self.more, ZERO)


@dataclass(frozen=True, slots=True)
class Runway:
    """Where a customer stands at the close of a day: the figure held against the bounds, the closing balance, what
    reaches the next tier (None at the top), what keeps this one (None in the first), and what may go out for good."""

    value: Decimal
    balance: Decimal
    up: Advice | None
    keep: Advice | None
    lasting: Decimal


@dataclass(frozen=True, slots=True)
class Outlook:
    """If every coming day ended with `level`: the figure on the last day of the window and the rank it falls in, the
    first day in a higher tier than now and the first day below the present one (None = never until then)."""

    level: Decimal
    on: date
    value: Decimal
    rank: int
    up_on: date | None
    down_on: date | None


def past_of(series: Sequence[Steps], day: date, days: int) -> Past:
    """The last `days` days up to `day`, from totals that each hold from their date until the next one."""
    totals = [ZERO] * days
    for steps in series:
        for place, value in enumerate(_backwards(steps, day, days)):
            totals[place] += value
    return Past(day, tuple(accumulate(totals, initial=ZERO)))


def _backwards(steps: Steps, day: date, days: int) -> Iterator[Decimal]:
    changes = sorted(steps.items())
    at = day
    for _place in range(days):
        while changes and changes[-1][0] > at:
            changes.pop()
        yield changes[-1][1] if changes else ZERO
        at -= DAY


def days_back(basis: Basis, day: date) -> int:
    """How many days up to `day` the advice has to know."""
    return max(basis.window(figure, day).days for figure in basis.figures)


def horizon(basis: Basis, figure: str, day: date) -> int:
    """How many days ahead advice looks: to the end of the window, which is the next one's on a window's last day; for a
    trailing average until all its days are new; for the closing balance to the next day."""
    if figure == Measure.ADB_TRAILING:
        return basis.trailing_days
    months = MONTHS_OF_WINDOW.get(figure)
    return (period_start(day + DAY, months, -1) - day).days - 1 if months else 1


def stand(basis: Basis, figure: str, past: Past, ahead: int) -> Stand:
    """A figure `ahead` days (0 = now) after what is known."""
    window = basis.window(figure, past.day + ahead * DAY)
    coming = min(ahead, window.days)
    return Stand(past.sums[window.days - coming], coming, window.days)


def value_ahead(basis: Basis, past: Past, level: Decimal, ahead: int) -> Decimal:
    """What a run `ahead` days later holds against the bounds when every day until then ends with `level`."""
    return max(stand(basis, figure, past, ahead).value(level) for figure in basis.figures)


def runway(basis: Basis, past: Past, floors: Sequence[Decimal], rank: int) -> Runway:
    """The way up and down from the tier `rank` under floors in yuan, lowest first."""
    value = value_ahead(basis, past, ZERO, 0)
    up = _advice(basis, past, floors, rank + 1, is_reached=False) if rank < len(floors) else None
    keep = _advice(basis, past, floors, rank, is_reached=value >= floors[rank - 1]) if rank > 1 else None
    lasting = max(past.balance - (floors[rank - 1] if rank > 1 else ZERO), ZERO)
    return Runway(value, past.balance, up, keep, lasting)


def _advice(basis: Basis, past: Past, floors: Sequence[Decimal], rank: int, *, is_reached: bool) -> Advice:
    """The figure that asks for the least. Of what is reached, the day that asks for most; else the one for least."""
    floor = floors[rank - 1]
    found = []
    for place, figure in enumerate(basis.figures):
        last = horizon(basis, figure, past.day)
        asked = [(stand(basis, figure, past, ahead).needed(floor), ahead) for ahead in range(1, last + 1)]
        level, days = (max(asked)[0], last) if is_reached else min(asked)
        found.append((level, days, place, figure))
    level, days, _place, figure = min(found)
    return Advice(rank, floor, figure, level, days, past.day + days * DAY, level - past.balance)


def outlook(basis: Basis, past: Past, floors: Sequence[Decimal], rank: int, level: Decimal) -> Outlook:
    """What comes of a level held from the next day to the end of the longest window, for a customer in tier `rank`."""
    last = max(horizon(basis, figure, past.day) for figure in basis.figures)
    values = [value_ahead(basis, past, level, ahead) for ahead in range(1, last + 1)]
    ranks = [1 + sum(floor <= value for floor in floors[1:]) for value in values]
    days = [past.day + ahead * DAY for ahead in range(1, last + 1)]
    return Outlook(
        level=level,
        on=days[-1],
        value=values[-1],
        rank=ranks[-1],
        up_on=next((day for day, found in zip(days, ranks, strict=True) if found > rank), None),
        down_on=next((day for day, found in zip(days, ranks, strict=True) if found < rank), None),
    )


def watch_ends_on(measure: str, periods: int, watch: date) -> date:
    """The first day a run takes a customer down who has been watched since `watch` and is still below the floor."""
    return period_start(watch, 3 if measure == Measure.ADB_QUARTER else 1, -periods)

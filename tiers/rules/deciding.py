"""Up fast, down slow: what a run makes of a customer whose value falls in a band (product.md T03).

A tier is promoted at the next run. Below its floor it is held and watched; a run whose period comes `watch_periods`
periods or more after the one the watch began in takes it down to the band the value is in. A run at or above the floor
ends the watch. While an override holds, the rule goes on underneath, so that the customer returns to what it says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from tiers.enums import Event, Measure
from tiers.rules.bands import Band
from tiers.rules.measures import period_start

MAX_WATCH: Final = 12
# A customer is near a bound when the value lacks, or exceeds it by, less than a tenth of it.
NEAR_BELOW: Final = Decimal("0.9")
NEAR_ABOVE: Final = Decimal("1.1")
NEAR_UP: Final = 1
NEAR_DOWN: Final = 2


@dataclass(frozen=True, slots=True)
class State:
    """Where a customer stands between runs: the tier in effect (0 = none yet), the tier by the rule alone while an
    override holds another (else None), and the day the watch began (None = not watched)."""

    tier: int = 0
    ruled: int | None = None
    watch: date | None = None


def watch_limit(measure: str, periods: int, day: date) -> date:
    """A run of `day` takes those down whose watch began before this date; without a watch (0 periods) everybody's.

    A period is a calendar month, for a quarter's average a quarter. Three months below: down in the fourth.
    """
    if not periods:
        return day + timedelta(days=1)
    return period_start(day, 3 if measure == Measure.ADB_QUARTER else 1, periods - 1)


def watch_over(measure: str, periods: int, began: date) -> date:
    """The first day whose run takes down somebody watched since `began` and still below the floor."""
    return period_start(began, 3 if measure == Measure.ADB_QUARTER else 1, -periods)


def renumbering(before: Sequence[Band], after: Sequence[Band]) -> tuple[int, ...]:
    """For each rank of the bands `before`, lowest first, its rank among those `after`; 0 = there no longer.

    A tier is the same tier as long as it keeps its letter.
    """
    ranks = {band.letter: band.rank for band in after}
    return tuple(ranks.get(band.letter, 0) for band in sorted(before, key=lambda band: band.rank))


def decide(
    before: State, band: int, *, day: date, limit: date, ranks: Sequence[int], override: int | None = None
) -> State:
    """The state after a run of `day` that finds the value in `band`.

    `limit` as by `watch_limit`, `ranks` as by `renumbering`, `override` the rank an override gives on the day.
    """
    held = renumbered(before.tier if before.ruled is None else before.ruled, ranks)
    ruled, watch = band, None
    if band < held:
        began = before.watch or day
        if began >= limit:
            ruled, watch = held, began
    if override is None:
        return State(ruled, None, watch)
    return State(override, ruled, watch)


def renumbered(rank: int, ranks: Sequence[int]) -> int:
    """A rank of the former scheme in the present one; 0 for none, and for a tier that is gone."""
    return ranks[rank - 1] if 0 < rank <= len(ranks) else 0


def event_of(before: State, after: State, ranks: Sequence[int]) -> Event | None:
    """What the run did to the customer, in one word; None when the state is as it was.

    A move of the tier in effect is UP or DOWN, also when an override makes it; numbers are compared as the day's
    scheme counts, so that no move is one of numbers alone. Of a tier that is gone its former number stands for it.
    """
    same = renumbered(before.tier, ranks)
    if before == after and same == after.tier:
        return None
    if not before.tier:
        return Event.FIRST
    was = same or before.tier
    if after.tier != was:
        return Event.UP if after.tier > was else Event.DOWN
    if (before.ruled is None) != (after.ruled is None):
        return Event.OVERRIDDEN if before.ruled is None else Event.RETURNED
    if same != before.tier:
        return Event.RENUMBERED
    if (before.watch is None) != (after.watch is None):
        return Event.WATCHED if before.watch is None else Event.CLEARED
    return Event.RULED


@dataclass(frozen=True, slots=True)
class Zones:
    """Bounds in yuan, ascending, that cut all values into zones, one more than there are bounds; of each zone the band
    it lies in, and whether it is near the next tier (NEAR_UP), near losing its own (NEAR_DOWN), both (3) or neither."""

    bounds: tuple[Decimal, ...]
    bands: tuple[int, ...]
    near: tuple[int, ...]


def zones(floors: Sequence[Decimal]) -> Zones:
    """The zones of floors in yuan, lowest first: one look-up tells band and nearness at once."""
    above = floors[1:]
    bounds = sorted({*above, *(floor * NEAR_BELOW for floor in above), *(floor * NEAR_ABOVE for floor in above)})
    starts = [Decimal("-Infinity"), *bounds]
    return Zones(
        tuple(bounds),
        tuple(1 + sum(floor <= start for floor in above) for start in starts),
        tuple(near(start, floors) for start in starts),
    )


def near(value: Decimal, floors: Sequence[Decimal]) -> int:
    """Whether a value (yuan) is near the floors above and below it: NEAR_UP, NEAR_DOWN, their sum or 0."""
    reached = [floor for floor in floors[1:] if floor <= value]
    ahead = [floor for floor in floors[1:] if floor > value]
    is_up = bool(ahead) and value >= min(ahead) * NEAR_BELOW
    is_down = bool(reached) and value < max(reached) * NEAR_ABOVE
    return NEAR_UP * is_up + NEAR_DOWN * is_down

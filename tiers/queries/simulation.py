"""What other bounds would do: everybody re-classified read-only, in one scan."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from customers.queries import ledger_day
from staff.access import Scope
from staff.enums import Reach
from tiers.enums import Measure
from tiers.queries.measures import rows, sql, value_params, value_sql
from tiers.rules import Band, bands_from

Matrix = Mapping[tuple[int, int], int]


@dataclass(frozen=True, slots=True)
class Simulation:
    """Heads by simulated tier, and by (current tier, simulated tier); current 0 = not tiered yet."""

    by_tier: dict[int, int]
    matrix: dict[tuple[int, int], int]

    @property
    def up(self) -> int:
        """Customers who would rise from the tier they are in."""
        return sum(n for (now, then), n in self.matrix.items() if 0 < now < then)

    @property
    def down(self) -> int:
        """Customers who would fall from the tier they are in."""
        return sum(n for (now, then), n in self.matrix.items() if now > then)

    @property
    def nested(self) -> dict[str, dict[str, int]]:
        """The matrix as JSON: current tier → simulated tier → heads, all of them named."""
        ranks = sorted(self.by_tier)
        return {
            str(now): {str(then): self.matrix.get((now, then), 0) for then in ranks}
            for now in sorted({now for now, _ in self.matrix} | set(ranks))
        }


@dataclass(frozen=True, slots=True)
class TierShift:
    """One tier of a preview: heads now and then, and how many would come in from below and from above."""

    rank: int
    band: Band | None
    now: int
    then: int
    risen: int
    fallen: int


def simulate(bounds: Sequence[Decimal], measure: str, on: date, scope: Scope | None = None) -> Simulation:
    """Everybody in `scope` (None = the whole bank) by the floors `bounds` (yuan, lowest first). Raises BandsError."""
    bands = bands_from(bounds)
    params = {
        **value_params(measure, on),
        "floors": [band.floor for band in bands],
        "branches": sorted(scope.branch_ids) if scope else [],
    }
    last = ledger_day()
    # Nobody's total is newer than the ledger day: no look-up, and so a scan PostgreSQL may do in parallel.
    is_plain = measure == Measure.BALANCE and last is not None and on >= last
    value = "p.total" if is_plain else value_sql(measure)
    text = sql("simulate", value=value, visible=_visible(scope))
    matrix = {(now, then): int(n) for now, then, n in rows(text, params)}
    return Simulation(heads(matrix, (band.rank for band in bands)), matrix)


def _visible(scope: Scope | None) -> str:
    if scope is None or scope.reach == Reach.BANK:
        return "true"
    return "p.branch_id = ANY(%(branches)s)" if scope.reach == Reach.BRANCHES else "false"


def heads(matrix: Matrix, ranks: Iterable[int]) -> dict[int, int]:
    """Heads by simulated tier, zero for tiers without any."""
    counted = Counter(dict.fromkeys(ranks, 0))
    for (_, then), n in matrix.items():
        counted[then] += n
    return dict(sorted(counted.items()))


def shifts(simulation: Simulation, bands: Sequence[Band]) -> list[TierShift]:
    """What the simulation means for each tier, highest first; tiers the new bands do not have come with no band."""
    named = {band.rank: band for band in bands}
    now: Counter[int] = Counter()
    for (before, _), n in simulation.matrix.items():
        now[before] += n
    ranks = sorted({*named, *(rank for rank in now if rank)}, reverse=True)
    return [
        TierShift(
            rank,
            named.get(rank),
            now[rank],
            simulation.by_tier.get(rank, 0),
            sum(n for (a, b), n in simulation.matrix.items() if b == rank and 0 < a < b),
            sum(n for (a, b), n in simulation.matrix.items() if b == rank and a > b),
        )
        for rank in ranks
    ]

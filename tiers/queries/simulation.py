"""What other bounds would do: everybody judged anew, read-only, by the same rule as the re-tiering."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from staff.access import Scope
from staff.enums import Reach
from tiers.enums import Measure
from tiers.models import RetierRun, Scheme, Spread
from tiers.queries.measures import rows, sql
from tiers.queries.schemes import bands_of, content_of
from tiers.queries.spreads import ready_spread, sourced, stance
from tiers.rules import (
    FIGURES,
    MAX_BANDS,
    Band,
    SchemeContent,
    bands_from,
    check_basis,
    check_floors,
    decide,
    renumbered,
    renumbering,
    validate_bands,
    watch_limit,
)

Matrix = Mapping[tuple[int, int], int]
# (now, was, then, watched, overridden) as in Cell
Outcome = tuple[int, int, int, bool, bool]
BRANCHES: Final = "branch_id"
MANAGERS: Final = "manager_id"
FEN = 100


@dataclass(frozen=True, slots=True)
class Cell:
    """Customers who are in tier `now`, were in `was` before the day's run and would be in `then` by it, in the numbers
    of the simulated tiers; whether they would be watched, and whether an override decides. `amount` is their closing
    total in yuan."""

    now: int
    was: int
    then: int
    is_watched: bool
    is_given: bool
    heads: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Unit:
    """What the simulation means for one branch or one manager (`id` None = customers without a manager): heads by tier
    now and then, how many would rise, fall and be watched."""

    id: int | None
    now: Mapping[int, int]
    then: Mapping[int, int]
    up: int
    down: int
    watched: int

    @property
    def heads(self) -> int:
        """All its customers."""
        return sum(self.then.values())

    @property
    def moving(self) -> int:
        """How many would move either way."""
        return self.up + self.down


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a run of the day by other bounds would make of everybody.

    `up` and `down` are counted from the tier customers are in now, `run_up` and `run_down`, as a run counts them, from
    the one before that day's run: the same until the day is run. Tier 0 = not tiered yet; first tiers are no moves.
    """

    bands: tuple[Band, ...]
    cells: tuple[Cell, ...]
    units: tuple[Unit, ...]

    @property
    def by_tier(self) -> dict[int, int]:
        """Heads by simulated tier, zero for tiers without any."""
        return heads(self.matrix, (band.rank for band in self.bands))

    @property
    def matrix(self) -> dict[tuple[int, int], int]:
        """Heads by (tier now, simulated tier)."""
        return self._counted(lambda cell: (cell.now, cell.then))

    @property
    def run_matrix(self) -> dict[tuple[int, int], int]:
        """Heads by (tier before the day's run, simulated tier)."""
        return self._counted(lambda cell: (cell.was, cell.then))

    def _counted(self, key: Any) -> dict[tuple[int, int], int]:
        found: Counter[tuple[int, int]] = Counter()
        for cell in self.cells:
            found[key(cell)] += cell.heads
        return dict(found)

    @property
    def heads_now(self) -> dict[int, int]:
        """Heads by the tier customers are in now."""
        return heads({(then, now): n for (now, then), n in self.matrix.items()}, ())

    @property
    def amounts(self) -> dict[int, Decimal]:
        """Closing totals in yuan by simulated tier."""
        return self._amounts(lambda cell: cell.then)

    @property
    def amounts_now(self) -> dict[int, Decimal]:
        """Closing totals in yuan by the tier customers are in now."""
        return self._amounts(lambda cell: cell.now)

    def _amounts(self, key: Any) -> dict[int, Decimal]:
        found: dict[int, Decimal] = dict.fromkeys((band.rank for band in self.bands), Decimal("0.00"))
        for cell in self.cells:
            found[key(cell)] = found.get(key(cell), Decimal("0.00")) + cell.amount
        return found

    @property
    def customers(self) -> int:
        """Everybody in sight."""
        return sum(cell.heads for cell in self.cells)

    @property
    def up(self) -> int:
        """Customers who would rise from the tier they are in."""
        return _risen(self.matrix)

    @property
    def down(self) -> int:
        """Customers who would fall from the tier they are in."""
        return _fallen(self.matrix)

    @property
    def run_up(self) -> int:
        """What a run of the day would count as up."""
        return _risen(self.run_matrix)

    @property
    def run_down(self) -> int:
        """What a run of the day would count as down."""
        return _fallen(self.run_matrix)

    @property
    def watched(self) -> int:
        """Customers below the floor of a tier they would keep."""
        return sum(cell.heads for cell in self.cells if cell.is_watched)

    @property
    def overridden(self) -> int:
        """Customers whose tier an override would decide."""
        return sum(cell.heads for cell in self.cells if cell.is_given)

    @property
    def nested(self) -> dict[str, dict[str, int]]:
        """The matrix as JSON: current tier → simulated tier → heads, all of them named."""
        ranks, matrix = sorted(self.by_tier), self.matrix
        return {
            str(now): {str(then): matrix.get((now, then), 0) for then in ranks}
            for now in sorted({now for now, _ in matrix} | set(ranks))
        }


@dataclass(frozen=True, slots=True)
class TierShift:
    """One tier of a preview: heads and closing totals (yuan) now and then, and how many would come in from below and
    from above."""

    rank: int
    band: Band | None
    now: int
    then: int
    risen: int
    fallen: int
    amount_now: Decimal
    amount_then: Decimal


def _risen(matrix: Matrix) -> int:
    return sum(n for (now, then), n in matrix.items() if 0 < now < then)


def _fallen(matrix: Matrix) -> int:
    return sum(n for (now, then), n in matrix.items() if now > then)


def heads(matrix: Matrix, ranks: Iterable[int]) -> dict[int, int]:
    """Heads by simulated tier, zero for tiers without any."""
    counted = Counter(dict.fromkeys(ranks, 0))
    for (_, then), n in matrix.items():
        counted[then] += n
    return dict(sorted(counted.items()))


def simulate(bounds: Sequence[Decimal], measure: str, on: date, scope: Scope | None = None) -> Simulation:
    """Everybody in `scope` (None = the whole bank) by the floors `bounds` (yuan, lowest first), otherwise by the rule
    in force on the day. Raises BandsError, BasisError."""
    return simulate_content(tried(bounds, measure, on), on, scope)


def tried(bounds: Sequence[Decimal], measure: str, on: date) -> SchemeContent:
    """The version in force on the day with other floors (yuan) and another measure. Raises BandsError.

    As many floors as it has tiers are these tiers; otherwise ranks stay ranks, whatever they are called (no letters).
    The highest of several is of all figures where that version does not say of which.
    """
    bare = bands_from(bounds)
    scheme = Scheme.objects.in_force_on(on)
    content = content_of(scheme) if scheme else SchemeContent("", measure, on, "", ())
    if measure == Measure.BEST and not content.best_of:
        content = replace(content, best_of=FIGURES)
    if len(bare) == len(content.bands):
        bare = [replace(band, floor=new.floor) for band, new in zip(content.bands, bare, strict=True)]
    return replace(content, measure=measure, bands=tuple(bare))


def simulate_content(
    content: SchemeContent, day: date, scope: Scope | None = None, *, by: str = BRANCHES, spread: Spread | None = None
) -> Simulation:
    """Everybody in `scope` (None = the whole bank) by a run of `day` under `content`, whenever that takes effect.

    `by` says what the units are: BRANCHES or MANAGERS. Read from the spread (of `content.basis` on the day) where it
    serves and is ready, else from the positions. Raises BandsError, BasisError.
    """
    check_rule(content)
    is_of_use = is_spread_of_use(scope, by)
    found = _counts(content, day, scope, by, (spread or ready_spread(content.basis, day)) if is_of_use else None)
    return _simulation(content, day, found)


def is_spread_of_use(scope: Scope | None, by: str) -> bool:
    """Spreads know branches; the few customers of one branch or one manager are read themselves as fast."""
    return by == BRANCHES and (scope is None or scope.reach != Reach.BOOK)


def check_rule(content: SchemeContent) -> None:
    """Raise BandsError or BasisError unless the content can be tried; letters may be left out altogether."""
    if any(band.letter for band in content.bands):
        validate_bands(content.bands)
    else:
        check_floors(content.floors)
    check_basis(content.basis)


def _counts(
    content: SchemeContent, day: date, scope: Scope | None, by: str, spread: Spread | None
) -> list[tuple[Any, ...]]:
    """(unit, state, band, heads, fen) of everybody in scope."""
    bounds = [int(floor * FEN) for floor in content.floors[1:]]
    params: dict[str, Any] = {
        "branches": sorted(scope.branch_ids) if scope else [],
        "user": scope.user_id if scope else 0,
    }
    if spread is None:
        text, wanted = sourced(content.basis, day, _visible(scope, "p"))
        asked = {**wanted, **params, "bounds": bounds}
        return rows(sql("simulate", unit=f"s.{by}", sourced=text), asked, loops=False)
    found = [*(f"width_bucket({bound - 1}::bigint, r.values)" for bound in bounds), "cardinality(r.values)"]
    text = sql(
        "spread_answer",
        places=", ".join(f"{place} AS n{n}" for n, place in enumerate(found)),
        columns=", ".join(f"sum(n{n})::bigint, sum(coalesce(sums[n{n}], 0))::bigint" for n in range(len(found))),
        visible=_visible(scope, "r"),
    )
    return list(_by_band(rows(text, {**params, "spread": spread.pk})))


def _by_band(found: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """What lies between two bounds is a band; empty ones are left out."""
    for unit, state, *below in found:
        heads_before = fen_before = 0
        for band, (count, fen) in enumerate(zip(below[::2], below[1::2], strict=True), start=1):
            if count > heads_before:
                yield unit, state, band, count - heads_before, fen - fen_before
            heads_before, fen_before = count, fen


def _visible(scope: Scope | None, table: str) -> str:
    if scope is None or scope.reach == Reach.BANK:
        return "true"
    if scope.reach == Reach.BRANCHES:
        return f"{table}.branch_id = ANY(%(branches)s)"
    return f"{table}.manager_id = %(user)s" if scope.reach == Reach.BOOK else "false"


@dataclass(frozen=True, slots=True)
class Judge:
    """The rule of a simulated run of `day`. `ranks` as by `renumbering`, from the bands before the day and from those
    customers are in now; `letters` of the simulated bands, lowest first."""

    day: date
    limit: date
    ranks: tuple[int, ...]
    ranks_now: tuple[int, ...]
    letters: tuple[str, ...]

    def outcome(self, state: int, band: int) -> Outcome:
        """(now, was, then, watched, overridden) for customers of a state whose value is in the band."""
        seen = stance(state)
        given = self.letters.index(seen.letter) + 1 if seen.letter in self.letters else None
        after = decide(seen.before, band, day=self.day, limit=self.limit, ranks=self.ranks, override=given)
        now = renumbered(seen.now, self.ranks_now) or seen.now
        was = renumbered(seen.before.tier, self.ranks) or seen.before.tier
        return now, was, after.tier, after.watch is not None, after.ruled is not None


def _judge(content: SchemeContent, day: date) -> Judge:
    bands = content.bands
    limit = watch_limit(content.measure, content.watch_periods, day)
    runs = RetierRun.objects.select_related("scheme").prefetch_related("scheme__bands").order_by("-on")
    before, now = (runs.filter(**{f"on__{until}": day}).first() for until in ("lt", "lte"))
    if any(band.letter for band in bands):
        letters = tuple(band.letter for band in bands)
        return Judge(day, limit, _ranks(before, bands), _ranks(now, bands), letters)
    same = tuple(range(1, len(bands) + 1))
    known = bands_of(now.scheme) if now else []
    return Judge(day, limit, same, same, tuple(band.letter for band in known[: len(bands)]))


def _ranks(run: RetierRun | None, bands: Sequence[Band]) -> tuple[int, ...]:
    return renumbering(bands_of(run.scheme), bands) if run else tuple(range(1, MAX_BANDS + 1))


def _simulation(content: SchemeContent, day: date, found: Iterable[tuple[Any, ...]]) -> Simulation:
    judge = _judge(content, day)
    known: dict[tuple[int, int], Outcome] = {}
    totals: dict[Outcome, list[int]] = {}
    units: dict[int | None, dict[Outcome, int]] = defaultdict(dict)
    for unit, state, band, count, fen in found:
        outcome = known.get((state, band))
        if outcome is None:
            outcome = known[state, band] = judge.outcome(state, band)
            totals.setdefault(outcome, [0, 0])
        total, counts = totals[outcome], units[unit]
        total[0] += count
        total[1] += fen
        counts[outcome] = counts.get(outcome, 0) + count
    cells = tuple(Cell(*outcome, n, Decimal(fen) / FEN) for outcome, (n, fen) in sorted(totals.items()))
    return Simulation(content.bands, cells, tuple(_unit(unit, counts) for unit, counts in units.items()))


def _unit(unit: int | None, counts: Mapping[Outcome, int]) -> Unit:
    now: dict[int, int] = {}
    then: dict[int, int] = {}
    up = down = watched = 0
    for (before, _was, after, is_watched, _is_given), n in counts.items():
        now[before] = now.get(before, 0) + n
        then[after] = then.get(after, 0) + n
        if 0 < before < after:
            up += n
        elif before > after:
            down += n
        if is_watched:
            watched += n
    return Unit(unit, now, then, up, down, watched)


def shifts(simulation: Simulation, bands: Sequence[Band]) -> list[TierShift]:
    """What the simulation means for each tier, highest first; tiers the new bands do not have come with no band."""
    named = {band.rank: band for band in bands}
    matrix, now, then = simulation.matrix, simulation.heads_now, simulation.by_tier
    held, after = simulation.amounts_now, simulation.amounts
    nothing = Decimal("0.00")
    return [
        TierShift(
            rank,
            named.get(rank),
            now.get(rank, 0),
            then.get(rank, 0),
            sum(n for (a, b), n in matrix.items() if b == rank and 0 < a < b),
            sum(n for (a, b), n in matrix.items() if b == rank and a > b),
            held.get(rank, nothing),
            after.get(rank, nothing),
        )
        for rank in sorted({*named, *(rank for rank in now if rank)}, reverse=True)
    ]


def yearly(by_tier: Mapping[int, int], bands: Sequence[Band], each: Mapping[str, Decimal]) -> Decimal:
    """What heads by tier come to in a year, `each` being what one customer of a tier (by letter) comes to."""
    letters = {band.rank: band.letter for band in bands}
    return sum((n * each.get(letters.get(rank, ""), Decimal(0)) for rank, n in by_tier.items()), Decimal(0))

"""Who may own the problem that the same cause again and again is (P10)."""

from collections.abc import Collection, Iterable, Sequence


def owner_of(units: Sequence[int], heads: Iterable[tuple[int, int]], recused: Collection[int]) -> int | None:
    """Who is to solve it: of the heads (unit, person) one of the nearest of `units` whom no case of it concerns."""
    free = sorted((units.index(unit), person) for unit, person in heads if unit in units and person not in recused)
    return free[0][1] if free else None

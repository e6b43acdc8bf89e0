"""Who hears that the time of a complaint runs out, and who hears it instead (product.md P07, P04)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from complaints.enums import Grade, Rung

HANDLER, HEADS, ABOVE, COMPLIANCE = "handler", "heads", "above", "compliance"
BY_RUNG: Final[Mapping[int, tuple[str, ...]]] = {
    Rung.HALF: (HANDLER,),
    Rung.NEAR: (HANDLER, HEADS),
    Rung.OVER: (HANDLER, HEADS, ABOVE, COMPLIANCE),
}
BY_GRADE: Final[Mapping[int, tuple[str, ...]]] = {
    Grade.SERIOUS: (HANDLER, HEADS),
    Grade.CRITICAL: (HANDLER, HEADS, ABOVE, COMPLIANCE),
}


@dataclass(frozen=True, slots=True)
class People:
    """Those around a case by id: its handler; heads and compliance of its desk and of each unit above, nearest first;
    and who must keep away from it."""

    handler: int | None
    heads: Sequence[Sequence[int]]
    compliance: Sequence[Sequence[int]]
    recused: frozenset[int]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who is told, in order, and for whom a deputy is (deputy: who is away)."""

    told: tuple[int, ...]
    instead_of: Mapping[int, int]


def wanted(rung: int, span: int) -> tuple[str, ...]:
    """Who hears of a rung; of one by grade (`span`) who hears of that grade."""
    return BY_GRADE.get(span, ()) if rung == Rung.GRADE else BY_RUNG[rung]


def choose(groups: Iterable[str], people: People, away: Mapping[int, int | None]) -> Chosen:
    """The people of the groups who may know of the case. `away` maps who is away to the deputy who may see it, if any.

    Where a group has nobody, the next unit above is told; the handler's place is taken by the heads. If all above are
    away without a deputy, those away are told rather than nobody. Never anybody who is kept away from the case.
    """
    groups = tuple(groups)
    heads, level = _nearest(people.heads, 0, people, away)
    parts: list[dict[int, int]] = []
    if HANDLER in groups:
        parts.append(_present([people.handler] if people.handler else [], people, away) or heads)
    if HEADS in groups:
        parts.append(heads)
    if ABOVE in groups:
        parts.append(_nearest(people.heads, level + 1, people, away)[0])
    if COMPLIANCE in groups:
        parts.append(_nearest(people.compliance, 0, people, away)[0])
    found: dict[int, int] = {}
    for part in reversed(parts):
        found |= part
    told = tuple(dict.fromkeys(pk for part in parts for pk in part))
    return Chosen(told, {pk: found[pk] for pk in told if pk != found[pk]})


def _nearest(
    levels: Sequence[Sequence[int]], first: int, people: People, away: Mapping[int, int | None]
) -> tuple[dict[int, int], int]:
    """Those of the first unit from `first` on that has somebody, and its place."""
    for reach in (away, {}):
        for place, ids in enumerate(levels[first:], start=first):
            if there := _present(ids, people, reach):
                return there, place
    return {}, len(levels)


def _present(ids: Iterable[int], people: People, away: Mapping[int, int | None]) -> dict[int, int]:
    """Who is told (deputy or the person) and whom it concerns."""
    found: dict[int, int] = {}
    for whom in ids:
        told = away.get(whom, whom)
        if told is not None and not {told, whom} & people.recused:
            found.setdefault(told, whom)
    return found

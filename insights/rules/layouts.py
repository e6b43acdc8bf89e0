"""In which order a board shows its widgets."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """A widget's place on a board: whether it is shown there."""

    code: str
    is_shown: bool


def read_places(values: Any) -> list[Place]:
    """The places somebody kept; what is no pair of a code and yes or no is left out."""
    pairs = values if isinstance(values, list) else []
    return [Place(*pair) for pair in pairs if isinstance(pair, list) and [type(one) for one in pair] == [str, bool]]


def arranged(usual: Sequence[Place], kept: Iterable[Place]) -> list[Place]:
    """All widgets of a board: those that were arranged in that order, then the others as usual.

    Codes the board does not have, or that come again, are ignored.
    """
    offered = {place.code for place in usual}
    known: dict[str, Place] = {}
    for place in kept:
        if place.code in offered:
            known.setdefault(place.code, place)
    return [*known.values(), *(place for place in usual if place.code not in known)]

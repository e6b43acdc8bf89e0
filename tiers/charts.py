"""The picture of moves between tiers: bands from the tiers of one day to those of another, as plain shapes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 600
LABEL: Final = 130
NODE: Final = 8
# All bands together are so high; a tier has at least the room its two lines of words take.
STACK: Final = 240
LINE: Final = 44
GAP: Final = 14
THINNEST: Final = 2.0

Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Move:
    """Customers who went from one rank to another; `label` says it in words, `url` names them ("" = not to be seen)."""

    before: int
    after: int
    way: str
    heads: int
    label: str
    url: str = ""

    @property
    def shown(self) -> str:
        """How many they are, ready to read."""
        return f"{self.heads:,}"


@dataclass(frozen=True, slots=True)
class FlowBand:
    """A move as a shape."""

    move: Move
    path: str


@dataclass(frozen=True, slots=True)
class FlowNode:
    """A tier at one side, with its words beside it; lengths ready to write."""

    rank: int
    name: str
    heads: int
    x: str
    y: str
    height: str
    text_x: str
    text_y: str
    anchor: str

    @property
    def shown(self) -> str:
        """How many left or came, ready to read."""
        return f"{self.heads:,}"


@dataclass(frozen=True, slots=True)
class Picture:
    """Bands and tiers within `width` x `height`; without bands nobody moved."""

    width: int
    height: int
    bands: tuple[FlowBand, ...]
    nodes: tuple[FlowNode, ...]


def flow_picture(moves: Sequence[Move], before: Mapping[int, str], after: Mapping[int, str]) -> Picture:
    """The moves as bands, higher tiers above lower ones on both sides; `before` and `after` name the ranks."""
    drawn = [move for move in moves if move.heads]
    unit = STACK / max(sum(move.heads for move in drawn), 1)
    thick = {(move.before, move.after): max(THINNEST, move.heads * unit) for move in drawn}
    left, right = _tops(drawn, thick, at_left=True), _tops(drawn, thick, at_left=False)
    bands, starts, ends = [], dict(left), dict(right)
    for move in sorted(drawn, key=lambda move: (-move.before, -move.after)):
        size = thick[move.before, move.after]
        bands.append(FlowBand(move, _band(starts[move.before], ends[move.after], size)))
        starts[move.before] += size
        ends[move.after] += size
    nodes = [
        *_nodes(drawn, left, starts, before, at_left=True),
        *_nodes(drawn, right, ends, after, at_left=False),
    ]
    bottom = max([0, *_bottoms(left, starts), *_bottoms(right, ends)])
    return Picture(WIDTH, round(bottom) + 1, tuple(bands), tuple(nodes))


def _bottoms(tops: Mapping[int, float], ends: Mapping[int, float]) -> list[float]:
    return [max(ends[rank], top + LINE) for rank, top in tops.items()]


def _tops(moves: Sequence[Move], thick: Mapping[tuple[int, int], float], *, at_left: bool) -> dict[int, float]:
    """Where each tier of a side begins, highest tier first."""
    sizes: dict[int, float] = defaultdict(float)
    for move in moves:
        sizes[move.before if at_left else move.after] += thick[move.before, move.after]
    tops, y = {}, 0.0
    for rank in sorted(sizes, reverse=True):
        tops[rank] = y
        y += max(sizes[rank], LINE) + GAP
    return tops


def _band(start: float, end: float, size: float) -> str:
    x0, x1, middle = LABEL + NODE, WIDTH - LABEL - NODE, WIDTH // 2
    upper = f"M{x0},{start:.1f} C{middle},{start:.1f} {middle},{end:.1f} {x1},{end:.1f}"
    start, end = start + size, end + size
    return f"{upper} L{x1},{end:.1f} C{middle},{end:.1f} {middle},{start:.1f} {x0},{start:.1f} Z"


def _nodes(
    moves: Sequence[Move],
    tops: Mapping[int, float],
    bottoms: Mapping[int, float],
    names: Mapping[int, str],
    *,
    at_left: bool,
) -> list[FlowNode]:
    x = LABEL if at_left else WIDTH - LABEL - NODE
    text_x = LABEL - 10 if at_left else WIDTH - LABEL + 10
    return [
        FlowNode(
            rank,
            names.get(rank, str(rank)),
            sum(move.heads for move in moves if (move.before if at_left else move.after) == rank),
            str(x),
            f"{top:.1f}",
            f"{bottoms[rank] - top:.1f}",
            str(text_x),
            f"{top + 16:.1f}",
            "end" if at_left else "start",
        )
        for rank, top in tops.items()
    ]

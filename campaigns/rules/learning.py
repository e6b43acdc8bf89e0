"""How a trained model reckons, in plain numbers: the chance it gives, and what each column did to it.

A row holds a float for each column of the model, None where nothing is known. The library that found the numbers is
not needed here; a test compares both to 1e-9. Effects are on the scale of log odds, against the average customer the
model learned from: `base` plus all effects is what the chance is made of.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp
from typing import Any, Final, Protocol

from campaigns.enums import ModelKind

Row = Sequence[float | None]
_LEAF: Final = -1
# Beyond this exp() overflows; the chance is 0 or 1 long before.
_MOST: Final = 700.0


class Scorer(Protocol):
    """A model that can be asked."""

    @property
    def base(self) -> float:
        """The log odds of the average customer."""

    def effects(self, row: Row) -> list[float]:
        """What each column adds to the base."""

    def log_odds(self, row: Row) -> float:
        """Base and effects together."""


@dataclass(frozen=True, slots=True)
class Logistic:
    """Logistic regression over columns brought to mean 0 and deviation 1; what is unknown counts as average."""

    base: float
    means: Sequence[float]
    scales: Sequence[float]
    weights: Sequence[float]

    def effects(self, row: Row) -> list[float]:
        """What each column adds to the base."""
        found = zip(row, self.means, self.scales, self.weights, strict=True)
        return [0.0 if value is None else weight * (value - mean) / scale for value, mean, scale, weight in found]

    def log_odds(self, row: Row) -> float:
        """Base and effects together."""
        return self.base + sum(self.effects(row))


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree by node, the root first: column (-1 = leaf), bound (up to it goes left), whether unknown goes left,
    both children, and the value: of a leaf what it adds, of others the mean of what their leaves add."""

    columns: Sequence[int]
    bounds: Sequence[float]
    unknown_left: Sequence[int]
    left: Sequence[int]
    right: Sequence[int]
    values: Sequence[float]

    def next(self, node: int, value: float | None) -> int:
        """Where a value goes on from a node."""
        is_left = self.unknown_left[node] if value is None else value <= self.bounds[node]
        return self.left[node] if is_left else self.right[node]


@dataclass(frozen=True, slots=True)
class Boosting:
    """Gradient-boosted trees; each adds the value of the leaf a row ends in."""

    start: float
    trees: Sequence[Tree]

    @property
    def base(self) -> float:
        """The log odds of the average customer."""
        return self.start + sum(tree.values[0] for tree in self.trees)

    def effects(self, row: Row) -> list[float]:
        """What each column adds to the base: at every split on the way the step from its mean to the next one's."""
        found = [0.0] * len(row)
        for tree in self.trees:
            node = 0
            while (column := tree.columns[node]) != _LEAF:
                after = tree.next(node, row[column])
                found[column] += tree.values[after] - tree.values[node]
                node = after
        return found

    def log_odds(self, row: Row) -> float:
        """The start and the leaves the row ends in."""
        total = self.start
        for tree in self.trees:
            node = 0
            while (column := tree.columns[node]) != _LEAF:
                node = tree.next(node, row[column])
            total += tree.values[node]
        return total


def scorer(kind: str, weights: Mapping[str, Any]) -> Scorer:
    """The model of stored numbers (`TrainedModel.weights`)."""
    if kind == ModelKind.LOGISTIC:
        return Logistic(weights["base"], weights["means"], weights["scales"], weights["weights"])
    return Boosting(weights["start"], [Tree(**tree) for tree in weights["trees"]])


def chance(log_odds: float) -> float:
    """Log odds as a chance between 0 and 1."""
    return 1 / (1 + exp(min(max(-log_odds, -_MOST), _MOST)))

"""How well a model ranks, and how trials are cut by time: taught by what came before, tried on what came after."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import ceil, sqrt
from statistics import fmean, stdev
from typing import Any, Final

FOLDS: Final = 5
# Of all outcomes in their order, the share models learn from before they are tried on the rest.
LEARNED_SHARE: Final = 0.7
TOP_SHARE: Final = 0.1
BANDS: Final = 10
_LEAST_FOLDS: Final = 2


@dataclass(frozen=True, slots=True)
class Marks:
    """Marks on outcomes a model has not seen: the share that agreed, AUC (None when all ended alike) and lift in the
    top decile: how many times as many agree among the tenth ranked first as among all."""

    count: int
    agreed_share: float
    auc: float | None
    lift: float | None


@dataclass(frozen=True, slots=True)
class Band:
    """A tenth of the outcomes by chance given: how many, the mean chance, and the share that agreed."""

    count: int
    expected: float
    agreed_share: float


@dataclass(frozen=True, slots=True)
class Fold:
    """A trial: learn from rows before `start`, be tried on those from there up to `end`."""

    start: int
    end: int


def marks(scores: Sequence[float], labels: Sequence[int]) -> Marks:
    """Marks of scores against what came of it (1 = agreed)."""
    count, agreed = len(labels), sum(labels)
    return Marks(count, agreed / count if count else 0.0, auc(scores, labels), lift(scores, labels))


def auc(scores: Sequence[float], labels: Sequence[int]) -> float | None:
    """The chance that one who agreed is ranked before one who did not; equal scores count half."""
    agreed = sum(labels)
    others = len(labels) - agreed
    if not agreed or not others:
        return None
    below, won = 0, 0.0
    for _score, group in groupby(sorted(zip(scores, labels, strict=True)), key=lambda pair: pair[0]):
        same = [label for _same, label in group]
        hits = sum(same)
        misses = len(same) - hits
        won += hits * (below + misses / 2)
        below += misses
    return won / (agreed * others)


def lift(scores: Sequence[float], labels: Sequence[int], share: float = TOP_SHARE) -> float | None:
    """The share that agreed among the `share` ranked first, over the share of all. Of equal scores at the edge, each
    counts in part, so that it never hangs on the order of rows. None when nobody agreed."""
    agreed, wanted = sum(labels), ceil(len(labels) * share)
    if not agreed:
        return None
    found, room = 0.0, wanted
    pairs = sorted(zip(scores, labels, strict=True), reverse=True)
    for _score, group in groupby(pairs, key=lambda pair: pair[0]):
        same = [label for _same, label in group]
        taken = min(room, len(same))
        found += sum(same) * taken / len(same)
        room -= taken
        if not room:
            break
    return (found / wanted) / (agreed / len(labels))


def calibration(scores: Sequence[float], labels: Sequence[int]) -> list[Band]:
    """Tenths by chance given, the lowest first: what was expected beside what came."""
    pairs = sorted(zip(scores, labels, strict=True), key=lambda pair: pair[0])
    edges = [len(pairs) * n // BANDS for n in range(BANDS + 1)]
    parts = [pairs[first:last] for first, last in pairwise(edges) if last > first]
    return [
        Band(len(part), sum(score for score, _l in part) / len(part), sum(label for _s, label in part) / len(part))
        for part in parts
    ]


def folds(days: Sequence[Any], count: int = FOLDS) -> Iterator[Fold]:
    """Trials over rows in the order of their `days`: each learns from all before it. No day is in both parts."""
    edges = [later(days, len(days) * n // (count + 1)) for n in range(1, count + 1)] + [len(days)]
    for start, end in pairwise(edges):
        if start < end:
            yield Fold(start, end)


def later(days: Sequence[Any], row: int) -> int:
    """The first row from `row` on that begins a day."""
    while 0 < row < len(days) and days[row] == days[row - 1]:
        row += 1
    return row


def is_clearly_better(ours: Sequence[float], theirs: Sequence[float]) -> bool:
    """Whether trials come out better than others over the same folds by more than one standard error of the
    difference, so that of two models nobody can tell apart the simpler one is kept (Breiman et al. 1984, 3.4.3)."""
    steps = [mine - other for mine, other in zip(ours, theirs, strict=True)]
    if len(steps) < _LEAST_FOLDS:
        return False
    return fmean(steps) > stdev(steps) / sqrt(len(steps))

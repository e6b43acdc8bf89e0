"""What answers of customers amount to: a mean with its margin of error, and who may be told apart (product.md K05).

The margin is half of the 95 % interval of Student's t over n - 1 degrees of freedom. Two figures whose intervals touch
may as well be the same: nobody is ranked by them, and a small sample is compared with nobody.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Final

from campaigns.rules.student import t_quantile

CONFIDENCE: Final = 0.95
_UPPER: Final = 0.5 + CONFIDENCE / 2
LEAST: Final = 2


@dataclass(frozen=True, slots=True)
class Answers:
    """Marks given: how many, their sum, and the sum of their squares."""

    count: int = 0
    total: int = 0
    squares: int = 0

    def __add__(self, other: "Answers") -> "Answers":
        return Answers(self.count + other.count, self.total + other.total, self.squares + other.squares)


@dataclass(frozen=True, slots=True)
class Estimate:
    """The mean of `count` marks with half of its 95 % interval (None with fewer than two); `is_small` says little."""

    count: int
    mean: float | None
    margin: float | None
    is_small: bool

    @property
    def low(self) -> float | None:
        """The lower end of the interval."""
        return None if self.mean is None or self.margin is None else self.mean - self.margin

    @property
    def high(self) -> float | None:
        """The upper end of the interval."""
        return None if self.mean is None or self.margin is None else self.mean + self.margin


def estimate(answers: Answers, *, small: int) -> Estimate:
    """The mean of these marks and its margin; fewer than `small` are a small sample."""
    count, is_small = answers.count, answers.count < small
    if not count:
        return Estimate(0, None, None, True)
    mean = answers.total / count
    if count < LEAST:
        return Estimate(count, mean, None, True)
    variance = max(answers.squares - count * mean * mean, 0.0) / (count - 1)
    return Estimate(count, mean, t_quantile(_UPPER, count - 1) * sqrt(variance / count), is_small)


@dataclass(frozen=True, slots=True)
class Standing:
    """Whom somebody is better and worse than beyond doubt."""

    better_than: tuple[Hashable, ...] = ()
    worse_than: tuple[Hashable, ...] = ()


def standings(found: Mapping[Hashable, Estimate]) -> dict[Hashable, Standing]:
    """Of each its standing, in the order given: told apart from whom its interval does not touch, a small sample from
    nobody. There is no rank: most are told apart from few."""
    ends = {key: (one.low, one.high) for key, one in found.items() if not one.is_small}
    known = {key: (low, high) for key, (low, high) in ends.items() if low is not None and high is not None}
    # Sorted by either end, those below and above are one slice each: asked of each pair, 500 units took 0.2 s.
    by_low, by_high = sorted(known, key=lambda key: known[key][0]), sorted(known, key=lambda key: known[key][1])
    lows, highs = [known[key][0] for key in by_low], [known[key][1] for key in by_high]
    return {
        key: Standing(
            tuple(by_high[: bisect_left(highs, known[key][0])]), tuple(by_low[bisect_right(lows, known[key][1]) :])
        )
        if key in known
        else Standing()
        for key in found
    }

"""Figures of a run: how they are taken, held against their goals, and shown."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from unicodedata import east_asian_width

NOT_MEASURED = "–"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `bound` is the worst value that meets the goal, None where there is no goal."""

    job: str
    unit: str
    product: float
    floor: float | None = None
    bound: float | None = None
    goal: str = ""
    at_least: bool = False
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Product to floor."""
        return self.product / self.floor if self.floor else None

    @property
    def verdict(self) -> str:
        """ok, over, or nothing without a goal."""
        if self.bound is None:
            return ""
        met = self.product >= self.bound if self.at_least else self.product <= self.bound
        return "ok" if met else "over"

    def as_json(self) -> dict[str, Any]:
        """The figure with what follows from it."""
        return {**asdict(self), "ratio": self.ratio, "verdict": self.verdict}


def against_floor(
    job: str, product: Sequence[float], floor: Sequence[float], times: float = 0, plus: float = 0
) -> Figure:
    """Medians of seconds, the goal being `times` the floor `plus` some seconds; without `times` there is none.

    The fastest runs of both are noted too: on a machine that does other things they tell more.
    """
    middle = statistics.median(floor)
    goal = f"≤ {times:g} × floor" + (f" + {plus:g} s" if plus else "") if times else ""
    best, plain = min(product), min(floor)
    note = f"best of {len(product)}: {best:.2f} to {plain:.2f}, {best / plain:.2f}"
    return Figure(
        job, "s", statistics.median(product), middle, times * middle + plus if times else None, goal, note=note
    )


def timed(work: Callable[[], object]) -> float:
    """Seconds the work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def interleaved(
    runs: int, product: Callable[[int], float], floor: Callable[[int], float]
) -> tuple[list[float], list[float]]:
    """Seconds of both, taken in turns, each going first every other time: the machine's moods hit both alike."""
    ours: list[float] = []
    plain: list[float] = []
    for n in range(runs):
        turns = [(ours, product), (plain, floor)]
        for seconds, work in turns if n % 2 == 0 else reversed(turns):
            seconds.append(work(n))
    return ours, plain


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-len(ordered) * share // 1) - 1)]


def table(figures: Sequence[Figure]) -> str:
    """The figures as aligned text."""
    head = ("job", "product", "floor", "ratio", "goal", "", "")
    rows = [head, *(_row(figure) for figure in figures)]
    widths = [max(_width(row[n]) for row in rows) for n in range(len(head))]
    return "\n".join(
        "  ".join(_padded(cell, widths[n], right=0 < n < 4) for n, cell in enumerate(row)).rstrip() for row in rows
    )


def _row(figure: Figure) -> tuple[str, ...]:
    return (
        figure.job,
        _quantity(figure.product, figure.unit),
        _quantity(figure.floor, figure.unit),
        NOT_MEASURED if figure.ratio is None else f"{figure.ratio:.2f}",
        figure.goal,
        figure.verdict,
        figure.note,
    )


def _quantity(value: float | None, unit: str) -> str:
    if value is None:
        return NOT_MEASURED
    digits = {"s": 2, "ms": 1, "": 2}.get(unit, 0)
    return f"{value:,.{digits}f} {unit}".rstrip()


def _width(text: str) -> int:
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def _padded(text: str, width: int, *, right: bool) -> str:
    room = " " * (width - _width(text))
    return room + text if right else text + room

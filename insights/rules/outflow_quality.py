"""How good warnings are: precision by sign from verdicts, recall against who was lost, and rules tried on the past.

A loss: the 30-day average of a customer is at most half of that 60 days before. Tried on the past, a warning was right
when a loss of the customer was found within the 60 days after it, and a loss was caught when a warning had come within
the 60 days before it. A customer is warned of once in those days, as by the night.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from statistics import median
from typing import Any, Final

SPAN: Final = timedelta(days=60)
# Under so many verdicts or losses a share says little.
SMALL: Final = 10
GRID: Final = tuple(range(20, 85, 5))


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `of`, as per cent; small where there are too few to say much."""

    hits: int
    of: int

    @property
    def percent(self) -> int | None:
        """Rounded half up; None of nothing."""
        return (200 * self.hits + self.of) // (2 * self.of) if self.of else None

    @property
    def is_small(self) -> bool:
        """Whether there are too few to say much."""
        return self.of < SMALL


@dataclass(frozen=True, slots=True)
class Scored:
    """A customer that showed signs on a replayed day: letter of its tier, score, and the codes of its signs."""

    customer_id: int
    on: date
    letter: str
    score: int
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of some warnings: raised, right of those whose 60 days are over, losses, those caught, and the days
    between the first warning and the loss (the median; None without one)."""

    raised: int
    right: Share
    caught: Share
    lead: int | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """The rules tried on the past: outcome over all, by sign, and by tier's letter and threshold."""

    overall: Outcome
    by_signal: Mapping[str, Outcome] = field(default_factory=dict)
    by_tier: Mapping[str, Mapping[int, Outcome]] = field(default_factory=dict)


Losses = Mapping[int, tuple[date, str]]


def try_out(
    scored: Sequence[Scored], losses: Losses, thresholds: Mapping[str, int], last: date, *, first: date
) -> Trial:
    """What warnings by these thresholds would have come to; `losses`: day and tier's letter then, by customer.

    `first` is the first day replayed: losses within 60 days of it could not all have been warned of in time, and are
    counted only from `first` on; `last` the last day losses are known of.
    """
    counted = {pk: found for pk, found in losses.items() if found[0] > first}
    highest = max(thresholds.values())
    raised = [one for one in scored if one.score >= thresholds.get(one.letter, highest)]
    signals = sorted({code for one in raised for code in one.codes})
    return Trial(
        outcome(raised, counted, last),
        {code: outcome([one for one in raised if code in one.codes], counted, last) for code in signals},
        {letter: _by_threshold(letter, scored, counted, last) for letter in sorted(thresholds)},
    )


def _by_threshold(letter: str, scored: Iterable[Scored], losses: Losses, last: date) -> dict[int, Outcome]:
    of_tier = [one for one in scored if one.letter == letter]
    lost = {pk: found for pk, found in losses.items() if found[1] == letter}
    return {level: outcome([one for one in of_tier if one.score >= level], lost, last, others=losses) for level in GRID}


def outcome(rows: Sequence[Scored], losses: Losses, last: date, *, others: Losses | None = None) -> Outcome:
    """What these warnings came to. `others`: losses that make a warning right without being counted as to be caught."""
    warned = _once(rows)
    known = losses if others is None else others
    ended = right = raised = 0
    leads: list[int] = []
    for pk, days in warned.items():
        raised += len(days)
        lost = known.get(pk)
        for day in days:
            # Those still under way must not count where they were right already: the wrong ones cannot yet.
            if day + SPAN <= last:
                ended += 1
                right += lost is not None and day < lost[0] <= day + SPAN
    for pk, (on, _letter) in losses.items():
        leads += [(on - day).days for day in warned.get(pk, ()) if day < on <= day + SPAN][:1]
    return Outcome(raised, Share(right, ended), Share(len(leads), len(losses)), int(median(leads)) if leads else None)


def _once(rows: Iterable[Scored]) -> dict[int, list[date]]:
    """The days of each customer's warnings, none within 60 days of the one before."""
    days: dict[int, list[date]] = defaultdict(list)
    for one in sorted(rows, key=lambda one: one.on):
        if not days[one.customer_id] or one.on > days[one.customer_id][-1] + SPAN:
            days[one.customer_id].append(one.on)
    return days


def as_kept(trial: Trial) -> dict[str, Any]:
    """A trial as data."""
    return {
        "overall": _kept(trial.overall),
        "signals": {code: _kept(one) for code, one in trial.by_signal.items()},
        "tiers": {
            letter: {str(level): _kept(one) for level, one in levels.items()}
            for letter, levels in trial.by_tier.items()
        },
    }


def _kept(one: Outcome) -> list[int | None]:
    return [one.raised, one.right.hits, one.right.of, one.caught.hits, one.caught.of, one.lead]


def read_trial(kept: Mapping[str, Any]) -> Trial:
    """A trial from its data."""
    return Trial(
        _read(kept["overall"]),
        {code: _read(one) for code, one in kept["signals"].items()},
        {letter: {int(level): _read(one) for level, one in levels.items()} for letter, levels in kept["tiers"].items()},
    )


def _read(kept: Sequence[Any]) -> Outcome:
    raised, right, ended, caught, lost, lead = kept
    return Outcome(raised, Share(right, ended), Share(caught, lost), lead)

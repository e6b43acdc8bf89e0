"""How much work a book is, by what its tiers are promised, and which customers could move (product.md F12).

Load: for every customer the contacts a year its tier is promised (tiers' standards) times the minutes one takes, and
its review meetings times theirs. Capacity: the hours a week a manager has for customers, times the weeks worked in a
year.

Moves are suggested from books above capacity to colleagues of the unit with room, customer by customer: first those the
colleague is the backup of already, then those spoken to longest ago, then those the manager has had for the shortest
time. So the fewest and weakest relationships are cut.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

# Until a policy of kind "workload" says otherwise.
BUILT_IN: Final[Mapping[str, Any]] = {
    "minutes_a": 60,
    "minutes_b": 40,
    "minutes_c": 20,
    "minutes_d": 10,
    "minutes_other": 10,
    "review_minutes": 90,
    "hours_week": 24,
    "weeks_year": 44,
    "full_percent": 100,
}
LIMITS: Final[Mapping[str, tuple[int, int]]] = {
    "minutes_a": (1, 480),
    "minutes_b": (1, 480),
    "minutes_c": (1, 480),
    "minutes_d": (1, 480),
    "minutes_other": (1, 480),
    "review_minutes": (1, 480),
    "hours_week": (1, 60),
    "weeks_year": (1, 52),
    "full_percent": (50, 200),
}
MOST_MOVES: Final = 40


@dataclass(frozen=True, slots=True)
class Terms:
    """The rules: minutes of a contact by the letter of a tier, of a review meeting, and the capacity of a manager."""

    minutes: Mapping[str, int]
    other: int
    review: int
    hours_week: int
    weeks_year: int
    full_percent: int

    @property
    def capacity(self) -> int:
        """Minutes a year a manager has for customers."""
        return self.hours_week * self.weeks_year * 60 * self.full_percent // 100


def read_workload(values: Mapping[str, Any]) -> Terms:
    """The rules of a policy of kind "workload". Raises ValueError with the name of the figure."""
    for name, (least, most) in LIMITS.items():
        value = values.get(name)
        if type(value) is not int or not least <= value <= most:
            raise ValueError(name)
    minutes = {letter: values[f"minutes_{letter.lower()}"] for letter in "ABCD"}
    capacity = (values["hours_week"], values["weeks_year"], values["full_percent"])
    return Terms(minutes, values["minutes_other"], values["review_minutes"], *capacity)


def weight(terms: Terms, letter: str, contacts: Decimal, review_months: int | None) -> Decimal:
    """Minutes a year one customer of a tier takes."""
    reviews = Decimal(12) / review_months if review_months else Decimal(0)
    return contacts * terms.minutes.get(letter, terms.other) + reviews * terms.review


@dataclass(frozen=True, slots=True)
class Book:
    """A manager's customers by tier rank and the minutes a year they take."""

    manager: int
    heads: Mapping[int, int]
    minutes: Decimal

    def percent(self, capacity: int) -> int:
        """Of the capacity, in whole per cent cut off."""
        return int(self.minutes * 100 / capacity)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A customer that could move: whose, how heavy (minutes a year), and what ties it to its manager."""

    customer: int
    manager: int
    tier: int
    minutes: Decimal
    backup: int | None
    last_contact_on: date | None
    since: date | None


@dataclass(frozen=True, slots=True)
class Move:
    """Customers that could pass from one manager to another, and the minutes of both before and after."""

    giver: int
    taker: int
    customers: tuple[Candidate, ...]
    giver_before: Decimal
    giver_after: Decimal
    taker_before: Decimal
    taker_after: Decimal

    @property
    def known(self) -> int:
        """Customers who know the colleague as their backup already."""
        return sum(one.backup == self.taker for one in self.customers)


def suggest(books: Iterable[Book], candidates: Iterable[Candidate], capacity: int) -> list[Move]:
    """Moves that bring every book to its capacity as far as colleagues have room; nobody is taken above it."""
    load = {book.manager: book.minutes for book in books}
    before = dict(load)
    chosen: dict[tuple[int, int], list[Candidate]] = {}
    mine: dict[int, list[Candidate]] = {}
    for one in candidates:
        mine.setdefault(one.manager, []).append(one)
    for giver in sorted(load, key=lambda pk: (-load[pk], pk)):
        for one, taker in _passing(giver, mine.get(giver, []), load, capacity):
            chosen.setdefault((giver, taker), []).append(one)
    return [
        Move(giver, taker, tuple(found), before[giver], load[giver], before[taker], load[taker])
        for (giver, taker), found in chosen.items()
    ]


def _passing(
    giver: int, candidates: Sequence[Candidate], load: dict[int, Decimal], capacity: int
) -> Iterator[tuple[Candidate, int]]:
    """Customers that leave a book until it fits, with who takes each; `load` is kept up."""
    moved = 0
    for one in sorted(candidates, key=lambda one: _tie(one, load)):
        if load[giver] <= capacity or moved >= MOST_MOVES:
            return
        taker = _taker(one, giver, load, capacity)
        if taker is not None and one.minutes > 0:
            load[giver] -= one.minutes
            load[taker] += one.minutes
            moved += 1
            yield one, taker


def _tie(one: Candidate, load: Mapping[int, Decimal]) -> tuple[bool, date, int, int]:
    """How strong a relationship is, weakest first."""
    since = one.since.toordinal() if one.since else 0
    return one.backup not in load, one.last_contact_on or date.min, -since, one.customer


def _taker(one: Candidate, giver: int, load: Mapping[int, Decimal], capacity: int) -> int | None:
    """The customer's backup if there is room, else the colleague with the most room; None when nobody has any."""
    fits = [pk for pk, minutes in load.items() if pk != giver and minutes + one.minutes <= capacity]
    if one.backup in fits:
        return one.backup
    return min(fits, key=lambda pk: (load[pk], pk), default=None)

"""Lives around real balances: what people hold on each of 300 days, and which of them leave, from one seed.

Real: the balance (euro x 8, in whole yuan), age and job of each record of UCI's Bank Marketing (see `calls`). It is
what a customer holds on the last day; whoever leaves holds it on the day before. Made: everything before and after,
drawn customer by customer. Half get a salary and spend it by the day; the others spend and get in amounts by their
balance; all come back to about what they keep. Around that each has one of the fates below.
"""

import csv
import gzip
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

YUAN_A_EURO = 8
DAYS = 300
FIRST_TURN = 100
LONGEST = 50
SALARY = (3_000, 15_000)


class Fate(StrEnum):
    """What becomes of a customer's money."""

    STAYS = "stays"
    # A large payment, earned again; half of it away for five weeks, as each year.
    BILL = "pays a large bill"
    SEASONAL = "goes and comes back"
    # Left for good: in five steps within 15 days, at once, and bit by bit after the salary stopped.
    DRAINS = "leaves in steps"
    SUDDEN = "leaves at once"
    FADES = "fades away"


SHARES = {
    Fate.STAYS: 0.86,
    Fate.BILL: 0.05,
    Fate.SEASONAL: 0.02,
    Fate.DRAINS: 0.025,
    Fate.SUDDEN: 0.02,
    Fate.FADES: 0.025,
}
LEAVING = (Fate.DRAINS, Fate.SUDDEN, Fate.FADES)
STEPS = (0, 3, 5, 9, 15)


@dataclass(frozen=True, slots=True)
class Person:
    """A customer: place in the file, what the file says (balance in yuan), and the fate with the days it turns at and
    is over; days count from the first of the history."""

    number: int
    age: int
    job: str
    balance: int
    fate: Fate
    turn: int
    back: int

    @property
    def leaves(self) -> bool:
        """Whether most of it goes and stays away."""
        return self.fate in LEAVING

    @property
    def anchor(self) -> int:
        """The day on which the balance is the file's."""
        return self.turn - 1 if self.leaves else DAYS - 1


def people(path: Path, most: int, seed: int) -> list[Person]:
    """At most so many records, spread evenly over the file, each with its fate."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        records = list(csv.DictReader(file))
    every = -(-len(records) // most)
    return [_person(number, record, seed) for number, record in enumerate(records) if number % every == 0]


def _person(number: int, record: dict[str, str], seed: int) -> Person:
    rng = random.Random(f"{seed} fate {number}")
    fate = rng.choices(list(SHARES), list(SHARES.values()))[0]
    # Who comes back has come back on the last day; of who leaves a few days are seen.
    turn = rng.randrange(FIRST_TURN, DAYS - (5 if fate in LEAVING else LONGEST + 1))
    back = turn + (35 if fate == Fate.SEASONAL else rng.randint(20, LONGEST))
    balance = int(record["balance"]) * YUAN_A_EURO
    return Person(number, int(record["age"]), record["job"], balance, fate, turn, back)


def life(person: Person, first: date, seed: int) -> list[int]:
    """What the person holds at the close of each day, in yuan."""
    rng = random.Random(f"{seed} life {person.number}")
    usual = list(_usual(person, first, rng))
    lifted = person.balance - usual[person.anchor]
    gone, totals = 0.0, []
    for n, total in enumerate(usual):
        there = total + lifted - gone
        gone = 0.0 if n == person.back and not person.leaves else gone + max(there, 0) * _share(person, n, rng)
        totals.append(max(round(total + lifted - gone), min(person.balance, 0)))
    return totals


def _usual(person: Person, first: date, rng: random.Random) -> Iterator[float]:
    """The closes of days on which nothing much happens."""
    level, is_paid = max(person.balance, 0), rng.random() < 0.5
    pay, pay_day = rng.randint(*SALARY), rng.randint(1, 28)
    spent = pay / 30 / 0.18 if is_paid else level * 0.004 + 20
    # People spend by what is there.
    kept = level + (pay / 2 if is_paid else 100)
    total = float(level)
    for n in range(DAYS):
        left = person.leaves and n >= person.turn
        if is_paid and (first + timedelta(days=n)).day == pay_day and not (left and person.fate == Fate.FADES):
            total += pay * rng.uniform(0.97, 1.03)
        if rng.random() < 0.18:
            total -= rng.expovariate(1) * spent * total / kept
        if not is_paid and rng.random() < 0.05:
            total += rng.expovariate(1) * (level * 0.0145 + 70)
        if rng.random() < 1 / 30 and not left:
            total -= _too_much(total, level * rng.uniform(0.9, 1.1)) / 2
        total = max(total, 0)
        yield total


def _too_much(total: float, kept: float) -> float:
    """What lies above (below: negative) what somebody keeps; little of either is left as it is."""
    return total - kept if abs(total - kept) > kept * 0.15 else 0


def _share(person: Person, n: int, rng: random.Random) -> float:
    """The share of what is there that goes on a day."""
    since = n - person.turn
    if person.fate == Fate.BILL and since == 0:
        return rng.uniform(0.4, 0.65)
    if person.fate == Fate.SEASONAL and since == 0:
        return 0.5
    if person.fate == Fate.DRAINS and since in STEPS:
        return 0.45
    if person.fate == Fate.SUDDEN and since == 0:
        return 0.97
    if person.fate == Fate.FADES and since > 0 and rng.random() < 0.6:
        return 0.025
    return 0


def changes(person: Person, first: date, seed: int) -> Iterator[tuple[date, Decimal]]:
    """The days on which the balance is another one than before, the first day being one."""
    before = None
    for n, total in enumerate(life(person, first, seed)):
        if total != before:
            yield first + timedelta(days=n), Decimal(total)
        before = total

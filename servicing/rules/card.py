"""What the counter card says: exactly one thing to tell and one to beware (product.md B11)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import Any, Final

FIGURES: Final[Mapping[str, tuple[int, int]]] = {
    "maturing_days": (1, 365),
    "promise_days": (0, 30),
    "elderly_age": (50, 100),
}
# Until a policy of kind "counter_card" says otherwise.
BUILT_IN: Final[Mapping[str, int]] = {"maturing_days": 30, "promise_days": 3, "elderly_age": 65}


class Weight(IntEnum):
    """What is told before what: the teller's own errands, what the bank owes, what is good to know."""

    MINE = 1
    PROMISE = 2
    COLLEAGUE = 3
    MATURITY = 4


@dataclass(frozen=True, slots=True)
class CardRules:
    """How many days ahead a maturity or a promise is worth telling, and from which age on a customer is elderly."""

    maturing_days: int
    promise_days: int
    elderly_age: int


@dataclass(frozen=True, slots=True)
class Told:
    """Something that could be told: how much it weighs, its day, and what its words need."""

    weight: Weight
    on: date
    name: str = ""
    text: str = ""


def read_card(values: Mapping[str, Any]) -> CardRules:
    """The rules of a policy of kind "counter_card". Raises ValueError with the name of the figure."""
    for name, (least, most) in FIGURES.items():
        value = values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(name)
    return CardRules(**{name: values[name] for name in FIGURES})


def one_to_tell(candidates: Iterable[Told]) -> Told | None:
    """The weightiest thing, the earliest of its kind; None when there is nothing."""
    return min(candidates, key=lambda told: (told.weight, told.on, told.text), default=None)


def age_on(born: date | None, day: date) -> int | None:
    """Full years of age on `day`; None when the birth date is not known."""
    if born is None:
        return None
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))

"""When a decision may be reviewed by the upper level, until when, and by whom (domain.md 4, product.md P09)."""

from collections.abc import Collection
from datetime import date, timedelta


def last_day_to_ask(*, told_on: date, window: int) -> date:
    """The last day a review can be asked for: `window` natural days after the complainant had the decision."""
    return told_on + timedelta(days=window)


def answer_by(*, asked_on: date, days: int) -> date:
    """The day the upper level must have answered by; the day it was asked is day 0."""
    return asked_on + timedelta(days=days)


def may_review(person: int, *, first_hands: Collection[int | None], recused: Collection[int]) -> bool:
    """Whether a person may look at a decision again: nobody who had a hand in it, nobody kept away from the case."""
    return person not in first_hands and person not in recused

"""Figures, teams, targets, training, supervision, warnings and reports of the demo branch."""

import random
from collections.abc import Callable
from datetime import date, datetime

# In this order: what a part reads, an earlier one has made.
PARTS: tuple[Callable[..., None], ...] = ()


def seed_week(*, rng: random.Random, end: date, at: datetime) -> None:
    """Make them all; the same generator makes the same."""
    for part in PARTS:
        part(rng=random.Random(f"{rng.random()} {part.__name__}"), end=end, at=at)  # noqa: S311  no secret

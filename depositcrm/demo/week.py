"""Figures, teams, targets, training, supervision, warnings and reports of the demo branch."""

import random
from collections.abc import Callable
from datetime import date, datetime

from depositcrm.demo.kpis import seed_kpis
from depositcrm.demo.openings import seed_openings
from depositcrm.demo.outflow import seed_outflow
from depositcrm.demo.people import seed_people
from depositcrm.demo.reports import seed_reports
from depositcrm.demo.supervision import seed_supervision
from depositcrm.demo.training import seed_training

# In this order: what a part reads, an earlier one has made.
PARTS: tuple[Callable[..., None], ...] = (
    seed_people,
    seed_outflow,
    seed_training,
    seed_supervision,
    # After them: it adds up what the others made.
    seed_kpis,
    seed_reports,
    seed_openings,
)


def seed_week(*, rng: random.Random, end: date, at: datetime) -> None:
    """Make them all; the same generator makes the same."""
    for part in PARTS:
        part(rng=random.Random(f"{rng.random()} {part.__name__}"), end=end, at=at)  # noqa: S311  no secret

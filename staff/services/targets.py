"""Targets of people, teams and units."""

from datetime import date, datetime

from core.jobs import Counts
from core.trail import Actor


def run(*, business_day: date, actor: Actor, at: datetime) -> Counts:
    """End what is past."""
    return {"rows": 0}

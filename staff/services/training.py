"""Courses, attempts and certificates."""

from datetime import date, datetime

from core.jobs import Counts
from core.trail import Actor


def run(*, business_day: date, actor: Actor, at: datetime) -> Counts:
    """Remind of certificates that run out."""
    return {"rows": 0}

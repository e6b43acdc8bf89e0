"""Warnings of deposits about to leave."""

from datetime import date, datetime

from core.jobs import Counts
from core.trail import Actor


def run(*, business_day: date, actor: Actor, at: datetime) -> Counts:
    """Find the day's warnings and close those whose time is over."""
    return {"rows": 0}

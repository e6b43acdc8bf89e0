"""Plans, draws, scores and findings of supervision."""

from datetime import date, datetime

from core.jobs import Counts
from core.trail import Actor


def run(*, business_day: date, actor: Actor, at: datetime) -> Counts:
    """Escalate what is overdue."""
    return {"rows": 0}

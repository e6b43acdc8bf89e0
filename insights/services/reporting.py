"""Reports people saved: made when they are due, for each recipient as that person may see."""

from datetime import date, datetime

from core.jobs import Counts
from core.trail import Actor


def run(*, business_day: date, actor: Actor, at: datetime) -> Counts:
    """Make the reports that are due on the day after `business_day`."""
    return {"rows": 0}

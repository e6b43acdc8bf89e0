"""Key figures of the demo's past days."""

import random
from datetime import date, datetime

from customers.queries.balances import first_ledger_day
from insights.services.kpis import roll_up_history


def seed_kpis(*, rng: random.Random, end: date, at: datetime) -> None:
    """Months closed, and figures of the past days, over everything that was made before."""
    roll_up_history(first_ledger_day() or end, end, at=at)

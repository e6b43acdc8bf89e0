"""Key figures per unit and day, and the closes of months they stand on."""

from datetime import date, datetime

from insights.services.rolling import RollUp


def roll_up_kpis(*, business_day: date, at: datetime) -> RollUp:
    """Replace the figures of one day."""
    return RollUp(1, 0)

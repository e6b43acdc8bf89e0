"""Writes of insights: the nightly roll-up, and starting nights by hand or by the clock."""

from insights.services.night import rerun, start_due_nights, start_night
from insights.services.rolling import roll_up_day, roll_up_range

__all__ = ["rerun", "roll_up_day", "roll_up_range", "start_due_nights", "start_night"]

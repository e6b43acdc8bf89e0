"""Calendar periods that averages are taken over."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Periods:
    """First days of the month, quarter and year a day lies in."""

    month_start: date
    quarter_start: date
    year_start: date


def periods_of(day: date) -> Periods:
    """The running month, quarter and year of `day`."""
    quarter_month = (day.month - 1) // 3 * 3 + 1
    return Periods(day.replace(day=1), day.replace(month=quarter_month, day=1), day.replace(month=1, day=1))

"""Which balance moves stand out, and with which closes they are compared."""

from datetime import date, timedelta
from decimal import Decimal

JUMP_AMOUNT = Decimal(50_000)
JUMP_SHARE = Decimal("0.2")
# Managers see whom they have not spoken to for so long.
SILENT_DAYS = 60

DAY = timedelta(days=1)


def is_jump(before: Decimal, after: Decimal) -> bool:
    """Whether a change of a customer's total (yuan) stands out: 50,000 and a fifth of the larger side."""
    size = abs(after - before)
    return size >= JUMP_AMOUNT and size >= JUMP_SHARE * max(abs(before), abs(after))


def month_opening(day: date) -> date:
    """The day whose close opens the month of `day`: the last of the month before."""
    return day.replace(day=1) - DAY

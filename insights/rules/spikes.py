"""Balances dressed up for a month end (product.md B9; targets at a point in time are banned, domain.md 2).

The rule, in words for the bank; its numbers are those of the definitions in force (insights.rules.measures):

1. Of a closed month, a customer stood out whose balance at its close was higher than its average daily balance of the
   month by the stated share and by the stated amount at least. The difference is the excess.
2. It was a spike when, within the stated days after the close, at least half of the excess had gone again.
3. The effect on the unit's month end is the excess of its spikes: what its close would lack without them.
"""

from datetime import date, timedelta
from decimal import Decimal

HUNDRED = Decimal(100)


def excess(total: Decimal, adb: Decimal) -> Decimal:
    """What a close stands above the month's average, in yuan; never below nought."""
    return max(total - max(adb, Decimal(0)), Decimal(0))


def stands_out(total: Decimal, adb: Decimal, *, share: int, amount: Decimal) -> bool:
    """Whether the close is `share` per cent and `amount` yuan or more above the average."""
    over = excess(total, adb)
    return over > 0 and over >= amount and over * HUNDRED >= max(adb, Decimal(0)) * share


def is_spike(total: Decimal, adb: Decimal, lowest: Decimal) -> bool:
    """Whether half of the excess had gone at the `lowest` close of the days after."""
    return (total - lowest) * 2 >= excess(total, adb)


def seen_by(month_end: date, days: int) -> date:
    """The day at whose close every spike of the month has shown."""
    return month_end + timedelta(days=days)

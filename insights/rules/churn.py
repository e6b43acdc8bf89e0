"""Who is lost, by what way, and why (product.md K04).

The rule, in words for the bank; its numbers are those of the definitions in force (insights.rules.measures):

1. The base is fixed at the quarter's opening: customers who held deposits at the close of the month before it, each in
   the tier it was in then. A customer counts where it is now, in the base as well, so that a hand-over moves no share.
2. Lost by a day is, of the base, whom the first of these holds for: all accounts are closed; the month's average up to
   the day is lower than that of the month before the quarter by the stated share; for the stated days neither a balance
   moved nor anybody spoke to the customer, and no deposit is still running to a date.
3. The cause is the first that is known: what was found out in a win-back; a deposit that matured and left; a complaint;
   a hand-over, both in the 90 days before. Otherwise it is not known.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from insights.enums import Loss, LossCause

HUNDRED = Decimal(100)
# How far back a complaint, a hand-over or a maturity still explains a loss.
CAUSE_DAYS = 90


@dataclass(frozen=True, slots=True)
class Standing:
    """A customer of the base on a day: averages in yuan of the month before the quarter and of the month up to the day;
    whether an account is open; the last day a balance moved and somebody spoke to it; whether a deposit still runs."""

    opening: Decimal
    adb: Decimal
    has_account: bool
    moved_on: date | None
    contact_on: date | None
    has_term: bool


def way_of_loss(found: Standing, day: date, *, fall: int, inactive: int) -> Loss | None:
    """The way the customer is lost by `day`; None = it is not. `fall` in per cent, `inactive` in days."""
    if not found.has_account:
        return Loss.CLOSED
    if found.adb * HUNDRED <= found.opening * (HUNDRED - fall):
        return Loss.FALLEN
    edge = day - timedelta(days=inactive)
    is_still = all(last is None or last <= edge for last in (found.moved_on, found.contact_on))
    return Loss.INACTIVE if is_still and not found.has_term else None


def cause_of_loss(win_back: str, *, matured_left: bool, complained: bool, handed_over: bool) -> LossCause:
    """Why, as far as it is known; `win_back` is the cause recorded when a win-back was closed ("" = none)."""
    known = (
        (bool(win_back), LossCause.TOLD),
        (matured_left, LossCause.MATURED),
        (complained, LossCause.COMPLAINT),
        (handed_over, LossCause.HANDED_OVER),
    )
    return next((cause for holds, cause in known if holds), LossCause.UNKNOWN)


def quarter_start(day: date) -> date:
    """The first day of the calendar quarter of `day`."""
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)

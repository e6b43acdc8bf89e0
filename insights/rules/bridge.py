"""Why the average daily balance of a unit changed from one month to the next (product.md K03, B14).

The rule, in words for the bank:

1. Compared are a customer's average daily balance (ADB) of a closed month, and that of a later month, or of the running
   one up to the ledger day. Both are cents; every part is a difference of them, so all parts add up to the cent.
2. A customer without any average then is new, one without any now is lost, the others went up or down.
3. Of a fall, what matured and left counts by itself, at most the fall: what of deposits that matured since the first
   of the earlier month had not stayed when it was measured, up to the last day compared (servicing.rules.maturity).
   Deposits not measured by then wait: their part of the fall stands under lost or down.
4. A customer's earlier average counts where it was at the close of the earlier month, and passes on with a hand-over:
   out of the one unit, into the other. The change of a customer counts for who has it at the end. So a hand-over moves
   no result, and over the bank what was handed in is what was handed out.
5. The earlier average of a record that was merged into another passes to that one, in the same way.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.money import ZERO

# Parts of the change, in the order of the bridge, each a field of Parts.
CHANGES = ("new", "up", "down", "lost", "matured_left")
HANDED = ("handed_in", "handed_out")


@dataclass(frozen=True, slots=True)
class Parts:
    """The way from `opening` to `closing`, in yuan: falls and what was handed out are negative."""

    opening: Decimal = ZERO
    new: Decimal = ZERO
    up: Decimal = ZERO
    down: Decimal = ZERO
    lost: Decimal = ZERO
    matured_left: Decimal = ZERO
    handed_in: Decimal = ZERO
    handed_out: Decimal = ZERO
    closing: Decimal = ZERO

    def __add__(self, other: "Parts") -> "Parts":
        return Parts(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    @property
    def change(self) -> Decimal:
        """What customers changed: all parts but hand-overs."""
        return self.new + self.up + self.down + self.lost + self.matured_left

    @property
    def handed(self) -> Decimal:
        """Handed in less handed out."""
        return self.handed_in + self.handed_out

    @property
    def is_whole(self) -> bool:
        """Whether the parts lead from opening to closing to the cent."""
        return self.opening + self.change + self.handed == self.closing


def change_of(opening: Decimal, closing: Decimal, left: Decimal = ZERO) -> Parts:
    """The change of a customer's average from `opening` to `closing`; `left` is what matured and left (yuan).

    One of new, up, down and lost is the change, less what of a fall matured and left. An average that is not above
    nought counts as none.
    """
    change = closing - opening
    if change >= 0:
        return Parts(new=change) if opening <= 0 < closing else Parts(up=change)
    matured = -min(-change, max(left, ZERO))
    if closing <= 0 < opening:
        return Parts(lost=change - matured, matured_left=matured)
    return Parts(down=change - matured, matured_left=matured)


def parts_of(
    *, opening: Decimal, opening_here: Decimal, closing: Decimal, is_here: bool, left: Decimal = ZERO
) -> Parts:
    """The parts of one customer for a unit.

    `opening_here` is what of the earlier average was the unit's at the close of the earlier month: all or nothing, but
    for records merged since. `is_here` = the customer is the unit's at the end; one without any row at the end stays
    where it was. Parts of all customers of a unit add up to its bridge; parts of all units to that of the whole, but
    for hand-overs within it, which cancel out.
    """
    if not is_here:
        return Parts(opening=opening_here, handed_out=-opening_here)
    passed = Parts(opening=opening_here, handed_in=opening - opening_here, closing=closing)
    return passed + change_of(opening, closing, left)


def added(parts: Iterable[Parts]) -> Parts:
    """The sum of parts."""
    return sum(parts, Parts())


def months_before(month: date, count: int) -> date:
    """The first day of the month so many months before that of `month`."""
    place = month.year * 12 + month.month - 1 - count
    return date(place // 12, place % 12 + 1, 1)

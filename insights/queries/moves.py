"""Movements of deposits: what customers have now against the close of an earlier day.

Customers count where they are now, for both ends: handing them over moves no figure, and the rows add up to the sum.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Abs, Coalesce

from core.money import ZERO
from customers.models import CustomerPosition, FedDay, PositionChange
from insights.rules.moves import DAY, month_opening

Positions = QuerySet[CustomerPosition]
# Positions with `before`; the moved ones with `difference` and `size` too.
Moved = QuerySet[Any]


@dataclass(frozen=True, slots=True)
class Movement:
    """Sums of moves since the close of `since`, in yuan; gained had nothing then, emptied have nothing now."""

    since: date
    up: int
    up_amount: Decimal
    down: int
    down_amount: Decimal
    gained: int
    emptied: int

    @property
    def net(self) -> Decimal:
        """Rises less falls, in yuan."""
        return self.up_amount + self.down_amount


@dataclass(frozen=True, slots=True)
class Openings:
    """The closes a board compares with: of the business day before, and of the month before."""

    day: date
    month: date


def openings(ledger_day: date) -> Openings:
    """The last fed day before `ledger_day` (the calendar day before it when there is none), and the month's opening."""
    before = FedDay.objects.filter(on__lt=ledger_day).order_by("-on").values_list("on", flat=True).first()
    return Openings(before or ledger_day - DAY, month_opening(ledger_day))


def moved_since(positions: Positions, since: date) -> Moved:
    """Positions whose total differs from the close of `since`, with before, difference and size (its amount) in yuan.

    `CustomerPosition.on` tells who changed at all, so only those are looked up in the history.
    """
    rows = _with_before(positions, since).annotate(difference=F("total") - F("before"))
    return rows.annotate(size=Abs("difference")).exclude(difference=ZERO)


def _with_before(positions: Positions, since: date) -> Moved:
    then = PositionChange.objects.filter(customer_id=OuterRef("customer_id"), on__lte=since).order_by("-on")
    return positions.filter(on__gt=since).annotate(before=Coalesce(Subquery(then.values("total")[:1]), ZERO))


def movement_since(positions: Positions, since: date) -> Movement:
    """The sums of `moved_since`, added up here: in SQL each sum would look the earlier total up anew."""
    up: list[Decimal] = []
    down: list[Decimal] = []
    gained = emptied = 0
    for total, before in _with_before(positions, since).order_by().values_list("total", "before").iterator():
        if total == before:
            continue
        (up if total > before else down).append(total - before)
        gained += before <= 0 < total
        emptied += total <= 0 < before
    return Movement(since, len(up), sum(up, ZERO), len(down), sum(down, ZERO), gained, emptied)


def biggest_moves(positions: Positions, since: date, limit: int) -> list[CustomerPosition]:
    """The largest moves either way, with their customers."""
    return list(moved_since(positions, since).select_related("customer").order_by("-size", "pk")[:limit])

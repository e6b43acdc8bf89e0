"""Customers whose balance stood far above its average at a month end and fell right after (product.md B9)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from django.db.models import Count, DecimalField, ExpressionWrapper, F, Min, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Greatest, Least

from core.money import ZERO
from customers.models import Customer, PositionChange
from insights.models import MonthClose
from insights.rules.kpis import month_end
from insights.rules.measures import Definitions
from insights.rules.spikes import seen_by
from staff.models import User

YUAN = DecimalField(max_digits=20, decimal_places=2)
# Closes with `excess`, `lowest` and `fell`, in yuan.
Spikes = QuerySet[Any]
Key = Literal["branch_id", "manager_id"]


@dataclass(frozen=True, slots=True)
class SpikeLine:
    """A unit at a month end, in yuan: what it held, its spikes and what its close would lack without them."""

    key: int | None
    total: Decimal
    adb: Decimal
    customers: int
    excess: Decimal

    @property
    def share(self) -> Decimal | None:
        """The spikes' effect in per cent of the close, two places, cut off; None of nothing."""
        return Decimal(int(self.excess * 10_000 / self.total)) / 100 if self.total > 0 else None


def closes_of(viewer: User, month: date) -> QuerySet[MonthClose]:
    """Closes of the month of customers in sight, where each was then."""
    dropped = Customer.everything.filter(merged_into__isnull=False).values("pk")
    return MonthClose.objects.visible_to(viewer).filter(month=month).exclude(customer_id__in=dropped)


def spikes_in(closes: QuerySet[MonthClose], month: date, numbers: Definitions) -> Spikes:
    """The closes that stood out and had lost half of the excess soon after, as `insights.rules.spikes` has it."""
    least = max(numbers.spike_amount, Decimal("0.01"))
    end = month_end(month)
    later = PositionChange.objects.filter(customer_id=OuterRef("customer_id"), on__gt=end)
    within = later.filter(on__lte=seen_by(end, numbers.spike_days)).order_by().values("customer_id")
    adb = Greatest(F("adb"), Value(ZERO), output_field=YUAN)
    # Nobody stands out by more than what there is: said first, it spares the arithmetic of a bank's million closes.
    rows: Spikes = closes.filter(total__gte=least).annotate(
        excess=ExpressionWrapper(F("total") - adb, output_field=YUAN)
    )
    rows = rows.filter(excess__gte=least, total__gte=adb * (100 + numbers.spike_share) / 100)
    lowest = Subquery(within.annotate(low=Min("total")).values("low"), output_field=YUAN)
    rows = rows.annotate(lowest=Least(Coalesce(lowest, F("total")), F("total"), output_field=YUAN))
    rows = rows.annotate(fell=ExpressionWrapper(F("total") - F("lowest"), output_field=YUAN))
    return rows.filter(fell__gte=F("excess") / 2)


def spike_lines(closes: QuerySet[MonthClose], spikes: Spikes, key: Key) -> list[SpikeLine]:
    """One line a branch or manager of that month end, the largest effect first; those without spikes too."""
    whole = closes.order_by().values_list(key).annotate(total=Sum("total"), adb=Sum("adb"))
    found = {unit: (count, excess) for unit, count, excess in _counted(spikes, key)}
    lines = [SpikeLine(unit, total, adb, *found.get(unit, (0, ZERO))) for unit, total, adb in whole]
    return sorted(lines, key=lambda line: (-line.excess, line.key is None, line.key or 0))


def _counted(spikes: Spikes, key: Key) -> Iterable[tuple[int | None, int, Decimal]]:
    found = spikes.order_by().values_list(key).annotate(n=Count("customer_id"), sum=Sum("excess"))
    return [(unit, n, amount) for unit, n, amount in found]

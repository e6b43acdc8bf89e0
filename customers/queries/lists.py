"""Customers as lists read them: which rows first, from the narrow table; the wide rows and figures only for those."""

from collections.abc import Iterator
from datetime import date
from typing import Any, ClassVar

from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.query import ModelIterable

from customers.enums import AccountStatus
from customers.models import Account, Customer
from customers.models.customers import CustomerPositionQuerySet
from customers.queries.customers import SUM, sum_since, with_figures


class WideRows(ModelIterable):
    """Filters, sorts and cuts positions, then gives the customers of the page with their figures.

    Of a million customers a sort by balance reads the narrow table alone: 0.12 s instead of 0.8. Read in one statement
    with the figures, PostgreSQL would work the averages out for every row of the scope before it sorts.
    """

    as_of: ClassVar[date | None] = None

    def __iter__(self) -> Iterator[Customer]:
        chosen = list(self.queryset.values_list("pk", flat=True))
        wide: Any = Customer.everything.select_related("branch", "manager", "backup").filter(pk__in=chosen)
        wide = with_stage(with_figures(wide, self.as_of)).annotate(month_sum=_month_sum(self.as_of, "position__"))
        rows: dict[int, Any] = {row.pk: row for row in wide}
        for key in chosen:
            row = rows[key]
            # A page's marker is read from the row by the paths of the narrow table.
            row.customer, row.total = row, row.balance
            yield row


def listed(positions: CustomerPositionQuerySet, as_of: date | None) -> CustomerPositionQuerySet:
    """Positions to be filtered, sorted and cut; each row comes as its customer with unit, managers, stage and figures.

    Sort paths: "total", "customer__name_pinyin", and "month_sum" for the average of the month: dividing a million sums
    by the same number of days costs as much as reading them, and changes no order.
    """
    rows = positions.annotate(month_sum=_month_sum(as_of))
    rows._iterable_class = type("WideRows", (WideRows,), {"as_of": as_of})
    return rows


def _month_sum(as_of: date | None, path: str = "") -> Any:
    return sum_since("month_mark", as_of, path) if as_of else Value(None, output_field=SUM)


def with_stage(customers: Any) -> Any:
    """Add the life-cycle stage (customers.enums.Stage as a number)."""
    return customers.annotate(stage=F("position__stage"))


def silent_since(positions: CustomerPositionQuerySet, day: date) -> CustomerPositionQuerySet:
    """Those nobody has spoken to after `day`, or ever."""
    return positions.filter(Q(last_contact_on__lte=day) | Q(last_contact_on=None))


def waiting_since(positions: CustomerPositionQuerySet, day: date) -> CustomerPositionQuerySet:
    """Those whose last contact was on `day` or before; of those who never had one whose tier began by then."""
    # Not as one coalesce: of the columns themselves PostgreSQL knows how many rows there are.
    return positions.filter(Q(last_contact_on__lte=day) | Q(last_contact_on=None, tier_since__lte=day))


def maturing_within(positions: CustomerPositionQuerySet, start: date, end: date) -> CustomerPositionQuerySet:
    """Those with a deposit that matures within start..end, both included."""
    maturing = Account.everything.filter(
        customer=OuterRef("pk"),
        matures_on__range=(start, end),
        status__in=[AccountStatus.OPEN, AccountStatus.FROZEN],
    )
    return positions.filter(Exists(maturing))

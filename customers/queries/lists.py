"""Customers as lists read them: which rows first, figures only for those."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models.query import ModelIterable

from customers.models import Customer
from customers.models.customers import CustomerQuerySet
from customers.queries.customers import with_figures


class NarrowFirst(ModelIterable):
    """Sorts and cuts keys alone, then reads the wide rows of the page.

    In one statement PostgreSQL works the averages out for every row of the scope before it sorts: on 40,000 rows
    240 ms instead of 30.
    """

    def __iter__(self) -> Iterator[Customer]:
        chosen = list(self.queryset.values_list("pk", flat=True))
        wide = self.queryset.all()
        wide._iterable_class = ModelIterable
        wide.query.clear_limits()
        rows: dict[int, Any] = {row.pk: row for row in wide.order_by().filter(pk__in=chosen)}
        return (rows[key] for key in chosen if key in rows)  # one may have moved out of sight in between


def listed(customers: CustomerQuerySet, as_of: date | None) -> CustomerQuerySet:
    """Customers with their unit, manager and figures (`with_figures`), to be filtered, sorted and cut by pages."""
    rows = with_figures(customers.select_related("branch", "manager"), as_of)
    rows._iterable_class = NarrowFirst
    return rows

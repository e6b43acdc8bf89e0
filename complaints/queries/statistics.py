"""Reads of the statistics (P18): a list's own rows, counted by what they can be sorted by."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from django.core.cache import cache
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncMonth

from complaints.enums import Source
from complaints.models import Complaint
from complaints.queries.inbox import timing_is
from complaints.rules.statistics import Figures, total
from customers.models import CustomerPosition
from staff.models import Branch

PARTS: Final = ("on_time", "late", "running", "none")
KEPT_SECONDS: Final = 3600
_CUSTOMERS: Final = "complaints.statistics.customers"


@dataclass(frozen=True, slots=True)
class ReportLine:
    """Complaints about one unit in one category: counts by the clock, by finding, and those the regulator sent."""

    unit_code: str
    unit_name: str
    category: str
    figures: Figures
    findings: Mapping[str, int]
    regulator: int


def figures_by(rows: QuerySet[Complaint], path: str, day: date) -> dict[Any, Figures]:
    """The rows counted by a column or annotation, by its value, the most first. One statement."""
    counted = rows.order_by().values(path).annotate(n=Count("pk"), **_parts(day)).order_by("-n", path)
    return {row[path]: _figures(row) for row in counted}


def figures_by_month(rows: QuerySet[Complaint], column: str, day: date) -> dict[date, Figures]:
    """The rows counted by the month of a day column, by the first of the month, in their order."""
    counted = figures_by(rows.annotate(month=TruncMonth(column)), "month", day)
    return dict(sorted(counted.items()))


def units_by_id() -> dict[int, Branch]:
    """Every unit, for their names and codes."""
    return Branch.objects.in_bulk()


def customers_by_unit() -> Mapping[int, int]:
    """How many customers each unit has, as of at most an hour ago."""
    found: dict[int, int] | None = cache.get(_CUSTOMERS)
    if found is None:
        counted = CustomerPosition.everything.order_by().values_list("branch").annotate(n=Count("pk"))
        found = dict(counted)
        cache.set(_CUSTOMERS, found, KEPT_SECONDS)
    return found


def report_lines(rows: QuerySet[Complaint], day: date) -> Iterator[ReportLine]:
    """A line for each unit and category that has cases, by both; the sums of all lines are the counts of the rows."""
    keys = ("branch__code", "branch__name", "category", "finding")
    counted = (
        rows.order_by()
        .values(*keys)
        .annotate(n=Count("pk"), regulator=Count("pk", filter=Q(source=Source.REGULATOR)), **_parts(day))
        .order_by(*keys)
    )
    for (code, name, category), group in groupby(counted, key=itemgetter(*keys[:3])):
        found = list(group)
        findings = {row["finding"]: row["n"] for row in found if row["finding"]}
        sent = sum(row["regulator"] for row in found)
        yield ReportLine(code, name, category, total(_figures(row) for row in found), findings, sent)


def _figures(row: Mapping[str, Any]) -> Figures:
    return Figures(row["n"], *(row[f"n_{part}"] for part in PARTS))


def _parts(day: date) -> dict[str, Count]:
    return {f"n_{part}": Count("pk", filter=timing_is(part, day)) for part in PARTS}

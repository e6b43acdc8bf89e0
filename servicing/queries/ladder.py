"""The maturity ladder: what matures or matured, by day and by tier, product and manager or branch, in one read.

Numbers and the lists behind them come from the same rows (`servicing.queries.maturity`), so they always agree.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from django.db import connection, transaction
from django.db.models import QuerySet

from core.money import ZERO
from core.sql import statement
from customers.models import Product
from servicing.enums.maturity import Ended
from servicing.queries.maturity import Window
from servicing.rules.maturity import rate
from staff.models import Branch, User

Dimension = Literal["tier", "product", "manager", "branch"]


@dataclass(frozen=True, slots=True)
class Sum:
    """Deposits and their yuan; `planned` of them have a plan or a talk (ahead only)."""

    count: int = 0
    amount: Decimal = ZERO
    planned: int = 0

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(self.count + other.count, self.amount + other.amount, self.planned + other.planned)

    @property
    def unplanned(self) -> int:
        """Deposits nobody has planned or spoken of."""
        return self.count - self.planned


@dataclass(frozen=True, slots=True)
class Result:
    """What became of matured deposits: those of each way, and what stayed of the measured ones, in yuan."""

    ways: Mapping[str, Sum] = field(default_factory=dict)
    stayed: Decimal = ZERO

    def of(self, way: Ended) -> Sum:
        """Those that ended so."""
        return self.ways.get(way.value, Sum())

    @property
    def all(self) -> Sum:
        """All that matured."""
        return sum(self.ways.values(), Sum())

    @property
    def measured(self) -> Sum:
        """Those whose outcome is known."""
        return sum((part for way, part in self.ways.items() if way != Ended.WAITING), Sum())

    @property
    def rate_by_amount(self) -> Decimal | None:
        """Of the yuan measured, the per cent that stayed; None before anything was measured."""
        return rate(self.stayed, self.measured.amount)

    @property
    def rate_by_count(self) -> Decimal | None:
        """Of the deposits measured, the per cent rolled over; None before anything was measured."""
        return rate(self.of(Ended.ROLLED).count, self.measured.count)


@dataclass(frozen=True, slots=True)
class Group:
    """A value of a dimension: `key` as addresses say it ("none" = nobody), and its name ("" for a tier or nobody)."""

    id: int | None
    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Ahead:
    """What will mature: sums by day and group, for each dimension; days and groups without any are left out."""

    window: Window
    cells: Mapping[Dimension, Mapping[tuple[date, int | None], Sum]]
    groups: Mapping[Dimension, Sequence[Group]]

    @property
    def total(self) -> Sum:
        """All of it."""
        return sum(self.cells["tier"].values(), Sum())

    def by_group(self, dimension: Dimension) -> dict[int | None, Sum]:
        """Sums of each group over all days."""
        found: dict[int | None, Sum] = defaultdict(Sum)
        for (_day, group), part in self.cells[dimension].items():
            found[group] += part
        return dict(found)


@dataclass(frozen=True, slots=True)
class Past:
    """What matured and became of it: by day, and by the groups of each dimension."""

    window: Window
    days: Mapping[date, Result]
    cells: Mapping[Dimension, Mapping[int | None, Result]]
    groups: Mapping[Dimension, Sequence[Group]]

    @property
    def total(self) -> Result:
        """All of it."""
        return _joined(self.days.values())

    def between(self, first: date, last: date) -> Result:
        """What matured on the days first..last, both included."""
        return _joined(result for day, result in self.days.items() if first <= day <= last)


def ladder_ahead(rows: QuerySet[Any], window: Window, who: Dimension) -> Ahead:
    """Sums of deposits ahead (`maturity.ahead`, filtered) that mature within the window; `who` manager or branch.

    Branches are summed over all days: cells of theirs stand at the first.
    """
    inner = rows.order_by().filter(matures_on__range=(window.first, window.last))
    groups = "(f.day, p.manager_id)" if who == "manager" else "(p.branch_id)"
    columns = ("pk", "matures_on", "product_id", "customer_id", "balance__value")
    found = _grouped("maturity_ladder_ahead", inner, columns, (window.first, window.last), who=who, groups=groups)
    cells: dict[Dimension, dict[tuple[date, int | None], Sum]] = {"tier": {}, "product": {}, who: {}}
    for on, tier, product, person, count, amount, planned, *level in found:
        dimension, group = _place(level, (tier, product, person), who)
        cells[dimension][on or window.first, group] = Sum(count, amount, planned)
    ids = {dimension: {group for _day, group in parts} for dimension, parts in cells.items()}
    return Ahead(window, cells, {dimension: groups_of(dimension, keys) for dimension, keys in ids.items()})


def ladder_past(rows: QuerySet[Any], window: Window, who: Dimension) -> Past:
    """Sums of matured deposits (`maturity.past`, filtered) of the window; `who` manager or branch."""
    inner = rows.order_by().filter(matures_on__range=(window.first, window.last))
    columns = (
        *("matures_on", "customer__position__tier", "account__product_id", f"customer__{who}_id"),
        *("amount", "stayed", "outcome"),
    )
    found = _grouped("maturity_ladder_past", inner, columns, ())
    days: dict[date, list[tuple[Any, ...]]] = defaultdict(list)
    cells: dict[Dimension, dict[int | None, list[tuple[Any, ...]]]] = {
        name: defaultdict(list) for name in ("tier", "product", who)
    }
    for day, tier, product, person, *parts, of_day, of_tier, of_product in found:
        if not of_day:
            days[day].append(tuple(parts))
        else:
            dimension, group = _place((of_tier, of_product), (tier, product, person), who)
            cells[dimension][group].append(tuple(parts))
    results = {name: {group: result_of(parts) for group, parts in found.items()} for name, found in cells.items()}
    groups = {name: groups_of(name, found) for name, found in results.items()}
    return Past(window, {day: result_of(parts) for day, parts in sorted(days.items())}, results, groups)


def result_of(parts: Iterable[tuple[Any, ...]]) -> Result:
    """Of lines (outcome, number, yuan, yuan that stayed)."""
    lines = list(parts)
    ways = {outcome or Ended.WAITING.value: Sum(count, amount) for outcome, count, amount, _stayed in lines}
    return Result(ways, sum((stayed for *_rest, stayed in lines), ZERO))


def _joined(results: Iterable[Result]) -> Result:
    ways: dict[str, Sum] = defaultdict(Sum)
    stayed = ZERO
    for result in results:
        stayed += result.stayed
        for way, part in result.ways.items():
            ways[way] += part
    return Result(dict(ways), stayed)


def _place(level: Sequence[int], ids: tuple[Any, Any, Any], who: Dimension) -> tuple[Dimension, int | None]:
    """The dimension a line is of, by PostgreSQL's grouping() of tier and product (0 = grouped by), and its group."""
    of_tier, of_product = level
    if not of_tier:
        return "tier", ids[0]
    return ("product", ids[1]) if not of_product else (who, ids[2])


def _grouped(
    name: str, inner: QuerySet[Any], columns: Sequence[str], more: tuple[Any, ...], **parts: str
) -> list[tuple[Any, ...]]:
    """A ladder's statement over the rows of a queryset, planned without just-in-time compilation."""
    rows, params = inner.values_list(*columns).query.sql_with_params()
    text = statement("servicing", name)
    text = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    for part, value in {**parts, "rows": rows}.items():
        text = text.replace(f"{{{part}}}", value)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(text, (*params, *more))
        return list(cursor.fetchall())


def groups_of(dimension: Dimension, ids: Iterable[int | None]) -> list[Group]:
    """The groups of a dimension: tiers from the highest down, the others by name, nobody last."""
    known = set(ids)
    if dimension == "tier":
        return [Group(rank, str(rank), "") for rank in sorted((rank or 0 for rank in known), reverse=True)]
    keys = [key for key in known if key is not None]
    if dimension == "product":
        rows: list[tuple[int, str, str]] = list(Product.objects.filter(pk__in=keys).values_list("pk", "code", "name"))
    elif dimension == "manager":
        rows = list(User.objects.filter(pk__in=keys).values_list("pk", "staff_no", "name"))
    else:
        rows = list(Branch.objects.filter(pk__in=keys).values_list("pk", "code", "name"))
    named = [Group(*row) for row in sorted(rows, key=lambda row: (row[2] if dimension != "branch" else "", row[1]))]
    return [*named, Group(None, "none", "")] if None in known else named

"""The bridge between two months' average daily balances: of a branch, a team or a manager customer by customer, of the
bank and its regions from the figures of the night. Both follow insights.rules.bridge and agree to the cent."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from itertools import groupby
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from core.memo import once_a_request
from core.money import ZERO
from core.sql import statement
from customers.queries import ledger_day
from insights.enums import UnitKind
from insights.models import Kpi
from insights.rules.bridge import Parts, added, months_before, parts_of
from insights.rules.measures import ALL_TIERS
from staff.models import User

DAY = timedelta(days=1)
MONTHS = 13
# The measures of the night by the parts they are.
MEASURES: Mapping[str, str] = {
    "adb_before": "opening",
    "adb_new": "new",
    "adb_up": "up",
    "adb_down": "down",
    "adb_lost": "lost",
    "adb_matured_left": "matured_left",
    "adb_handed_in": "handed_in",
    "adb_handed_out": "handed_out",
    "adb": "closing",
}


@dataclass(frozen=True, slots=True)
class Span:
    """From the closed month `opening` to the month `closing` (first days), compared up to its day `last`; `is_running`
    while that month is not closed."""

    opening: date
    closing: date
    last: date
    is_running: bool

    @property
    def days(self) -> int:
        """Days of the later month that count."""
        return (self.last - self.closing).days + 1

    @property
    def is_next(self) -> bool:
        """Whether the months follow one another: of such the night keeps figures."""
        return months_before(self.closing, 1) == self.opening


@dataclass(frozen=True, slots=True)
class Place:
    """Where a customer, or its earlier average of `adb` yuan, is or was."""

    branch_id: int | None
    manager_id: int | None
    adb: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Unit:
    """Whose bridge it is: of these branches, of these managers (None = nobody), or of these managers in branches."""

    branch_ids: frozenset[int] = frozenset()
    manager_ids: frozenset[int | None] = frozenset()

    def has(self, place: Place) -> bool:
        """Whether the place is the unit's."""
        is_branch = not self.branch_ids or place.branch_id in self.branch_ids
        return is_branch and (not self.manager_ids or place.manager_id in self.manager_ids)


@dataclass(frozen=True, slots=True)
class Line:
    """A customer of a bridge: its earlier averages with their places, its average now (yuan), where it is now, and what
    matured and left."""

    customer_id: int
    openings: Sequence[Place]
    now: Place
    left: Decimal

    @property
    def opening(self) -> Decimal:
        """The earlier average of it all, in yuan."""
        return sum((place.adb for place in self.openings), ZERO)

    def parts(self, is_here: Callable[[Place], bool]) -> Parts:
        """The customer's parts for a unit, told by where it is the unit's."""
        here = sum((place.adb for place in self.openings if is_here(place)), ZERO)
        return parts_of(
            opening=self.opening, opening_here=here, closing=self.now.adb, is_here=is_here(self.now), left=self.left
        )


def closed_months() -> list[date]:
    """Months whose closes are kept, the latest first, a year and one back."""
    day = ledger_day()
    if day is None:
        return []
    months = [months_before(day, count) for count in range(MONTHS + 1)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT m FROM unnest(%s::date[]) AS m"
            " WHERE EXISTS (SELECT FROM insights_monthclose c WHERE c.month = m) ORDER BY m DESC",
            [months],
        )
        return [row[0] for row in cursor.fetchall()]


def span_of(opening: date, closing: date, day: date) -> Span:
    """The span between two months as of the ledger day."""
    last = months_before(closing, -1) - DAY
    return Span(opening, closing, min(last, day), last > day)


@once_a_request
def lines_of(unit: Unit, span: Span) -> list[Line]:
    """All customers who have or had to do with the unit: one statement."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(_statement(unit, span), _values(unit, span))
        rows = cursor.fetchall()
    lines = (_line(key, list(group)) for key, group in groupby(rows, key=lambda row: row[0]))
    return [line for line in lines if any(map(unit.has, (*line.openings, line.now)))]


def _statement(unit: Unit, span: Span) -> str:
    now = "c.branch_id, c.manager_id, c.adb"
    join = "LEFT JOIN insights_monthclose c ON c.month = %(closing)s AND c.customer_id = r.id"
    if span.is_running:
        now = (
            'p.branch_id, p.manager_id, CASE WHEN p."on" IS NOT NULL THEN'
            ' round((p.day_sum + p.total * (%(last)s::date - p."on") - p.month_mark) / %(days)s, 2) END'
        )
        join = "LEFT JOIN customers_customerposition p ON p.customer_id = r.id"
    text = statement("insights", "bridge_lines")
    text = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    for name, part in (("picked", _picked(unit, span)), ("now", now), ("join", join)):
        text = text.replace(f"{{{name}}}", part)
    return text


def _picked(unit: Unit, span: Span) -> str:
    """Ids of all who may be the unit's at either end; without branches also whom its managers gave away since."""
    closes = "SELECT customer_id AS id FROM insights_monthclose WHERE month = %({})s AND branch_id = ANY(%(branches)s)"
    if unit.branch_ids:
        is_some = bool(unit.manager_ids) and None not in unit.manager_ids
        mine = " AND manager_id = ANY(%(managers)s)" if is_some else ""
        now = "SELECT customer_id FROM customers_customerposition WHERE branch_id = ANY(%(branches)s)"
        return " UNION ".join(
            (closes.format("opening") + mine, (now if span.is_running else closes.format("closing")) + mine)
        )
    return (
        "SELECT customer_id AS id FROM customers_customerposition WHERE manager_id = ANY(%(managers)s) UNION "
        "SELECT customer_id FROM customers_ownershipchange"
        ' WHERE from_user_id = ANY(%(managers)s) AND "on" >= %(opening)s'
    )


def _values(unit: Unit, span: Span) -> dict[str, Any]:
    return {
        "opening": span.opening,
        "closing": span.closing,
        "last": span.last,
        "days": span.days,
        "branches": sorted(unit.branch_ids),
        "managers": sorted(key for key in unit.manager_ids if key),
    }


def _line(customer_id: int, rows: Sequence[tuple[Any, ...]]) -> Line:
    """A customer of its rows: (its id, whether the record is its own, then branch, manager and average of either month,
    what left). Without a place at the end it stays where it was."""
    openings = [Place(branch, manager, adb) for _id, _own, branch, manager, adb, *_now in rows if adb is not None]
    found = [Place(*row[5:7]) for row in rows if row[5] is not None]
    place = (found or openings or [Place(None, None)])[0]
    closing = sum((row[7] for row in rows if row[7] is not None), ZERO)
    left = sum((row[8] for row in rows if row[8] is not None), ZERO)
    return Line(customer_id, openings, Place(place.branch_id, place.manager_id, closing), left)


def bridge_of(unit: Unit, span: Span) -> Parts:
    """The bridge of a unit."""
    return added(line.parts(unit.has) for line in lines_of(unit, span))


def bridges_by_manager(unit: Unit, span: Span) -> dict[int | None, Parts]:
    """The bridge of each manager (None = nobody) within the unit; they add up to it, hand-overs by their net."""
    found: dict[int | None, Parts] = defaultdict(Parts)
    for line in lines_of(unit, span):
        for manager_id in {place.manager_id for place in (*line.openings, line.now) if unit.has(place)}:
            found[manager_id] += line.parts(partial(_is_of, unit, manager_id))
    return dict(found)


def _is_of(unit: Unit, manager_id: int | None, place: Place) -> bool:
    return place.manager_id == manager_id and unit.has(place)


def bridges_kept(viewer: User, kind: UnitKind, unit_ids: Collection[int], span: Span) -> dict[int, Parts]:
    """The bridges of units as the night kept them at the last day of the span; units without figures are left out."""
    rows: QuerySet[Kpi] = Kpi.objects.visible_to(viewer).filter(
        on=span.last, unit_kind=kind, unit_id__in=list(unit_ids), tier=ALL_TIERS, measure__in=MEASURES
    )
    found: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for unit_id, measure, value in rows.values_list("unit_id", "measure", "value"):
        found[unit_id][MEASURES[measure]] = value
    return {unit_id: Parts(**parts) for unit_id, parts in found.items()}

"""Customers of the quarter's opening and who of them is lost (product.md K04): of a branch or a manager customer by
customer, of the bank, its regions and of quarters that are over from the figures of the night."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from core.sql import statement
from insights.enums import Loss, LossCause, UnitKind
from insights.models import Kpi
from insights.queries.bridge import Unit
from insights.rules.bridge import months_before
from insights.rules.churn import CAUSE_DAYS, Standing, cause_of_loss, quarter_start, way_of_loss
from insights.rules.measures import ALL_TIERS, Definitions
from staff.models import User

DAY = timedelta(days=1)
# The measures of the night by the way of loss they count.
MEASURES: Mapping[str, Loss] = {
    "churn_closed": Loss.CLOSED,
    "churn_fallen": Loss.FALLEN,
    "churn_inactive": Loss.INACTIVE,
}


@dataclass(frozen=True, slots=True)
class Held:
    """A customer of the base: the tier it was in at the quarter's opening, its averages in yuan of the month before the
    quarter and of the month up to the day, and by what way it is lost (None = it is not)."""

    customer_id: int
    tier: int
    opening: Decimal
    adb: Decimal
    way: Loss | None


@dataclass(frozen=True, slots=True)
class Churn:
    """Customers of a tier at the quarter's opening, and how many of them are lost, by way."""

    tier: int
    base: int
    ways: Mapping[Loss, int]

    @property
    def lost(self) -> int:
        """All who are lost."""
        return sum(self.ways.values())

    @property
    def share(self) -> Decimal | None:
        """Lost of the base in per cent, one place, cut off; None without a base."""
        return Decimal(self.lost * 1_000 // self.base) / 10 if self.base else None


def opening_of(day: date) -> date:
    """The month before the quarter of `day`: its close fixes the base."""
    return months_before(quarter_start(day), 1)


def held_of(unit: Unit, day: date, numbers: Definitions) -> list[Held]:
    """Every customer of the base who is the unit's now, as of the ledger day; one statement."""
    mine = []
    if unit.branch_ids:
        mine.append("p.branch_id = ANY(%(branches)s)")
    if unit.manager_ids:
        mine.append("p.manager_id IS NULL" if None in unit.manager_ids else "p.manager_id = ANY(%(managers)s)")
    values: dict[str, Any] = {
        "opening": opening_of(day),
        "day": day,
        "days": day.day,
        "branches": sorted(unit.branch_ids),
        "managers": sorted(key for key in unit.manager_ids if key),
    }
    rows = _rows("churn_base", values, mine=" AND ".join(mine) or "true")
    found = []
    for customer_id, tier, opening, adb, has_account, moved_on, contact_on, has_term in rows:
        standing = Standing(opening, adb, has_account, moved_on, contact_on, has_term)
        way = way_of_loss(standing, day, fall=numbers.churn_fall, inactive=numbers.churn_inactive)
        found.append(Held(customer_id, tier, opening, adb, way))
    return found


def causes_of(customers: Collection[int], day: date) -> dict[int, LossCause]:
    """Why these customers are lost, as far as it is known; one statement."""
    values: dict[str, Any] = {
        "customers": list(customers),
        "since": day - timedelta(days=CAUSE_DAYS),
        "day": day,
        "quarter": quarter_start(day),
    }
    return {
        customer_id: cause_of_loss(told, matured_left=left, complained=complained, handed_over=handed)
        for customer_id, told, left, complained, handed in _rows("churn_causes", values)
    }


def _rows(name: str, values: Mapping[str, Any], **parts: str) -> list[tuple[Any, ...]]:
    text = statement("insights", name)
    text = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    for part, value in parts.items():
        text = text.replace(f"{{{part}}}", value)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(text, values)
        return list(cursor.fetchall())


def by_tier(found: Iterable[Held]) -> list[Churn]:
    """One line a tier of the opening, the highest first."""
    base: Counter[int] = Counter()
    ways: dict[int, Counter[Loss]] = {}
    for one in found:
        base[one.tier] += 1
        if one.way:
            ways.setdefault(one.tier, Counter())[one.way] += 1
    return [Churn(tier, base[tier], ways.get(tier, Counter())) for tier in sorted(base, reverse=True)]


def kept_by_tier(viewer: User, kind: UnitKind, unit_id: int, day: date) -> list[Churn]:
    """The same as the night kept it on `day`; [] where it kept none."""
    rows = _kept(viewer, kind, [unit_id], day)
    return [churn for (_unit, tier), churn in sorted(rows.items(), reverse=True) if tier != ALL_TIERS]


def kept_by_unit(viewer: User, kind: UnitKind, unit_ids: Sequence[int], day: date) -> dict[int, Churn]:
    """Churn of units over all tiers as the night kept it on `day`."""
    return {unit: churn for (unit, tier), churn in _kept(viewer, kind, unit_ids, day).items() if tier == ALL_TIERS}


def _kept(viewer: User, kind: UnitKind, unit_ids: Sequence[int], day: date) -> dict[tuple[int, int], Churn]:
    rows = Kpi.objects.visible_to(viewer).filter(
        on=day, unit_kind=kind, unit_id__in=list(unit_ids), measure__in=["churn", *MEASURES]
    )
    base: dict[tuple[int, int], int] = {}
    ways: dict[tuple[int, int], dict[Loss, int]] = {}
    for unit, tier, measure, value, of in rows.values_list("unit_id", "tier", "measure", "value", "base"):
        if measure == "churn":
            base[unit, tier] = int(of or 0)
        else:
            ways.setdefault((unit, tier), {})[MEASURES[measure]] = int(value)
    return {key: Churn(key[1], base[key], ways.get(key, {})) for key in base}

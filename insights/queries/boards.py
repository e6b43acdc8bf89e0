"""Deposits and heads by tier, branch and manager: live from the narrow position table, and their history."""

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from django.core.cache import cache
from django.db.models import Count, F, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, Round

from core.money import ZERO
from customers.models import CustomerPosition
from customers.queries.customers import MONEY, sum_since
from customers.rules.periods import periods_of
from insights.models import BranchDay, DepositDay, PositionWrite
from staff.models import User
from tiers.queries.standards import promised_by_tier

Positions = QuerySet[CustomerPosition]
# What the re-tiering writes of customers close to losing their tier.
NEAR_DOWN = (2, 3)
# The bank's heads and deposits by branch and tier; what is kept goes sooner with the next write.
KEPT_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class Held:
    """Customers, their deposits and average of the running month (yuan), and of how many the rhythm is overdue, who are
    watched, or close to losing their tier. Of units of a bank all but the first two is nought."""

    customers: int = 0
    total: Decimal = ZERO
    adb: Decimal = ZERO
    waiting: int = 0
    watched: int = 0
    near_down: int = 0

    def __add__(self, other: "Held") -> "Held":
        return Held(
            self.customers + other.customers,
            self.total + other.total,
            self.adb + other.adb,
            self.waiting + other.waiting,
            self.watched + other.watched,
            self.near_down + other.near_down,
        )


@dataclass(frozen=True, slots=True)
class Cell:
    """What one manager (None = nobody) or branch has in one tier (0 = not tiered yet)."""

    key: int | None
    tier: int
    held: Held


@dataclass(frozen=True, slots=True)
class DayTotal:
    """Deposits (yuan) and customers at the close of a day."""

    on: date
    total: Decimal
    customers: int


def cells(positions: Positions, *, day: date, today: date) -> list[Cell]:
    """Which manager has what in which tier, in one pass. `day` is the ledger day, rhythms are counted to `today`."""
    asked: dict[str, Any] = {
        "customers": Count("pk"),
        "total": Sum("total"),
        "adb": Sum(month_average(day)),
        "waiting": Count("pk", filter=rhythm_overdue(today)),
        "watched": Count("pk", filter=Q(watch_since__isnull=False)),
        "near_down": Count("pk", filter=Q(near__in=NEAR_DOWN)),
    }
    # Annotations under other names than the columns they add up.
    sums = {f"sum_{name}": value for name, value in asked.items()}
    found: Iterable[Any] = positions.order_by().values(key=F("manager_id"), rank=F("tier")).annotate(**sums)
    return [Cell(row["key"], row["rank"], Held(**{name: row[f"sum_{name}"] for name in asked})) for row in found]


def cells_of_units(ids: Collection[int]) -> list[Cell]:
    """Heads and deposits of these units by tier, as they are now.

    Reading a bank's positions takes 0.2 s and more, so they are read once and kept until a statement changes one. What
    was written is asked for first: figures may be newer than their key says, never older.
    """
    written = ",".join(str(pk) for pk in PositionWrite.objects.order_by("pk").values_list("pk", flat=True))
    key = f"insights.cells.{sha256(written.encode()).hexdigest()}"
    kept: list[tuple[int, int, int, str]] | None = cache.get(key) if written else None
    if kept is None:
        kept = [(pk, tier, heads, str(total)) for pk, tier, heads, total in _cells_of_bank()]
        if written:
            cache.set(key, kept, KEPT_SECONDS)
    return [Cell(pk, tier, Held(heads, Decimal(total))) for pk, tier, heads, total in kept if pk in ids]


def _cells_of_bank() -> QuerySet[Any]:
    rows = CustomerPosition.everything.order_by().values_list("branch_id", "tier")
    return rows.annotate(heads=Count("pk"), sum=Sum("total"))


def added(found: Iterable[Cell], key: Callable[[Cell], Hashable]) -> dict[Any, Held]:
    """The cells added up by a key of theirs."""
    sums: defaultdict[Any, Held] = defaultdict(Held)
    for cell in found:
        sums[key(cell)] += cell.held
    return dict(sums)


def month_average(day: date) -> Any:
    """The average of the running month as lists of customers show it, to the cent."""
    days = (day - periods_of(day).month_start).days + 1
    average = Round(sum_since("month_mark", day) / Value(days), precision=2, output_field=MONEY)
    # Customers without any balance yet have no day their sum stands at.
    return Coalesce(average, Value(ZERO, output_field=MONEY))


def people_of(found: Sequence[Cell]) -> dict[int, User]:
    """The managers of cells, by their ids."""
    return User.objects.select_related("branch").in_bulk([cell.key for cell in found if cell.key])


def branch_trend(user: User, branches: Iterable[int] | None, start: date, end: date) -> list[DayTotal]:
    """Deposits of these branches (None = all the user may see) at each rolled-up close of start..end."""
    rows = BranchDay.objects.visible_to(user).filter(on__range=(start, end))
    return _trend(rows if branches is None else rows.filter(branch_id__in=list(branches)))


def book_trend(manager: User, start: date, end: date) -> list[DayTotal]:
    """Deposits of the customers a manager owned at each rolled-up close of start..end."""
    return _trend(DepositDay.objects.filter(manager=manager, on__range=(start, end)))


def _trend(rows: QuerySet[BranchDay] | QuerySet[DepositDay]) -> list[DayTotal]:
    found = rows.values_list("on").annotate(sum=Sum("total"), n=Sum("customers")).order_by("on")
    return [DayTotal(on, total, customers) for on, total, customers in found]


def silent_since(positions: Positions, day: date, days: int) -> Positions:
    """Customers with deposits nobody has spoken to in the `days` before `day`, or ever."""
    edge = day - timedelta(days=days)
    return positions.filter(Q(last_contact_on__lt=edge) | Q(last_contact_on=None), total__gt=0)


def rhythm_overdue(day: date) -> Q:
    """Whose last contact is longer ago than the rhythm of the tier allows; before the first, since the tier began."""
    found = Q(pk__in=[])
    for line in promised_by_tier(day):
        if line.waited is not None:
            last = day - timedelta(days=line.waited)
            late = Q(last_contact_on__lte=last) | Q(last_contact_on=None, tier_since__lte=last)
            found |= Q(late, tier=line.band.rank)
    return found


def with_rhythm(positions: Positions) -> QuerySet[Any]:
    """Positions with the day their rhythm is `counted` from."""
    return positions.annotate(counted=Coalesce("last_contact_on", "tier_since"))

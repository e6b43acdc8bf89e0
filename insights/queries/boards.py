"""Deposits and heads by tier, branch and manager: live from the narrow position table, and their history."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum

from core.money import ZERO
from customers.models import CustomerPosition
from insights.models import BranchDay, DepositDay
from staff.models import Branch, User

Positions = QuerySet[CustomerPosition]


@dataclass(frozen=True, slots=True)
class TierLine:
    """Customers and deposits (yuan) of one tier; rank 0 = not tiered yet."""

    rank: int
    customers: int
    total: Decimal


@dataclass(frozen=True, slots=True)
class UnitLine:
    """Customers and deposits (yuan) of a branch or a manager (None = nobody's), by tier."""

    unit: Branch | User | None
    customers: int
    total: Decimal
    by_tier: dict[int, int]


@dataclass(frozen=True, slots=True)
class BranchLine:
    """A branch now and at two earlier closes, in yuan; None where nothing was rolled up for that day."""

    branch: Branch
    customers: int
    total: Decimal
    since_day: Decimal | None
    since_month: Decimal | None


@dataclass(frozen=True, slots=True)
class DayTotal:
    """Deposits (yuan) and customers at the close of a day."""

    on: date
    total: Decimal
    customers: int


def tier_lines(positions: Positions, ranks: Iterable[int]) -> list[TierLine]:
    """One line a tier, highest first; tiers without customers too, and those not tiered yet only when there are any."""
    found = positions.order_by().values_list("tier").annotate(n=Count("pk"), sum=Sum("total"))
    lines = {rank: TierLine(rank, n, total) for rank, n, total in found}
    empty = {rank: TierLine(rank, 0, ZERO) for rank in ranks}
    return sorted((empty | lines).values(), key=lambda line: -line.rank)


def manager_lines(positions: Positions) -> list[UnitLine]:
    """One line a manager of these positions, largest deposits first; customers without one at the end."""
    lines = _unit_lines(positions, "manager_id")
    people = User.objects.select_related("branch").in_bulk([key for key in lines if key])
    found = [UnitLine(people.get(key) if key else None, *line) for key, line in lines.items()]
    return sorted(found, key=lambda line: (line.unit is None, -line.total))


def _unit_lines(positions: Positions, key: str) -> dict[int | None, tuple[int, Decimal, dict[int, int]]]:
    by_tier: dict[int | None, dict[int, int]] = defaultdict(dict)
    totals: dict[int | None, Decimal] = defaultdict(lambda: ZERO)
    found = positions.order_by().values_list(key, "tier").annotate(n=Count("pk"), sum=Sum("total"))
    for unit, tier, customers, total in found:
        by_tier[unit][tier] = customers
        totals[unit] += total
    return {unit: (sum(tiers.values()), totals[unit], tiers) for unit, tiers in by_tier.items()}


def branch_lines(user: User, positions: Positions, since_day: date, since_month: date) -> list[BranchLine]:
    """One line a branch the user may see, largest first, with closing less opening of the branch as it was then."""
    day, month = branch_totals(user, since_day), branch_totals(user, since_month)
    lines = _unit_lines(positions, "branch_id")
    branches = Branch.objects.in_bulk({*lines, *day, *month})
    found = []
    for key, branch in branches.items():
        customers, total, _tiers = lines.get(key, (0, ZERO, {}))
        then = [total - opening.get(key, ZERO) if opening else None for opening in (day, month)]
        found.append(BranchLine(branch, customers, total, *then))
    return sorted(found, key=lambda line: (-line.total, line.branch.code))


def branch_totals(user: User, day: date) -> dict[int, Decimal]:
    """Deposits of each visible branch at the close of `day` (yuan); empty when that day was not rolled up."""
    rows = BranchDay.objects.visible_to(user).filter(on=day)
    return dict(rows.values_list("branch_id").annotate(sum=Sum("total")))


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

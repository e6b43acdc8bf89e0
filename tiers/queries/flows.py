"""Who went from which tier to which between the closes of two days, and what these customers hold.

Customers count where they are now, for both days: handing them over moves nobody. Counts and names come from the same
rows, so that a list behind a number always has as many.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any

from django.db.models import Case, Count, F, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum, When
from django.db.models.functions import Coalesce

from core.memo import once_a_request
from core.money import ZERO
from customers.models import CustomerPosition, PositionChange
from customers.queries import ledger_day
from staff.access import has_role, scope_of
from staff.enums import Reach, Role
from staff.models import Branch, User
from tiers.enums import Way
from tiers.models import Band as BandRow
from tiers.models import RetierRun, TierChange
from tiers.queries.measures import rows, sql
from tiers.queries.schemes import ranked
from tiers.rules import Band, renumbering
from tiers.rules.flows import way

Positions = QuerySet[CustomerPosition]
# Positions with `before` and `after`, the ranks at two closes (0 = not tiered yet).
Placed = QuerySet[Any]
# Rank before, rank after, heads, and what they hold in yuan.
Counted = tuple[int, int, int, Decimal | None]


@dataclass(frozen=True, slots=True)
class FlowCell:
    """Customers who were in rank `before` and are in rank `after` (0 = not tiered yet); `total` is what they hold at
    the later close, in yuan, None for those who see counts only."""

    before: int
    after: int
    way: Way
    heads: int
    total: Decimal | None


@dataclass(frozen=True, slots=True)
class Flow:
    """The matrix between two closes, with the bands by which either day's ranks are called; lowest first.

    Customers without a tier at both closes are left out.
    """

    first: date
    last: date
    bands_before: tuple[Band, ...]
    bands_after: tuple[Band, ...]
    cells: tuple[FlowCell, ...]

    def heads(self, *ways: Way) -> int:
        """Customers who went one of these ways; all of them without any."""
        return sum(cell.heads for cell in self.cells if not ways or cell.way in ways)

    def total(self, *ways: Way) -> Decimal | None:
        """What these hold at the later close, in yuan; None for those who see counts only."""
        held = [cell.total for cell in self.cells if not ways or cell.way in ways]
        return None if None in held else sum((total for total in held if total is not None), ZERO)


@dataclass(frozen=True, slots=True)
class RunDays:
    """The first and the latest re-tiered business day, and when a run was last finished."""

    first: date
    last: date
    stamp: datetime


def run_days() -> RunDays | None:
    """Between which days tiers are known; None before the first re-tiering."""
    found = RetierRun.objects.finished().aggregate(first=Min("on"), last=Max("on"), stamp=Max("finished_at"))
    return RunDays(**found) if found["first"] else None


@once_a_request
def bands_at(day: date) -> tuple[Band, ...]:
    """The bands that name ranks at the close of `day`, lowest first: of the latest re-tiering until then; () before."""
    run = RetierRun.objects.finished().filter(on__lte=day).order_by("-on").values("scheme")[:1]
    return tuple(ranked(BandRow.objects.filter(scheme=Subquery(run))))


def flow(user: User, first: date, last: date, *, branch: Branch | None = None, manager: User | None = None) -> Flow:
    """From the tier at the close of `first` to the one at the close of `last`, of customers this person may see now.

    Administrators get the counts of the whole bank. `branch` and `manager` narrow what others see.
    """
    amounts = scope_of(user).amounts
    if _is_bank(user, branch, manager):
        counted = _of_bank(first, last, amounts=amounts)
    else:
        counted = _of_some(_positions(user, branch, manager), first, last, amounts=amounts)
    before, after = bands_at(first), bands_at(last)
    ranks = renumbering(before, after)
    cells = (FlowCell(was, now, way(was, now, ranks), heads, held) for was, now, heads, held in counted if was or now)
    return Flow(first, last, before, after, tuple(sorted(cells, key=lambda cell: (-cell.before, -cell.after))))


def _is_bank(user: User, branch: Branch | None, manager: User | None) -> bool:
    return has_role(user, Role.ADMIN) or (scope_of(user).reach == Reach.BANK and not (branch or manager))


def _of_bank(first: date, last: date, *, amounts: bool) -> Iterable[Counted]:
    """Everybody at once: the history is read from the first day on, not looked up for each who moved."""
    ledger = ledger_day()
    is_now, days = ledger is None or last >= ledger, {"first": first, "last": last}
    held = "NULL" if not amounts else "sum(p.total)" if is_now else sql("flow_held")
    return [(was, after, heads, total) for was, after, heads, total in rows(sql("flow", held=held), days)]


def _of_some(positions: Positions, first: date, last: date, *, amounts: bool) -> Iterable[Counted]:
    found = placed(positions, first, last).order_by().values_list("before", "after").annotate(heads=Count("pk"))
    if amounts:
        return list(found.annotate(sum=Sum(total_at(last))))
    return [(was, after, heads, None) for was, after, heads in found]


def _positions(user: User, branch: Branch | None, manager: User | None) -> Positions:
    seen: Positions = CustomerPosition.objects.visible_to(user)
    seen = seen.filter(branch=branch) if branch else seen
    return seen.filter(manager=manager) if manager else seen


def placed(positions: Positions, first: date, last: date) -> Placed:
    """Positions with `before`, the rank at the close of `first`, and `after`, the one at the close of `last`.

    `tier_since` tells who moved since a day at all, so only those are looked up in the history, by its key.
    """
    return positions.annotate(before=_tier_at(first), after=_tier_at(last))


def _tier_at(day: date) -> Case:
    next_change = TierChange.everything.filter(customer_id=OuterRef("pk"), on__gt=day).order_by("on")
    then = Coalesce(Subquery(next_change.values("from_tier")[:1]), F("tier"))
    return Case(When(tier_since__lte=day, then=F("tier")), default=then)


def total_at(day: date) -> Case:
    """What a position came to at the close of `day`, in yuan; only those that changed since are looked up."""
    change = PositionChange.objects.filter(customer_id=OuterRef("pk"), on__lte=day).order_by("-on")
    then = Coalesce(Subquery(change.values("total")[:1]), ZERO)
    return Case(When(on__lte=day, then=F("total")), default=then)


def flow_rows(
    positions: Positions, first: date, last: date, *, before: int | None = None, after: int | None = None
) -> Placed:
    """The customers of one cell (None = of all cells of its row or column), with `before`, `after` and `held`, what
    they had at the close of `last` in yuan. As many as `flow` counts."""
    found = placed(positions, first, last).exclude(before=0, after=0)
    found = found if before is None else found.filter(before=before)
    found = found if after is None else found.filter(after=after)
    if None not in (before, after) and before != after:
        found = found.filter(Q(tier_since__gt=first) | Q(tier_since=None))
    return found.annotate(held=total_at(last))


def heads_at(result: Flow, *, at_first: bool) -> dict[int, int]:
    """Customers of each rank at the first close, or at the last."""
    heads: Counter[int] = Counter()
    for cell in result.cells:
        heads[cell.before if at_first else cell.after] += cell.heads
    return dict(heads)


def bands_over(days: Sequence[date]) -> list[tuple[Band, ...]]:
    """The same as `bands_at` for many days at once, ascending; () for days before the first re-tiering."""
    runs = list(RetierRun.objects.finished().order_by("on").values_list("on", "scheme_id"))
    drawn: dict[int, list[BandRow]] = defaultdict(list)
    for row in BandRow.objects.filter(scheme_id__in={scheme for _on, scheme in runs}):
        drawn[row.scheme_id].append(row)
    bands = {scheme: tuple(ranked(found)) for scheme, found in drawn.items()}
    places = (bisect_right(runs, day, key=itemgetter(0)) for day in days)
    return [bands[runs[place - 1][1]] if place else () for place in places]

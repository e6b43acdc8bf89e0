"""Customers and deposits of each tier over time, from the days that were rolled up."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum

from core.money import ZERO
from insights.models import BranchDay, DepositDay
from staff.models import Branch, User
from tiers.queries import tier_name
from tiers.queries.flows import bands_over
from tiers.rules import Band

# Longer spans are drawn from one close a week.
MOST_DAYS = 120
WEEK = 7


@dataclass(frozen=True, slots=True)
class TierLine:
    """A tier through the days: heads and yuan at each close, None where there was no such tier; `rank` as it counts on
    the last day it is there (0 = not tiered yet), `ranks` as it counted at each close."""

    name: str
    rank: int
    heads: Sequence[int | None]
    totals: Sequence[Decimal | None]
    ranks: Sequence[int]


@dataclass(frozen=True, slots=True)
class TierHistory:
    """Tiers at each rolled-up close, the lowest first. A tier is the same as long as it keeps its letter."""

    days: Sequence[date] = ()
    lines: Sequence[TierLine] = ()
    is_weekly: bool = False


@dataclass(slots=True)
class _Line:
    """A tier while its closes are gathered: (rank, heads, yuan) by the place of the day; `band` as last called."""

    band: Band | None
    found: dict[int, tuple[int, int, Decimal]] = field(default_factory=dict)


def history_of_units(user: User, branch: Branch | None, first: date, last: date) -> TierHistory:
    """Of the branch, or of all the user may see as a whole, at each close of first..last: units as they were then."""
    rows = BranchDay.objects.visible_to(user)
    return _history(rows.filter(branch=branch) if branch else rows, first, last)


def history_of_book(manager: User, first: date, last: date) -> TierHistory:
    """Of the customers a manager owned at each close of first..last."""
    return _history(DepositDay.objects.filter(manager=manager), first, last)


def _history(rows: QuerySet[Any], first: date, last: date) -> TierHistory:
    is_weekly = (last - first).days > MOST_DAYS
    wanted = _closes(first, last, WEEK if is_weekly else 1)
    sums = rows.filter(on__in=wanted).values_list("on", "tier").annotate(n=Sum("customers"), sum=Sum("total"))
    found = {(on, tier): (heads, total) for on, tier, heads, total in sums.order_by("on", "tier")}
    tiers_of: dict[date, list[int]] = defaultdict(list)
    for on, tier in found:
        tiers_of[on].append(tier)
    days = sorted(tiers_of)
    lines: dict[str, _Line] = {}
    for place, (day, bands) in enumerate(zip(days, bands_over(days), strict=True)):
        by_rank = {band.rank: band for band in bands}
        for rank in sorted({*by_rank, *tiers_of[day]}):
            band = by_rank.get(rank)
            line = lines.setdefault(band.letter if band else f"#{rank}", _Line(band))
            line.band = band
            line.found[place] = (rank, *found.get((day, rank), (0, ZERO)))
    drawn = sorted(lines.values(), key=_latest_rank)
    return TierHistory(days, [_drawn(line, len(days)) for line in drawn], is_weekly)


def _closes(first: date, last: date, step: int) -> list[date]:
    return [last - timedelta(days=back) for back in range(0, (last - first).days + 1, step)]


def _latest_rank(line: _Line) -> int:
    return line.found[max(line.found)][0]


def _drawn(line: _Line, count: int) -> TierLine:
    rank = _latest_rank(line)
    values = [line.found.get(place) for place in range(count)]
    return TierLine(
        tier_name(rank, [line.band] if line.band else []),
        rank,
        [value[1] if value else None for value in values],
        [value[2] if value else None for value in values],
        [value[0] if value else 0 for value in values],
    )

"""The maturity ladder of the whole bank from what the night added up: of a million customers live takes over a second.

It is the live one to the cent as long as nothing was fed, tiered or merged since; otherwise it is void.
"""

from collections import defaultdict
from datetime import date
from typing import Any

from django.db.models import Max, Q, QuerySet
from django.db.models import Sum as Total

from customers.enums import FeedStatus
from customers.models import Customer, Feed
from customers.queries import ledger_day
from servicing.models import LadderDay, LadderKept, Maturity
from servicing.queries.ladder import Ahead, Dimension, Past, Sum, groups_of, ladder_ahead, result_of
from servicing.queries.maturity import Window
from tiers.models import RetierRun

DIMENSIONS: tuple[Dimension, ...] = ("tier", "product", "branch")
# The longest span of the ladder, either way.
KEPT_DAYS = 90


def stamp_now() -> str:
    """What a ladder of this moment stands on: the ledger day, the last feed and re-tiering, and how many are merged."""
    feed = Feed.objects.filter(status=FeedStatus.COMMITTED).aggregate(last=Max("pk"))["last"]
    run = RetierRun.objects.finished().aggregate(last=Max("finished_at"))["last"]
    merged = Customer.everything.filter(merged_into__isnull=False).count()
    return f"{ledger_day()} {feed} {run.isoformat() if run else ''} {merged}"


def is_kept(window: Window) -> bool:
    """Whether the ladder of the night still holds for the window."""
    days = (window.last - window.first).days + 1
    return days <= KEPT_DAYS and LadderKept.objects.filter(as_of=window.as_of, stamp=stamp_now()).exists()


def kept_ahead(rows: QuerySet[Any], window: Window) -> Ahead:
    """The bank's ladder ahead: sums of the night, with what is planned or spoken of by now of the deposits `rows`."""
    worked = Maturity.everything.filter(~Q(aim="undecided") | Q(talk__isnull=False))
    worked = worked.filter(matures_on__range=(window.first, window.last))
    planned = ladder_ahead(rows.filter(pk__in=worked.values("account")), window, "branch").cells
    cells: dict[Dimension, dict[tuple[date, int | None], Sum]] = {}
    for dimension in DIMENSIONS:
        found = _sums(dimension, window)
        cells[dimension] = {
            place: Sum(count, amount, planned[dimension].get(place, Sum()).planned)
            for place, (count, amount) in found.items()
        }
    ids = {dimension: {group for _day, group in parts} for dimension, parts in cells.items()}
    return Ahead(window, cells, {dimension: groups_of(dimension, keys) for dimension, keys in ids.items()})


def _sums(dimension: Dimension, window: Window) -> dict[tuple[date, int | None], tuple[int, Any]]:
    """Number and yuan by day and group; of branches over all days, at the first."""
    rows = LadderDay.objects.filter(dimension=dimension, on__range=(window.first, window.last))
    if dimension == "branch":
        whole = rows.values_list("key").annotate(n=Total("count"), sum=Total("amount")).order_by()
        return {(window.first, key): (count, amount) for key, count, amount in whole}
    found = rows.values_list("on", "key", "count", "amount")
    return {(on, key): (count, amount) for on, key, count, amount in found}


def kept_past(window: Window) -> Past:
    """The bank's ladder of what matured."""
    days: dict[date, list[tuple[Any, ...]]] = defaultdict(list)
    cells: dict[Dimension, dict[int | None, list[tuple[Any, ...]]]] = {name: defaultdict(list) for name in DIMENSIONS}
    rows = LadderDay.objects.filter(on__range=(window.first, window.last))
    columns = {"n": Total("count"), "sum": Total("amount"), "rest": Total("stayed")}
    for dimension in DIMENSIONS:
        of_group = rows.filter(dimension=dimension).values_list("key", "outcome").annotate(**columns).order_by()
        for group, *parts in of_group:
            cells[dimension][group].append(tuple(parts))
    for day, *parts in rows.filter(dimension="tier").values_list("on", "outcome").annotate(**columns).order_by():
        days[day].append(tuple(parts))
    results = {name: {group: result_of(parts) for group, parts in found.items()} for name, found in cells.items()}
    groups = {name: groups_of(name, found) for name, found in results.items()}
    return Past(window, {day: result_of(parts) for day, parts in sorted(days.items())}, results, groups)

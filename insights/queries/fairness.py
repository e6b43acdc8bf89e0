"""What moves a unit's average without anybody's doing: holidays, and spikes at month ends (product.md B9)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from django.core.cache import cache
from django.db import connection
from django.db.models import Sum

from core.money import ZERO
from core.sql import statement
from core.workdays import Calendar
from customers.models import Customer
from insights.enums import UnitKind
from insights.models import BranchDay, DepositDay, MonthClose
from insights.queries.definitions import definitions_on
from insights.queries.spikes import spikes_in
from insights.rules.kpis import month_end
from insights.rules.measures import Definitions
from insights.rules.targets import holiday_effect, holidays_between, spike_effect
from staff.enums import BranchKind
from staff.enums.targets import TargetOf
from staff.models import Branch, Target
from staff.queries.teams import members_on

_DAY: Final = timedelta(days=1)
_KINDS: Final = {
    BranchKind.HEAD_OFFICE: UnitKind.BANK,
    BranchKind.REGION: UnitKind.REGION,
    BranchKind.BRANCH: UnitKind.BRANCH,
}

FEW: Final = 20
KEPT_SECONDS: Final = 3600

Unit = tuple[str, int]
# Branch, manager, yuan.
Effect = tuple[int, int | None, Decimal]


def unit_of(target: Target) -> Unit:
    """Whose key figures a target is about: kind and id."""
    if target.of == TargetOf.PERSON:
        return UnitKind.PERSON, target.person_id or 0
    if target.of == TargetOf.TEAM:
        return UnitKind.TEAM, target.team_id or 0
    return _KINDS[BranchKind(target.branch.kind)], target.branch_id


def holidays_of(targets: Sequence[Target], days: Sequence[date], calendar: Calendar) -> dict[Unit, Decimal]:
    """What holidays added to the closing month's average more than to the opening month's, of each unit."""
    before = days[0].replace(day=1) - _DAY
    effects: dict[Unit, Decimal] = {}
    for sign, first, last in ((-1, before.replace(day=1), before), (1, days[-1].replace(day=1), days[-1])):
        off = holidays_between(calendar, first, last)
        if not off:
            continue
        for unit, totals in _totals(targets, first, last).items():
            effects[unit] = effects.get(unit, ZERO) + sign * holiday_effect(totals, off)
    return effects


def _totals(targets: Sequence[Target], first: date, last: date) -> dict[Unit, dict[date, Decimal]]:
    """Deposits at each close of first..last that was rolled up, of each unit."""
    found: dict[Unit, dict[date, Decimal]] = {}
    of_unit = [target for target in targets if target.of == TargetOf.UNIT]
    if of_unit:
        rows = BranchDay.everything.filter(on__range=(first, last)).order_by()
        below = _below(rows.values_list("branch__path", "on").annotate(sum=Sum("total")))
        found |= {unit_of(target): below.get(target.branch_id, {}) for target in of_unit}
    teams = members_on([target.team_id for target in targets if target.team_id], last)
    people = {target.person_id for target in targets if target.person_id} | {pk for ids in teams.values() for pk in ids}
    if people:
        days = DepositDay.objects.filter(manager__in=people, on__range=(first, last)).order_by()
        of_people: dict[int, list[tuple[date, Decimal]]] = {}
        for who, on, total in days.values_list("manager", "on").annotate(sum=Sum("total")):
            of_people.setdefault(who, []).append((on, total))
        for target in targets:
            if target.of != TargetOf.UNIT:
                own = (row for who in _whose(target, teams) for row in of_people.get(who, []))
                found[unit_of(target)] = _summed(own)
    return found


def _below(rows: Iterable[tuple[str, date, Decimal]]) -> dict[int, dict[date, Decimal]]:
    """Rows of units, by path, added up for each unit and those above it: read once, however many targets there are."""
    found: dict[int, dict[date, Decimal]] = {}
    for path, on, total in rows:
        for unit in _ids_of(path):
            totals = found.setdefault(unit, {})
            totals[on] = totals.get(on, ZERO) + total
    return found


def _ids_of(path: str) -> list[int]:
    """The unit of a path and all above it."""
    return [int(pk) for pk in path.split("/") if pk]


def _whose(target: Target, teams: Mapping[int, Collection[int]]) -> set[int]:
    """The people a target of a team or a person is about."""
    return set(teams.get(target.team_id or 0, [target.person_id or 0]))


def _summed(rows: Iterable[tuple[date, Decimal]]) -> dict[date, Decimal]:
    totals: dict[date, Decimal] = {}
    for on, total in rows:
        totals[on] = totals.get(on, ZERO) + total
    return totals


def spikes_of(targets: Sequence[Target], days: Sequence[date]) -> dict[Unit, Decimal]:
    """What spikes at month ends added to the closing month's average more than to the opening month's, of each unit.

    Those of a month that is not closed cannot be told yet.
    """
    numbers = definitions_on(days[-1])
    before = days[0].replace(day=1) - _DAY
    effects: dict[Unit, Decimal] = {}
    paths = dict(Branch.objects.values_list("pk", "path"))
    asked = {target.branch_id for target in targets}
    near = [pk for pk, path in paths.items() if not asked.isdisjoint(_ids_of(path))]
    teams = members_on([target.team_id for target in targets if target.team_id], days[-1])
    for sign, month in ((-1, before.replace(day=1)), (1, days[-1].replace(day=1))):
        found = _effects(month, numbers) if len(near) > FEW else _effects_in(month, numbers, near)
        of_units: defaultdict[int, Decimal] = defaultdict(Decimal)
        of_people: defaultdict[int | None, Decimal] = defaultdict(Decimal)
        for branch, who, added in found:
            of_people[who] += added
            for unit in _ids_of(paths.get(branch, "")):
                of_units[unit] += added
        for target in targets:
            of_unit = target.of == TargetOf.UNIT
            own = of_units[target.branch_id] if of_unit else sum(of_people[who] for who in _whose(target, teams))
            effects[unit_of(target)] = effects.get(unit_of(target), ZERO) + sign * own
    return effects


def _effects(month: date, numbers: Definitions) -> list[Effect]:
    """Of the whole bank, as of at most an hour ago: a month's million closes are read in a second."""
    key = f"insights.spikes.{month}.{numbers.spike_share}.{numbers.spike_amount}.{numbers.spike_days}"
    found: list[Effect] | None = cache.get(key)
    if found is None:
        found = _effects_in(month, numbers, None)
        cache.set(key, found, KEPT_SECONDS)
    return found


def _effects_in(month: date, numbers: Definitions, branches: Sequence[int] | None) -> list[Effect]:
    """Branch and manager at the month's close, and what the last days added to the ADB, of each spike."""
    dropped = Customer.everything.filter(merged_into__isnull=False).values("pk")
    closes = MonthClose.everything.filter(month=month).exclude(customer_id__in=dropped)
    if branches is not None:
        closes = closes.filter(branch_id__in=branches)
    spikes = spikes_in(closes, month, numbers).order_by()
    rows = list(spikes.values_list("customer_id", "branch_id", "manager_id", "adb"))
    end = month_end(month)
    sums = _sums([row[0] for row in rows], end - numbers.spike_days * _DAY, end) if rows else {}
    return [
        (branch, manager, spike_effect(adb, end.day, sums[customer], numbers.spike_days))
        for customer, branch, manager, adb in rows
    ]


def _sums(customers: Sequence[int], after: date, until: date) -> dict[int, Decimal]:
    """Of some customers the sum of end-of-day totals after one day up to another, in yuan."""
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"customers": list(customers), "after": after, "until": until}
        cursor.execute(statement("insights", "sums_between"), values)
        return dict(cursor.fetchall())

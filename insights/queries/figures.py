"""What stands behind a kept figure: its value and base, who rolled it up when, and the parts that add up to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from core.money import ZERO
from insights.enums import ReportDimension, UnitKind
from insights.models import KpiDay
from insights.queries.kpis import Unit, days_with_figures, people_in_sight, units_below
from insights.queries.reports import Sums, sums_of, units_in_sight
from insights.rules.figures import Place
from insights.rules.measures import Over
from insights.rules.reports import OF_BOOKS, WITH_TIERS, figure_of, last_days
from servicing.queries.contacts import units_of
from staff.access import HEADS, has_role
from staff.models import TeamMember, User
from tiers.queries import bands_for_display, tier_name

# Each end of a hand-over counts for itself, also of one between two parts of the same whole.
HANDED = ("adb_handed_in", "adb_handed_out")
# Beyond so many days the parts of time are months.
MOST_DAYS = 62


@dataclass(frozen=True, slots=True)
class Kept:
    """A figure as it was kept: `value` and, for shares and means, `base`."""

    place: Place
    name: str
    value: Decimal = ZERO
    base: Decimal = ZERO

    @property
    def figure(self) -> Decimal | None:
        """What it comes to; None where there is nothing to divide by."""
        return figure_of(self.place.measure, self.value, self.base)


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts of a figure by one dimension; `rest` is what none of them has: the whole less all of them."""

    by: str
    kept: tuple[Kept, ...]
    rest: Kept

    @property
    def adds_up(self) -> bool:
        """Whether the parts leave nothing over."""
        return not self.rest.value and not self.rest.base


def units_named(user: User, place: Place) -> dict[int, str] | None:
    """The units of a place by name, all in sight when it names none; None when one is out of sight."""
    seen = units_in_sight(user, place.kind)
    if place.kind == UnitKind.BRANCH and has_role(user, *HEADS):
        # What belongs to a region or the head office itself is kept of it as of a branch.
        seen |= {unit.pk: unit.name for unit in units_of(user)} if place.units else {}
    if not place.units:
        return seen or None
    return {pk: seen[pk] for pk in place.units} if set(place.units) <= seen.keys() else None


def kept_of(user: User, place: Place, units: Mapping[int, str]) -> Kept:
    """The figure of the place, added up over its units, tiers and days."""
    sums = sums_of(place.definition(ReportDimension.UNIT), user, units, _days(place))
    return Kept(place, "", *_added(sums))


def rolled_up(place: Place) -> KpiDay | None:
    """The night that kept the figures of the last day; None when none did."""
    return KpiDay.objects.filter(on=place.last).first()


def parts_of(user: User, whole: Kept, units: Mapping[int, str]) -> list[Parts]:
    """What adds up to a figure: by unit, by tier, by day or month, as far as it was kept so."""
    found = [_by_unit(user, whole, units), _by_tier(user, whole, units), _by_time(user, whole, units)]
    return [parts for parts in found if parts.kept]


def _by_unit(user: User, whole: Kept, units: Mapping[int, str]) -> Parts:
    place = whole.place
    if len(units) != 1:
        return _parts("unit", whole, _of_units(user, place, place.kind, units))
    below = _below(user, place, *units.items())
    kept = [one for kind, named in below.items() for one in _of_units(user, place, kind, named)]
    return _parts("unit", whole, kept)


def _below(user: User, place: Place, unit: tuple[int, str]) -> dict[UnitKind, dict[int, str]]:
    """What lies right under a unit, with what is its own, by kind; people stand in for teams, who may share them."""
    pk, name = unit
    if place.kind in (UnitKind.BANK, UnitKind.REGION):
        found: dict[UnitKind, dict[int, str]] = {UnitKind.REGION: {}, UnitKind.BRANCH: {}}
        for one in units_below(user, Unit(place.kind, pk, name)):
            found[one.kind][one.id] = one.name
        found[UnitKind.BRANCH][pk] = name
        return found
    if place.tiers and place.code not in OF_BOOKS:
        return {}
    people = people_in_sight(user).order_by("name", "pk")
    if place.kind == UnitKind.BRANCH:
        return {UnitKind.PERSON: dict(people.filter(branch=pk).values_list("pk", "name"))}
    if place.kind == UnitKind.TEAM:
        members = TeamMember.objects.on(place.last).filter(team=pk).values("user")
        return {UnitKind.PERSON: dict(people.filter(pk__in=members).values_list("pk", "name"))}
    return {}


def _of_units(user: User, place: Place, kind: UnitKind, units: Mapping[int, str]) -> list[Kept]:
    """Each of the units with figures."""
    asked = replace(place, kind=kind, units=tuple(units))
    sums = sums_of(asked.definition(ReportDimension.UNIT), user, units, _days(place)) if units else {}
    pairs = _grouped(sums, 1)
    return [Kept(replace(asked, units=(pk,)), name, *pairs[pk]) for pk, name in units.items() if pk in pairs]


def _by_tier(user: User, whole: Kept, units: Mapping[int, str]) -> Parts:
    place = whole.place
    is_book = place.kind == UnitKind.PERSON and place.code in OF_BOOKS
    if not (is_book or (place.kind in WITH_TIERS and place.measure.by_tier)) or len(place.tiers) == 1:
        return _parts("tier", whole, [])
    pairs = _grouped(sums_of(place.definition(ReportDimension.TIER), user, units, _days(place)), 2)
    bands = bands_for_display(place.last)
    ranked = sorted(pairs.items(), reverse=True)
    kept = [Kept(replace(place, tiers=(rank,)), tier_name(rank, bands), *pair) for rank, pair in ranked]
    return _parts("tier", whole, kept)


def _by_time(user: User, whole: Kept, units: Mapping[int, str]) -> Parts:
    place = whole.place
    if place.measure.over != Over.SUM or place.first == place.last:
        return _parts("time", whole, [])
    is_long = (place.last - place.first).days >= MOST_DAYS
    grain = ReportDimension.MONTH if is_long else ReportDimension.DAY
    days = _days(place)
    pairs = _grouped(sums_of(place.definition(grain), user, units, days), 3)
    ends = last_days(days, grain)
    kept = [
        Kept(
            replace(place, first=max(start, place.first), last=ends[start]),
            f"{start:%Y-%m}" if is_long else start.isoformat(),
            *pair,
        )
        for start, pair in sorted(pairs.items())
    ]
    return _parts("time", whole, kept)


def _parts(by: str, whole: Kept, kept: Sequence[Kept]) -> Parts:
    value, base = (sum((getattr(one, name) for one in kept), ZERO) for name in ("value", "base"))
    rest = Kept(whole.place, "", whole.value - value, whole.base - base)
    return Parts(by, tuple(kept), rest)


def _days(place: Place) -> list[date]:
    return days_with_figures(place.first, place.last)


def _added(sums: Sums) -> tuple[Decimal, Decimal]:
    pairs = list(sums.values())
    return sum((value for value, _base in pairs), ZERO), sum((base for _value, base in pairs), ZERO)


def _grouped(sums: Sums, at: int) -> dict[Any, tuple[Decimal, Decimal]]:
    """Sums by the part of their key at a place: 1 unit, 2 tier, 3 first day of its part of time."""
    found: dict[Any, tuple[Decimal, Decimal]] = {}
    for key, (value, base) in sums.items():
        before = found.get(key[at], (ZERO, ZERO))
        found[key[at]] = (before[0] + value, before[1] + base)
    return found

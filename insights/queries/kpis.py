"""Key figures of the units somebody may see: one measure over time, and of what lies below a unit."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import Q, QuerySet, Sum

from core.money import ZERO
from insights.enums import ReportDimension, UnitKind
from insights.models import Kpi, KpiDay
from insights.rules.measures import ALL_TIERS, MEASURES, Measure, Over
from insights.rules.reports import figure_of, last_days, start_of
from servicing.queries.contacts import units_of
from staff.access import BOOK_KEEPERS, HEADS, has_role, scope_of
from staff.enums import BranchKind, Reach
from staff.models import Branch, Team, TeamMember, User

# Beyond so many days points are months.
MOST_DAYS = 92


@dataclass(frozen=True, slots=True)
class Unit:
    """Whose figures: its kind, its key among them, its name, and `params`, what an address says it by."""

    kind: UnitKind
    id: int
    name: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Point:
    """A figure of a day or month (`on` its last day with figures); None = nothing to divide by."""

    on: date
    figure: Decimal | None


@dataclass(frozen=True, slots=True)
class Line:
    """A unit below another, or a tier: its figure of the period, and what a balance gained since the first day."""

    unit: Unit
    figure: Decimal | None
    change: Decimal | None = None


def of_branch(branch: Branch) -> Unit:
    """A unit of the tree as figures are kept of it."""
    is_top = branch.kind == BranchKind.HEAD_OFFICE and branch.parent_id is None
    kind = UnitKind.BANK if is_top else UnitKind.REGION if branch.kind == BranchKind.REGION else UnitKind.BRANCH
    return Unit(kind, branch.pk, branch.name, {"unit": branch.code})


def of_person(person: User) -> Unit:
    """Somebody's own figures."""
    return Unit(UnitKind.PERSON, person.pk, person.name, {"person": person.staff_no})


def of_team(team: Team) -> Unit:
    """A team."""
    return Unit(UnitKind.TEAM, team.pk, team.name, {"team": str(team.pk)})


def unit_in_sight(user: User, *, unit: str = "", team: str = "", person: str = "") -> Unit | None:
    """The unit of an address (branch code, key of a team, staff number), or the one a person looks at first; None =
    nothing this person may see figures of."""
    if person:
        found = people_in_sight(user).filter(staff_no=person).first()
        return of_person(found) if found else None
    if team:
        led = teams_in_sight(user).filter(pk=team).first() if team.isdecimal() and len(team) < 19 else None
        return of_team(led) if led else None
    if has_role(user, *BOOK_KEEPERS):
        return None if unit else of_person(user)
    branch = next((one for one in units_of(user) if one.code == (unit or user.branch.code)), None)
    return of_branch(branch) if branch and has_role(user, *HEADS) else None


def people_in_sight(user: User) -> QuerySet[User]:
    """Who has figures this person may see: heads of their units, else oneself."""
    if not has_role(user, *HEADS):
        return User.objects.filter(pk=user.pk, role__in=BOOK_KEEPERS)
    scope = scope_of(user)
    return User.objects.filter(Q() if scope.reach == Reach.BANK else Q(branch_id__in=scope.branch_ids))


def teams_in_sight(user: User) -> QuerySet[Team]:
    """Teams this person may see figures of: heads those of their units, else those of their unit they lead."""
    if not has_role(user, *HEADS):
        return Team.objects.filter(lead=user.pk, branch=user.branch_id)
    scope = scope_of(user)
    return Team.objects.filter(Q() if scope.reach == Reach.BANK else Q(branch_id__in=scope.branch_ids))


def units_below(user: User, unit: Unit) -> list[Unit]:
    """What lies right below a unit: regions and branches, of a branch its teams and people, of a team its members."""
    if unit.kind in (UnitKind.BANK, UnitKind.REGION):
        parts = [branch for branch in units_of(user) if branch.parent_id == unit.id]
        return [
            of_branch(branch) for branch in sorted(parts, key=lambda one: (one.kind != BranchKind.REGION, one.code))
        ]
    if unit.kind == UnitKind.BRANCH:
        teams = teams_in_sight(user).filter(branch=unit.id, is_active=True).order_by("name")
        people = people_in_sight(user).filter(branch=unit.id, is_active=True).order_by("name", "pk")
        return [*map(of_team, teams), *map(of_person, people)]
    if unit.kind == UnitKind.TEAM and has_role(user, *HEADS):
        members = TeamMember.objects.filter(team=unit.id, until=None).values("user")
        return [of_person(person) for person in people_in_sight(user).filter(pk__in=members).order_by("name", "pk")]
    return []


def days_with_figures(first: date, last: date) -> list[date]:
    """Days of first..last that were rolled up, in order."""
    return list(KpiDay.objects.filter(on__range=(first, last)).order_by("on").values_list("on", flat=True))


def trend(user: User, unit: Unit, measure: Measure, days: Sequence[date]) -> list[Point]:
    """A unit's figure on each of the days, or of each month when they span more than MOST_DAYS."""
    if not days:
        return []
    grain = ReportDimension.MONTH if (days[-1] - days[0]).days > MOST_DAYS else ReportDimension.DAY
    ends = last_days(days, grain)
    sums: dict[date, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    rows = _rows(user, measure, [unit], days).values_list("on", "value", "base")
    for on, value, base in rows:
        start = start_of(on, grain)
        if measure.over == Over.SUM or on == ends[start]:
            sums[start][0] += value
            sums[start][1] += base or ZERO
    return [Point(end, figure_of(measure, *sums[start])) for start, end in sorted(ends.items())]


def lines(user: User, units: Sequence[Unit], measure: Measure, days: Sequence[date]) -> list[Line]:
    """Units with their figure over the days: added up, or that of the last day with its change since the first."""
    return _lines([(unit, (unit.kind, unit.id)) for unit in units], _rows(user, measure, units, days), measure, days)


def _lines(
    units: Iterable[tuple[Unit, tuple[str, int]]], rows: QuerySet[Kpi], measure: Measure, days: Sequence[date]
) -> list[Line]:
    if not days:
        return []
    is_sum = measure.over == Over.SUM
    wanted = rows if is_sum else rows.filter(on__in=[days[0], days[-1]])
    found: dict[tuple[str, int, date], tuple[Decimal, Decimal | None]] = {}
    if is_sum:
        for kind, key, value, base in wanted.values_list("unit_kind", "unit_id").annotate(Sum("value"), Sum("base")):
            found[kind, key, days[-1]] = (value, base)
    else:
        for kind, key, on, value, base in wanted.values_list("unit_kind", "unit_id", "on", "value", "base"):
            found[kind, key, on] = (value, base)
    made = []
    for unit, key in units:
        last = figure_of(measure, *found.get((*key, days[-1]), (ZERO, None)))
        first = figure_of(measure, *found.get((*key, days[0]), (ZERO, None)))
        is_moved = not is_sum and len(days) > 1 and last is not None and first is not None
        made.append(Line(unit, last, last - first if is_moved and last is not None and first is not None else None))
    return made


def latest(user: User, unit: Unit, first: date, last: date) -> dict[str, Decimal | None]:
    """Every measure of a unit by its code: of the last day with figures, or added up over first..last."""
    days = days_with_figures(first, last)
    if not days:
        return {}
    rows = Kpi.objects.visible_to(user).filter(_is(unit), tier=ALL_TIERS).order_by()
    of_day = {
        code: (value, base) for code, value, base in rows.filter(on=days[-1]).values_list("measure", "value", "base")
    }
    summed = [code for code, measure in MEASURES.items() if measure.over == Over.SUM]
    over = rows.filter(on__range=(days[0], days[-1]), measure__in=summed).values_list("measure")
    sums = {code: (value, base) for code, value, base in over.annotate(Sum("value"), Sum("base"))}
    found = {code: (sums if measure.over == Over.SUM else of_day).get(code) for code, measure in MEASURES.items()}
    return {code: figure_of(MEASURES[code], *(pair or (ZERO, None))) for code, pair in found.items()}


def tiers_of(user: User, unit: Unit, measure: Measure, days: Sequence[date]) -> dict[int, Decimal | None]:
    """The figure of each tier over the days, where the measure is kept by tier; {} elsewhere."""
    if not measure.by_tier or not days or unit.kind in (UnitKind.TEAM, UnitKind.PERSON):
        return {}
    rows = Kpi.objects.visible_to(user).filter(_is(unit), measure=measure.code, tier__gte=0)
    rows = rows.filter(on__range=(days[0], days[-1])) if measure.over == Over.SUM else rows.filter(on=days[-1])
    sums = rows.order_by().values_list("tier").annotate(Sum("value"), Sum("base"))
    return {tier: figure_of(measure, value, base) for tier, value, base in sums}


def _rows(user: User, measure: Measure, units: Sequence[Unit], days: Sequence[date]) -> QuerySet[Kpi]:
    kinds: dict[str, list[int]] = defaultdict(list)
    for unit in units:
        kinds[unit.kind].append(unit.id)
    mine = Q(pk__in=[])
    for kind, ids in kinds.items():
        mine |= Q(unit_kind=kind, unit_id__in=ids)
    span = (days[0], days[-1]) if days else (date.min, date.min)
    rows = Kpi.objects.visible_to(user).filter(mine, measure=measure.code, tier=ALL_TIERS, on__range=span)
    return rows.order_by()


def _is(unit: Unit) -> Q:
    return Q(unit_kind=unit.kind, unit_id=unit.id)

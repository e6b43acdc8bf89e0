"""Reports as tables: figures of the units a person may see, added up by what their rows and columns are by."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext as _

from core.errors import DomainError
from core.money import ZERO
from insights.enums import ReportDimension, ReportPeriod, UnitKind
from insights.models import DepositDay, Kpi, KpiDay, Report, ReportRun
from insights.queries.definitions import label_of
from insights.rules.figures import Place
from insights.rules.measures import ALL_TIERS, MEASURES, Kind, Over
from insights.rules.reports import (
    MOST_COLUMNS,
    TIMES,
    Definition,
    figure_of,
    last_days,
    span_of,
    start_of,
)
from staff.access import HEADS, has_role, scope_of
from staff.enums import BranchKind, Reach
from staff.models import Branch, Team, User
from tiers.queries import bands_for_display, tier_name

MOST_ROWS: Final = 2_000
RUNS_SHOWN: Final = 20
# How long a deletion can be taken back.
KEPT_DELETED: Final = timedelta(days=30)


class TooWide(DomainError):
    """More columns, or more rows, than a table is of use with."""

    code = "report_too_wide"


class NoFigures(DomainError):
    """No day of the period has figures yet."""

    code = "report_no_figures"


class Figure(NamedTuple):
    """A figure of a table with its kind (None = there is none), and of what it is."""

    value: Decimal | None
    kind: Kind
    place: Place


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table by its heading."""

    label: str
    cells: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Pivot:
    """A report as somebody may see it: headings, rows, and where rows add up their total. `days`: first, last, and the
    last one with figures."""

    corner: str
    heads: tuple[str, ...]
    lines: tuple[Line, ...]
    total: Line | None
    days: tuple[date, date, date]


# Measure, unit, tier, first day of its part of time.
Key = tuple[str, int, int, date]
Sums = dict[Key, tuple[Decimal, Decimal]]


def reports_for(user: User) -> QuerySet[Report]:
    """Reports this person may open, with their owners."""
    return Report.objects.visible_to(user).select_related("owner", "branch")


def units_in_sight(user: User, kind: str) -> dict[int, str]:
    """Units of a kind whose figures this person may see, by name, in the order of their codes."""
    scope, is_head = scope_of(user), has_role(user, *HEADS)
    here = Q() if scope.reach == Reach.BANK else Q(branch_id__in=sorted(scope.branch_ids))
    if kind == UnitKind.PERSON:
        people = User.objects.filter(here) if is_head else User.objects.filter(pk=user.pk)
        return dict(people.order_by("branch__code", "name", "pk").values_list("pk", "name"))
    if kind == UnitKind.TEAM:
        teams = Team.objects.filter(here) if is_head else Team.objects.filter(lead=user.pk, branch=user.branch_id)
        return dict(teams.order_by("branch__code", "name", "pk").values_list("pk", "name"))
    units = Branch.objects.filter(_of_kind(kind)) if is_head else Branch.objects.none()
    if scope.reach != Reach.BANK:
        units = units.filter(pk__in=sorted(scope.branch_ids)) if kind != UnitKind.BANK else units.none()
    return dict(units.order_by("code").values_list("pk", "name"))


def _of_kind(kind: str) -> Q:
    if kind == UnitKind.BANK:
        return Q(parent=None)
    return Q(kind=BranchKind.REGION if kind == UnitKind.REGION else BranchKind.BRANCH)


def usual_kind(user: User) -> str:
    """The kind of units a person looks at first."""
    if not has_role(user, *HEADS):
        return UnitKind.PERSON
    return UnitKind.BANK if scope_of(user).reach == Reach.BANK else UnitKind.BRANCH


def latest_day(until: date | None = None) -> date | None:
    """The last day with figures, not after `until`."""
    days = KpiDay.objects.order_by("-on")
    return (days.filter(on__lte=until) if until else days).values_list("on", flat=True).first()


def pivot_of(definition: Definition, user: User, *, until: date | None = None) -> Pivot:
    """The report as this person may see it; with `until`, by the figures of that day. Raises NoFigures, TooWide."""
    last_day = latest_day(until)
    if last_day is None:
        raise NoFigures(_("There are no figures yet: the first night has to roll them up."))
    first, last = span_of(definition, last_day)
    days = list(KpiDay.objects.filter(on__range=(first, min(last, last_day))).values_list("on", flat=True))
    if not days:
        raise NoFigures(_("No day from %(first)s to %(last)s has figures.") % {"first": first, "last": last})
    units = _chosen_units(definition, user)
    sums = sums_of(definition, user, units, days)
    return _table(Frame(definition, units, first, last_days(days, definition.grain)), sums, (first, last, max(days)))


def _chosen_units(definition: Definition, user: User) -> dict[int, str]:
    seen = units_in_sight(user, definition.unit_kind)
    return {pk: name for pk, name in seen.items() if pk in definition.units} if definition.units else seen


def sums_of(definition: Definition, user: User, units: Mapping[int, str], days: Sequence[date]) -> Sums:
    """Value and base of each measure, unit, tier and part of time: added up over its days, or of its last day."""
    ends, found = last_days(days, definition.grain), Sums()
    by_unit = ReportDimension.UNIT in (definition.rows, definition.columns)
    by_tier = ReportDimension.TIER in (definition.rows, definition.columns)
    for code, unit, tier, day, value, base in _rows(definition, user, units, days, set(ends.values())):
        start = start_of(day, definition.grain)
        if MEASURES[code].over == Over.LAST and ends[start] != day:
            continue
        key = (code, unit if by_unit else 0, tier if by_tier else ALL_TIERS, start)
        before = found.get(key, (ZERO, ZERO))
        found[key] = (before[0] + value, before[1] + (base or ZERO))
    return found


Row = tuple[str, int, int, date, Decimal, Decimal | None]


def _rows(
    definition: Definition, user: User, units: Mapping[int, str], days: Sequence[date], ends: set[date]
) -> Iterator[Row]:
    if definition.is_of_books:
        yield from _book_rows(definition, user, units, ends)
        return
    rows = Kpi.objects.visible_to(user).filter(unit_kind=definition.unit_kind, unit_id__in=list(units))
    rows = rows.filter(_tiers(definition))
    lasting = [code for code in definition.measures if MEASURES[code].over == Over.LAST]
    adding = [code for code in definition.measures if code not in lasting]
    names = ("measure", "unit_id", "tier", "on", "value", "base")
    if lasting:
        yield from rows.filter(measure__in=lasting, on__in=ends).values_list(*names)
    if adding:
        added = rows.filter(measure__in=adding, on__in=days).order_by()
        # Days only where they make a difference: of a year they are many.
        if definition.grain:
            yield from added.values_list(*names)
            return
        summed = added.values_list("measure", "unit_id", "tier").annotate(v=Sum("value"), b=Sum("base"))
        yield from ((code, unit, tier, days[0], value, base) for code, unit, tier, value, base in summed)


def _tiers(definition: Definition) -> Q:
    if definition.tiers:
        return Q(tier__in=definition.tiers)
    return ~Q(tier=ALL_TIERS) if definition.has_tiers else Q(tier=ALL_TIERS)


def _book_rows(definition: Definition, user: User, units: Mapping[int, str], ends: set[date]) -> Iterator[Row]:
    """What managers look after by tier (yuan, customers), of customers in the person's units."""
    scope = scope_of(user)
    rows = DepositDay.objects.filter(manager_id__in=list(units), on__in=ends)
    if scope.reach == Reach.BRANCHES:
        rows = rows.filter(branch_id__in=sorted(scope.branch_ids))
    if definition.tiers:
        rows = rows.filter(tier__in=definition.tiers)
    sums = rows.values_list("manager_id", "tier", "on").annotate(heads=Sum("customers"), amount=Sum("total"))
    for unit, tier, day, heads, amount in sums.order_by():
        for code, value in (("customers", Decimal(heads)), ("deposits", amount)):
            if code in definition.measures:
                yield code, unit, tier, day, value, None


@dataclass(frozen=True, slots=True)
class Axis:
    """One side of the table: its places in order, what each is called, and which part of a key tells it."""

    dimension: str
    places: tuple[Any, ...]
    labels: tuple[str, ...]

    def place(self, key: Key) -> Any:
        """Where a figure stands on this side."""
        code, unit, tier, start = key
        if self.dimension in TIMES:
            return start
        return {ReportDimension.MEASURE: code, ReportDimension.UNIT: unit}.get(ReportDimension(self.dimension), tier)


def _axis(dimension: str, definition: Definition, units: Mapping[int, str], sums: Sums) -> Axis:
    if dimension == ReportDimension.MEASURE:
        return Axis(dimension, definition.measures, tuple(map(label_of, definition.measures)))
    if dimension == ReportDimension.UNIT:
        filled = {unit for _code, unit, _tier, _start in sums}
        shown = [pk for pk in units if pk in filled or pk in definition.units]
        return Axis(dimension, tuple(shown), tuple(units[pk] for pk in shown))
    if dimension == ReportDimension.TIER:
        return _tier_axis(dimension, sums)
    starts = sorted({start for *_rest, start in sums})
    return Axis(dimension, tuple(starts), tuple(_time_word(start, dimension) for start in starts))


def _tier_axis(dimension: str, sums: Sums) -> Axis:
    ranks = sorted({tier for _code, _unit, tier, _start in sums}, reverse=True)
    bands = bands_for_display(max((start for *_rest, start in sums), default=date.max))
    return Axis(dimension, tuple(ranks), tuple(tier_name(rank, bands) for rank in ranks))


def _time_word(start: date, grain: str) -> str:
    if grain == ReportDimension.MONTH:
        return f"{start:%Y-%m}"
    if grain == ReportDimension.QUARTER:
        return f"{start.year}-Q{(start.month + 2) // 3}"
    return start.isoformat()


@dataclass(frozen=True, slots=True)
class Frame:
    """What a table is of: its definition, the units of it in sight, its first day, and of each part of time (by its
    first day) the last day with figures."""

    definition: Definition
    units: Mapping[int, str]
    first: date
    ends: Mapping[date, date]

    def place(self, code: str, unit: int, start: date, tiers: tuple[int, ...]) -> Place:
        """Of what a figure is: of one unit (0 = all of the table together) and one part of time."""
        last = self.ends[start]
        first = max(start, self.first) if MEASURES[code].over == Over.SUM else last
        units = (unit,) if unit else tuple(self.units) if self.definition.units else ()
        return Place(code, UnitKind(self.definition.unit_kind), units, tiers, first, last)


def _table(frame: Frame, sums: Sums, days: tuple[date, date, date]) -> Pivot:
    definition = frame.definition
    down = _axis(definition.rows, definition, frame.units, sums)
    across = _axis(definition.columns, definition, frame.units, sums)
    if len(across.places) > MOST_COLUMNS:
        most = _("This makes %(count)s columns; a table has at most %(most)s. Put them down the rows.")
        raise TooWide(most % {"count": len(across.places), "most": MOST_COLUMNS})
    if len(down.places) > MOST_ROWS:
        most = _("This makes %(count)s rows; a report has at most %(most)s. Choose fewer units or days.")
        raise TooWide(most % {"count": f"{len(down.places):,}", "most": f"{MOST_ROWS:,}"})
    cells = {(down.place(key), across.place(key)): pair for key, pair in sums.items()}
    lines = tuple(
        Line(label, tuple(_cell(frame, cells, (down, place), (across, other)) for other in across.places))
        for place, label in zip(down.places, down.labels, strict=True)
    )
    of = UnitKind(definition.unit_kind) if definition.rows == ReportDimension.UNIT else ReportDimension(definition.rows)
    return Pivot(str(of.label), across.labels, _ordered(lines, definition), _total(frame, down, across, sums), days)


def _cell(frame: Frame, cells: Mapping[Any, tuple[Decimal, Decimal]], *at: tuple[Axis, Any]) -> Figure:
    """The figure where two places meet; what was rolled up and would be nought has no row."""
    found = {axis.dimension: place for axis, place in at}
    code = str(found.get(ReportDimension.MEASURE, frame.definition.measures[0]))
    start = next((found[grain] for grain in TIMES if grain in found), date.min)
    tier = found.get(ReportDimension.TIER)
    tiers = frame.definition.tiers if tier is None else (tier,)
    place = frame.place(code, found.get(ReportDimension.UNIT, 0), start, tiers)
    return _figure(place, *cells.get((at[0][1], at[1][1]), (ZERO, ZERO)))


def _figure(place: Place, value: Decimal, base: Decimal) -> Figure:
    return Figure(figure_of(place.measure, value, base), place.measure.kind, place)


def _ordered(lines: tuple[Line, ...], definition: Definition) -> tuple[Line, ...]:
    """By the first column, highest or lowest first, where that is asked for; lines without a figure last."""
    if not definition.order or not lines or not lines[0].cells:
        return lines
    sign = -1 if definition.order == "high" else 1

    def place(line: Line) -> tuple[bool, Decimal]:
        value = line.cells[0].value
        return value is None, sign * (value or ZERO)

    return tuple(sorted(lines, key=place))


def _total(frame: Frame, down: Axis, across: Axis, sums: Sums) -> Line | None:
    """All units or tiers together; teams may share people, and days of a stock add up to nothing."""
    definition = frame.definition
    adds_up = definition.rows in (ReportDimension.UNIT, ReportDimension.TIER) and definition.unit_kind != UnitKind.TEAM
    if not sums or not adds_up:
        return None
    parts: dict[Any, tuple[Decimal, Decimal]] = {}
    for key, (value, base) in sums.items():
        before = parts.get(across.place(key), (ZERO, ZERO))
        parts[across.place(key)] = (before[0] + value, before[1] + base)
    cells = []
    for place in across.places:
        one = _cell(frame, {}, (across, place), (across, place)).place
        if definition.rows == ReportDimension.TIER:
            one = replace(one, tiers=down.places)
        cells.append(_figure(one, *parts.get(place, (ZERO, ZERO))))
    return Line(_("All together"), tuple(cells))


def period_words(definition: Definition, days: tuple[date, date, date]) -> str:
    """Which days a table is of."""
    first, last, figures_on = days
    named = "" if definition.period == ReportPeriod.FIXED else str(ReportPeriod(definition.period).label)
    span = f"{first:%Y-%m-%d} – {last:%Y-%m-%d}" if first != last else f"{first:%Y-%m-%d}"
    if figures_on < last:
        span = _("%(span)s, figures up to %(day)s") % {"span": span, "day": figures_on}
    return f"{named}: {span}" if named else span


def deleted_reports(user: User, at: datetime) -> QuerySet[Report]:
    """One's own reports that were deleted lately and can be taken back, the latest first."""
    return Report.everything.filter(owner=user, deleted_at__gt=at - KEPT_DELETED).order_by("-deleted_at", "-pk")


def latest_runs(report: Report) -> list[ReportRun]:
    """What became of a report's schedule lately: each file with its recipient, not its content."""
    runs = ReportRun.everything.filter(report=report, due_on__isnull=False).select_related("user")
    return list(runs.order_by("-made_at", "-pk")[:RUNS_SHOWN])

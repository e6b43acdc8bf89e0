"""The tree of units a head looks down: what lies under a unit, what each part has, and its figures of a day."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q, Sum

from core.money import ZERO
from insights.enums import UnitKind
from insights.models import BranchDay, Kpi
from insights.queries.boards import Cell, Held, added
from insights.rules.bridge import CHANGES
from insights.rules.measures import ALL_TIERS
from staff.enums import BranchKind
from staff.models import Branch, User

# Of each part of the bank, beside its deposits; what the average of the month changed by is added up from its parts.
COUNTS = ("overdue", "complaints_late", "moved_up", "moved_down")
CHANGE = tuple(f"adb_{name}" for name in CHANGES)
MEASURES = ("adb", "maturing", *CHANGE, *COUNTS)


@dataclass(frozen=True, slots=True)
class Part:
    """A unit right under another, with the ids of all below it; or what belongs to that other one itself (`is_own`)."""

    unit: Branch
    ids: frozenset[int]
    is_own: bool = False

    @property
    def kind(self) -> UnitKind:
        """What its figures are kept as."""
        is_region = self.unit.kind == BranchKind.REGION and not self.is_own
        return UnitKind.REGION if is_region else UnitKind.BRANCH


@dataclass(frozen=True, slots=True)
class Line:
    """A part in figures, in yuan: now, against two earlier closes, and of the night (None = not rolled up)."""

    part: Part
    held: Held
    since_day: Decimal | None
    since_month: Decimal | None
    adb: Decimal | None = None
    growth: Decimal | None = None
    maturing: Decimal | None = None
    overdue: int | None = None
    complaints_late: int | None = None
    moved_up: int | None = None
    moved_down: int | None = None


def parts_of(top: Branch, seen: Iterable[Branch]) -> list[Part]:
    """What lies right under a unit, of the units somebody sees, regions first; the unit itself when it is seen.

    A unit with one region only shows what lies under that.
    """
    seen = list(seen)
    below = [unit for unit in seen if unit.path.startswith(top.path)]
    heads = [unit for unit in below if unit.parent_id == top.pk]
    ids = _ids_below(top, below)
    if len(heads) == 1 and heads[0].kind == BranchKind.REGION:
        found = parts_of(heads[0], seen)
    else:
        found = [Part(head, frozenset(ids[str(head.pk)])) for head in heads]
    found += [Part(unit, frozenset({unit.pk}), is_own=True) for unit in below if unit.pk == top.pk]
    return sorted(found, key=lambda part: (part.kind != UnitKind.REGION, part.unit.code))


def _ids_below(top: Branch, below: Iterable[Branch]) -> Mapping[str, set[int]]:
    """The units below another by the part of the path that comes next: the id of what lies right under it."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    for unit in below:
        found[unit.path.removeprefix(top.path).partition("/")[0]].add(unit.pk)
    return found


def lines_of(
    viewer: User, parts: Sequence[Part], cells: Iterable[Cell], *, day: date, openings: tuple[date, date]
) -> list[Line]:
    """One line a part, the largest deposits first; a unit of its own without customers has none."""
    held = added(cells, lambda cell: cell.key)
    closes = [_totals(viewer, opening) for opening in openings]
    figures = _figures(viewer, parts, day)
    lines = [_line(part, held, closes, figures.get((part.kind, part.unit.pk)), bool(figures)) for part in parts]
    return sorted((line for line in lines if _has_any(line)), key=lambda line: (-line.held.total, line.part.unit.code))


def _has_any(line: Line) -> bool:
    """A unit is no line under itself but for customers of its own."""
    return not line.part.is_own or bool(line.held.customers)


def _line(
    part: Part,
    held: Mapping[int, Held],
    closes: Sequence[Mapping[int, Decimal]],
    figures: Mapping[str, Decimal] | None,
    is_rolled_up: bool,
) -> Line:
    now = sum((held.get(pk, Held()) for pk in part.ids), Held())
    day, month = (now.total - _over(totals, part.ids) if totals else None for totals in closes)
    line = Line(part, now, day, month)
    if not is_rolled_up:
        return line
    known = figures or {}
    counts: dict[str, Any] = {name: int(known.get(name, 0)) for name in COUNTS}
    growth = sum((known.get(name, ZERO) for name in CHANGE), ZERO)
    return replace(line, adb=known.get("adb", ZERO), growth=growth, maturing=known.get("maturing", ZERO), **counts)


def _over(totals: Mapping[int, Decimal], ids: Collection[int]) -> Decimal:
    return sum((totals.get(pk, ZERO) for pk in ids), ZERO)


def _totals(viewer: User, day: date) -> dict[int, Decimal]:
    """Deposits of each unit in sight at the close of `day` (yuan); empty when that day was not rolled up."""
    rows = BranchDay.objects.visible_to(viewer).filter(on=day)
    return dict(rows.values_list("branch_id").annotate(sum=Sum("total")))


def _figures(viewer: User, parts: Sequence[Part], day: date) -> dict[tuple[str, int], dict[str, Decimal]]:
    """The figures of the night of `day` by unit; empty when they were not rolled up."""
    kinds = (UnitKind.REGION, UnitKind.BRANCH)
    return figures({kind: [part.unit.pk for part in parts if part.kind == kind] for kind in kinds}, viewer, day)


def figures(
    units: Mapping[UnitKind, Sequence[int]], viewer: User, day: date
) -> dict[tuple[str, int], dict[str, Decimal]]:
    """What the night of `day` rolled up of units in sight, by their kind and id, and by measure."""
    # By key, not by day: a day has the figures of every person, too.
    wanted = Q(pk__in=[])
    for kind, ids in units.items():
        wanted |= Q(unit_kind=kind, unit_id__in=ids)
    rows = Kpi.objects.visible_to(viewer).filter(wanted, on=day, tier=ALL_TIERS, measure__in=MEASURES)
    found: dict[tuple[str, int], dict[str, Decimal]] = {}
    for unit_kind, unit, measure, value in rows.values_list("unit_kind", "unit_id", "measure", "value"):
        found.setdefault((unit_kind, unit), {})[measure] = value
    return found


def growth_of_people(people: Collection[int], viewer: User, day: date) -> dict[int, Decimal]:
    """By how much the average of each person's book changed against the month before, without hand-overs (yuan)."""
    found = figures({UnitKind.PERSON: sorted(people)}, viewer, day)
    return {pk: sum((known.get(name, ZERO) for name in CHANGE), ZERO) for (_kind, pk), known in found.items()}

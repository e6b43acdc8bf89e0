"""Whose board it is: a book, a branch, or several units, with what is read of it once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import QuerySet

from customers.models import CustomerPosition
from insights.enums import BoardKind
from insights.queries import boards, moves
from insights.queries.units import Line, lines_of, parts_of
from servicing.queries.contacts import units_of
from staff.models import Branch, User

DAY = timedelta(days=1)
MATURING_DAYS = 30
CONTACT_DAYS = 7
SHOWN = 5
# Lines of a table of units, unless all are asked for: 250 of them took longer to draw than all the rest.
UNITS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Days:
    """The ledger day, today, the closes that are compared with, and how many days a trend reaches back."""

    day: date
    today: date
    opening: moves.Openings
    trend: int

    @property
    def matures_until(self) -> date:
        """The last day of what matures soon."""
        return self.today + MATURING_DAYS * DAY

    @property
    def contacts_since(self) -> date:
        """The first day of the contacts that are counted."""
        return self.today - (CONTACT_DAYS - 1) * DAY


@dataclass(frozen=True, slots=True)
class Unit:
    """What a board is about. `params` narrow lists of customers to it, `ids` are its units (None = all in sight)."""

    kind: BoardKind
    viewer: User
    days: Days
    positions: QuerySet[CustomerPosition]
    cells: Sequence[boards.Cell]
    branch: Branch | None = None
    params: dict[str, str] = field(default_factory=dict)
    ids: frozenset[int] | None = None
    lines: Sequence[Line] = ()
    # Whether its table of units shows every line, or the largest.
    is_whole: bool = False
    # Since the close of the day before, and of the month before; read of a book or a branch only.
    moved: Sequence[moves.Movement] = ()

    @property
    def code(self) -> str:
        """The unit's code; "" for a book."""
        return self.branch.code if self.branch else ""

    @property
    def is_part_of_sight(self) -> bool:
        """Whether it is several units, but not all the viewer sees."""
        return self.kind == BoardKind.REGION and self.branch is not None and self.viewer.branch_id != self.branch.pk

    @property
    def held(self) -> boards.Held:
        """All it has."""
        return sum((cell.held for cell in self.cells), boards.Held())

    @property
    def lines_shown(self) -> Sequence[Line]:
        """The lines of its table of units."""
        return self.lines if self.is_whole else self.lines[:UNITS_SHOWN]


def of_manager(viewer: User, days: Days) -> Unit:
    """The customers a manager sees: owned, stood in for, shared."""
    positions = CustomerPosition.objects.visible_to(viewer)
    cells = boards.cells(positions, day=days.day, today=days.today)
    return Unit(BoardKind.MANAGER, viewer, days, positions, cells, moved=_moved(positions, days))


def of_branch(viewer: User, days: Days, branch: Branch) -> Unit:
    """One branch."""
    positions = CustomerPosition.objects.visible_to(viewer).filter(branch=branch)
    cells = boards.cells(positions, day=days.day, today=days.today)
    ids = frozenset({branch.pk})
    params, moved = {"branch": branch.code}, _moved(positions, days)
    return Unit(BoardKind.BRANCH, viewer, days, positions, cells, branch, params, ids, moved=moved)


def _moved(positions: QuerySet[CustomerPosition], days: Days) -> list[moves.Movement]:
    return [moves.movement_since(positions, since) for since in (days.opening.day, days.opening.month)]


def of_units(viewer: User, days: Days, top: Branch, *, is_whole: bool = False) -> Unit:
    """A unit with others below it: a region, or the bank."""
    parts = parts_of(top, units_of(viewer))
    ids = frozenset[int]().union(*(part.ids for part in parts))
    positions = CustomerPosition.objects.visible_to(viewer)
    is_all = top.parent_id is None
    if not is_all:
        positions = positions.filter(branch_id__in=sorted(ids))
    cells = boards.cells_of_units(ids)
    openings = (days.opening.day, days.opening.month)
    lines = lines_of(viewer, parts, cells, day=days.day, openings=openings)
    kind = BoardKind.BANK if is_all else BoardKind.REGION
    return Unit(kind, viewer, days, positions, cells, top, {}, None if is_all else ids, lines, is_whole)

"""Tables of boards: by tier, manager, colleague and unit, each number with the rows behind it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from core.money import ZERO
from insights.queries import boards
from insights.queries.units import Line, growth_of_people
from insights.views.links import link
from insights.views.numbers import Number
from insights.views.units import Unit
from servicing.queries import contacts as servicing
from staff.enums import BranchKind
from staff.models import TeamMember, User
from tiers import queries as tiers

UNITS = "#units"


@dataclass(frozen=True, slots=True)
class TierRow:
    """A line of the table by tier."""

    rank: int
    name: str
    customers: Number
    total: Number
    share: str


@dataclass(frozen=True, slots=True)
class ManagerRow:
    """A line of the table by manager (None = customers nobody owns): what the book holds, what waits in it.

    `growth` of the average is of the night (None = not rolled up), its parts stand at `growth_url`.
    """

    manager: User | None
    team: str
    customers: Number
    total: Number
    adb: Number
    waiting: Number
    overdue: Number | None
    growth: Decimal | None
    growth_url: str


@dataclass(frozen=True, slots=True)
class ColleagueRow:
    """A line of the table of contacts."""

    user: User
    contacts: Number
    people: int
    last_on: date | None


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A line of the table by unit. Figures that were not rolled up are None."""

    line: Line
    url: str
    customers: Number
    total: Number
    adb: Number | None


def tier_rows(unit: Unit) -> list[TierRow]:
    """Highest first; tiers without customers too, and those not tiered yet only when there are any."""
    bands = tiers.bands_for_display(unit.days.day)
    found = {band.rank: boards.Held() for band in bands} | boards.added(unit.cells, lambda cell: cell.tier)
    whole = sum((held.total for held in found.values()), ZERO)
    return [
        TierRow(
            rank,
            tiers.tier_name(rank, bands),
            Number(found[rank].customers, _tier_link(unit, rank)),
            Number(found[rank].total, _tier_link(unit, rank), "balance"),
            f"{found[rank].total / whole:.1%}" if whole > 0 else "–",
        )
        for rank in sorted(found, reverse=True)
    ]


def _tier_link(unit: Unit, rank: int) -> str:
    # Customers nobody has tiered yet have no filter of their own; there are none after the first night.
    if not rank:
        return ""
    area = {"area": unit.code} if unit.is_part_of_sight else {}
    return link("customers:list", tier=rank, **unit.params, **area)


def manager_rows(unit: Unit, overdue: dict[int, int]) -> list[ManagerRow]:
    """One line a manager, the largest deposits first, nobody's customers at the end; `overdue` follow-ups by owner."""
    people = boards.people_of(unit.cells)
    found = boards.added(unit.cells, lambda cell: cell.key)
    growth = growth_of_people(people, unit.viewer, unit.days.day)
    members = TeamMember.objects.on(unit.days.today).filter(user__in=people).values_list("user_id", "team__name")
    teams = dict(members)
    rows = [
        _manager_row(unit, people.get(key), held, overdue.get(key, 0), teams.get(key, ""), growth.get(key))
        for key, held in found.items()
    ]
    return sorted(rows, key=lambda row: (row.manager is None, -row.total.value))


def _manager_row(
    unit: Unit, manager: User | None, held: boards.Held, overdue: int, team: str, growth: Decimal | None
) -> ManagerRow:
    number = manager.staff_no if manager else "none"
    url = link("customers:list", manager=number, **unit.params)
    tasks = {"owner": number, "due": "overdue", "unit": unit.code}
    return ManagerRow(
        manager,
        team,
        Number(held.customers, url),
        Number(held.total, url, "balance"),
        Number(held.adb, link("insights:averages", manager=number, **unit.params), "adb"),
        Number(held.waiting, link("insights:rhythm", manager=number, **unit.params)),
        Number(overdue, link("servicing:follow_ups", **tasks)) if manager else None,
        growth,
        link("insights:bridge", unit=unit.code, manager=number),
    )


def colleague_rows(unit: Unit) -> list[ColleagueRow]:
    """Everybody of the branch who talks to customers, with their contacts of the last days."""
    if unit.branch is None:
        return []
    since, today = unit.days.contacts_since, unit.days.today
    rows = []
    for line in servicing.contacts_per_colleague(unit.viewer, unit.branch, since, today):
        url = link("servicing:contacts", since=since, until=today, author=line.user.staff_no)
        rows.append(ColleagueRow(line.user, Number(line.contacts, url), line.customers, line.last_on))
    return rows


def unit_rows(unit: Unit) -> list[UnitRow]:
    """What lies right under the unit, the largest deposits first."""
    return [_unit_row(line) for line in unit.lines_shown]


def units_url(unit: Unit) -> str:
    """Where every line of the table of units is shown."""
    return UNITS if len(unit.lines_shown) == len(unit.lines) else all_units_url(unit.code)


def all_units_url(code: str) -> str:
    """The board of a unit with every line of its table of units."""
    return link("insights:branch", code, units="all") + UNITS


def _unit_row(line: Line) -> UnitRow:
    code = line.part.unit.code
    is_branch = line.part.is_own or line.part.unit.kind == BranchKind.BRANCH
    board = link("insights:branch", code)
    # A region's numbers are its own board's table, a branch's the customers.
    names = link("customers:list", branch=code) if is_branch else all_units_url(code)
    averages = link("insights:averages", branch=code) if is_branch else names
    return UnitRow(
        line,
        "" if line.part.is_own else board,
        Number(line.held.customers, names, "" if is_branch else "line.held.customers", is_count=True),
        Number(line.held.total, names, "balance" if is_branch else "line.held.total"),
        Number(line.adb, averages, "adb" if is_branch else "line.adb") if line.adb is not None else None,
    )


def over(lines: Iterable[Line], name: str) -> Any:
    """A figure of all lines, as yuan or a count; None when one of them has none."""
    found = [getattr(line, name) for line in lines]
    return sum(found, type(found[0])()) if found and None not in found else None

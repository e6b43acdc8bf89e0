"""The branches or managers of a simulation, with what the change would mean for their work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from staff.models import Branch, User
from tiers.queries.catalogue import cost_per_head
from tiers.queries.simulation import BRANCHES, Simulation, Unit, yearly
from tiers.queries.standards import contacts_per_year
from tiers.rules import Band


@dataclass(frozen=True, slots=True)
class Effort:
    """A year's entitlements in yuan and a year's contacts owed, by the tiers customers are in and would be in."""

    cost_now: Decimal
    cost_then: Decimal
    contacts_now: int
    contacts_then: int

    @property
    def cost_change(self) -> Decimal:
        """How much more the entitlements would cost, in yuan a year."""
        return self.cost_then - self.cost_now

    @property
    def contacts_change(self) -> int:
        """How many more contacts a year would be owed."""
        return self.contacts_then - self.contacts_now


@dataclass(frozen=True, slots=True)
class UnitLine:
    """A branch or a manager as a line of the answer; `code` is the branch's, or the manager's staff number."""

    unit: Unit
    code: str
    name: str
    effort: Effort


@dataclass(frozen=True, slots=True)
class Rates:
    """What a customer of a tier (by letter) comes to in a year: yuan of entitlements, contacts."""

    cost: Mapping[str, Decimal]
    contacts: Mapping[str, Decimal]


def rates_on(day: date) -> Rates:
    """The rates of the catalogue and the standards in force on the day."""
    return Rates(cost_per_head(day), contacts_per_year(day))


def effort_of(now: Mapping[int, int], then: Mapping[int, int], bands: Sequence[Band], rates: Rates) -> Effort:
    """What heads by tier, now and then, come to."""
    cost_now, cost_then = (yearly(heads, bands, rates.cost) for heads in (now, then))
    owed_now, owed_then = (int(yearly(heads, bands, rates.contacts).to_integral_value()) for heads in (now, then))
    return Effort(cost_now, cost_then, owed_now, owed_then)


def unit_lines(simulation: Simulation, by: str, rates: Rates) -> list[UnitLine]:
    """A line for each unit of the simulation, in no particular order; no code and no name = customers without one."""
    ids = [unit.id for unit in simulation.units if unit.id]
    known = _branches(ids) if by == BRANCHES else _managers(ids)
    return [
        UnitLine(unit, *known.get(unit.id or 0, ("", "")), effort_of(unit.now, unit.then, simulation.bands, rates))
        for unit in simulation.units
    ]


def _branches(ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    return {pk: (code, name) for pk, code, name in Branch.objects.filter(pk__in=ids).values_list("pk", "code", "name")}


def _managers(ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    return {pk: (no, name) for pk, no, name in User.objects.filter(pk__in=ids).values_list("pk", "staff_no", "name")}

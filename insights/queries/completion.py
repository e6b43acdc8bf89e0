"""Work done and what came of it, side by side and never one as the other (product.md K06)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import connection
from django.db.models import Count, DateField, F, Q, Sum
from django.db.models.functions import TruncDate

from campaigns.enums.calls import CallResult
from campaigns.rules.calls import OUTCOMES
from core.clock import SHANGHAI
from core.money import ZERO
from core.sql import statement
from customers.queries import ledger_day
from insights.enums import UnitKind
from insights.models import Kpi, KpiDay
from servicing.enums import FollowUpKind, FollowUpState
from servicing.models import FollowUp
from servicing.queries.choices import known_choices
from staff.access import BOOK_KEEPERS, has_role
from staff.enums import BranchKind
from staff.models import Branch, User

WINDOW: Final = 30
_DAY: Final = timedelta(days=1)
_AGREED: Final = [str(outcome) for outcome, result in OUTCOMES.items() if result == CallResult.AGREED]
_SUMS: Final = ("follow_ups", "calls", "calls_agreed")


@dataclass(frozen=True, slots=True)
class Work:
    """Follow-ups that fell due in the days asked for: done in time, done late, still open; those skipped or cancelled
    are not due. `overdue` are open ones whose day is past."""

    due: int = 0
    in_time: int = 0
    late: int = 0
    open: int = 0
    overdue: int = 0

    def __add__(self, other: "Work") -> "Work":
        return Work(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    @property
    def done(self) -> int:
        """In time or late."""
        return self.in_time + self.late

    @property
    def percent(self) -> int | None:
        """Of those due, the share done in time, in whole per cent cut off; None when none was due."""
        return self.in_time * 100 // self.due if self.due else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the work: customers spoken to, reached, agreeing, agreeing in a campaign's call, and the ADB of
    those spoken to before and after, in yuan. It is what happened, and no proof of what brought it."""

    spoken: int = 0
    reached: int = 0
    agreed: int = 0
    by_call: int = 0
    before: Decimal = ZERO
    after: Decimal = ZERO

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    @property
    def change(self) -> Decimal:
        """Yuan of average daily balance, after less before."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Line:
    """One person's work and what came of it; `calls` is the part of the work that were calls of campaigns."""

    owner: int
    work: Work
    calls: Work
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class UnitLine:
    """A unit's follow-ups and calls, as the nights rolled them up: due, done in time; overdue at the last close."""

    unit: Branch
    work: Work
    calls: Work
    agreed: int


def completion(viewer: User, branches: Collection[int], first: date, last: date, today: date) -> list[Line]:
    """Work of everybody with customers of these units in the viewer's sight, by person; who keeps a book sees the own.

    Three statements, whatever their number.
    """
    works = _works(viewer, branches, first, last, today)
    owners = {owner for owner, _is_call in works}
    outcomes = _outcomes(owners, branches, first, last)
    return [
        Line(
            owner,
            works.get((owner, False), Work()) + works.get((owner, True), Work()),
            works.get((owner, True), Work()),
            outcomes.get(owner, Outcome()),
        )
        for owner in sorted(owners)
    ]


def _works(
    viewer: User, branches: Collection[int], first: date, last: date, today: date
) -> dict[tuple[int, bool], Work]:
    rows = FollowUp.objects.visible_to(viewer).filter(due_on__range=(first, last), customer__branch__in=branches)
    rows = rows.exclude(state__in=[FollowUpState.SKIPPED, FollowUpState.CANCELLED])
    if has_role(viewer, *BOOK_KEEPERS):
        rows = rows.filter(owner=viewer)
    done, still = Q(state=FollowUpState.DONE), Q(state=FollowUpState.OPEN)
    dated = rows.annotate(closed_on=TruncDate("closed_at", tzinfo=SHANGHAI, output_field=DateField()))
    counted = (
        dated.order_by()
        .values("owner", is_call=Q(kind=FollowUpKind.CAMPAIGN))
        .annotate(
            due=Count("pk"),
            in_time=Count("pk", filter=done & Q(closed_on__lte=F("due_on"))),
            late=Count("pk", filter=done & Q(closed_on__gt=F("due_on"))),
            still=Count("pk", filter=still),
            overdue=Count("pk", filter=still & Q(due_on__lt=today)),
        )
    )
    names = ("owner", "is_call", "due", "in_time", "late", "still", "overdue")
    return {(owner, is_call): Work(*numbers) for owner, is_call, *numbers in counted.values_list(*names)}


def _outcomes(owners: Iterable[int], branches: Collection[int], first: date, last: date) -> dict[int, Outcome]:
    as_of = after_window(last)
    values: dict[str, Any] = {
        "owners": sorted(owners),
        "branches": sorted(branches),
        "first": first,
        "last": last,
        "before": first - (WINDOW + 1) * _DAY,
        "first_eve": first - _DAY,
        "after": as_of - WINDOW * _DAY,
        "as_of": as_of,
        "days": WINDOW,
        "unreached": sorted(known_choices().unreached),
        "agreed": _AGREED,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement("insights", "completion_results"), values)
        return {owner: Outcome(*figures) for owner, *figures in cursor.fetchall()}


def after_window(last: date) -> date:
    """The last day of the 30 whose average counts as after: at most 30 days after `last`, as far as balances go."""
    return min(ledger_day() or last, last + WINDOW * _DAY)


def completion_by_unit(viewer: User, above: Branch, first: date, last: date) -> list[UnitLine]:
    """The units right below one, by code, from the figures of the nights."""
    units = {unit.pk: unit for unit in Branch.objects.filter(parent=above)}
    kinds = {UnitKind.REGION if unit.kind == BranchKind.REGION else UnitKind.BRANCH for unit in units.values()}
    mine = Kpi.objects.visible_to(viewer).filter(unit_kind__in=kinds, unit_id__in=list(units), tier=-1)
    summed = mine.filter(measure__in=_SUMS, on__range=(first, last)).order_by().values_list("unit_id", "measure")
    figures = {(unit, name): (value, base) for unit, name, value, base in summed.annotate(Sum("value"), Sum("base"))}
    close = KpiDay.objects.filter(on__lte=last).order_by("-on").values("on")[:1]
    overdue = dict(mine.filter(measure="overdue", on__in=close).values_list("unit_id", "value"))

    def work(unit: int, name: str, left: int = 0) -> Work:
        value, base = figures.get((unit, name), (ZERO, ZERO))
        return Work(due=int(base or 0), in_time=int(value), overdue=left)

    ordered = sorted(units.values(), key=lambda unit: unit.code)
    return [
        UnitLine(
            unit,
            work(unit.pk, "follow_ups", int(overdue.get(unit.pk, 0))),
            work(unit.pk, "calls"),
            int(figures.get((unit.pk, "calls_agreed"), (ZERO, ZERO))[0]),
        )
        for unit in ordered
    ]


def by_team(lines: Iterable[Line], teams: Mapping[int, Collection[int]]) -> dict[int, Line]:
    """The lines of the members of each team, added up."""
    found: dict[int, Line] = {}
    by_owner = {line.owner: line for line in lines}
    for team, people in teams.items():
        mine = [by_owner[pk] for pk in people if pk in by_owner]
        found[team] = Line(
            team,
            sum((line.work for line in mine), Work()),
            sum((line.calls for line in mine), Work()),
            sum((line.outcome for line in mine), Outcome()),
        )
    return found

"""Causes that come again and again: what the night counts, problems, and the causes named most."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Case, Count, DateField, Exists, F, Max, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from complaints.models import Complaint, Problem
from complaints.rules.limits import Limits
from staff.access import HEADS
from staff.models import User

LONG_AGO = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class Repeat:
    """A cause that came again and again in a unit: its path in the tree, and how many cases."""

    branch_id: int
    path: str
    cause: str
    count: int


@dataclass(frozen=True, slots=True)
class TopCause:
    """A cause with what it goes with, by code and for a unit by name, and how many cases."""

    cause: str
    other: str
    name: str
    count: int


def repeats_on(day: date, limits: Limits) -> list[Repeat]:
    """Units and causes with enough cases up to `day` and no problem open; cases from before one was solved are past.

    A duplicate of another case is the same matter and counts once.
    """
    rows = Complaint.everything.filter(received_on__range=(limits.since(day), day), same_as=None).exclude(cause="")
    solved = Problem.everything.filter(branch=OuterRef("branch"), cause=OuterRef("cause"))
    last = solved.filter(state="solved").order_by().values("branch").annotate(last=Max("solved_on")).values("last")
    rows = rows.annotate(fresh_from=Coalesce(last, Value(LONG_AGO), output_field=DateField()))
    rows = rows.filter(received_on__gt=F("fresh_from")).exclude(Exists(solved.filter(state="open")))
    counted = rows.order_by().values_list("branch", "branch__path", "cause").annotate(n=Count("pk"))
    return [Repeat(*found) for found in counted.filter(n__gte=limits.repeat_cases).order_by("branch", "cause")]


def cases_of(branch_id: int, cause: str, first: date, last: date) -> Q:
    """The cases of a cause in a unit received from `first` to `last`, as a condition."""
    return Q(branch=branch_id, cause=cause, received_on__range=(first, last), same_as=None)


def cases_behind(problem: Problem, viewer: User) -> QuerySet[Complaint]:
    """The cases a problem was made of and those since, the newest first, as far as the viewer may see them."""
    first = problem.found_on - timedelta(days=problem.days - 1)
    last = problem.solved_on or date.max
    rows = Complaint.objects.visible_to(viewer).filter(cases_of(problem.branch_id, problem.cause, first, last))
    return rows.select_related("handler").order_by("-received_on", "-pk")


def recused_from(branch_id: int, cause: str, first: date, last: date) -> frozenset[int]:
    """Everybody whom one of these cases keeps away."""
    lists = Complaint.everything.filter(cases_of(branch_id, cause, first, last)).values_list("recused", flat=True)
    return frozenset(person for people in lists for person in people)


def heads_of(units: Sequence[int]) -> list[tuple[int, int]]:
    """Heads at work in these units, as pairs of unit and person."""
    found = User.objects.filter(role__in=HEADS, is_active=True, branch__in=units)
    return list(found.order_by("pk").values_list("branch", "pk"))


def problems_of(viewer: User) -> QuerySet[Problem]:
    """Problems the viewer may see, with their people; open ones first when ordered by `rank`."""
    rank = Case(When(state="open", then=Value(0)), default=Value(1))
    return Problem.objects.visible_to(viewer).select_related("branch", "owner").annotate(rank=rank)


def top_causes(rows: QuerySet[Complaint], other: str, most: int = 10) -> list[TopCause]:
    """The causes named most among these cases, each with a "product" or with its unit ("branch__code")."""
    name = "branch__name" if other == "branch__code" else other
    named = rows.order_by().exclude(cause="").values_list("cause", other).annotate(name=Max(name), n=Count("pk"))
    return [TopCause(*found) for found in named.order_by("-n", "cause", other)[:most]]

"""Corrective actions: who may own one, those of a case or a problem, and whose are overdue."""

from collections.abc import Collection
from datetime import date, timedelta

from django.db.models import Q, QuerySet

from complaints.models import Complaint, CorrectiveAction, Problem
from complaints.queries.cases import may_work_on
from complaints.queries.problems import recused_from
from staff.access import BOOK_KEEPERS, COUNTER, HEADS, has_role
from staff.enums import Role
from staff.models import Branch, User

# Who says what is to be put right, beside the handler of a case.
SETTERS = (*HEADS, Role.COMPLIANCE)


def actions_of(viewer: User) -> QuerySet[CorrectiveAction]:
    """Corrective actions the viewer may see, with what they are of."""
    rows = CorrectiveAction.objects.visible_to(viewer)
    return rows.select_related("branch", "complaint", "problem", "owner", "made_by", "ended_by")


def may_set(user: User, case: Complaint) -> bool:
    """Whether this person says the root cause of a case and what is to be put right: who works on it, and overseers."""
    return may_work_on(user, case) or (has_role(user, *SETTERS) and user.pk not in case.recused)


def may_end(user: User, action: CorrectiveAction) -> bool:
    """Whether this person says that an action is done or dropped: its owner, and overseers."""
    return user.pk == action.owner_id or has_role(user, *SETTERS)


def owners_for(branch: Branch, recused: Collection[int]) -> QuerySet[User]:
    """Who may be given a corrective action: people of the unit and heads above it, none of them recused; by name."""
    above = [int(part) for part in branch.path.strip("/").split("/") if part]
    unit = Q(branch=branch, role__in=[*COUNTER, *BOOK_KEEPERS, Role.BRANCH_HEAD])
    people = User.objects.filter(unit | Q(role__in=HEADS, branch__in=above), is_active=True)
    return people.exclude(pk__in=recused).order_by("name", "pk")


def owners_of_problem(problem: Problem) -> QuerySet[User]:
    """Who may be given a corrective action for a problem: nobody whom one of its cases keeps away."""
    first = problem.found_on - timedelta(days=problem.days - 1)
    kept_away = recused_from(problem.branch_id, problem.cause, first, date.max)
    return owners_for(problem.branch, kept_away)


def overdue_on(day: date) -> Q:
    """Still to be done though its day is past."""
    return Q(state="open", due_on__lt=day)

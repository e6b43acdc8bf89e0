"""Problems: opened by the night when a cause comes again and again, solved by a head who says how."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from complaints.enums import ActionState, ProblemState
from complaints.models import CorrectiveAction, Problem
from complaints.queries import problems as queries
from complaints.queries.clocks import day_of
from complaints.queries.limits import limits_on
from complaints.queries.problems import Repeat
from complaints.rules.limits import Limits
from complaints.rules.problems import owner_of
from core import trail
from core.errors import DomainError
from core.jobs import Counts
from core.trail import Actor
from staff.access import HEADS, has_role
from staff.enums import Event
from staff.models import User
from staff.services.notices import Told, notify_rows

SUBJECT = "complaints.problem"
MIN_WORDS = 2


class ProblemSolved(DomainError):
    """Somebody was quicker."""

    code = "problem_solved"
    message = _("The problem was solved before.")


class NotYoursToSolve(DomainError):
    """Heads solve problems of their units."""

    code = "problem_not_yours"
    message = _("Only heads say that a problem is solved.")


class WordsMissing(DomainError):
    """Without words nobody learns from it."""

    code = "problem_words"
    message = _("Say what was done.")


class ActionsLeft(DomainError):
    """Something is still to be put right."""

    code = "problem_actions"
    message = _("Corrective actions of this problem are still open: %(count)s.")


@transaction.atomic
def find_problems(*, business_day: date, actor: Actor, at: datetime) -> Counts:
    """Open a problem for each cause that came too often in a unit up to the day. Called by the night; safe twice."""
    limits = limits_on(business_day)
    found = queries.repeats_on(business_day, limits)
    made = [problem for repeat in found if (problem := _opened(repeat, business_day, limits))]
    for problem in made:
        what = {"branch": problem.branch_id, "cause": problem.cause, "count": problem.count}
        _record(problem, "open", actor, at, what)
    told = [
        Told(
            problem.owner_id,
            f"problem {problem.pk}",
            reverse("complaints:problem", args=[problem.pk]),
            {"number": problem.pk, "count": problem.count, "days": problem.days},
        )
        for problem in made
        if problem.owner_id
    ]
    notify_rows(event=Event.PROBLEM_FOUND, rows=told, at=at)
    return {"rows": len(made)}


def _opened(repeat: Repeat, day: date, limits: Limits) -> Problem | None:
    """The new problem; None where one was opened meanwhile."""
    units = [int(part) for part in reversed(repeat.path.strip("/").split("/")) if part]
    kept_away = queries.recused_from(repeat.branch_id, repeat.cause, limits.since(day), day)
    problem, is_new = Problem.everything.get_or_create(
        branch_id=repeat.branch_id,
        cause=repeat.cause,
        state=ProblemState.OPEN,
        defaults={
            "found_on": day,
            "count": repeat.count,
            "days": limits.repeat_days,
            "owner_id": owner_of(units, queries.heads_of(units), kept_away),
        },
    )
    return problem if is_new else None


@transaction.atomic
def solve_problem(*, problem: Problem, words: str, actor: User, at: datetime) -> Problem:
    """Say that a problem is solved, and how. Raises ProblemSolved, NotYoursToSolve, WordsMissing, ActionsLeft."""
    problem = Problem.everything.select_for_update().get(pk=problem.pk)
    if problem.state != ProblemState.OPEN:
        raise ProblemSolved()
    if not has_role(actor, *HEADS):
        raise NotYoursToSolve()
    said = words.strip()[:500]
    if len(said) < MIN_WORDS:
        raise WordsMissing()
    if left := CorrectiveAction.everything.filter(problem=problem, state=ActionState.OPEN).count():
        raise ActionsLeft(count=left)
    problem.state, problem.words = ProblemState.SOLVED, said
    problem.solved_by, problem.solved_on = actor, day_of(at)
    problem.save(update_fields=["state", "words", "solved_by", "solved_on"])
    _record(problem, "solve", actor.actor, at, {"state": [ProblemState.OPEN, ProblemState.SOLVED]})
    return problem


def _record(problem: Problem, action: str, actor: Actor, at: datetime, changes: Mapping[str, Any]) -> None:
    trail.record(actor=actor, action=action, subject=SUBJECT, subject_id=problem.pk, at=at, changes=changes)

"""Problems: the list with the causes named most, and one with its cases and what is put right."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from complaints.enums import ProblemState
from complaints.filters.actions import PROBLEMS, action_state, problem_state
from complaints.forms.actions import ActionForm, SolveForm
from complaints.models import Complaint, Problem
from complaints.queries import problems as queries
from complaints.queries.actions import actions_of, owners_of_problem
from complaints.queries.choices import word_for
from complaints.queries.limits import limits_on
from complaints.services import actions as action_services
from complaints.services import problems as services
from core.clock import now, today
from core.errors import DomainError
from core.pages import recall
from staff.access import HEADS, has_role, roles
from staff.enums import Role
from staff.queries import view_to_open

INVALID = 422  # htmx shows forms with errors under this status
READERS = (*HEADS, Role.COMPLIANCE)
SHOWN = 50


@dataclass(frozen=True, slots=True)
class TopLine:
    """A cause with what it goes with, how many cases, and the address of exactly those."""

    cause: str
    other: str
    count: int
    url: str


@roles(*READERS)
@require_GET
def problem_list(request: HttpRequest) -> HttpResponse:
    """Problems of one's units, and above them the causes named most of late, by product and by unit."""
    rows = queries.problems_of(request.user)
    recall(request, PROBLEMS, view_to_open(request.user, PROBLEMS.list_key, request.GET), rows, amounts=False)
    limits = limits_on(today())
    first = limits.since(today())
    context = {
        "listing": PROBLEMS.show(request, rows),
        "tops": [
            (_("Product"), list(_tops(request, first, "product", "product"))),
            (_("Unit"), list(_tops(request, first, "unit", "branch__code"))),
        ],
        "days": limits.repeat_days,
        "page_title": _("Problems"),
    }
    return render(request, "complaints/problems.html", context)


def _tops(request: HttpRequest, first: date, name: str, path: str) -> Iterator[TopLine]:
    rows = Complaint.objects.visible_to(request.user).filter(received_on__gte=first)
    for top in queries.top_causes(rows, path):
        query = QueryDict(mutable=True)
        query.update(
            {"state": "all", "cause": top.cause, "received_from": first.isoformat(), name: top.other or "none"}
        )
        other = word_for("products", top.other) if name == "product" and top.other else top.name or top.other
        url = f"{reverse('complaints:inbox')}?{query.urlencode()}"
        yield TopLine(word_for("causes", top.cause), other or _("None"), top.count, url)


def _problem(request: HttpRequest, pk: int) -> Problem:
    return get_object_or_404(queries.problems_of(request.user), pk=pk)


def _new(data: Any, row: Problem) -> ActionForm:
    due_on = today() + timedelta(days=limits_on(today()).action_days)
    return ActionForm(data, people=owners_of_problem(row), due_on=due_on, prefix="action")


@roles(*READERS)
@require_http_methods(["GET", "HEAD", "POST"])
def problem(request: HttpRequest, pk: int) -> HttpResponse:
    """One problem with its cases and actions; POST says that it is solved."""
    row, form = _problem(request, pk), SolveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.solve_problem(problem=row, actor=request.user, at=now(), **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The problem is solved."))
            return redirect("complaints:problem", pk)
    return _page(request, row, solve=form)


@roles(*READERS)
@require_POST
def problem_action(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down what is to be put right for a problem."""
    row = _problem(request, pk)
    form = _new(request.POST, row)
    if form.is_valid():
        try:
            todo = action_services.ToDo(**form.cleaned_data)
            action_services.add_action_for(problem=row, todo=todo, actor=request.user, at=now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Written down; its owner was told."))
            return redirect("complaints:problem", pk)
    return _page(request, row, action=form)


def _page(
    request: HttpRequest, row: Problem, solve: SolveForm | None = None, action: ActionForm | None = None
) -> HttpResponse:
    title = f"{word_for('causes', row.cause)} · {row.branch.name}"
    is_open, cases = row.state == ProblemState.OPEN, queries.cases_behind(row, request.user)
    actions = actions_of(request.user).filter(problem=row).order_by("due_on", "pk")
    context = {
        "row": row,
        "state": problem_state(row),
        "facts": list(_facts(row)),
        "cases": cases[:SHOWN],
        "count": cases.count(),
        "actions": [(one, action_state(one)) for one in actions],
        "solve": (solve or SolveForm()) if is_open and has_role(request.user, *HEADS) else None,
        "action": (action or _new(None, row)) if is_open else None,
        "page_title": title,
        "crumbs": [{"label": _("Problems"), "url": reverse("complaints:problems")}, {"label": title}],
    }
    wrong = bool(solve and solve.errors) or bool(action and action.errors)
    return render(request, "complaints/problem.html", context, status=INVALID if wrong else 200)


def _facts(row: Problem) -> Iterator[dict[str, Any]]:
    yield {"label": _("Unit"), "value": row.branch.name}
    yield {"label": _("Root cause"), "value": word_for("causes", row.cause)}
    yield {"label": _("Found on"), "value": row.found_on, "kind": "date"}
    found = _("%(count)s within %(days)s days") % {"count": row.count, "days": row.days}
    yield {"label": _("Complaints then"), "value": found}
    yield {"label": _("Owner"), "value": row.owner.name if row.owner else _("Nobody yet")}
    if row.solved_on:
        yield {"label": _("Solved on"), "value": row.solved_on, "kind": "date"}
        yield {"label": _("What was done"), "value": row.words}

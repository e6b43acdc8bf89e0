"""Root causes and corrective actions: the part of a case's page, the list, and one action."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from complaints.enums import ActionState
from complaints.filters.actions import ACTIONS, action_state
from complaints.forms.actions import ActionForm, CauseForm, EndForm
from complaints.models import Complaint, CorrectiveAction
from complaints.queries import actions as queries
from complaints.queries.choices import word_for
from complaints.queries.limits import limits_on
from complaints.rules.moves import ENDED
from complaints.services import actions as services
from core.clock import now, today
from core.errors import DomainError
from core.pages import recall
from staff.access import CUSTOMER_ROLES, has_role, roles
from staff.queries import view_to_open

INVALID = 422  # htmx shows forms with errors under this status
CHANGED = "case-changed"  # the history and the facts on the page of a case load again
DO = {"done": ("evidence", services.finish_action), "dropped": ("reason", services.drop_action)}


@roles(*CUSTOMER_ROLES)
@require_GET
def action_list(request: HttpRequest) -> HttpResponse:
    """Corrective actions in sight: one's own, and of one's units for those who oversee; the next due first."""
    rows = queries.actions_of(request.user)
    recall(request, ACTIONS, view_to_open(request.user, ACTIONS.list_key, request.GET), rows, amounts=False)
    context = {"listing": ACTIONS.show(request, rows), "page_title": _("Corrective actions")}
    return render(request, "complaints/action_list.html", context)


def _case(request: HttpRequest, number: str) -> Complaint:
    rows = Complaint.objects.visible_to(request.user).select_related("branch", "desk", "handler")
    return get_object_or_404(rows, number=number)


def _new(data: Any, case: Complaint) -> ActionForm:
    due_on = today() + timedelta(days=limits_on(today()).action_days)
    return ActionForm(data, people=queries.owners_for(case.branch, case.recused), due_on=due_on, prefix="action")


@roles(*CUSTOMER_ROLES)
@require_http_methods(["GET", "HEAD", "POST"])
def actions(request: HttpRequest, number: str) -> HttpResponse:
    """The root cause of a case and what is put right, as a part of its page; POST writes an action down."""
    case = _case(request, number)
    form = _new(request.POST, case) if request.method == "POST" else None
    if form is not None and form.is_valid():
        try:
            todo = services.ToDo(**form.cleaned_data)
            services.add_action(complaint=case, todo=todo, actor=request.user, at=now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Written down; its owner was told."))
            form = None
    return _part(request, case, action=form)


@roles(*CUSTOMER_ROLES)
@require_POST
def cause(request: HttpRequest, number: str) -> HttpResponse:
    """Say why it came to the complaint."""
    case, form = _case(request, number), CauseForm(request.POST, prefix="cause")
    if form.is_valid():
        try:
            case = services.set_cause(complaint=case, actor=request.user, at=now(), **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return _part(request, case)
    return _part(request, case, cause=form)


def _part(
    request: HttpRequest, case: Complaint, action: ActionForm | None = None, cause: CauseForm | None = None
) -> HttpResponse:
    may_set = queries.may_set(request.user, case)
    rows = queries.actions_of(request.user).filter(complaint=case).order_by("due_on", "pk")
    may_cause = may_set and case.state not in ENDED
    context = {
        "case": case,
        "cause_word": word_for("causes", case.cause) if case.cause else "",
        "cause": (cause or CauseForm(initial={"cause": case.cause}, prefix="cause")) if may_cause else None,
        "actions": [(row, action_state(row)) for row in rows],
        "action": (action or _new(None, case)) if may_set else None,
        "page_title": _("Root cause and what is put right"),
        "crumbs": [{"label": case.number, "url": case.get_absolute_url()}, {"label": _("What is put right")}],
    }
    template = "complaints/_actions.html" if request.htmx else "complaints/actions.html"
    wrong = bool(action and action.errors) or bool(cause and cause.errors)
    response = render(request, template, context, status=INVALID if wrong else 200)
    return trigger_client_event(response, CHANGED) if request.method == "POST" and not wrong else response


def _action(request: HttpRequest, pk: int) -> CorrectiveAction:
    return get_object_or_404(queries.actions_of(request.user), pk=pk)


@roles(*CUSTOMER_ROLES)
@require_http_methods(["GET", "HEAD", "POST"])
def action(request: HttpRequest, pk: int) -> HttpResponse:
    """One corrective action; POST says what became of it."""
    row = _action(request, pk)
    form = EndForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _ended(request, row, form):
        return redirect("complaints:action", pk)
    may_end = row.state == ActionState.OPEN and queries.may_end(request.user, row)
    title = _("Corrective action no. %(number)s") % {"number": row.pk}
    context = {
        "row": row,
        "state": action_state(row),
        "facts": list(_facts(request, row)),
        "form": form if may_end else None,
        "page_title": title,
        "crumbs": [{"label": _("Corrective actions"), "url": reverse("complaints:action_list")}, {"label": title}],
    }
    return render(request, "complaints/action.html", context, status=INVALID if form.errors else 200)


def _ended(request: HttpRequest, row: CorrectiveAction, form: forms.Form) -> bool:
    name, work = DO[form.cleaned_data["step"]]
    try:
        work(action=row, actor=request.user, at=now(), **{name: form.cleaned_data["words"]})
    except DomainError as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, _("Saved."))
    return True


def _facts(request: HttpRequest, row: CorrectiveAction) -> Iterator[dict[str, Any]]:
    if row.complaint is not None:
        seen = Complaint.objects.visible_to(request.user).filter(pk=row.complaint_id).exists()
        url = row.complaint.get_absolute_url() if seen else ""
        yield {"label": _("Case"), "value": row.complaint.number, "url": url}
    if row.problem_id is not None:
        url = reverse("complaints:problem", args=[row.problem_id]) if has_role(request.user, *queries.SETTERS) else ""
        yield {"label": _("Problem"), "value": row.problem_id, "url": url}
    yield {"label": _("Root cause"), "value": word_for("causes", row.cause)}
    yield {"label": _("Unit"), "value": row.branch.name}
    yield {"label": _("Owner"), "value": row.owner.name}
    yield {"label": _("Due on"), "value": row.due_on, "kind": "date"}
    yield {"label": _("Written down by"), "value": f"{row.made_by.name} · {localtime(row.made_at):%Y-%m-%d %H:%M}"}
    if row.ended_by is not None and row.ended_at is not None:
        yield {"label": _("Ended by"), "value": f"{row.ended_by.name} · {localtime(row.ended_at):%Y-%m-%d %H:%M}"}

"""The page of a case: where it stands, who works on it, what was done to it, and the steps that need no decision."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from complaints.enums import Move
from complaints.filters.inbox import grade_cell, state_cell
from complaints.forms import cases as forms
from complaints.models import Complaint
from complaints.queries import cases as queries
from complaints.queries.choices import word_for
from complaints.rules.moves import LIVE, OPEN
from complaints.services import cases as services
from complaints.templatetags.cases import happenings
from core.clock import now
from core.errors import DomainError
from staff.access import roles

INVALID = 422  # htmx shows forms with errors under this status


@dataclass(frozen=True, slots=True)
class Step:
    """A step taken on the page of a case: its form, the service that takes it, and the words once it is done."""

    form: type[forms.CaseForm]
    work: Callable[..., Complaint]
    done: str | Promise
    label: str | Promise
    key: str = ""


STEPS: dict[str, Step] = {
    "accept": Step(
        forms.AcceptForm, services.accept, gettext_lazy("Accepted; the handler was told."), Move.ACCEPT.label, "a"
    ),
    "investigate": Step(
        forms.NoteForm,
        services.investigate,
        gettext_lazy("The investigation has begun."),
        Move.INVESTIGATE.label,
        "i",
    ),
    "withdraw": Step(
        forms.WithdrawForm,
        services.withdraw,
        gettext_lazy("The case ended today: it was withdrawn."),
        Move.WITHDRAW.label,
        "w",
    ),
    "reopen": Step(
        forms.ReopenForm,
        services.reopen,
        gettext_lazy("Open again; its clocks began anew."),
        Move.REOPEN.label,
        "o",
    ),
    "assign": Step(
        forms.HandlerForm,
        services.assign_handler,
        gettext_lazy("The case has a new handler, who was told."),
        gettext_lazy("Give to a handler"),
        "h",
    ),
    "grade": Step(
        forms.GradeForm, services.regrade, gettext_lazy("Graded anew."), gettext_lazy("Change how serious it is")
    ),
    "desk": Step(
        forms.DeskForm,
        services.move_desk,
        gettext_lazy("Another unit decides this case now."),
        gettext_lazy("Have another unit decide"),
    ),
    "recuse": Step(
        forms.RecuseForm,
        services.recuse,
        gettext_lazy("Kept away from now on."),
        gettext_lazy("Keep somebody away from the case"),
    ),
    "aside": Step(
        forms.StepAsideForm,
        services.step_aside,
        gettext_lazy("You have stepped aside; the case is no longer shown to you."),
        pgettext_lazy("complaint", "Step aside: I have an interest in it"),
    ),
    "lift": Step(
        forms.LiftForm,
        services.lift_recusal,
        gettext_lazy("The colleague sees the case again."),
        gettext_lazy("Let somebody near again"),
    ),
}
# Moves the part of the page about the decision takes.
DECIDING = {Move.PROPOSE: "p", Move.SEND_BACK: "b", Move.ANSWER: "t", Move.CLOSE: "l"}
ONWARD = (Move.ACCEPT, Move.INVESTIGATE, Move.PROPOSE, Move.ANSWER, Move.CLOSE)
LEADING = ("assign", "grade", "desk", "recuse", "lift")


@dataclass(frozen=True, slots=True)
class Offer:
    """A step somebody may take now: its name, words, key, and its form; without one it is taken at `url`."""

    name: str
    label: str
    key: str
    form: Form | None = None
    url: str = ""

    @property
    def is_onward(self) -> bool:
        """Whether it brings the case nearer to its end, and not back or out of the way."""
        return self.name in ONWARD


@require_GET
@roles(*queries.WORKERS)
def detail(request: HttpRequest, number: str) -> HttpResponse:
    """One case, and what this person may do about it."""
    return _page(request, _case(request, number))


@require_POST
@roles(*queries.WORKERS)
def step(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """Take one step with a case."""
    case = _case(request, number)
    if step not in STEPS:
        raise Http404
    chosen = STEPS[step]
    form = chosen.form(request.POST, case=case, prefix=step)
    if form.is_valid():
        try:
            chosen.work(complaint=case, actor=request.user, at=now(), **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, chosen.done)
            return redirect(_after(request, case))
    return _page(request, _case(request, number), {step: form})


@require_POST
@roles(*queries.WORKERS)
def account(request: HttpRequest, number: str) -> HttpResponse:
    """What the complainant said and left of themselves, in clear; that it was opened stays on the trail."""
    case = _case(request, number)
    said = services.open_account(complaint=case, actor=request.user, at=now())
    page = "complaints/_detail_account.html" if request.htmx else "complaints/detail_account.html"
    response = render(request, page, {"case": case, "said": said, "page_title": case.number})
    response["Cache-Control"] = "no-store"
    return response


@require_GET
@roles(*queries.WORKERS)
def history(request: HttpRequest, number: str) -> HttpResponse:
    """Everything that was done to a case, latest first; looking at it, too."""
    case = _case(request, number)
    context = {"case": case, "items": happenings(queries.history_of(case)), "page_title": case.number}
    return render(request, "complaints/_history.html" if request.htmx else "complaints/history.html", context)


def _case(request: HttpRequest, number: str) -> Complaint:
    return get_object_or_404(queries.cases_of(request.user), number=number)


def _after(request: HttpRequest, case: Complaint) -> str:
    seen = Complaint.objects.visible_to(request.user).filter(pk=case.pk).exists()
    return reverse("complaints:detail", args=[case.number]) if seen else reverse("complaints:inbox")


def _page(request: HttpRequest, case: Complaint, wrong: dict[str, Form] | None = None) -> HttpResponse:
    context = {
        "case": case,
        "state": state_cell(case),
        "grade": grade_cell(case),
        "facts": list(_facts(case)),
        "moves": list(_moves(request, case, wrong or {})),
        "steps": list(_steps(request, case, wrong or {})),
        "wrong": next(iter(wrong), "") if wrong else "",
        "recusals": queries.recusals_of(case),
        "page_title": case.number,
        "crumbs": [{"label": _("Complaints"), "url": reverse("complaints:inbox")}, {"label": case.number}],
    }
    return render(request, "complaints/detail.html", context, status=INVALID if wrong else 200)


def _moves(request: HttpRequest, case: Complaint, wrong: dict[str, Form]) -> Iterator[Offer]:
    for move in queries.moves_for(request.user, case):
        if move in DECIDING:
            yield Offer(move, str(move.label), DECIDING[move], url="#decision")
        else:
            yield _offer(move.value, case, wrong)


def _steps(request: HttpRequest, case: Complaint, wrong: dict[str, Form]) -> Iterator[Offer]:
    """What is done to a case besides moving it."""
    if not queries.may_lead(request.user, case):
        if queries.may_work_on(request.user, case):
            yield _offer("aside", case, wrong)
        return
    idle = {"lift": not case.recused, "grade": case.state not in OPEN, "assign": case.state not in LIVE}
    for name in LEADING:
        if idle.get(name):
            continue
        yield _offer(name, case, wrong)


def _offer(name: str, case: Complaint, wrong: dict[str, Form]) -> Offer:
    chosen = STEPS[name]
    form = wrong.get(name) or chosen.form(case=case, prefix=name)
    return Offer(name, str(chosen.label), chosen.key, form)


def _facts(case: Complaint) -> Iterator[dict[str, Any]]:
    customer = case.customer
    yield {
        "label": _("Customer"),
        "value": f"{customer.name} {customer.customer_no}" if customer else _("No customer"),
        "url": customer.get_absolute_url() if customer else "",
    }
    yield {"label": _("Complainant"), "value": case.get_complainant_display(), "hint": case.authority}
    yield {"label": _("Way in"), "value": case.get_source_display()}
    if case.source_no:
        yield {"label": _("Number given by the sender"), "value": case.source_no}
        yield {"label": _("Received by the sender on"), "value": case.source_on, "kind": "date"}
    yield {"label": _("Received on"), "value": case.received_on, "kind": "date"}
    yield {"label": _("Category"), "value": word_for("categories", case.category)}
    if case.product:
        yield {"label": _("Product"), "value": word_for("products", case.product)}
    if case.cause:
        yield {"label": _("Root cause"), "value": word_for("causes", case.cause)}
    yield {"label": _("Unit complained of"), "value": case.branch.name}
    yield {"label": _("Unit that decides"), "value": case.desk.name}
    yield {"label": _("Handler"), "value": case.handler.name if case.handler else _("Nobody yet")}
    who = case.registered_by.name if case.registered_by else _("The complainant, over the web form")
    yield {"label": _("Written down by"), "value": who}
    if case.answered_on:
        yield {"label": _("Answered on"), "value": case.answered_on, "kind": "date"}
    if case.closed_on:
        yield {"label": _("Ended on"), "value": case.closed_on, "kind": "date"}
    if case.quiet_until:
        yield {"label": _("No marketing until"), "value": case.quiet_until, "kind": "date"}

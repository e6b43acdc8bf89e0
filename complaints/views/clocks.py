"""The part of a case's page about its clocks: tries to reach the complainant, pauses, more time, who was told."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from complaints.forms.clocks import AttemptForm, DecideForm, ExtensionForm, PauseForm, ResumeForm, ToldForm
from complaints.models import Complaint, Extension
from complaints.queries import clocks as queries
from complaints.queries import extensions as more_time
from complaints.queries.cases import WORKERS, cases_of, may_work_on
from complaints.rules.clocks import PAUSABLE
from complaints.rules.moves import OPEN
from complaints.services import clocks as services
from complaints.services import extensions
from core.clock import now, today
from core.errors import DomainError
from staff.access import roles

INVALID = 422  # htmx shows forms with errors under this status
CHANGED = "case-changed"  # the history and the facts on the page of a case load again
STEPS: Mapping[str, tuple[Callable[..., Any], str | Promise]] = {
    "attempt": (services.record_attempt, _("Written down.")),
    "pause": (services.pause_clock, _("The internal clock stands still; the statutory clock runs on.")),
    "resume": (services.resume_clock, _("The internal clock runs on.")),
    "extend": (extensions.ask_extension, _("Asked for; who decides was told.")),
}
EXTENSION_STEPS: Mapping[str, tuple[type[Form], Callable[..., Any], str | Promise]] = {
    "decide": (DecideForm, extensions.decide_extension, _("Decided; who asked was told.")),
    "tell": (ToldForm, extensions.tell_extension, _("The deadline is later from now on.")),
}


@require_GET
@roles(*WORKERS)
def clocks(request: HttpRequest, number: str) -> HttpResponse:
    """What moved the clocks of a case, and what may be done about them."""
    return _part(request, _case(request, number))


@require_POST
@roles(*WORKERS)
def clocks_step(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """Write a try down, stop or start the internal clock, ask for more time."""
    case = _case(request, number)
    if step not in STEPS:
        raise Http404
    work, done = STEPS[step]
    form = _form(step, case, request.POST)
    return _taken(request, case, form, work, done, {step: form}, complaint=case)


@require_POST
@roles(*WORKERS)
def extension_step(request: HttpRequest, number: str, pk: int, step: str) -> HttpResponse:
    """Decide on a request for more time, or record that the complainant was told."""
    rows = Extension.objects.visible_to(request.user).select_related("complaint__desk")
    extension = get_object_or_404(rows, pk=pk, complaint__number=number)
    if step not in EXTENSION_STEPS:
        raise Http404
    kind, work, done = EXTENSION_STEPS[step]
    form = kind(request.POST, prefix=f"x{pk}")
    return _taken(request, _case(request, number), form, work, done, {f"x{pk}": form}, extension=extension)


def _case(request: HttpRequest, number: str) -> Complaint:
    return get_object_or_404(cases_of(request.user), number=number)


def _taken(
    request: HttpRequest,
    case: Complaint,
    form: Form,
    work: Callable[..., Any],
    done: str | Promise,
    wrong: Mapping[str, Form],
    **about: Any,
) -> HttpResponse:
    if form.is_valid():
        try:
            work(**about, **form.cleaned_data, actor=request.user, at=now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, done)
            return _part(request, _case(request, case.number), moved=True) if request.htmx else redirect(case)
    return _part(request, case, wrong)


def _form(step: str, case: Complaint, data: Any = None) -> Form:
    if step == "extend":
        kinds = more_time.kinds_to_ask(case, day=today())
        return ExtensionForm(data, kinds=[(kind.value, kind.label) for kind in kinds], prefix=step)
    made: dict[str, type[Form]] = {"attempt": AttemptForm, "pause": PauseForm, "resume": ResumeForm}
    return made[step](data, prefix=step)


def _part(
    request: HttpRequest, case: Complaint, wrong: Mapping[str, Form] | None = None, *, moved: bool = False
) -> HttpResponse:
    """The part as it stands; `moved`: the clocks at the top of the page are brought up to date beside it."""
    found, works = wrong or {}, may_work_on(request.user, case)
    context = {
        "case": case,
        "forms": {step: found.get(step) or _form(step, case) for step in _offered(case, works=works)},
        "attempts": queries.attempts_of(case),
        "pauses": queries.pauses_of(case),
        "paused_days": queries.paused_days(case, day=today()),
        "extensions": [
            (row, _extension_step(request, row, case, works=works), found.get(f"x{row.pk}"))
            for row in more_time.extensions_of(case)
        ],
        "told": more_time.told_of(case),
        "moved": moved,
        "page_title": case.number,
    }
    page = "complaints/_clocks_part.html" if request.htmx else "complaints/clocks.html"
    response = render(request, page, context, status=INVALID if wrong else 200)
    return trigger_client_event(response, CHANGED) if moved else response


def _offered(case: Complaint, *, works: bool) -> list[str]:
    """The steps with the clocks this person may take now."""
    if not works or case.state not in OPEN:
        return []
    steps = ["attempt"]
    if case.paused_at is not None:
        steps.append("resume")
    elif case.state in PAUSABLE:
        steps.append("pause")
    return [*steps, "extend"] if more_time.kinds_to_ask(case, day=today()) else steps


def _extension_step(request: HttpRequest, row: Extension, case: Complaint, *, works: bool) -> dict[str, Any] | None:
    """What this person may do about a request now: its step, with a fresh form."""
    row.complaint = case
    step = more_time.extension_step(request.user, row, day=today(), works=works)
    return {"name": step, "form": EXTENSION_STEPS[step][0](prefix=f"x{row.pk}")} if step else None

"""Findings of supervision: the list, and one with its story and the steps that are this person's."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from core.clock import now, today
from core.errors import DomainError
from insights.filters.supervision import FINDINGS, criterion_of, finding_state, finding_tiles, grade_cell
from insights.forms.supervision import AnswerForm, CorrectForm, RecheckForm, WordsForm
from staff.access import EVERYONE, has_role, roles
from staff.enums.supervision import FindingStep, Grade, Upward
from staff.models import Finding, FindingMove, User
from staff.queries import supervision as queries
from staff.services import supervision_findings as services

INVALID = 422  # htmx shows forms with errors under this status
Step = tuple[Callable[..., Finding], type[forms.Form] | None, Any, Any]
# A step's service, form, the words of its button, and what is said afterwards.
STEPS: Mapping[str, Step] = {
    "issue": (services.issue_finding, None, gettext_lazy("Issue"), gettext_lazy("Issued; the person was told.")),
    "discard": (services.discard_finding, None, gettext_lazy("Discard"), gettext_lazy("Discarded.")),
    "correct": (
        services.correct_finding,
        CorrectForm,
        gettext_lazy("Report the correction"),
        gettext_lazy("Reported; another person checks again."),
    ),
    "recheck": (services.recheck_finding, RecheckForm, gettext_lazy("Save the re-check"), gettext_lazy("Saved.")),
    "answer": (services.answer_appeal, AnswerForm, gettext_lazy("Answer the appeal"), gettext_lazy("Answered.")),
    "account": (
        services.hold_to_account,
        WordsForm,
        gettext_lazy("Write down who answers for it"),
        gettext_lazy("Saved."),
    ),
    "appeal": (services.appeal_finding, WordsForm, gettext_lazy("Appeal"), gettext_lazy("Your appeal is in.")),
    "comment": (services.comment_finding, WordsForm, pgettext_lazy("finding", "Comment"), gettext_lazy("Saved.")),
}
TONES = {
    FindingStep.ESCALATED: "bad",
    FindingStep.FAILED: "bad",
    FindingStep.PASSED: "good",
    FindingStep.ISSUED: "warn",
}


@roles(*EVERYONE)
@require_GET
def findings(request: HttpRequest) -> HttpResponse:
    """Findings about oneself, to be corrected by oneself, or of one's units."""
    context = {
        "listing": FINDINGS.show(request, queries.findings_for(request.user)),
        "export": "insights:findings_export" if has_role(request.user, *queries.OVERSEERS) else "",
        "tiles": list(finding_tiles(request)),
        "page_title": str(FINDINGS.caption),
    }
    return render(request, "insights/findings.html", context)


@roles(*EVERYONE)
@require_GET
def finding(request: HttpRequest, pk: int) -> HttpResponse:
    """One finding: what, how grave, until when, and its story."""
    return _page(request, _row(request, pk))


@roles(*EVERYONE)
@require_POST
def finding_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Take a step that is this person's to take."""
    row = _row(request, pk)
    if step not in STEPS:
        raise Http404
    work, made, _label, words = STEPS[step]
    form = (made or forms.Form)(request.POST, prefix=step)
    if form.is_valid():
        try:
            work(finding=row, actor=request.user, at=now(), **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, str(words))
            return redirect(row)
    return _page(request, row, {step: form})


def _row(request: HttpRequest, pk: int) -> Finding:
    return get_object_or_404(queries.findings_for(request.user), pk=pk)


def _page(request: HttpRequest, row: Finding, wrong: Mapping[str, forms.Form] | None = None) -> HttpResponse:
    title, user = _("Finding no. %(number)s") % {"number": row.pk}, request.user
    said = wrong or {}
    steps = [
        (step, said.get(step) or (made(prefix=step) if made else None), label)
        for step, (_work, made, label, _words) in STEPS.items()
        if step in said or queries.may_step(user, row, step, today())
    ]
    context = {
        "row": row,
        "state": finding_state(row),
        "grade": grade_cell(row),
        "facts": list(_facts(row, user)),
        "steps": steps,
        "earlier": _earlier(row),
        "story": [_told(move) for move in queries.story_of(row)],
        "page_title": title,
        "crumbs": [{"label": str(FINDINGS.caption), "url": reverse("insights:findings")}, {"label": title}],
    }
    return render(request, "insights/finding.html", context, status=INVALID if wrong else 200)


def _earlier(row: Finding) -> int:
    """How many of the kind were issued about the person in the year before; only for a repeat."""
    day = row.issued_on or today()
    days = queries.numbers_on(day).repeat_days
    rows = queries.earlier_findings(row.person_id, row.criterion, until=day, days=days)
    return rows.exclude(pk=row.pk).count()


def _facts(row: Finding, viewer: User) -> Iterator[dict[str, Any]]:
    yield {"label": _("Area"), "value": row.get_area_display()}
    yield {"label": _("Criterion"), "value": criterion_of(row)}
    yield {"label": _("Person checked"), "value": row.person.name}
    yield {"label": _("Branch"), "value": row.branch.name}
    yield {"label": _("Who puts it right"), "value": row.owner.name}
    yield {"label": _("Due on"), "value": row.due_on, "kind": "date"}
    if row.issued_on:
        yield {"label": pgettext("finding", "Issued on"), "value": row.issued_on, "kind": "date"}
    if row.level:
        yield {"label": _("Told upwards"), "value": row.get_level_display()}
    if row.correction:
        yield {"label": _("What was put right"), "value": row.correction}
        yield {"label": _("Evidence"), "value": row.evidence}
    if row.account:
        yield {"label": _("Accountability"), "value": row.account}
    if queries.checks_for(viewer).filter(pk=row.spot_check_id).exists():
        check = _("Check no. %(number)s") % {"number": row.spot_check_id}
        yield {"label": _("Spot check"), "value": check, "url": row.spot_check.get_absolute_url()}


def _told(move: FindingMove) -> dict[str, Any]:
    """A step as the timeline shows it."""
    words = move.words
    if move.step == FindingStep.ESCALATED and words in Upward.names:
        words = str(Upward[words].label)
    if move.grade:
        grade = _("Grade: %(grade)s") % {"grade": Grade(move.grade).label}
        words = f"{grade} · {words}" if words else grade
    return {
        "at": move.at,
        "title": move.get_step_display(),
        "text": words,
        "actor": move.by.name if move.by else _("the night"),
        "tone": TONES.get(FindingStep(move.step), ""),
        "icon": "history",
    }

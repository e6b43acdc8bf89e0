"""Surveys as heads run them: waves, what their links came to, and what customers said."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.clock import now, today
from core.errors import DomainError
from core.messaging import is_configured
from servicing.enums import InvitationState, SurveyChannel, WaveState
from servicing.filters.surveys import ANSWERS, WAVES, channel_names, state_cell
from servicing.forms.surveys import WaveForm
from servicing.models import Wave
from servicing.queries import surveys as queries
from servicing.queries.contacts import units_of
from servicing.rules.surveys import Recommendation
from servicing.services import surveys as services
from staff.access import HEADS, has_role, roles
from staff.enums import Role

INVALID = 422  # htmx shows forms with errors under this status
READERS = (*HEADS, Role.COMPLIANCE)
REASONS = {
    "not_sampled": gettext_lazy("Not drawn into the sample"),
    "fatigue": gettext_lazy("Asked lately"),
    "alert": gettext_lazy("An alert says not to"),
    "no_address": gettext_lazy("No address known for any of the channels"),
    "no_consent": gettext_lazy("Did not agree to surveys over any of the channels"),
}
STEPS = {
    "start": (services.start_wave, gettext_lazy("The survey runs: customers are asked from the next night on.")),
    "close": (services.close_wave, gettext_lazy("The survey is closed; its links no longer work.")),
    "again": (services.send_again, gettext_lazy("The links are sent again; the earlier ones no longer work.")),
    "discard": (services.discard_wave, gettext_lazy("The draft was thrown away.")),
}


@roles(*READERS)
@require_GET
def survey_list(request: HttpRequest) -> HttpResponse:
    """Waves of units in sight, the newest first."""
    listing = WAVES.show(request, queries.waves_of(request.user))
    context = {"listing": listing, "may_run": has_role(request.user, *HEADS), "page_title": _("Surveys")}
    return render(request, "servicing/surveys.html", context)


@roles(*HEADS)
@require_http_methods(["GET", "HEAD", "POST"])
def survey_new(request: HttpRequest) -> HttpResponse:
    """Draw up a wave."""
    initial = {"branch": request.user.branch, "starts_on": today(), "channels": ["sms", "wecom", "kiosk"]}
    form = WaveForm(request.POST or None, units=units_of(request.user), initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            wave = services.draft_wave(facts=services.WaveFacts(**form.cleaned_data), actor=request.user, at=now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return redirect("servicing:survey", wave.pk)
    return _form(request, form, _("New survey"))


@roles(*HEADS)
@require_http_methods(["GET", "HEAD", "POST"])
def survey_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a draft."""
    wave = _wave(request, pk)
    initial = {name: getattr(wave, name) for name in WaveForm.base_fields}
    form = WaveForm(request.POST or None, units=units_of(request.user), initial=initial)
    if request.method == "POST" and form.is_valid():
        facts = services.WaveFacts(**form.cleaned_data)
        try:
            services.change_wave(wave=wave, facts=facts, actor=request.user, at=now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("servicing:survey", pk)
    return _form(request, form, wave.name)


def _form(request: HttpRequest, form: WaveForm, title: str) -> HttpResponse:
    context = {"form": form, "page_title": title, "crumbs": _crumbs(title)}
    return render(request, "servicing/survey_form.html", context, status=INVALID if form.errors else 200)


@roles(*READERS)
@require_GET
def survey(request: HttpRequest, pk: int) -> HttpResponse:
    """One wave: how it stands, what became of its links, and what was answered in the viewer's units."""
    wave = _wave(request, pk)
    results = queries.results_of(wave, request.user, today())
    rules = queries.rules_of(wave, today())
    names = {question.code: question.name(get_language() or "") for question in rules.questions}
    context = {
        "wave": wave,
        "state": state_cell(wave),
        "facts": list(_facts(wave)),
        "results": results,
        "figures": list(_figures(results.total)),
        "channels": [(SurveyChannel(channel).label, found) for channel, found in results.by_channel],
        "marks": [(names[code], average, count) for code, average, count in results.marks],
        "links": [(InvitationState(state).label, count) for state, count in sorted(results.states.items())],
        "left_out": list(_left_out(request, wave)),
        "not_set_up": [SurveyChannel(c).label for c in wave.channels if c != "kiosk" and not is_configured(c)],
        "steps": _steps(request, wave, results.states),
        "listing": ANSWERS.show(request, queries.answers_of(request.user, wave)),
        "page_title": wave.name,
        "crumbs": _crumbs(wave.name),
    }
    return render(request, "servicing/survey.html", context)


def _wave(request: HttpRequest, pk: int) -> Wave:
    return get_object_or_404(queries.waves_of(request.user), pk=pk)


def _facts(wave: Wave) -> Iterator[dict[str, Any]]:
    yield {"label": _("Unit"), "value": wave.branch.name}
    yield {"label": _("Contacts from"), "value": wave.starts_on, "kind": "date"}
    yield {"label": _("Contacts until"), "value": wave.ends_on, "kind": "date"}
    yield {"label": _("Sample, %"), "value": wave.percent}
    yield {"label": _("Seed of the sample"), "value": wave.seed}
    yield {"label": _("Channels"), "value": channel_names(wave)}
    yield {"label": _("Drawn up by"), "value": wave.created_by.name}


def _figures(total: Recommendation) -> Iterator[tuple[str, str]]:
    yield _("Answers"), f"{total.count:,}"
    if total.score is not None:
        yield _("Net recommendation"), f"{total.score:+.1f}"
        yield _("Margin of error, 95 %"), f"± {total.margin:.1f}"


def _left_out(request: HttpRequest, wave: Wave) -> Iterator[tuple[str, int]]:
    if queries.sees_all_of(request.user, wave):
        found = queries.left_out_of(wave)
        for reason, words in REASONS.items():
            if found.get(reason):
                yield str(words), found[reason]


def _steps(request: HttpRequest, wave: Wave, states: dict[str, int]) -> set[str]:
    if not queries.may_run(request.user, wave):
        return set()
    if wave.state == WaveState.DRAFT:
        return {"start", "edit", "discard"}
    if wave.state != WaveState.RUNNING:
        return set()
    unsure = states.get(InvitationState.UNKNOWN, 0) + states.get(InvitationState.FAILED, 0)
    return {"close", "again"} if unsure else {"close"}


def _crumbs(title: str) -> list[dict[str, str]]:
    return [{"label": _("Surveys"), "url": reverse("servicing:surveys")}, {"label": title}]


@roles(*HEADS)
@require_POST
def survey_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Begin a wave, close it, send uncertain links again, or throw a draft away."""
    wave = _wave(request, pk)
    if step not in STEPS:
        raise Http404
    work, words = STEPS[step]
    try:
        work(wave=wave, actor=request.user, at=now())  # type: ignore[operator]  # services of different answers
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, words)
        if step == "discard":
            return redirect("servicing:surveys")
    return redirect("servicing:survey", pk)

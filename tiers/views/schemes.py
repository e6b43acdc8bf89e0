"""One version of the tier scheme: what it says, the editor with its preview, submitting and deciding."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.clock import now, today
from core.errors import DomainError
from customers.queries import ledger_day
from staff.access import has_role, roles
from staff.models import Approval
from tiers import queries, services
from tiers.enums import Measure, SchemeStatus
from tiers.filters import SCHEME_TONES
from tiers.forms.schemes import (
    BANDS,
    BandFormSet,
    DecisionForm,
    SchemeForm,
    asked_facts,
    asked_lines,
    changed_lines,
    content_from,
    initial_of,
    tried_from,
    typed_facts,
)
from tiers.models import Scheme
from tiers.rules import BandsError, BasisError, SchemeContent
from tiers.views.policy import EDITORS, INVALID, READERS


@dataclass(frozen=True, slots=True)
class Preview:
    """Who would move if a version held on `day`; `fault` when its bands make no policy yet."""

    day: date
    simulation: queries.Simulation | None = None
    shifts: list[queries.TierShift] | None = None
    fault: str = ""


@roles(*READERS)
@require_GET
def scheme_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One version: what it changes, whom it would move, and the decision about it."""
    scheme = _scheme(pk)
    return render(request, "tiers/scheme.html", _detail(request, scheme, _decision(scheme)))


def _scheme(pk: int) -> Scheme:
    return get_object_or_404(queries.versions(), pk=pk)


def _decision(scheme: Scheme) -> DecisionForm:
    return DecisionForm(initial={"digest": queries.content_of(scheme).digest})


def _detail(request: HttpRequest, scheme: Scheme, form: DecisionForm) -> dict[str, Any]:
    asked, content, before = (
        queries.pending_approval(scheme),
        queries.content_of(scheme),
        queries.previous_version(scheme),
    )
    is_editor, is_approved = has_role(request.user, *EDITORS), scheme.status == SchemeStatus.APPROVED
    standing = _standing(scheme)
    return {
        "scheme": scheme,
        "bands": queries.bands_of(scheme),
        "measure": queries.measure_words(content),
        "counted": queries.counted_words(content),
        "watch": queries.watch_words(content),
        "before": before,
        "differences": queries.differences(queries.content_of(before) if before else None, content),
        "standing": standing,
        "asked": asked,
        "form": form,
        "preview": _preview(content) if is_editor and not is_approved else None,
        "may_copy": is_editor,
        "may_go_back": is_editor and standing.is_worth_going_back_to,
        "may_edit": is_editor and scheme.status in services.EDITABLE,
        "may_submit": is_editor and scheme.status == SchemeStatus.DRAFT,
        "may_decide": is_editor and _is_second(request, scheme, asked),
        "may_withdraw": is_editor and asked is not None and asked.requested_by_id == request.user.pk,
        "crumbs": _crumbs(str(scheme)),
    }


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a version stands today; an approved one is in force, to come, or replaced.

    Worth going back to: what was replaced, and what holds now when something else is to come.
    """

    tone: str
    is_in_force: bool
    is_coming: bool
    is_replaced: bool
    is_worth_going_back_to: bool


def _standing(scheme: Scheme) -> Standing:
    is_approved, day = scheme.status == SchemeStatus.APPROVED, today()
    is_in_force = Scheme.objects.in_force_on(day) == scheme
    is_coming = is_approved and scheme.effective_on > day
    is_replaced = is_approved and not is_in_force and not is_coming
    is_worth = is_replaced or (is_in_force and queries.next_versions(day).exists())
    return Standing(SCHEME_TONES[SchemeStatus(scheme.status)], is_in_force, is_coming, is_replaced, is_worth)


def _is_second(request: HttpRequest, scheme: Scheme, asked: Approval | None) -> bool:
    return asked is not None and request.user.pk not in {asked.requested_by_id, scheme.drafted_by_id}


def _crumbs(title: str) -> list[dict[str, str]]:
    return [{"label": _("Tier policy"), "url": reverse("tiers:schemes")}, {"label": title}]


def _preview(content: SchemeContent) -> Preview:
    day = ledger_day() or today()
    try:
        simulation = queries.simulate_content(content, day)
    except BandsError as error:
        return Preview(day, fault=services.band_words(error))
    except BasisError as error:
        return Preview(day, fault=services.basis_words(error))
    return Preview(day, simulation, queries.shifts(simulation, content.bands))


@roles(*EDITORS)
@require_http_methods(["GET", "HEAD", "POST"])
def scheme_new(request: HttpRequest) -> HttpResponse:
    """Draw up a version, beginning with what is in force, with the version named by ?based_on=, or with the floors and
    the measure the address names, as the simulator does."""
    based_on = request.GET.get("based_on", "")
    is_key = based_on.isascii() and based_on.isdecimal() and len(based_on) < 19
    scheme = _scheme(int(based_on)) if is_key else Scheme.objects.in_force_on(today())
    content = queries.content_of(scheme) if scheme else SchemeContent("", Measure.BALANCE, today(), "", ())
    facts, _lines = initial_of(content)
    facts |= {"effective_on": queries.first_free_day(today()), "note": ""} | asked_facts(request.GET)
    return _edit(request, None, facts, asked_lines(request.GET, content.bands))


@roles(*EDITORS)
@require_http_methods(["GET", "HEAD", "POST"])
def scheme_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a draft, or a version that was rejected."""
    scheme = _scheme(pk)
    if scheme.status not in services.EDITABLE:
        return redirect("tiers:scheme", pk)
    return _edit(request, scheme, *initial_of(queries.content_of(scheme)))


def _edit(
    request: HttpRequest, scheme: Scheme | None, facts: dict[str, Any], lines: list[dict[str, Any]]
) -> HttpResponse:
    change = request.POST.get("change", "")
    if change:
        form = SchemeForm(initial=typed_facts(request.POST))
        bands = BandFormSet(initial=changed_lines(request.POST, change), prefix=BANDS)
        return _editor(request, scheme, form, bands)
    data = request.POST if request.method == "POST" else None
    form, bands = SchemeForm(data, initial=facts), BandFormSet(data, initial=lines, prefix=BANDS)
    if request.method == "POST" and form.is_valid() and bands.is_valid():
        saved = _save(request, scheme, form, content_from(form, bands))
        if saved:
            messages.success(request, _("The draft was saved. It changes nothing until a second person approves it."))
            return redirect("tiers:scheme", saved.pk)
    return _editor(request, scheme, form, bands)


def _save(request: HttpRequest, scheme: Scheme | None, form: SchemeForm, content: SchemeContent) -> Scheme | None:
    try:
        if scheme is None:
            return services.draft_scheme(content=content, actor=request.user, at=now())
        return services.update_draft(scheme=scheme, content=content, actor=request.user, at=now())
    except DomainError as error:
        form.add_error(None, str(error))
        return None


def _editor(request: HttpRequest, scheme: Scheme | None, form: SchemeForm, bands: Any) -> HttpResponse:
    title = _("Change %(version)s") % {"version": scheme} if scheme else _("New version")
    context = {
        "scheme": scheme,
        "form": form,
        "bands": bands,
        "earliest": queries.first_free_day(today()),
        "page_title": title,
        "crumbs": _crumbs(title),
    }
    return render(request, "tiers/scheme_form.html", context, status=INVALID if form.errors or _faulty(bands) else 200)


def _faulty(bands: Any) -> bool:
    return bands.is_bound and not bands.is_valid()


@roles(*EDITORS)
@require_POST
def scheme_preview(request: HttpRequest) -> HttpResponse:
    """Who would move under what stands in the editor right now."""
    form, bands = SchemeForm(request.POST), BandFormSet(request.POST, prefix=BANDS)
    # Name, date and reason do not matter for the count.
    form.is_valid()
    wrong = [error for name in ("best_of", "trailing_days", "watch_periods") for error in form.errors.get(name, [])]
    if not bands.is_valid():
        preview = Preview(today(), fault=_("The preview appears as soon as every tier is filled in."))
    elif wrong:
        preview = Preview(today(), fault=" ".join(wrong))
    else:
        preview = _preview(tried_from(form, bands, today()))
    return render(request, "tiers/preview.html", {"preview": preview})


@roles(*EDITORS)
@require_POST
def scheme_submit(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask a second person to approve the draft."""
    try:
        services.submit_scheme(scheme=_scheme(pk), actor=request.user, at=now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The version is waiting for a second person."))
    return redirect("tiers:scheme", pk)


@roles(*EDITORS)
@require_POST
def scheme_discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw a draft away."""
    try:
        services.discard_scheme(scheme=_scheme(pk), actor=request.user, at=now())
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("tiers:scheme", pk)
    messages.success(request, _("The draft was discarded."))
    return redirect("tiers:schemes")


@roles(*EDITORS)
@require_POST
def scheme_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve or send back, as the second person; or take one's own request back."""
    scheme, form = _scheme(pk), DecisionForm(request.POST)
    if form.is_valid():
        try:
            words = _decide(request, scheme, **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, words)
            return redirect("tiers:scheme", pk)
    return render(request, "tiers/scheme.html", _detail(request, scheme, form), status=INVALID)


def _decide(request: HttpRequest, scheme: Scheme, decision: str, digest: str, comment: str) -> str:
    who: dict[str, Any] = {"scheme": scheme, "actor": request.user, "at": now()}
    if decision == "approve":
        services.approve_scheme(**who, digest=digest, comment=comment)
        return _("Approved: it takes effect on %(day)s.") % {"day": scheme.effective_on.isoformat()}
    if decision == "reject":
        services.reject_scheme(**who, digest=digest, comment=comment)
        return _("Sent back: it can be changed and submitted again.")
    services.withdraw_scheme(**who)
    return _("Taken back: it is a draft again.")

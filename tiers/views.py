"""Schemes and their approval, movers, and a customer's way through the tiers."""

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
from core.pages import recall
from customers.models import Customer
from customers.queries import ledger_day
from staff.access import CUSTOMER_ROLES, has_role, roles, scope_of
from staff.enums import Role
from staff.models import Approval
from staff.queries import view_to_open
from tiers import queries, services
from tiers.enums import Measure, SchemeStatus
from tiers.filters import MOVERS
from tiers.forms import BANDS, BandFormSet, DecisionForm, SchemeForm, changed_lines, content_from, initial_of
from tiers.models import Scheme
from tiers.rules import Band, BandsError, SchemeContent, validate_bands

READERS = (Role.ADMIN, Role.BRANCH_HEAD, Role.HEAD_OFFICE, Role.COMPLIANCE, Role.AUDITOR)
EDITORS = (Role.ADMIN, Role.HEAD_OFFICE)
SHOWN = 100
INVALID = 422  # htmx shows forms with errors under this status
TONES = {
    SchemeStatus.DRAFT: "neutral",
    SchemeStatus.SUBMITTED: "warn",
    SchemeStatus.APPROVED: "good",
    SchemeStatus.REJECTED: "bad",
}


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version as the list of versions shows it."""

    scheme: Scheme
    bands: list[Band]
    differences: list[queries.Difference]
    tone: str
    in_force: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """Who would move if a version held on `day`; `fault` when its bands make no policy yet."""

    day: date
    simulation: queries.Simulation | None = None
    shifts: list[queries.TierShift] | None = None
    fault: str = ""


@roles(*READERS)
@require_GET
def scheme_list(request: HttpRequest) -> HttpResponse:
    """All versions of the tier policy, the newest first."""
    schemes = list(queries.versions())
    in_force = Scheme.objects.in_force_on(today())
    context = {
        "rows": [_row(scheme, schemes, in_force) for scheme in schemes],
        "may_edit": has_role(request.user, *EDITORS),
        "page_title": _("Tier policy"),
    }
    return render(request, "tiers/schemes.html", context)


def _row(scheme: Scheme, among: list[Scheme], in_force: Scheme | None) -> VersionRow:
    before = queries.previous_version(scheme, among)
    changes = queries.differences(queries.content_of(before), queries.content_of(scheme)) if before else []
    tone = TONES[SchemeStatus(scheme.status)]
    return VersionRow(scheme, queries.bands_of(scheme), changes, tone, scheme == in_force)


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
    asked = queries.pending_approval(scheme)
    content = queries.content_of(scheme)
    before = queries.previous_version(scheme)
    is_editor = has_role(request.user, *EDITORS)
    return {
        "scheme": scheme,
        "bands": queries.bands_of(scheme),
        "before": before,
        "differences": queries.differences(queries.content_of(before) if before else None, content),
        "tone": TONES[SchemeStatus(scheme.status)],
        "asked": asked,
        "form": form,
        "preview": _preview(content) if is_editor and scheme.status != SchemeStatus.APPROVED else None,
        "may_copy": is_editor,
        "may_edit": is_editor and scheme.status in services.EDITABLE,
        "may_submit": is_editor and scheme.status == SchemeStatus.DRAFT,
        "may_decide": is_editor and _is_second(request, scheme, asked),
        "may_withdraw": is_editor and asked is not None and asked.requested_by_id == request.user.pk,
        "crumbs": _crumbs(str(scheme)),
    }


def _is_second(request: HttpRequest, scheme: Scheme, asked: Approval | None) -> bool:
    return asked is not None and request.user.pk not in {asked.requested_by_id, scheme.drafted_by_id}


def _crumbs(title: str) -> list[dict[str, str]]:
    return [{"label": _("Tier policy"), "url": reverse("tiers:schemes")}, {"label": title}]


def _preview(content: SchemeContent) -> Preview:
    day = ledger_day() or today()
    try:
        validate_bands(content.bands)
    except BandsError as error:
        return Preview(day, fault=services.band_words(error))
    simulation = queries.simulate([band.floor for band in content.bands], content.measure, day)
    return Preview(day, simulation, queries.shifts(simulation, content.bands))


@roles(*EDITORS)
@require_http_methods(["GET", "HEAD", "POST"])
def scheme_new(request: HttpRequest) -> HttpResponse:
    """Draw up a version, beginning with what is in force or with the version named by ?based_on=."""
    based_on = request.GET.get("based_on", "")
    scheme = _scheme(int(based_on)) if based_on.isdecimal() else Scheme.objects.in_force_on(today())
    content = queries.content_of(scheme) if scheme else SchemeContent("", Measure.BALANCE, today(), "", ())
    facts, lines = initial_of(content)
    facts |= {"effective_on": queries.first_free_day(today()), "note": ""}
    return _edit(request, None, facts, lines)


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
        form = SchemeForm(initial={name: request.POST.get(name, "") for name in SchemeForm.base_fields})
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
    # Date and reason do not matter for the count.
    form.is_valid()
    measure = form.cleaned_data.get("measure", Measure.BALANCE.value)
    if not bands.is_valid():
        preview = Preview(today(), fault=_("The preview appears as soon as every tier is filled in."))
    else:
        form.cleaned_data = {"name": "", "measure": measure, "effective_on": today(), "note": ""}
        preview = _preview(content_from(form, bands))
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


@roles(*CUSTOMER_ROLES)
@require_GET
def mover_list(request: HttpRequest) -> HttpResponse:
    """Customers who moved between tiers, the latest month unless other days are asked for."""
    amounts, moves = scope_of(request.user).amounts, queries.moves_of(request.user)
    recall(request, MOVERS, view_to_open(request.user, MOVERS.list_key, request.GET), moves, amounts=amounts)
    listing = MOVERS.show(request, moves, amounts=amounts)
    context = {"listing": listing, "last": queries.latest_run_day(), "page_title": _("Movers")}
    return render(request, "tiers/movers.html", context)


@roles(*CUSTOMER_ROLES)
@require_GET
def tier_of_customer(request: HttpRequest, customer_no: str) -> HttpResponse:
    """A tab of the customer page: the tier, why, and how it came about."""
    customer = get_object_or_404(Customer.objects.visible_to(request.user), customer_no=customer_no)
    amounts = scope_of(request.user).amounts
    context = {
        "customer": customer,
        "explanation": queries.explain(customer, ledger_day() or today()),
        "history": [_change_row(change) for change in queries.tier_history(request.user, customer)[:SHOWN]],
        "amounts": amounts,
    }
    return render(request, "tiers/of_customer.html", context)


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change of tier with the names its own scheme gave."""

    change: Any
    from_name: str
    to_name: str


def _change_row(change: Any) -> ChangeRow:
    bands = queries.bands_of(change.scheme)
    return ChangeRow(change, queries.tier_name(change.from_tier, bands), queries.tier_name(change.to_tier, bands))

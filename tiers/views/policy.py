"""The tier policy over its versions: what holds, what comes, two versions side by side, and going back to one."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from core.clock import now, today
from core.errors import DomainError
from staff.access import has_role, roles
from staff.enums import Role
from tiers import queries, services
from tiers.enums import SchemeStatus
from tiers.filters import SCHEMES
from tiers.forms.schemes import CompareForm, RollbackForm
from tiers.models import Scheme
from tiers.rules import Band

READERS = (Role.ADMIN, Role.BRANCH_HEAD, Role.HEAD_OFFICE, Role.COMPLIANCE, Role.AUDITOR)
EDITORS = (Role.ADMIN, Role.HEAD_OFFICE)
INVALID = 422  # htmx shows forms with errors under this status
MOST_WAITING = 10


@dataclass(frozen=True, slots=True)
class Policy:
    """What a version says, ready to read; bands lowest first."""

    scheme: Scheme
    bands: list[Band]
    measure: str
    counted: str
    watch: str


@roles(*READERS)
@require_GET
def scheme_list(request: HttpRequest) -> HttpResponse:
    """The version in force in full, those that wait or are to come in a line each, and all of them as a list."""
    in_force = queries.versions().approved().filter(effective_on__lte=today())
    present = in_force.order_by("-effective_on", "-version").first()
    waiting = queries.versions().filter(status=SchemeStatus.SUBMITTED)
    context = {
        "present": _policy(present) if present else None,
        "coming": list(queries.next_versions(today())[:MOST_WAITING]),
        "waiting": list(waiting[:MOST_WAITING]),
        "listing": SCHEMES.show(request, queries.versions().order_by()),
        "may_edit": has_role(request.user, *EDITORS),
        "page_title": _("Tier policy"),
    }
    return render(request, "tiers/schemes.html", context)


def _policy(scheme: Scheme) -> Policy:
    content = queries.content_of(scheme)
    return Policy(
        scheme,
        queries.bands_of(scheme),
        queries.measure_words(content),
        queries.counted_words(content),
        queries.watch_words(content),
    )


@roles(*READERS)
@require_GET
def scheme_compare(request: HttpRequest) -> HttpResponse:
    """Any two versions line by line: ?a= and ?b= are their keys; without them what is in force and the newest."""
    versions = Scheme.objects.order_by("-version")
    before, after = _chosen(request, "a", versions), _chosen(request, "b", versions)
    lines = queries.side_by_side(queries.content_of(before), queries.content_of(after))
    context = {
        "form": CompareForm(initial={"a": before.pk, "b": after.pk}, versions=versions),
        "before": before,
        "after": after,
        "changed": [line for line in lines if line.before != line.after],
        "same": [line for line in lines if line.before == line.after],
        "page_title": _("Compare versions"),
        "crumbs": [{"label": _("Tier policy"), "url": reverse("tiers:schemes")}, {"label": _("Compare versions")}],
    }
    return render(request, "tiers/scheme_compare.html", context)


def _chosen(request: HttpRequest, name: str, versions: QuerySet[Scheme]) -> Scheme:
    text = request.GET.get(name, "")
    if not text:
        usual = Scheme.objects.in_force_on(today()) if name == "a" else versions.first()
        if usual is None:
            raise Http404
        return usual
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Http404
    return get_object_or_404(versions, pk=int(text))


@roles(*EDITORS)
@require_http_methods(["GET", "HEAD", "POST"])
def scheme_rollback(request: HttpRequest, pk: int) -> HttpResponse:
    """Draw up a version that says what an earlier one said: what that undoes, from when, and why."""
    scheme = get_object_or_404(queries.versions(), pk=pk)
    if scheme.status != SchemeStatus.APPROVED:
        return redirect("tiers:scheme", pk)
    earliest, coming = queries.first_free_day(today()), list(queries.next_versions(today()))
    # Going back to what holds now is calling off what is to come: on the day that would take over.
    present = Scheme.objects.in_force_on(today())
    usual = coming[0].effective_on if coming and scheme == present else earliest
    form = RollbackForm(request.POST or None, initial={"effective_on": max(usual, earliest)})
    if request.method == "POST" and form.is_valid():
        made = _roll_back(request, scheme, form)
        if made:
            messages.success(request, _("A draft with what %(version)s says was made.") % {"version": scheme})
            return redirect("tiers:scheme", made.pk)
    context = {
        "scheme": scheme,
        "form": form,
        "earliest": earliest,
        "present": present,
        "undone": _undone(present, scheme),
        "coming": [one for one in coming if one != scheme],
        "page_title": _("Go back to %(version)s") % {"version": scheme},
        "crumbs": [
            {"label": _("Tier policy"), "url": reverse("tiers:schemes")},
            {"label": str(scheme), "url": reverse("tiers:scheme", args=[pk])},
            {"label": _("Go back")},
        ],
    }
    return render(request, "tiers/scheme_rollback.html", context, status=INVALID if form.errors else 200)


def _undone(present: Scheme | None, scheme: Scheme) -> list[queries.Difference]:
    """What would change from today's rules; the date and the reason are new in any case."""
    if present is None:
        return []
    was, becomes = queries.content_of(present), queries.content_of(scheme)
    own = {_("Effective from"), _("Reason")}
    return [line for line in queries.differences(was, becomes) if line.label not in own]


def _roll_back(request: HttpRequest, scheme: Scheme, form: RollbackForm) -> Scheme | None:
    day: date = form.cleaned_data["effective_on"]
    who: dict[str, Any] = {"actor": request.user, "at": now()}
    try:
        return services.roll_back(scheme=scheme, effective_on=day, note=form.cleaned_data["note"], **who)
    except services.EffectiveTooEarly as error:
        form.add_error("effective_on", str(error))
    except DomainError as error:
        form.add_error(None, str(error))
    return None

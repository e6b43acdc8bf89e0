"""Deciding in the inbox itself on what can be judged by a few facts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import trigger_client_event

from complaints.services.extensions import decide_extension
from core.clock import now, today
from core.errors import DomainError
from insights.enums import ApprovalKind
from insights.filters.approvals import kind_word
from insights.forms.approvals import DecideForm
from insights.queries.approvals import DECIDERS, extensions_to_decide
from staff.access import roles
from staff.models import User
from staff.queries import exports_to_decide
from staff.queries.targets import target_digest, targets_to_decide
from staff.services import exports
from staff.services.targets import decide_target
from tiers.queries.overrides import override_digest, overrides_to_decide
from tiers.services.overrides import approve_override, reject_override

INVALID = 422  # htmx shows forms with errors under this status


@dataclass(frozen=True, slots=True)
class InPlace:
    """How a simple thing is decided without leaving the inbox: which row, its facts, its digest, the service."""

    find: Callable[[User, int], Any]
    facts: Callable[[Any], Iterator[tuple[str, Any]]]
    digest: Callable[[Any], str]
    decide: Callable[[Any, DecideForm, User, datetime], Any]


@roles(*DECIDERS)
@require_http_methods(["GET", "HEAD", "POST"])
def approval_decide(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """The facts of a simple request with its decision, in the place where it stands in the inbox."""
    way = IN_PLACE.get(ApprovalKind(kind)) if kind in ApprovalKind.values else None
    row = way.find(request.user, pk) if way else None
    if way is None or row is None:
        raise Http404
    form = DecideForm(request.POST or None, initial={"digest": way.digest(row)}, auto_id=f"id_%s_{pk}")
    if request.method == "POST" and form.is_valid() and _decided(request, way, row, form):
        words = _("Approved.") if form.approves else _("Sent back.")
        if not request.htmx:
            return redirect("insights:approvals")
        answer = render(request, "insights/_approval_done.html", {"words": words})
        return trigger_client_event(answer, "approvals-changed")
    facts = [{"label": label, "value": value} for label, value in way.facts(row)]
    context = {"facts": facts, "form": form, "kind_word": kind_word(kind), "target": f"{kind.replace('.', '-')}-{pk}"}
    template = "insights/_approval_decide.html" if request.htmx else "insights/approval_decide.html"
    context |= {"page_title": kind_word(kind)}
    return render(request, template, context, status=INVALID if form.errors else 200)


def _decided(request: HttpRequest, way: InPlace, row: Any, form: DecideForm) -> bool:
    try:
        way.decide(row, form, request.user, now())
    except DomainError as error:
        form.add_error(None, str(error))
        return False
    return True


def _export_facts(row: Any) -> Iterator[tuple[str, Any]]:
    yield _("Reason"), row.reason
    yield _("Rows"), f"{row.expected_rows:,}"
    yield _("Columns in the file"), ", ".join(map(str, row.said.get("columns", row.columns)))
    filters = "; ".join(f"{label}: {value}" for label, value in row.said.get("filters", []))
    yield _("Filters"), filters or _("none")


def _override_facts(row: Any) -> Iterator[tuple[str, Any]]:
    yield _("Customer number"), row.customer.customer_no
    yield _("Tier asked for"), row.letter
    yield _("Days"), f"{row.starts_on:%Y-%m-%d} – {row.ends_on:%Y-%m-%d}"
    yield _("Reason"), row.reason


def _extension_facts(row: Any) -> Iterator[tuple[str, Any]]:
    yield _("Kind"), row.get_kind_display()
    yield _("Days more"), row.days
    yield _("Deadline now"), f"{row.complaint.due_on:%Y-%m-%d}"
    yield _("Reason"), row.reason


def _target_facts(row: Any) -> Iterator[tuple[str, Any]]:
    yield _("For"), row.whose.name
    yield _("Key figure"), row.get_measure_display()
    yield _("Aim"), f"{row.aim:,.2f}"
    yield _("Days"), f"{row.starts_on:%Y-%m-%d} – {row.ends_on:%Y-%m-%d}"
    yield _("Reason"), row.note


def _decide_override(row: Any, form: DecideForm, user: User, at: datetime) -> Any:
    decide = approve_override if form.approves else reject_override
    digest, comment = form.cleaned_data["digest"], form.cleaned_data["comment"]
    return decide(override=row, digest=digest, actor=user, at=at, comment=comment)


def _decide_export(row: Any, form: DecideForm, user: User, at: datetime) -> Any:
    asked = form.cleaned_data
    return exports.decide_export(
        export=row,
        approve=form.approves,
        digest=asked["digest"],
        comment=asked["comment"],
        decided_by=user,
        at=at,
    )


def _decide_extension(row: Any, form: DecideForm, user: User, at: datetime) -> Any:
    return decide_extension(
        extension=row, approved=form.approves, comment=form.cleaned_data["comment"], actor=user, at=at
    )


def _decide_target(row: Any, form: DecideForm, user: User, at: datetime) -> Any:
    asked = form.cleaned_data
    return decide_target(
        target=row, digest=asked["digest"], approve=form.approves, actor=user, at=at, comment=asked["comment"]
    )


def _extension(user: User, pk: int) -> Any:
    return next((row for row in extensions_to_decide(user, today()) if row.pk == pk), None)


# What can be judged by a few facts; anything else is read on its own page first.
IN_PLACE: Final[dict[ApprovalKind, InPlace]] = {
    ApprovalKind.EXPORT: InPlace(
        lambda user, pk: exports_to_decide(user).filter(pk=pk).first(),
        _export_facts,
        exports.digest_of,
        _decide_export,
    ),
    ApprovalKind.OVERRIDE: InPlace(
        lambda user, pk: overrides_to_decide(user).filter(pk=pk).first(),
        _override_facts,
        override_digest,
        _decide_override,
    ),
    ApprovalKind.EXTENSION: InPlace(_extension, _extension_facts, lambda row: f"{row.pk}", _decide_extension),
    ApprovalKind.TARGET: InPlace(
        lambda user, pk: targets_to_decide(user).filter(pk=pk).first(),
        _target_facts,
        target_digest,
        _decide_target,
    ),
}

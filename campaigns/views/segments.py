"""Segments: the list, the page of one, drawing one up by a rule, and its steps."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.enums import SegmentKind
from campaigns.filters.segments import MEMBERS, SEGMENTS
from campaigns.forms.rules import ACT
from campaigns.forms.segments import KeepForm, NumbersForm, SegmentForm
from campaigns.models import Segment
from campaigns.queries import segment_pages as queries
from campaigns.queries.campaigns import MAKERS, READERS
from campaigns.queries.segments import sentence_of
from campaigns.services import segments as services
from core.clock import now, today
from core.errors import DomainError
from core.pages import recall
from staff.access import has_role, roles
from staff.queries import view_to_open

INVALID = 422  # htmx shows forms with errors under this status
STEPS: dict[str, tuple[Callable[..., Segment], Any]] = {
    "archive": (services.archive_segment, gettext_lazy("Put away; it can be taken out again.")),
    "restore": (services.restore_segment, gettext_lazy("It is in use again.")),
}


@roles(*READERS)
@require_GET
def segment_list(request: HttpRequest) -> HttpResponse:
    """Segments that concern the person, the last changed first."""
    rows = queries.segments_of(request.user)
    recall(request, SEGMENTS, view_to_open(request.user, SEGMENTS.list_key, request.GET), rows, amounts=False)
    context = {
        "listing": SEGMENTS.show(request, rows),
        "may_make": has_role(request.user, *MAKERS),
        "page_title": _("Segments"),
    }
    return render(request, "campaigns/segments.html", context)


@roles(*READERS)
@require_GET
def segment_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One segment: the rule in words, how many customers, who uses it, and what may be done with it."""
    return segment_page(request, segment_for(request, pk))


def segment_for(request: HttpRequest, pk: int) -> Segment:
    """The segment of an address, or 404."""
    return get_object_or_404(queries.segments_of(request.user), pk=pk)


def segment_page(request: HttpRequest, segment: Segment, status: int = 200, **more: Any) -> HttpResponse:
    """The page of a segment, with forms that were not taken."""
    may_change = queries.may_change_segment(request.user, segment)
    is_list = segment.kind == SegmentKind.LIST
    context = {
        "segment": segment,
        "is_list": is_list,
        "words": _("A list of customers.") if is_list else sentence_of(segment.rule, day=today()),
        "facts": _facts(segment),
        "uses": list(queries.uses_of(segment, request.user)[:20]),
        "bound_by": queries.binding(segment) if may_change else None,
        "may_change": may_change,
        "may_make": has_role(request.user, *MAKERS),
        "keep": KeepForm(initial={"name": f"{segment.name} {today():%Y-%m-%d}"[:80]}),
        "numbers": NumbersForm(),
        "listing": MEMBERS.show(request, queries.members_of(segment, request.user)) if is_list else None,
        "page_title": segment.name,
        "crumbs": crumbs(),
    }
    return render(request, "campaigns/segment.html", {**context, **more}, status=status)


def _facts(segment: Segment) -> list[dict[str, Any]]:
    whose = _("Only customers of %(name)s") % {"name": segment.created_by.name}
    return [
        {"label": _("Unit"), "value": segment.branch.name},
        {"label": _("Whose customers"), "value": whose if segment.of_book else _("The unit's and those below it")},
        {"label": _("Use"), "value": segment.get_exclusion_display()},
        {"label": _("Drawn up by"), "value": segment.created_by.name},
        {"label": _("Changed on"), "value": localtime(segment.changed_at).date(), "kind": "date"},
        {"label": _("Note"), "value": segment.note or "—"},
    ]


@roles(*MAKERS)
@require_http_methods(["GET", "HEAD", "POST"])
def segment_new(request: HttpRequest) -> HttpResponse:
    """Draw a segment up by a rule; ?from= begins with a copy of another one."""
    source = queries.segments_of(request.user).filter(pk=_number(request.GET.get("from", ""))).first()
    form = _bound(request, source)
    if _is_sent(request, form):
        made = _done(form, lambda: services.draft_segment(facts=form.facts(), actor=request.user, at=now()))
        if made:
            messages.success(request, _("The segment was drawn up."))
            return redirect(made)
    return _form_page(request, form, _("New segment"), reverse("campaigns:segments"))


@roles(*MAKERS)
@require_http_methods(["GET", "HEAD", "POST"])
def segment_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a segment."""
    segment = segment_for(request, pk)
    if not queries.may_change_segment(request.user, segment):
        raise Http404
    form = _bound(request, segment)
    if segment.kind == SegmentKind.LIST:
        del form.fields["rule"]
    if _is_sent(request, form):
        facts = {"segment": segment, "actor": request.user, "at": now()}
        made = _done(form, lambda: services.change_segment(facts=form.facts(), **facts))
        if made:
            messages.success(request, _("Saved."))
            return redirect(made)
    return _form_page(request, form, segment.name, segment.get_absolute_url(), segment)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 16 else 0


def _bound(request: HttpRequest, segment: Segment | None) -> SegmentForm:
    return SegmentForm(request.POST or None, viewer=request.user, segment=segment)


def _is_sent(request: HttpRequest, form: SegmentForm) -> bool:
    """Whether it is to be saved: a button of the builder only shows it again."""
    return request.method == "POST" and ACT not in request.POST and form.is_valid()


def _done(form: SegmentForm, work: Callable[[], Segment]) -> Segment | None:
    try:
        return work()
    except services.NameTaken as error:
        form.add_error("name", str(error))
    except DomainError as error:
        form.add_error(None, str(error))
    return None


def _form_page(
    request: HttpRequest, form: SegmentForm, title: str, back: str, segment: Segment | None = None
) -> HttpResponse:
    is_wrong = ACT not in request.POST and bool(form.errors)
    context = {
        "form": form,
        "shows_errors": is_wrong,
        "segment": segment,
        "back": back,
        "page_title": title,
        "crumbs": crumbs(segment),
    }
    return render(request, "campaigns/segment_form.html", context, status=INVALID if is_wrong else 200)


@roles(*MAKERS)
@require_POST
def segment_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Put a segment away or take it out again."""
    segment = segment_for(request, pk)
    if step not in STEPS:
        raise Http404
    work, words = STEPS[step]
    try:
        work(segment=segment, actor=request.user, at=now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, words)
    return redirect(segment)


def crumbs(segment: Segment | None = None) -> list[dict[str, str]]:
    """The way to a segment's page, or from it further."""
    found = [{"label": _("Segments"), "url": reverse("campaigns:segments")}]
    if segment is not None:
        found.append({"label": segment.name, "url": segment.get_absolute_url()})
    return found

"""How many customers a segment holds, while it is drawn up and on its page; and the builder as a fragment."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.enums import SegmentKind
from campaigns.enums.rule_words import RuleField
from campaigns.forms.rules import RuleTreeField, RuleWidget
from campaigns.models import Segment
from campaigns.queries.campaigns import MAKERS, READERS, units_for
from campaigns.queries.segment_pages import lists_of, sample_of
from campaigns.queries.segments import Count, count_of, sentence_of
from campaigns.rules.segments import Rule, numbers_asked, tells_amounts
from campaigns.services.segments import COUNT_JOB, counted, request_count
from campaigns.views.segments import segment_for
from core.clock import now, today
from core.enums import JobState
from core.models import Job
from staff.access import BOOK_KEEPERS, has_role, roles, scope_of
from staff.models import Branch
from tiers.queries.display import bands_for_display, tier_name

TOP_BRANCHES = 8
RULE = "rule"


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a count: its name, its number, and its per cent of the whole."""

    name: str
    number: str
    share: int


@roles(*READERS)
@require_http_methods(["GET", "HEAD", "POST"])
def segment_count(request: HttpRequest) -> HttpResponse:
    """How many of the viewer's customers a kept segment (?segment=) or the rule of the form sent holds.

    Only who draws segments up asks by rules of their own: counts of narrow ones tell amounts of single customers.
    """
    if request.method == "POST":
        if not has_role(request.user, *MAKERS):
            raise PermissionDenied()
        segment = _typed(request)
    else:
        number = request.GET.get("segment", "")
        segment = segment_for(request, int(number)) if number.isdecimal() and len(number) < 16 else None
    if segment is None:
        return render(request, "campaigns/_segment_count.html", {"is_wrong": request.method == "POST"})
    found = count_of(segment, day=today(), viewer=request.user)
    job = None
    if not found.is_exact:
        job = request_count(segment=segment, viewer=request.user, day=today(), at=now())
        found = counted(job) or found
    return _shown(request, found, job, words=_words(segment))


@roles(*READERS)
@require_GET
def segment_counted(request: HttpRequest, pk: int) -> HttpResponse:
    """A count that took longer, once its job has it; only for whoever asked."""
    job = get_object_or_404(Job, pk=pk, name=COUNT_JOB, actor_id=request.user.pk)
    rule: Rule = job.args["rule"]
    words = sentence_of(rule, day=today()) if job.args["kind"] == SegmentKind.RULE else ""
    return _shown(request, counted(job) or Count(None, False), job, words=words)


@roles(*READERS)
@require_GET
def segment_sample(request: HttpRequest, pk: int) -> HttpResponse:
    """The first few customers of a segment, of those the viewer may see; nobody is named to tell their amounts."""
    segment = segment_for(request, pk)
    is_apart = not scope_of(request.user).amounts and tells_amounts(segment.rule)
    found = [] if is_apart else sample_of(segment, request.user, day=today())
    context = {"customers": found, "segment": segment, "is_apart": is_apart}
    return render(request, "campaigns/_segment_sample.html", context)


@roles(*MAKERS)
@require_POST
def rule_builder(request: HttpRequest) -> HttpResponse:
    """The builder again, after one of its buttons or a change of what a condition is about."""
    widget = RuleWidget()
    widget.viewer = request.user
    tree = widget.value_from_datadict(request.POST, request.FILES, RULE)
    response = HttpResponse(forms.Form().renderer.render(widget.template_name, widget.get_context(RULE, tree, {})))
    response["HX-Trigger-After-Settle"] = "rule-changed"
    return response


def _typed(request: HttpRequest) -> Segment | None:
    """The segment of the form as far as it is typed; None while its rule cannot be used."""
    field = RuleTreeField()
    field.for_viewer(request.user)
    try:
        rule = field.clean(field.widget.value_from_datadict(request.POST, request.FILES, RULE))
    except forms.ValidationError:
        return None
    lists = numbers_asked(rule, RuleField.LIST)
    if lists_of(request.user).filter(pk__in=lists).count() < len(lists):
        return None
    branch = units_for(request.user).filter(code=_sent(request, "branch")).first() or _root_or_own(request)
    of_book = request.POST.get("of_book") == "on" and has_role(request.user, *BOOK_KEEPERS)
    return Segment(kind=SegmentKind.RULE, rule=rule, branch=branch, of_book=of_book, created_by=request.user)


def _sent(request: HttpRequest, name: str) -> str:
    """A text sent outside a form; the database has none with NUL in it."""
    return request.POST.get(name, "").replace("\x00", "")[:40]


def _root_or_own(request: HttpRequest) -> Branch:
    """Forms without a unit ask about everybody; the viewer's scope narrows it."""
    return Branch.objects.filter(parent=None).first() or request.user.branch


def _words(segment: Segment) -> str:
    return sentence_of(segment.rule, day=today()) if segment.kind == SegmentKind.RULE else _("A list of customers.")


def _shown(request: HttpRequest, found: Count, job: Job | None, *, words: str) -> HttpResponse:
    is_failed = job is not None and job.state in (JobState.FAILED, JobState.PARKED)
    poll_url = reverse("campaigns:segment_counted", args=[job.pk]) if job and not found.is_exact else ""
    context: dict[str, Any] = {
        "found": found,
        "number": f"{found.number:,}" if found.number is not None else "",
        "words": "" if request.GET.get("brief") else words,
        "tiers": list(_tiers(found)),
        "branches": list(_branches(found)),
        "more": max(0, len(found.branches) - TOP_BRANCHES),
        "poll_url": "" if is_failed else poll_url,
        "is_failed": is_failed,
    }
    return render(request, "campaigns/_segment_count.html", context)


def _tiers(found: Count) -> Iterable[Share]:
    bands = bands_for_display(today()) if found.tiers else []
    for rank, number in sorted(found.tiers, reverse=True):
        yield Share(tier_name(rank, bands), f"{number:,}", _percent(number, found))


def _branches(found: Count) -> Iterable[Share]:
    top = found.branches[:TOP_BRANCHES]
    names = dict(Branch.objects.filter(pk__in=[pk for pk, _number in top]).values_list("pk", "name"))
    for pk, number in top:
        yield Share(names.get(pk, str(pk)), f"{number:,}", _percent(number, found))


def _percent(number: int, found: Count) -> int:
    return round(number * 100 / found.number) if found.number else 0

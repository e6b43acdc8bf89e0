"""What customers said: by tier, unit, team and person, with the margin of error, and without a rank."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from heapq import nsmallest
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core.charts import Chart, Series
from core.clock import today
from core.money import yuan
from core.pages import numbered_page
from insights.forms.people import USUAL_DAYS, SatisfactionForm
from insights.queries import satisfaction as queries
from insights.queries.satisfaction import Asked, Line, Satisfaction
from insights.rules.satisfaction import LEAST, Estimate
from insights.views.links import link
from servicing.queries.surveys import survey_rules
from staff.access import BOOK_KEEPERS, HEADS, has_role, roles
from staff.enums import Role
from staff.models import Branch, Team, User
from tiers.queries import bands_for_display, tier_name

# Code and name of a group by its key.
Named = Mapping[Any, tuple[str, str]]
READERS = (*BOOK_KEEPERS, *HEADS, Role.COMPLIANCE)
NAMED = 3
PAGE = 100


@dataclass(frozen=True, slots=True)
class Row:
    """A group to read: by code, never by its figure."""

    code: str
    name: str
    line: Line
    mean: str
    margin: str
    verdict: str
    tone: str
    rank: int = 0


@roles(*READERS)
@require_GET
def satisfaction(request: HttpRequest) -> HttpResponse:
    """The mean recommendation and marks of the days asked for, and of each group, with margin and response."""
    form = SatisfactionForm(request.GET, viewer=request.user)
    context: dict[str, Any] = {
        "form": form,
        "page_title": _("Satisfaction"),
        "is_own": has_role(request.user, *BOOK_KEEPERS),
    }
    if form.is_valid():
        data = form.cleaned_data
        asked = Asked(data["first"], data["last"], data["by"], data.get("unit"))
        found = queries.satisfaction(request.user, asked)
        named = _NAMES[asked.by]([line.key for line in found.lines])
        page, pager = numbered_page(request, _ordered(found.lines, named), PAGE)
        rows = [_row(line, named, asked) for line in page.object_list]
        context |= {
            "found": found,
            "rows": rows,
            "pager": pager,
            "mean": _number(found.total.result.mean),
            "margin": _margin(found.total.result),
            "questions": _questions(found, asked),
            "chart": _chart(rows),
            "label": dict(form.fields["by"].choices)[asked.by],
            "first": asked.first,
            "last": asked.last,
        }
    return render(request, "insights/satisfaction.html", context, status=200 if form.is_valid() else 422)


def _ordered(lines: Iterable[Line], named: Named) -> list[Line]:
    """Those with a name, by code."""
    return sorted((line for line in lines if line.key in named), key=lambda line: named[line.key])


def _row(line: Line, named: Named, asked: Asked) -> Row:
    code, name = named[line.key]
    rank = int(code) if asked.by == queries.TIER else 0
    return Row(code, name, line, _number(line.result.mean), _margin(line.result), *_verdict(line, named), rank)


def _verdict(line: Line, named: Named) -> tuple[str, str]:
    """Whom it can be told apart from, in words."""
    if line.result.is_small:
        return _("Small sample: says little yet"), ""
    better, worse = line.standing.better_than, line.standing.worse_than
    if better and not worse:
        return _("Better than %(names)s") % {"names": _some(better, named)}, "good"
    if worse and not better:
        return _("Worse than %(names)s") % {"names": _some(worse, named)}, "warn"
    if better and worse:
        names = {"better": _some(better, named), "worse": _some(worse, named)}
        return _("Better than %(better)s, worse than %(worse)s") % names, ""
    return _("Cannot be told apart"), ""


def _some(keys: Sequence[Hashable], named: Named) -> str:
    names = [named[key][1] for key in keys if key in named]
    more = len(names) - NAMED
    text = ", ".join(nsmallest(NAMED, names))
    return _("%(names)s and %(count)s more") % {"names": text, "count": more} if more > 0 else text


def _tiers(keys: Iterable[Any]) -> dict[Any, tuple[str, str]]:
    bands = bands_for_display(today())
    return {rank: (f"{rank:02}", tier_name(rank, bands)) for rank in keys}


def _branches(keys: Iterable[Any]) -> dict[Any, tuple[str, str]]:
    return {pk: (row.code, row.name) for pk, row in Branch.objects.in_bulk(list(keys)).items()}


def _people(keys: Iterable[Any]) -> dict[Any, tuple[str, str]]:
    return {pk: (row.staff_no, row.name) for pk, row in User.objects.in_bulk(list(keys)).items()}


def _teams(keys: Iterable[Any]) -> dict[Any, tuple[str, str]]:
    rows = Team.objects.select_related("branch").in_bulk(list(keys))
    return {pk: (row.branch.code, f"{row.branch.name} · {row.name}") for pk, row in rows.items()}


_NAMES: dict[str, Callable[[Iterable[Any]], dict[Any, tuple[str, str]]]] = {
    queries.TIER: _tiers,
    queries.BRANCH: _branches,
    queries.PERSON: _people,
    queries.TEAM: _teams,
}


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _margin(result: Estimate) -> str:
    return "–" if result.margin is None else f"± {result.margin:.2f}"


def _questions(found: Satisfaction, asked: Asked) -> list[tuple[str, str, str, int]]:
    """Each question as it is asked now, its mean mark, margin, and how many answered; old ones under their codes."""
    language = get_language() or "zh-hans"
    words = {question.code: question.name(language) for question in survey_rules(asked.last).questions}
    codes = [*(code for code in words if code in found.questions), *(set(found.questions) - set(words))]
    ordered = [(words.get(code, code), found.questions[code]) for code in codes]
    return [(text, _number(one.mean), _margin(one), one.count) for text, one in ordered]


def _chart(rows: Sequence[Row]) -> Chart | None:
    """Means with both ends of their intervals, in the order of the table; None where there is nothing to compare."""
    told = [row for row in rows if row.line.result.margin is not None]
    if len(told) < LEAST:
        return None

    def values(read: Callable[[Estimate], float | None]) -> list[Any]:
        return [yuan(f"{read(row.line.result):.2f}") for row in told]

    return Chart(
        id="satisfaction",
        title=_("Mean recommendation, 0 to 10"),
        kind="bar",
        label_name=_("Group"),
        labels=[row.name for row in told],
        series=[
            Series(_("Lower end"), values(lambda one: one.low), tone="tier-1"),
            Series(_("Mean"), values(lambda one: one.mean), tone="series-1"),
            Series(_("Upper end"), values(lambda one: one.high), tone="tier-2"),
        ],
        unit="count",
    )


@roles(*READERS)
@require_GET
def satisfaction_widget(request: HttpRequest) -> HttpResponse:
    """A part of a board: the last 90 days of the unit (?unit=), and by tier."""
    form = SatisfactionForm({"by": queries.TIER, "unit": request.GET.get("unit", "")}, viewer=request.user)
    unit = form.cleaned_data.get("unit") if form.is_valid() else None
    last = today()
    asked = Asked(last - timedelta(days=USUAL_DAYS - 1), last, queries.TIER, unit)
    found = queries.satisfaction(request.user, asked)
    named = _NAMES[asked.by]([line.key for line in found.lines])
    context = {
        "found": found,
        "rows": [_row(line, named, asked) for line in _ordered(found.lines, named)],
        "mean": _number(found.total.result.mean),
        "margin": _margin(found.total.result),
        "days": USUAL_DAYS,
        "url": link("insights:satisfaction", unit=unit.code if unit else ""),
    }
    return render(request, "insights/_satisfaction_widget.html", context)

"""Checks of supervision: the list, and one with its record, blind marks, and what a third decides."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import localtime
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.calendar import bank_calendar
from core.clock import now, today
from core.errors import DomainError
from insights.filters.openings import NEED_WORDS
from insights.filters.supervision import (
    CHECKS,
    check_state,
    finding_state,
    grade_cell,
    person_of,
)
from insights.forms.supervision import FindingForm, MarksForm
from insights.forms.supervision_rules import FACTOR_WORDS
from insights.queries.openings import opened_that_day
from insights.queries.supervision import customer_of, record_of
from insights.views.supervision import crumbs
from servicing.queries.choices import word_for
from staff.access import roles
from staff.enums import SUBJECTS
from staff.enums.supervision import CheckState, Grade, Mark, RecordSource
from staff.models import SpotCheck, User
from staff.queries import ACTIONS, heads_near
from staff.queries import supervision as queries
from staff.services import supervision as services
from staff.services.supervision_findings import FindingFacts, raise_finding

INVALID = 422  # htmx shows forms with errors under this status
MINUTE = "%Y-%m-%d %H:%M"


@roles(*queries.OVERSEERS)
@require_GET
def supervision_checks(request: HttpRequest) -> HttpResponse:
    """Checks this person oversees or marks."""
    title = str(CHECKS.caption)
    listing = CHECKS.show(request, queries.checks_for(request.user))
    context = {"listing": listing, "export": "insights:checks_export", "page_title": title, "crumbs": crumbs(title)}
    return render(request, "insights/supervision_list.html", context)


@roles(*queries.OVERSEERS)
@require_http_methods(["GET", "HEAD", "POST"])
def supervision_check(request: HttpRequest, pk: int) -> HttpResponse:
    """One check: the record, and one's own marks; POST says them."""
    check = _check(request, pk)
    if request.method != "POST":
        return _page(request, check)
    form = MarksForm(request.POST, check=check)
    if form.is_valid():
        try:
            services.score_check(
                check=check, marks=form.marks(), note=form.cleaned_data["note"], actor=request.user, at=now()
            )
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Your marks are in."))
            return _next(request, check)
    return _page(request, check, marks=form)


@roles(*queries.OVERSEERS)
@require_POST
def supervision_settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide where marks differ."""
    check = _check(request, pk)
    form = MarksForm(request.POST, check=check, fixed=_agreed(request.user, check))
    if form.is_valid():
        try:
            services.settle_check(
                check=check, marks=form.marks(), note=form.cleaned_data["note"], actor=request.user, at=now()
            )
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Settled."))
            return redirect(check)
    return _page(request, check, settle=form)


@roles(*queries.OVERSEERS)
@require_POST
def supervision_raise(request: HttpRequest, pk: int) -> HttpResponse:
    """Draw a finding up of what was not met."""
    check = _check(request, pk)
    form = _finding_form(check, request.POST)
    if form.is_valid():
        try:
            facts = FindingFacts(**form.cleaned_data)
            finding = raise_finding(check=check, facts=facts, actor=request.user, at=now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Drawn up; the person learns of it when it is issued."))
            return redirect(finding)
    return _page(request, check, finding=form)


def _check(request: HttpRequest, pk: int) -> SpotCheck:
    return get_object_or_404(queries.checks_for(request.user), pk=pk)


def _next(request: HttpRequest, check: SpotCheck) -> HttpResponse:
    """The next check that waits, so that marking goes on; else the one just marked."""
    waiting = queries.checks_to_score(request.user).order_by("pk").first()
    return redirect(waiting or check)


def _agreed(user: User, check: SpotCheck) -> dict[str, str]:
    """Marks both scorers gave, where both are in."""
    given = [score.marks for score in queries.scores_for(user, check) if score.at]
    if check.state == CheckState.OPEN or not given:
        return {}
    return {code: mark for code, mark in given[0].items() if all(one.get(code) == mark for one in given)}


def _page(request: HttpRequest, check: SpotCheck, **wrong: Any) -> HttpResponse:
    user, title = request.user, _("Check no. %(number)s") % {"number": check.pk}
    context = {
        "check": check,
        "state": check_state(check),
        "facts": list(_check_facts(check)),
        "record": list(_record(check, user)),
        "marked": list(_marked(user, check)),
        "notes": [score for score in queries.scores_for(user, check) if score.note],
        "findings": [
            (row, finding_state(row), grade_cell(row))
            for row in queries.findings_for(user).filter(spot_check=check).order_by("pk")
        ],
        **_forms(user, check),
        **wrong,
        "page_title": title,
        "crumbs": crumbs(title),
    }
    return render(request, "insights/supervision_check.html", context, status=INVALID if wrong else 200)


def _forms(user: User, check: SpotCheck) -> dict[str, Any]:
    """What this person may say now."""
    found: dict[str, Any] = {}
    if queries.checks_to_score(user).filter(pk=check.pk).exists():
        found["marks"] = MarksForm(check=check)
    elif queries.checks_to_settle(user).filter(pk=check.pk).exists():
        found["settle"] = MarksForm(check=check, fixed=_agreed(user, check))
    elif Mark.MISSED in check.outcome.values() and queries.oversees(user, check.draw.plan):
        found["finding"] = _finding_form(check, None)
    return found


def _finding_form(check: SpotCheck, data: Any) -> FindingForm:
    if check.state != CheckState.DONE:
        raise Http404
    language, day = get_language() or "", today()
    missed = [(code, check.draw.name_of(code, language)) for code, mark in check.outcome.items() if mark == Mark.MISSED]
    due_on = bank_calendar().add_workdays(day, queries.numbers_on(day).due_days[Grade.MINOR])
    owner = heads_near(check.branch, but=check.person_id).order_by("pk").first()
    return FindingForm(data, criteria=missed, owners=queries.owners_for(check), owner=owner, due_on=due_on)


def _check_facts(check: SpotCheck) -> Iterator[dict[str, Any]]:
    plan, draw = check.draw.plan, check.draw
    yield {"label": _("Area"), "value": plan.get_area_display()}
    yield {"label": _("Branch"), "value": check.branch.name}
    yield {"label": _("Person checked"), "value": person_of(check)}
    yield {"label": _("Happened at"), "value": f"{localtime(check.happened_at):{MINUTE}}"}
    if check.state != CheckState.OPEN:
        yield {"label": _("How it was drawn"), "value": check.get_drawn_by_display()}
        # Marks are given without knowing what made it a risk.
        factors = ", ".join(str(FACTOR_WORDS.get(code, code)) for code in check.factors)
        yield {"label": _("What made it a risk"), "value": factors or _("Nothing in particular")}
        yield {"label": _("Weight"), "value": f"{check.weight:g}"}
    yield {"label": _("Supervision plan"), "value": plan.name}
    yield {"label": _("Days drawn from"), "value": f"{draw.first} – {draw.last}"}
    if check.settled_by:
        yield {"label": _("Settled by"), "value": check.settled_by.name}


def _marked(user: User, check: SpotCheck) -> Iterator[tuple[str, list[str], str]]:
    """Criterion, the marks of those who scored, and what counts; nothing while one's own are not in."""
    scores = [score for score in queries.scores_for(user, check) if score.at]
    language = get_language() or ""
    for line in check.draw.criteria if scores else ():
        code = str(line["code"])
        given = [str(Mark(score.marks[code]).label) for score in scores]
        counts = check.outcome.get(code)
        yield check.draw.name_of(code, language), given, str(Mark(counts).label) if counts else ""


def _record(check: SpotCheck, viewer: User) -> Iterator[dict[str, Any]]:
    """The record as far as this person may see it; nothing when it is out of their sight."""
    row = record_of(check, viewer)
    if row is not None:
        yield from SHOWN[RecordSource(check.source)](row, viewer)


def _of_customer(customer: Any) -> dict[str, Any]:
    named = f"{customer.name} {customer.customer_no}"
    return {"label": _("Customer"), "value": named, "url": customer.get_absolute_url()}


def _contact(row: Any, viewer: User) -> Iterator[dict[str, Any]]:
    yield _of_customer(row.customer)
    for group, label, code in (
        ("channels", _("Channel"), row.channel),
        ("topics", _("Topic"), row.topic),
        ("outcomes", _("Outcome"), row.outcome),
    ):
        yield {"label": label, "value": word_for(group, code)}
    yield {"label": _("Note"), "value": row.readable_note or "–"}
    yield {"label": _("Next step"), "value": row.next_step or "–"}
    yield {"label": _("Written down at"), "value": f"{localtime(row.recorded_at):{MINUTE}}"}


def _act(row: Any, viewer: User) -> Iterator[dict[str, Any]]:
    yield {"label": _("Action"), "value": str(ACTIONS.get(row.action, row.action))}
    yield {"label": _("About"), "value": str(SUBJECTS.get(row.subject, row.subject))}
    customer = customer_of(row, viewer)
    if customer is not None:
        yield _of_customer(customer)
    is_told = customer is not None or row.subject != "customers.customer"
    yield {"label": _("Reason"), "value": row.reason if is_told and row.reason else "–"}
    for name in ("rows", "field", "list"):
        if name in row.changes:
            yield {
                "label": {"rows": _("Rows"), "field": _("Field"), "list": _("List")}[name],
                "value": row.changes[name],
            }


def _outreach(row: Any, viewer: User) -> Iterator[dict[str, Any]]:
    yield _of_customer(row.customer)
    yield {"label": _("Campaign"), "value": row.campaign.name, "url": row.campaign.get_absolute_url()}
    yield {"label": _("Channel"), "value": row.get_channel_display()}
    yield {"label": _("What to say"), "value": row.campaign.script or "–"}
    talk = row.follow_up.interaction if row.follow_up else None
    if talk is not None:
        yield {"label": _("Outcome"), "value": word_for("outcomes", talk.outcome)}
        yield {"label": _("Note"), "value": talk.note or "–"}


def _opening(row: Any, viewer: User) -> Iterator[dict[str, Any]]:
    if row.in_sight:
        yield _of_customer(row.customer)
    else:
        yield {"label": _("Customer"), "value": row.customer.customer_no}
    clocks = [f"{localtime(at):%H:%M}" for at in (row.first_at, row.last_at)]
    yield {"label": _("Looked at"), "value": f"{row.on} {' – '.join(dict.fromkeys(clocks))}"}
    yield {"label": _("Times"), "value": row.times}
    yield {"label": _("Book and unit"), "value": _("Outside") if row.is_outside else _("Own")}
    yield {"label": _("Business need"), "value": NEED_WORDS[row.need]}
    yield {"label": _("Customers opened that day"), "value": opened_that_day(row)}


SHOWN = {
    RecordSource.CONTACT: _contact,
    RecordSource.TRAIL: _act,
    RecordSource.OUTREACH: _outreach,
    RecordSource.OPENING: _opening,
}

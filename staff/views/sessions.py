"""Dates of classroom courses: the list, one of them with its people, seats, and results (F05)."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.clock import now
from core.errors import DomainError
from staff.access import EVERYONE, has_role, roles
from staff.enums.training import SeatState
from staff.filters.training import SESSIONS
from staff.forms.training import EnrolForm, ReasonForm, ResultsForm, SessionForm
from staff.models import Enrolment, Session
from staff.queries import training as queries
from staff.services import sessions as services
from staff.views.courses import crumbs

INVALID = 422  # htmx shows forms with errors under this status
NOTED = (SeatState.SEATED, SeatState.CAME, SeatState.MISSED)


@roles(*EVERYONE)
@require_GET
def session_list(request: HttpRequest) -> HttpResponse:
    """Dates in sight."""
    context = {
        "listing": SESSIONS.show(request, queries.sessions_for(request.user)),
        "may_plan": has_role(request.user, *queries.KEEPERS),
        "page_title": _("Dates of courses"),
        "crumbs": crumbs(_("Dates of courses")),
    }
    return render(request, "staff/sessions.html", context)


@roles(*queries.KEEPERS)
@require_http_methods(["GET", "HEAD", "POST"])
def session_new(request: HttpRequest) -> HttpResponse:
    """Plan a date."""
    form = SessionForm(request.POST or None, viewer=request.user, initial={"branch": request.user.branch.code})
    if form.is_valid():
        try:
            row = services.plan_session(facts=form.facts(), actor=request.user, at=now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return redirect(row)
    title, back = _("Plan a date"), reverse("staff:sessions")
    context = {"form": form, "back": back, "page_title": title, "crumbs": crumbs(title)}
    return render(request, "staff/training_form.html", context, status=INVALID if form.errors else 200)


@roles(*EVERYONE)
@require_GET
def session_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One date: when and where, one's own place, and for its keepers who comes."""
    return _page(request, _session(request, pk))


def _page(request: HttpRequest, row: Session, **wrong: forms.Form) -> HttpResponse:
    at, may_keep = now(), queries.may_keep(request.user, row)
    people = list(queries.enrolments_of(row)) if may_keep else []
    seated, is_open = [one for one in people if one.state in NOTED], row.cancelled_at is None
    can_note = may_keep and is_open and row.starts_at <= at and seated
    is_ahead = is_open and row.starts_at > at
    context: dict[str, Any] = {
        "session": row,
        "mine": _own(request, row),
        "is_ahead": is_ahead,
        "may_keep": may_keep,
        "people": people,
        "waiting": sum(one.state == SeatState.WAITING for one in people),
        "enrol": EnrolForm(viewer=request.user, branch=row.branch) if may_keep and is_ahead else None,
        "results": wrong.get("results") or ResultsForm(rows=seated) if can_note else None,
        "cancel": wrong.get("cancel") or ReasonForm() if may_keep and is_ahead else None,
        "page_title": row.course.title,
        "crumbs": crumbs(_("Dates of courses"), reverse("staff:sessions"), row.course.title),
    }
    return render(request, "staff/session.html", context, status=INVALID if wrong else 200)


def _own(request: HttpRequest, row: Session) -> Enrolment | None:
    return Enrolment.objects.filter(session=row, user=request.user).exclude(state=SeatState.LEFT).first()


@roles(*EVERYONE)
@require_POST
def session_enrol(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a seat oneself, or enter somebody of one's people."""
    return _move(request, pk, services.enrol)


@roles(*EVERYONE)
@require_POST
def session_leave(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a seat back, one's own or somebody's of one's people."""
    return _move(request, pk, services.leave)


def _move(request: HttpRequest, pk: int, work: Any) -> HttpResponse:
    row, user = _session(request, pk), request.user
    if number := request.POST.get("user", ""):
        people = queries.trainees_for(request.user).select_related("branch")
        user = get_object_or_404(people, staff_no=number)
    try:
        made = work(session=row, user=user, actor=request.user, at=now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{user.name}: {made.get_state_display()}")
    return redirect(row)


@roles(*queries.KEEPERS)
@require_POST
def session_results(request: HttpRequest, pk: int) -> HttpResponse:
    """Note who came and what they reached; who passed is certified."""
    row = _session(request, pk)
    people = [one for one in queries.enrolments_of(row) if one.state in NOTED]
    form = ResultsForm(request.POST, rows=people)
    if not form.is_valid():
        return _page(request, row, results=form)
    try:
        count = services.note_results(session=row, results=form.results(), actor=request.user, at=now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Noted; certificates issued: %(count)s") % {"count": count})
    return redirect(row)


@roles(*queries.KEEPERS)
@require_POST
def session_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Call a date off."""
    row, form = _session(request, pk), ReasonForm(request.POST)
    if form.is_valid():
        try:
            services.cancel_session(session=row, actor=request.user, at=now(), **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The date was called off, and everybody entered is told."))
            return redirect(row)
    return _page(request, row, cancel=form)


def _session(request: HttpRequest, pk: int) -> Session:
    return get_object_or_404(queries.sessions_for(request.user), pk=pk)

"""Training: one's own page, the figures for boards, and who lacks what."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core.clock import now, today
from staff.access import EVERYONE, has_role, roles
from staff.enums.training import Standing
from staff.filters.training import TONES
from staff.forms.training import UnitForm
from staff.models import Branch, Course, User
from staff.queries import training as queries
from staff.queries.training import Need
from staff.views.courses import crumbs

# More lines than this nobody reads; a unit below is chosen instead.
SHOWN = 300


@dataclass(frozen=True, slots=True)
class Mark:
    """How a person stands with a course; without a label it is not meant for them."""

    course: str
    label: str = ""
    tone: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A person of the matrix with a cell for each course."""

    person: User
    cells: list[Mark]
    lacks: int


@roles(*EVERYONE)
@require_GET
def my_training(request: HttpRequest) -> HttpResponse:
    """What one has to take and took, dates to come, and one's certificates."""
    day, at = today(), now()
    rows = queries.my_courses(request.user, day)
    context = {
        "rows": [(row, TONES[row.standing]) for row in rows],
        "to_do": sum(row.is_required and not row.is_done for row in rows),
        "enrolments": list(queries.my_enrolments(request.user, at)[:20]),
        "sessions": list(queries.open_sessions(request.user, at)[:10]),
        "may_keep": has_role(request.user, *queries.KEEPERS),
        "may_read": has_role(request.user, *queries.READERS),
        "page_title": _("Training"),
    }
    return render(request, "staff/training.html", context)


@roles(*EVERYONE)
@require_GET
def training_widget(request: HttpRequest) -> HttpResponse:
    """For boards: a head's people who lack something, and what one has to do oneself."""
    day, unit = today(), request.user.branch
    figures = None
    if has_role(request.user, *queries.KEEPERS):
        figures = queries.gaps_in(request.user, unit, day)
    mine = [row for row in queries.my_courses(request.user, day) if row.is_required and not row.is_done]
    at = reverse("staff:training_matrix") if figures else ""
    context = {
        "figures": figures,
        "unit": unit,
        "lacking_url": f"{at}?{urlencode({'unit': unit.code, 'show': 'lacking'})}",
        "expiring_url": f"{at}?{urlencode({'unit': unit.code, 'show': 'expiring'})}",
        "mine": mine,
    }
    return render(request, "staff/training_widget.html", context)


@roles(*queries.KEEPERS)
@require_GET
def training_matrix(request: HttpRequest) -> HttpResponse:
    """The people of a unit and every course somebody of them has to take."""
    day = today()
    form = UnitForm(request.GET or None, viewer=request.user)
    chosen = form.cleaned_data if form.is_valid() else {}
    unit = chosen.get("unit") or request.user.branch
    people = queries.people_of_unit(request.user, unit)
    needs, show = queries.needs_of(people, day), chosen.get("show") or ""
    shown = [person for person in people if _fits(needs[person.pk], show)]
    courses = sorted({need.course for rows in needs.values() for need in rows}, key=lambda course: course.code)
    context: dict[str, Any] = {
        "form": UnitForm(initial={"unit": unit.code, "show": show}, viewer=request.user),
        "unit": unit,
        "courses": courses,
        "lines": [_line(person, needs[person.pk], courses) for person in shown[:SHOWN]],
        "more": max(0, len(shown) - SHOWN),
        "figures": queries.gaps_of(needs.values()),
        "below": queries.gaps_below(people, needs, _below(request.user, unit)),
        "page_title": _("Who lacks what"),
        "crumbs": crumbs(_("Who lacks what")),
    }
    return render(request, "staff/training_matrix.html", context)


def _fits(needs: list[Need], show: str) -> bool:
    if show == "lacking":
        return any(need.is_missing for need in needs)
    return not show or any(need.standing == Standing.EXPIRING for need in needs)


def _line(person: User, needs: list[Need], courses: list[Course]) -> Line:
    by_course = {need.course.pk: need for need in needs}
    cells = [_mark(course, by_course.get(course.pk)) for course in courses]
    return Line(person, cells, sum(need.is_missing for need in needs))


def _mark(course: Course, need: Need | None) -> Mark:
    if need is None:
        return Mark(course.title)
    until = need.certificate.expires_on if need.certificate else None
    return Mark(course.title, need.standing.label, TONES[need.standing], until.isoformat() if until else "")


def _below(user: User, unit: Branch) -> list[Branch]:
    """The units right below, to go on to."""
    return list(queries.units_for(user).filter(parent=unit)[:50])

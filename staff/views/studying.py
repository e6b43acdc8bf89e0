"""Self-study: pages, tries, and what came of them (F06)."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.clock import now
from core.errors import DomainError
from staff.access import EVERYONE, roles
from staff.enums.training import QuestionKind
from staff.models import Attempt, Question
from staff.queries import training as queries
from staff.rules.training import is_right, mark_of, option_order, pages_of
from staff.services import studying as services
from staff.views.courses import crumbs

INVALID = 422  # htmx shows forms with errors under this status


@roles(*EVERYONE)
@require_GET
def study(request: HttpRequest, pk: int) -> HttpResponse:
    """A page of a course; the page and the time are kept for the next time."""
    course = get_object_or_404(queries.courses_for(request.user), pk=pk)
    known = queries.study_of(request.user, course)
    asked = request.GET.get("page", "")
    page = int(asked) if asked.isdecimal() and len(asked) < 4 else (known.page if known else 1)
    mark = services.look(course=course, page=page, user=request.user, at=now())
    pages = pages_of(course.content)
    context = {
        "course": course,
        "text": pages[mark.page - 1] if pages else "",
        "page": mark.page,
        "last": len(pages),
        "minutes": mark.seconds // 60,
        "page_title": course.title,
        "crumbs": crumbs(_("Courses"), reverse("staff:courses"), course.title),
    }
    return render(request, "staff/study.html", context)


@roles(*EVERYONE)
@require_POST
def attempt_start(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin a try, or go on with the one under way."""
    course = get_object_or_404(queries.courses_for(request.user), pk=pk)
    try:
        attempt = services.begin_attempt(course=course, actor=request.user, at=now())
    except DomainError as error:
        messages.error(request, str(error))
        return redirect(course)
    return redirect(attempt)


@roles(*EVERYONE)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def attempt(request: HttpRequest, pk: int) -> HttpResponse:
    """One's own try: its questions with the answers given so far, or what came of it. A POST keeps answers."""
    row = get_object_or_404(queries.attempts_of(request.user), pk=pk)
    if request.method == "POST":
        return _saved(request, row)
    asked = queries.asked_in(row)
    context = {
        "attempt": row,
        "course": row.course,
        "items": [_item(row, question) for question in asked],
        "answered": _answered(row),
        "mark": mark_of(row.right_count or 0, len(row.asked)),
        "minutes": row.seconds // 60,
        "certificate": queries.certificates_for(request.user).filter(attempt=row).first(),
        "again_at": queries.again_at(row, row.course),
        "page_title": row.course.title,
        "crumbs": crumbs(_("Courses"), reverse("staff:courses"), row.course.title),
    }
    name = "staff/attempt.html" if row.finished_at is None else "staff/attempt_result.html"
    return render(request, name, context)


def _saved(request: HttpRequest, row: Attempt) -> HttpResponse:
    try:
        row = services.save_answers(attempt=row, answers=_typed(request.POST, row), actor=request.user, at=now())
    except DomainError as error:
        return render(request, "staff/_attempt_saved.html", {"refused": str(error)})
    if not request.htmx:
        messages.success(request, _("Your answers are saved; go on whenever you like."))
        return redirect(row)
    return render(request, "staff/_attempt_saved.html", {"attempt": row, "answered": _answered(row)})


@roles(*EVERYONE)
@require_POST
def attempt_finish(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the last answers and mark the try."""
    row = get_object_or_404(queries.attempts_of(request.user), pk=pk)
    try:
        services.finish_attempt(attempt=row, answers=_typed(request.POST, row), actor=request.user, at=now())
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(row)


def _typed(data: QueryDict, row: Attempt) -> dict[int, list[int]]:
    """The answers in a form: fields q<key of the question>, whose values are places as they were shown. The service
    refuses what was not shown."""
    orders = {question.pk: _order(row, question) for question in queries.asked_in(row)}
    names = {f"q{pk}": pk for pk in orders}
    return {
        names[name]: [_place(text, orders[names[name]]) for text in data.getlist(name) if text]
        for name in names
        if name in data
    }


def _place(text: str, order: Sequence[int]) -> int:
    shown = int(text) if text.isdecimal() and len(text) < 3 else -1
    return order[shown] if 0 <= shown < len(order) else -1


def _order(row: Attempt, question: Question) -> Sequence[int]:
    """The places of a question's options in the order shown: where the author wrote the right one is not told."""
    count = len(question.options)
    return range(count) if question.kind == QuestionKind.TRUE_FALSE else option_order(row.seed, question.pk, count)


def _answered(row: Attempt) -> int:
    return sum(bool(places) for places in row.answers.values())


def _item(row: Attempt, question: Question) -> Mapping[str, Any]:
    """A question as one try shows it; what is right is in it only once the try is over."""
    chosen = row.answers.get(str(question.pk), [])
    shown = {
        "key": question.pk,
        "text": question.text,
        "is_several": question.kind == QuestionKind.SEVERAL,
        "options": [
            (shown_at, question.options[place], place in chosen) for shown_at, place in enumerate(_order(row, question))
        ],
    }
    if row.finished_at is None:
        return shown
    right = [question.options[place] for place in question.right]
    is_met = is_right(question.right, chosen)
    return {**shown, "right": right, "is_right": is_met, "explanation": question.explanation}

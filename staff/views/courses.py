"""Courses and their question banks: the list, one of them, drawing up, steps, questions by hand and from a file."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.clock import now, today
from core.errors import DomainError
from staff.access import EVERYONE, roles
from staff.enums.training import CourseKind, CourseState
from staff.filters.training import COURSES, QUESTIONS, TONES, course_state, meant_for
from staff.forms.question_file import QuestionFileForm
from staff.forms.training import CourseForm, QuestionForm
from staff.models import Course, Question
from staff.queries import training as queries
from staff.queries.licences import licence_words
from staff.rules.training import pages_of
from staff.services import courses as services

INVALID = 422  # htmx shows forms with errors under this status
FIELDS = (
    *("title", "about", "kind", "is_required", "roles", "tiers", "licence", "valid_months"),
    *("pass_mark", "questions", "retry_hours", "content"),
)
shows_and_takes_form = require_http_methods(["GET", "HEAD", "POST"])


@roles(*EVERYONE)
@require_GET
def course_list(request: HttpRequest) -> HttpResponse:
    """Courses in sight."""
    context = {
        "listing": COURSES.show(request, queries.courses_for(request.user)),
        "may_make": queries.may_make(request.user),
        "page_title": _("Courses"),
        "crumbs": crumbs(_("Courses")),
    }
    return render(request, "staff/courses.html", context)


@roles(*EVERYONE)
@require_GET
def course_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One course: whom it is meant for, how one stands with it, and what to do next."""
    course, day = _course(request, pk), today()
    need = queries.need_of(request.user, course, day)
    last = queries.attempts_of(request.user).filter(course=course).order_by("-pk").first()
    may_make = queries.may_make(request.user)
    dates = queries.open_sessions(request.user, now()).filter(course=course)
    context = {
        "course": course,
        "state": course_state(course),
        "need": need,
        "tone": TONES[need.standing],
        "facts": list(_facts(course)),
        "pages": len(pages_of(course.content)),
        "study": queries.study_of(request.user, course),
        "attempt": last if last and last.finished_at is None else None,
        "again_at": queries.again_at(last, course),
        "is_own": queries.wrote(request.user, course),
        "is_open": course.state == CourseState.IN_USE and course.kind == CourseKind.SELF_STUDY,
        "sessions": list(dates[:10]) if course.kind == CourseKind.CLASSROOM else [],
        "may_make": may_make,
        "bank": queries.questions_of(course).count() if may_make else None,
        "tried": queries.pass_rates([course])[course.pk] if may_make else None,
        "page_title": course.title,
        "crumbs": crumbs(_("Courses"), reverse("staff:courses"), course.title),
    }
    return render(request, "staff/course.html", context)


def _facts(course: Course) -> Iterator[dict[str, Any]]:
    yield {"label": _("Kind"), "value": course.get_kind_display()}
    yield {"label": _("Meant for"), "value": meant_for(course)}
    yield {"label": _("Has to be taken"), "value": _("Yes") if course.is_required else _("No")}
    if course.licence:
        yield {"label": _("Certificate for"), "value": licence_words([course.licence], today())}
    months = _("%(months)s months") % {"months": course.valid_months} if course.valid_months else _("for good")
    yield {"label": _("Certificate holds"), "value": months}
    yield {"label": _("Pass mark"), "value": f"{course.pass_mark} %"}
    if course.kind == CourseKind.SELF_STUDY:
        yield {"label": _("Questions in a try"), "value": course.questions}
        yield {"label": _("Hours before a failed try is repeated"), "value": course.retry_hours}
    yield {"label": pgettext("course", "Version"), "value": course.version}


@roles(*queries.MAKERS)
@shows_and_takes_form
def course_new(request: HttpRequest) -> HttpResponse:
    """Draw a course up."""
    form = CourseForm(request.POST or None, initial={"valid_months": 24})
    if form.is_valid():
        try:
            code = form.cleaned_data["code"]
            course = services.draft_course(code=code, facts=form.facts(), actor=request.user, at=now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return redirect(course)
    return _form(request, form, _("New course"), reverse("staff:courses"))


@roles(*queries.MAKERS)
@shows_and_takes_form
def course_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a course; of one in use this is a new version."""
    course = _course(request, pk)
    form = CourseForm(request.POST or None, course=course, initial={name: getattr(course, name) for name in FIELDS})
    if form.is_valid():
        try:
            services.change_course(course=course, facts=form.facts(), actor=request.user, at=now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect(course)
    return _form(request, form, course.title, course.get_absolute_url())


STEPS: Mapping[str, tuple[Callable[..., Course], Any]] = {
    "use": (services.use_course, gettext_lazy("The course is in use.")),
    "retire": (services.retire_course, gettext_lazy("The course is no longer used; what was earned holds.")),
}


@roles(*queries.MAKERS)
@require_POST
def course_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Put a course in use, or take it out of it."""
    course = _course(request, pk)
    if step not in STEPS:
        raise Http404
    work, words = STEPS[step]
    try:
        work(course=course, actor=request.user, at=now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, str(words))
    return redirect(course)


@roles(*queries.MAKERS)
@require_GET
def questions(request: HttpRequest, pk: int) -> HttpResponse:
    """The bank of a course."""
    _check_maker(request)
    course = _course(request, pk)
    listing = QUESTIONS.show(request, queries.questions_of(course))
    context = {
        "course": course,
        "listing": listing,
        "page_title": _("Questions of the course"),
        "crumbs": _path(course),
    }
    return render(request, "staff/questions.html", context)


@roles(*queries.MAKERS)
@shows_and_takes_form
def question_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a question by hand."""
    course, form = _course(request, pk), QuestionForm(request.POST or None)
    if form.is_valid():
        try:
            services.add_questions(course=course, asked=[form.asked()], actor=request.user, at=now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The question was added."))
            return redirect("staff:questions", course.pk)
    return _form(request, form, _("New question"), reverse("staff:questions", args=[pk]))


@roles(*queries.MAKERS)
@shows_and_takes_form
def question_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a new version in a question's place, or ask it no more."""
    _check_maker(request)
    rows = Question.objects.select_related("course").filter(course__in=queries.courses_for(request.user))
    question = get_object_or_404(rows, pk=pk, is_current=True)
    back = reverse("staff:questions", args=[question.course_id])
    is_gone = "retire" in request.POST
    form = QuestionForm(None if is_gone else request.POST or None, question=question)
    if is_gone or form.is_valid():
        said = {"question": question, "actor": request.user, "at": now()}
        try:
            if is_gone:
                services.retire_question(**said)
            else:
                services.change_question(asked=form.asked(), **said)
        except DomainError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect(back)
    return _form(request, form, _("Question %(number)s") % {"number": question.number}, back, question=question)


@roles(*queries.MAKERS)
@shows_and_takes_form
def question_import(request: HttpRequest, pk: int) -> HttpResponse:
    """Add the questions of a file, all or none."""
    course = _course(request, pk)
    form = QuestionFileForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        try:
            made = services.add_questions(course=course, asked=form.asked, actor=request.user, at=now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Questions added: %(count)s") % {"count": len(made)})
            return redirect("staff:questions", course.pk)
    back = reverse("staff:questions", args=[pk])
    return _form(request, form, _("Questions from a file"), back, is_file=True)


def _check_maker(request: HttpRequest) -> None:
    """Head offices of regions take courses and make none: what is right stays out of their sight."""
    if not queries.may_make(request.user):
        raise PermissionDenied


def _course(request: HttpRequest, pk: int) -> Course:
    return get_object_or_404(queries.courses_for(request.user), pk=pk)


def _path(course: Course) -> list[dict[str, str]]:
    made = crumbs(_("Courses"), reverse("staff:courses"), course.title)
    return [
        *made[:-1],
        {"label": course.title, "url": course.get_absolute_url()},
        {"label": _("Questions of the course")},
    ]


def _form(request: HttpRequest, form: Any, title: str, back: str, **more: Any) -> HttpResponse:
    context = {"form": form, "back": back, "page_title": title, "crumbs": crumbs(title), **more}
    return render(request, "staff/training_form.html", context, status=INVALID if form.errors else 200)


def crumbs(title: str, url: str = "", inner: str = "") -> list[dict[str, str]]:
    """The way from the page of training to a page, if need be over a list."""
    found = [{"label": _("Training"), "url": reverse("staff:training")}]
    return [*found, {"label": title, "url": url}, {"label": inner}] if inner else [*found, {"label": title}]

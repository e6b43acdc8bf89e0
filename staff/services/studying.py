"""Self-study: pages read, a try at drawn questions, saved on the way, marked at its end (F06)."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from secrets import randbits
from typing import Any, Final

from django.db import transaction
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from core import trail
from core.clock import SHANGHAI
from core.errors import DomainError
from staff.enums.training import CourseKind, CourseState, QuestionKind, Standing
from staff.models import Attempt, Course, Question, Study, User
from staff.queries import training as queries
from staff.queries.licences import licence_rules
from staff.rules.training import draw, is_right, look_seconds, pages_of, passes
from staff.services.certificates import issue_certificate

SUBJECT: Final = "staff.attempt"


class NotOpen(DomainError):
    """A draft, no longer used, or taught in a classroom."""

    code = "course_not_open"
    message = _("This course cannot be tried at: it is not in use, or it is taught in a classroom.")


class OwnCourse(DomainError):
    """Who knows the answers proves nothing by giving them."""

    code = "course_own"
    message = _("You wrote this course or its questions: its certificate is for others to earn.")


class TooSoon(DomainError):
    """After a failed try the content is read again first."""

    code = "course_too_soon"
    message = _("After a try that was not passed the next one is possible from %(at)s.")


class AlreadyCertified(DomainError):
    """The certificate holds for long enough."""

    code = "course_certified"
    message = _("Your certificate holds; it can be renewed from %(days)s days before its end.")


class TryOver(DomainError):
    """It was finished, here or on another machine."""

    code = "attempt_over"
    message = _("This try is finished; its answers can no longer be changed.")


class AnswerRefused(DomainError):
    """A question that was not asked, or an answer that is none of those offered."""

    code = "answer_refused"
    message = _("This answer does not belong to the try.")


def _day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


@transaction.atomic
def look(*, course: Course, page: int, user: User, at: datetime) -> Study:
    """Note the page somebody reads and the time since the last look. Leaves no trail: it is a bookmark."""
    last = max(1, len(pages_of(course.content)))
    page = min(max(1, page), last)
    row, is_new = Study.objects.select_for_update().get_or_create(
        user=user, course=course, defaults={"page": page, "furthest": page, "looked_at": at}
    )
    if not is_new:
        row.seconds += look_seconds(row.looked_at, at)
        row.page, row.furthest, row.looked_at = page, min(max(row.furthest, page), last), at
        row.save(update_fields=["seconds", "page", "furthest", "looked_at"])
    return row


@transaction.atomic
def begin_attempt(*, course: Course, actor: User, at: datetime, seed: int | None = None) -> Attempt:
    """Draw questions for a try, or go on with the one under way. The seed is on the trail before anything is drawn.

    Raises NotOpen, OwnCourse, TooSoon, AlreadyCertified.
    """
    course = Course.objects.select_for_update().get(pk=course.pk)
    own = Attempt.objects.filter(user=actor, course=course).order_by("-pk")
    if under_way := own.filter(finished_at=None).first():
        return under_way
    _check_open(course, own.first(), actor, at)
    seed = randbits(62) if seed is None else seed
    pool = sorted(queries.questions_of(course).values_list("pk", flat=True))
    facts = {"course": course.code, "version": course.version, "seed": seed, "pool": len(pool)}
    trail.record(actor=actor.actor, action="begin_attempt", subject=SUBJECT, subject_id=course.pk, at=at, changes=facts)
    return Attempt.objects.create(
        user=actor,
        course=course,
        course_version=course.version,
        seed=seed,
        pool=pool,
        asked=draw(seed, pool, course.questions),
        pass_mark=course.pass_mark,
        started_at=at,
        saved_at=at,
    )


def _check_open(course: Course, last: Attempt | None, actor: User, at: datetime) -> None:
    if course.state != CourseState.IN_USE or course.kind != CourseKind.SELF_STUDY:
        raise NotOpen()
    if queries.wrote(actor, course):
        raise OwnCourse()
    again = queries.again_at(last, course)
    if again is not None and at < again:
        raise TooSoon(at=f"{localtime(again, SHANGHAI):%Y-%m-%d %H:%M}")
    day = _day(at)
    if queries.need_of(actor, course, day).standing == Standing.VALID:
        raise AlreadyCertified(days=licence_rules(day).soon)


@transaction.atomic
def save_answers(*, attempt: Attempt, answers: Mapping[int, Iterable[int]], actor: User, at: datetime) -> Attempt:
    """Keep answers (places of options by question key) given so far; those not named stay. Raises TryOver,
    AnswerRefused. Leaves no trail: the finished try has it all."""
    row = _locked(attempt, actor)
    _take(row, answers, at)
    row.save(update_fields=["answers", "saved_at", "seconds"])
    return row


@transaction.atomic
def finish_attempt(*, attempt: Attempt, answers: Mapping[int, Iterable[int]], actor: User, at: datetime) -> Attempt:
    """Take the last answers and mark the try; who reaches the mark is certified.

    Raises TryOver, OwnCourse when they came to write it in between, AnswerRefused.
    """
    row = _locked(attempt, actor)
    if queries.wrote(actor, row.course):
        raise OwnCourse()
    asked = _take(row, answers, at)
    right = sum(is_right(question.right, row.answers.get(str(pk), [])) for pk, question in asked.items())
    row.right_count, row.is_passed = right, passes(right, len(row.asked), row.pass_mark)
    row.finished_at = at
    row.save()
    trail.record(
        actor=actor.actor,
        action="finish_attempt",
        subject=SUBJECT,
        subject_id=row.pk,
        at=at,
        changes={"course": row.course.code, "right": right, "asked": len(row.asked), "passed": row.is_passed},
    )
    if row.is_passed:
        facts: dict[str, Any] = {"course": row.course, "version": row.course_version, "attempt": row}
        issue_certificate(user=actor, day=_day(at), actor=actor.actor, at=at, **facts)
    return row


def _locked(attempt: Attempt, actor: User) -> Attempt:
    rows = Attempt.objects.select_for_update(of=("self",)).select_related("course")
    row = rows.filter(pk=attempt.pk, user=actor, finished_at=None).first()
    if row is None:
        raise TryOver()
    return row


def _take(row: Attempt, answers: Mapping[int, Iterable[int]], at: datetime) -> Mapping[int, Question]:
    asked = Question.objects.in_bulk(row.asked)
    for pk, chosen in answers.items():
        question, places = asked.get(pk), sorted(set(chosen))
        if question is None or not set(places) <= set(range(len(question.options))):
            raise AnswerRefused()
        if question.kind != QuestionKind.SEVERAL and len(places) > 1:
            raise AnswerRefused()
        row.answers[str(pk)] = places
    row.seconds += look_seconds(row.saved_at, at)
    row.saved_at = at
    return asked

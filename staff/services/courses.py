"""Courses and their questions: drawn up, changed, put in use and taken out of it (F05, F06)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from core import trail
from core.clock import SHANGHAI
from core.errors import DomainError
from staff.enums.training import CourseKind, CourseState
from staff.models import Course, Question, User
from staff.queries import training as queries
from staff.queries.licences import licence_rules
from staff.rules.training import Asked, question_faults

SUBJECT: Final = "staff.course"
FAULTS: Final[Mapping[str, Any]] = {
    "text": _("The question is missing."),
    "options": _("A question has two to eight answers to choose from, none of them empty."),
    "twice": _("Two of the answers are the same."),
    "right": _("Say which answers are right."),
    "one": _("Exactly one answer is right in this kind of question."),
    "several": _("At least two answers are right in this kind of question."),
}


class CoursesBankWide(DomainError):
    """Courses hold for the whole bank."""

    code = "courses_bank_wide"
    message = _("Courses hold for the whole bank; only its head office or an administrator may change them.")


class CourseCodeTaken(DomainError):
    """Another course has the code."""

    code = "course_code_taken"
    message = _("Another course has this code.")


class UnknownLicence(DomainError):
    """The rules have no such certificate."""

    code = "unknown_licence"
    message = _("The rules about certificates do not have this one any more.")


class NotEnoughQuestions(DomainError):
    """A try could not ask as many as it says."""

    code = "not_enough_questions"
    message = _("A try asks %(asked)s questions, and the bank would have %(there)s. Add questions first.")


class CourseMovedOn(DomainError):
    """The step does not fit the state."""

    code = "course_state"
    message = _("This is no longer possible: the course has moved on. Load the page again.")


class QuestionRefused(DomainError):
    """It could not be answered; `faults` are sentences."""

    code = "question_refused"
    message = _("%(faults)s")


@dataclass(frozen=True, slots=True)
class CourseFacts:
    """What a course says of itself; see `staff.models.Course`."""

    title: str
    about: str
    kind: str
    roles: Sequence[str]
    tiers: Sequence[int]
    is_required: bool
    licence: str
    valid_months: int
    pass_mark: int
    questions: int
    retry_hours: int
    content: str


@transaction.atomic
def draft_course(*, code: str, facts: CourseFacts, actor: User, at: datetime) -> Course:
    """A course nobody takes yet. Raises CoursesBankWide, CourseCodeTaken, UnknownLicence."""
    _check_maker(actor)
    _check_licence(facts.licence, at)
    if Course.objects.filter(code=code).exists():
        raise CourseCodeTaken()
    values = {**asdict(facts), "roles": list(facts.roles), "tiers": list(facts.tiers)}
    course = Course.objects.create(code=code, **values, created_by=actor, created_at=at, changed_at=at)
    _record(course, "create", actor, at, {"code": code, **_said(values)})
    return course


@transaction.atomic
def change_course(*, course: Course, facts: CourseFacts, actor: User, at: datetime) -> Course:
    """Change a course; of one in use this is a new version. Certificates and tries keep the version they were of.

    Raises CoursesBankWide, UnknownLicence, NotEnoughQuestions, CourseMovedOn.
    """
    _check_maker(actor)
    course = _locked(course, CourseState.DRAFT, CourseState.IN_USE)
    if facts.licence != course.licence:
        _check_licence(facts.licence, at)
    values = {**asdict(facts), "roles": list(facts.roles), "tiers": list(facts.tiers)}
    changes = {name: [getattr(course, name), value] for name, value in values.items() if getattr(course, name) != value}
    if not changes:
        return course
    for name, value in values.items():
        setattr(course, name, value)
    if course.state == CourseState.IN_USE:
        _check_questions(course)
        course.version += 1
    course.changed_at = at
    course.save()
    _record(course, "change", actor, at, {"version": course.version, **_said(changes)})
    return course


@transaction.atomic
def use_course(*, course: Course, actor: User, at: datetime) -> Course:
    """Open a course to whom it is meant for. Raises CoursesBankWide, CourseMovedOn, NotEnoughQuestions."""
    _check_maker(actor)
    course = _locked(course, CourseState.DRAFT, CourseState.RETIRED)
    _check_questions(course)
    return _move(course, CourseState.IN_USE, "publish", actor, at)


@transaction.atomic
def retire_course(*, course: Course, actor: User, at: datetime) -> Course:
    """Nobody begins it any more; what was earned holds as long as it says. Raises CoursesBankWide, CourseMovedOn."""
    _check_maker(actor)
    return _move(_locked(course, CourseState.IN_USE), CourseState.RETIRED, "retire", actor, at)


@transaction.atomic
def add_questions(*, course: Course, asked: Sequence[Asked], actor: User, at: datetime) -> list[Question]:
    """Put questions into the bank, all or none. Raises CoursesBankWide, QuestionRefused."""
    _check_maker(actor)
    course = Course.objects.select_for_update().get(pk=course.pk)
    for one in asked:
        check_question(one)
    last = Question.objects.filter(course=course).aggregate(last=Max("number"))["last"] or 0
    rows = [_question(course, last + place, 1, one, actor, at) for place, one in enumerate(asked, start=1)]
    made = Question.objects.bulk_create(rows)
    _record(course, "add", actor, at, {"questions": [row.number for row in made]})
    return made


@transaction.atomic
def change_question(*, question: Question, asked: Asked, actor: User, at: datetime) -> Question:
    """Put a new version in a question's place; tries that asked the old one keep it.

    Raises CoursesBankWide, QuestionRefused, CourseMovedOn when somebody was quicker.
    """
    _check_maker(actor)
    check_question(asked)
    old = _current(question)
    old.is_current = False
    old.save(update_fields=["is_current"])
    made = _question(old.course, old.number, old.version + 1, asked, actor, at)
    made.save()
    _record(old.course, "change", actor, at, {"question": old.number, "version": made.version})
    return made


@transaction.atomic
def retire_question(*, question: Question, actor: User, at: datetime) -> None:
    """Ask a question no more. Raises CoursesBankWide, NotEnoughQuestions, CourseMovedOn."""
    _check_maker(actor)
    old = _current(question)
    old.is_current = False
    old.save(update_fields=["is_current"])
    if old.course.state == CourseState.IN_USE:
        _check_questions(old.course)
    _record(old.course, "remove", actor, at, {"question": old.number})


def check_question(asked: Asked) -> None:
    """Raise QuestionRefused with what is wrong."""
    if faults := list(question_faults(asked)):
        raise QuestionRefused(faults=" ".join(str(FAULTS[fault]) for fault in faults))


def _question(course: Course, number: int, version: int, asked: Asked, actor: User, at: datetime) -> Question:
    return Question(
        course=course,
        number=number,
        version=version,
        kind=asked.kind,
        text=asked.text.strip(),
        options=[option.strip() for option in asked.options],
        right=sorted(asked.right),
        explanation=asked.explanation.strip(),
        created_by=actor,
        created_at=at,
    )


def _current(question: Question) -> Question:
    # The course first: adding and taking away wait for one another.
    Course.objects.select_for_update().get(pk=question.course_id)
    row = Question.objects.select_related("course").filter(pk=question.pk, is_current=True).first()
    if row is None:
        raise CourseMovedOn()
    return row


def _check_maker(actor: User) -> None:
    if not queries.may_make(actor):
        raise CoursesBankWide()


def _check_licence(code: str, at: datetime) -> None:
    if code and code not in licence_rules(at.astimezone(SHANGHAI).date()).licences:
        raise UnknownLicence()


def _check_questions(course: Course) -> None:
    there = queries.questions_of(course).count()
    asked = course.questions if course.kind == CourseKind.CLASSROOM else max(1, course.questions)
    if course.kind == CourseKind.SELF_STUDY and there < asked:
        raise NotEnoughQuestions(asked=asked, there=there)


def _locked(course: Course, *states: str) -> Course:
    row = Course.objects.select_for_update().filter(pk=course.pk, state__in=states).first()
    if row is None:
        raise CourseMovedOn()
    return row


def _move(course: Course, state: str, action: str, actor: User, at: datetime) -> Course:
    course.state, course.changed_at = state, at
    course.save(update_fields=["state", "changed_at"])
    _record(course, action, actor, at, {"version": course.version})
    return course


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    """Facts for the trail: of the content that it changed is enough."""
    return {name: value if name != "content" else "…" for name, value in values.items()}


def _record(course: Course, action: str, actor: User, at: datetime, changes: Mapping[str, Any]) -> None:
    trail.record(actor=actor.actor, action=action, subject=SUBJECT, subject_id=course.pk, at=at, changes=changes)

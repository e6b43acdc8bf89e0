"""Dates of classroom courses: planned, seats given, who came, and what they reached (F05).

Whoever changes how many seats are given holds the date's row, so that of many at once only so many get a seat as there
are; the database counts along (`session_within_capacity`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from core import trail
from core.clock import SHANGHAI
from core.errors import DomainError
from staff.enums import Event
from staff.enums.training import CourseKind, CourseState, SeatState
from staff.models import Branch, Certificate, Course, Enrolment, Session, User
from staff.queries import training as queries
from staff.services.certificates import issue_certificate
from staff.services.notices import Told, notify_rows

SUBJECT: Final = "staff.session"
LEAST: Final = 4


class SessionNotYours(DomainError):
    """Dates are kept by the heads of their unit."""

    code = "session_not_yours"
    message = _("Only the heads of the unit plan and change this date.")


class SessionRefused(DomainError):
    """A course that is not taught, or times that cannot be."""

    code = "session_refused"
    message = _("A date is for a classroom course in use; it lies ahead and ends after it begins.")


class EnrolmentClosed(DomainError):
    """It has begun, was called off, or is not for this person's unit."""

    code = "session_closed"
    message = _("Nobody is entered for this date any more: it has begun, was called off, or is another unit's.")


class NotYourTrainee(DomainError):
    """People enter themselves, and heads enter theirs."""

    code = "session_not_your_trainee"
    message = _("Only %(name)s or a head of the unit can do this.")


class NotEntered(DomainError):
    """There is no seat to give back."""

    code = "session_not_entered"
    message = _("%(name)s is not entered for this date.")


class ResultsTooEarly(DomainError):
    """Who came is noted when it has begun."""

    code = "session_too_early"
    message = _("Who came is noted once the date has begun.")


class ReasonNeeded(DomainError):
    """Those who were entered read why."""

    code = "session_reason"
    message = _("Say why, in at least %(least)s characters.")


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """When and where a course is taught, by whom, for how many."""

    course: Course
    branch: Branch
    place: str
    teacher: str
    starts_at: datetime
    ends_at: datetime
    capacity: int


@dataclass(frozen=True, slots=True)
class Result:
    """What is noted of a participant: whether they were there, and the mark (per cent) where one was given."""

    came: bool
    mark: int | None = None


@transaction.atomic
def plan_session(*, facts: SessionFacts, actor: User, at: datetime) -> Session:
    """Plan a date; from now on seats are given. Raises SessionNotYours, SessionRefused."""
    if not queries.units_for(actor).filter(pk=facts.branch.pk).exists() or actor.role not in queries.KEEPERS:
        raise SessionNotYours()
    is_taught = facts.course.state == CourseState.IN_USE and facts.course.kind == CourseKind.CLASSROOM
    if not is_taught or not at < facts.starts_at < facts.ends_at or facts.capacity < 1:
        raise SessionRefused()
    row = Session.objects.create(
        course=facts.course,
        branch=facts.branch,
        place=facts.place,
        teacher=facts.teacher,
        starts_at=facts.starts_at,
        ends_at=facts.ends_at,
        capacity=facts.capacity,
        created_by=actor,
        created_at=at,
    )
    _record(row, "create", actor, at, {"course": facts.course.code, "seats": facts.capacity})
    return row


@transaction.atomic
def enrol(*, session: Session, user: User, actor: User, at: datetime) -> Enrolment:
    """Give somebody a seat, or a place in the queue when none is left; entered again it changes nothing.

    Raises NotYourTrainee, EnrolmentClosed.
    """
    if not queries.may_train(actor, user):
        raise NotYourTrainee(name=user.name)
    session = _locked(session)
    if session.starts_at <= at or session.cancelled_at or not user.branch.path.startswith(session.branch.path):
        raise EnrolmentClosed()
    row = Enrolment.objects.filter(session=session, user=user).first() or Enrolment(session=session, user=user)
    if row.pk and row.state in (SeatState.SEATED, SeatState.WAITING):
        return row
    is_free = session.taken < session.capacity
    row.state = SeatState.SEATED if is_free else SeatState.WAITING
    row.queued_at = at
    row.save()
    _taken(session, int(is_free))
    if actor.pk != user.pk:
        _tell(session, [user.pk], "entered" if is_free else "waiting", at)
    _record(session, "enrol", actor, at, {"user": user.staff_no, "state": row.state})
    return row


@transaction.atomic
def leave(*, session: Session, user: User, actor: User, at: datetime) -> Enrolment:
    """Give a seat back; who waits longest gets it and is told. Raises NotYourTrainee, NotEntered, EnrolmentClosed."""
    if not queries.may_train(actor, user):
        raise NotYourTrainee(name=user.name)
    session = _locked(session)
    if session.starts_at <= at or session.cancelled_at:
        raise EnrolmentClosed()
    rows = Enrolment.objects.filter(session=session, user=user, state__in=[SeatState.SEATED, SeatState.WAITING])
    row = rows.first()
    if row is None:
        raise NotEntered(name=user.name)
    had_seat, row.state = row.state == SeatState.SEATED, SeatState.LEFT
    row.save(update_fields=["state"])
    _taken(session, -int(had_seat))
    _move_up(session, at)
    _record(session, "leave_session", actor, at, {"user": user.staff_no})
    return row


def _move_up(session: Session, at: datetime) -> None:
    free = session.capacity - session.taken
    waiting = Enrolment.objects.filter(session=session, state=SeatState.WAITING).order_by("queued_at", "pk")
    first = list(waiting[:free]) if free > 0 else []
    if not first:
        return
    Enrolment.objects.filter(pk__in=[row.pk for row in first]).update(state=SeatState.SEATED)
    _taken(session, len(first))
    _tell(session, [row.user_id for row in first], "moved_up", at)


@transaction.atomic
def cancel_session(*, session: Session, reason: str, actor: User, at: datetime) -> Session:
    """Call a date off and tell everybody entered. Raises SessionNotYours, EnrolmentClosed, ReasonNeeded."""
    session = _kept(session, actor)
    words = reason.strip()[:300]
    if session.starts_at <= at or session.cancelled_at:
        raise EnrolmentClosed()
    if len(words) < LEAST:
        raise ReasonNeeded(least=LEAST)
    session.cancelled_at, session.cancel_reason = at, words
    session.save(update_fields=["cancelled_at", "cancel_reason"])
    _tell(session, list(queries.enrolments_of(session).values_list("user_id", flat=True)), "cancelled", at)
    _record(session, "cancel_session", actor, at, {}, words)
    return session


@transaction.atomic
def note_results(*, session: Session, results: Mapping[int, Result], actor: User, at: datetime) -> int:
    """Note who of those with a seat came and what they reached (by user key); who passed is certified, once.

    A result that was certified no longer changes here: the certificate is withdrawn instead. Returns how many were
    certified. Raises SessionNotYours, ResultsTooEarly.
    """
    session = _kept(session, actor)
    if session.starts_at > at or session.cancelled_at:
        raise ResultsTooEarly()
    noted = (SeatState.SEATED, SeatState.CAME, SeatState.MISSED)
    certified = Certificate.objects.filter(enrolment__session=session).values("enrolment")
    rows = Enrolment.objects.filter(session=session, user__in=list(results), state__in=noted)
    changed = list(rows.exclude(pk__in=certified).exclude(user=actor).select_related("user"))
    for row in changed:
        _note(row, results[row.user_id], session.course, actor, at)
    passed = [row for row in changed if row.is_passed]
    for row in passed:
        facts: dict[str, Any] = {"course": session.course, "version": session.course.version, "enrolment": row}
        day = session.ends_at.astimezone(SHANGHAI).date()
        issue_certificate(user=row.user, day=day, actor=actor.actor, at=at, **facts)
    counts = {"came": sum(row.state == SeatState.CAME for row in changed), "passed": len(passed)}
    _record(session, "note_results", actor, at, counts)
    return len(passed)


def _note(row: Enrolment, result: Result, course: Course, actor: User, at: datetime) -> None:
    row.state = SeatState.CAME if result.came else SeatState.MISSED
    row.mark = result.mark if result.came else None
    reached = row.mark is not None and row.mark >= course.pass_mark
    row.is_passed = result.came and (reached or course.pass_mark == 0)
    row.noted_by, row.noted_at = actor, at
    row.save()


def _locked(session: Session) -> Session:
    rows = Session.objects.select_for_update(of=("self",), no_key=True).select_related("course", "branch")
    return rows.get(pk=session.pk)


def _kept(session: Session, actor: User) -> Session:
    session = _locked(session)
    if not queries.may_keep(actor, session):
        raise SessionNotYours()
    return session


def _taken(session: Session, step: int) -> None:
    if step:
        session.taken += step
        session.save(update_fields=["taken"])


def _tell(session: Session, users: Sequence[int], what: str, at: datetime) -> None:
    day = f"{localtime(session.starts_at, SHANGHAI):%Y-%m-%d}"
    once, url = f"session {session.pk} {what} {at.isoformat()}", session.get_absolute_url()
    rows = [Told(pk, once, url, {"day": day, "seat": what}) for pk in users]
    notify_rows(event=Event.SESSION_CHANGED, rows=rows, at=at)


def _record(
    session: Session, action: str, actor: User, at: datetime, changes: Mapping[str, Any], reason: str = ""
) -> None:
    trail.record(
        actor=actor.actor,
        action=action,
        subject=SUBJECT,
        subject_id=session.pk,
        at=at,
        changes=changes,
        reason=reason,
    )

"""Reads of training: courses in sight, dates, tries, certificates, and who lacks what (F05, F06, F07)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import Count, OuterRef, Q, QuerySet

from core.models import TrailEntry
from core.sql import statement
from staff.access import HEADS, scope_of
from staff.enums import Reach, Role
from staff.enums.training import CourseKind, CourseState, SeatState, Standing
from staff.models import (
    Attempt,
    Branch,
    Certificate,
    Course,
    Enrolment,
    Question,
    Session,
    Study,
    TeamMember,
    User,
)
from staff.queries import people_for
from staff.queries.licences import licence_rules
from staff.rules.training import is_required, pages_of, retry_at, standing_of

# Whoever draws up courses: they hold for the whole bank.
MAKERS = (Role.HEAD_OFFICE, Role.ADMIN)
# Whoever plans dates and looks after who is certified.
KEEPERS = HEADS
# Whoever reads the certificates of others.
READERS = (*HEADS, Role.COMPLIANCE)
MISSING = frozenset({Standing.EXPIRED, Standing.REVOKED, Standing.MISSING})


@dataclass(frozen=True, slots=True)
class Need:
    """A course somebody has to take or took, with the latest certificate of it."""

    course: Course
    standing: Standing
    certificate: Certificate | None

    @property
    def is_missing(self) -> bool:
        """Whether nothing valid is there."""
        return self.standing in MISSING


@dataclass(frozen=True, slots=True)
class Mine:
    """A course on one's own page: how it stands, how far it is read, the try under way, and when one may try again."""

    course: Course
    is_required: bool
    standing: Standing
    certificate: Certificate | None
    study: Study | None
    pages: int
    attempt: Attempt | None
    again_at: datetime | None

    @property
    def is_done(self) -> bool:
        """Whether there is nothing to do now."""
        return self.standing == Standing.VALID


def may_make(user: User) -> bool:
    """Whether somebody may draw up courses: an administrator, or the bank's own head office."""
    return user.role == Role.ADMIN or (user.role == Role.HEAD_OFFICE and user.branch.parent_id is None)


def courses_for(user: User) -> QuerySet[Course]:
    """Courses somebody sees: those in use, for makers all."""
    rows = Course.objects.all()
    return rows if may_make(user) else rows.filter(state=CourseState.IN_USE)


def wrote(user: User, course: Course) -> bool:
    """Whether somebody knows the answers of a course as its author: drew it up, wrote one of its questions as they are
    asked now, or made its present version."""
    if course.created_by_id == user.pk or questions_of(course).filter(created_by=user).exists():
        return True
    mine = TrailEntry.objects.filter(subject="staff.course", subject_id=str(course.pk), actor_id=user.pk)
    changed = mine.filter(action="change", changes__version=course.version)
    return changed.exclude(changes__has_key="question").exists()


def questions_of(course: Course) -> QuerySet[Question]:
    """The questions of a course as they are asked now."""
    return Question.objects.filter(course=course, is_current=True).order_by("number")


def team_tiers(people: Iterable[User]) -> Mapping[int, tuple[int, ...]]:
    """The tiers each person's team looks after, by the person's key."""
    members = TeamMember.objects.filter(user__in=[person.pk for person in people], until=None, team__is_active=True)
    return {user: tuple(tiers) for user, tiers in members.values_list("user_id", "team__tiers")}


def needs_of(people: Sequence[User], day: date) -> dict[int, list[Need]]:
    """What each person has to be certified for and how it stands, by their key; four statements for any number."""
    courses = list(_in_use().filter(is_required=True).order_by("code"))
    latest, tiers = _latest([person.pk for person in people], [course.pk for course in courses]), team_tiers(people)
    soon = licence_rules(day).soon
    return {
        person.pk: [
            _need(course, latest.get((person.pk, course.pk)), day, soon)
            for course in courses
            if _is_for(course, person, tiers)
        ]
        for person in people
    }


def _in_use() -> QuerySet[Any]:
    """Courses in use with `writers`, the keys of who wrote their questions as they are asked now."""
    asked = Question.objects.filter(course=OuterRef("pk"), is_current=True).order_by().values("created_by").distinct()
    return Course.objects.filter(state=CourseState.IN_USE).annotate(writers=ArraySubquery(asked))


def _is_for(course: Any, person: User, tiers: Mapping[int, tuple[int, ...]]) -> bool:
    if course.kind == CourseKind.SELF_STUDY and person.pk in (course.created_by_id, *course.writers):
        return False  # its answers prove nothing, and so nobody asks for them
    own = tiers.get(person.pk, ())
    return is_required(role=person.role, tiers=own, course_roles=course.roles, course_tiers=course.tiers)


def _need(course: Course, certificate: Certificate | None, day: date, soon: int) -> Need:
    if certificate is None:
        return Need(course, Standing.MISSING, None)
    revoked = certificate.revoked_at is not None
    return Need(course, standing_of(certificate.expires_on, is_revoked=revoked, day=day, soon=soon), certificate)


def _latest(people: Sequence[int], courses: Sequence[int]) -> dict[tuple[int, int], Certificate]:
    """The certificate that counts for each person and course: the last one that stands, else the last of all."""
    rows = Certificate.objects.filter(user__in=people, course__in=courses).order_by("issued_on", "pk")
    found: dict[tuple[int, int], Certificate] = {}
    for row in rows:
        key = (row.user_id, row.course_id)
        if row.revoked_at is None or key not in found or found[key].revoked_at is not None:
            found[key] = row
    return found


def my_courses(user: User, day: date) -> list[Mine]:
    """Every course meant for a person: what has to be taken first, then what is not done yet."""
    tiers = team_tiers([user])
    courses = [course for course in _in_use() if _is_for(course, user, tiers)]
    keys, soon = [course.pk for course in courses], licence_rules(day).soon
    latest = _latest([user.pk], keys)
    studies = {row.course_id: row for row in Study.objects.filter(user=user, course__in=keys)}
    tries: dict[int, Attempt] = {}
    for row in Attempt.objects.filter(user=user, course__in=keys).order_by("pk"):
        tries[row.course_id] = row
    found = []
    for course in courses:
        need = _need(course, latest.get((user.pk, course.pk)), day, soon)
        last = tries.get(course.pk)
        found.append(
            Mine(
                course=course,
                is_required=course.is_required,
                standing=need.standing,
                certificate=need.certificate,
                study=studies.get(course.pk),
                pages=len(pages_of(course.content)),
                attempt=last if last and last.finished_at is None else None,
                again_at=again_at(last, course),
            )
        )
    return sorted(found, key=lambda one: (one.is_done, not one.is_required, one.course.code))


def again_at(last: Attempt | None, course: Course) -> datetime | None:
    """From when on a failed try may be repeated; None when nothing is in the way."""
    if last is None or last.finished_at is None or last.is_passed:
        return None
    return retry_at(last.finished_at, course.retry_hours)


def need_of(user: User, course: Course, day: date) -> Need:
    """How one course stands with somebody."""
    certificate = _latest([user.pk], [course.pk]).get((user.pk, course.pk))
    return _need(course, certificate, day, licence_rules(day).soon)


def sessions_for(user: User) -> QuerySet[Session]:
    """Dates somebody may come to or keeps: of their unit and those above; for heads and compliance also of the units
    below."""
    above = Q(branch__in=[int(part) for part in user.branch.path.strip("/").split("/") if part])
    rows = Session.objects.select_related("course", "branch")
    scope = scope_of(user)
    if user.role not in READERS:
        return rows.filter(above)
    return rows if scope.reach == Reach.BANK else rows.filter(above | Q(branch__in=scope.branch_ids))


def may_keep(user: User, session: Session) -> bool:
    """Whether somebody may change a date and note who came: a head of its unit or of one above."""
    if user.role not in KEEPERS:
        return False
    scope = scope_of(user)
    return scope.reach == Reach.BANK or session.branch_id in scope.branch_ids


def open_sessions(user: User, at: datetime) -> QuerySet[Session]:
    """Dates to come."""
    return sessions_for(user).filter(starts_at__gt=at, cancelled_at=None).order_by("starts_at", "pk")


def enrolments_of(session: Session) -> QuerySet[Enrolment]:
    """Who is entered for a date, seats first, then the queue."""
    rows = Enrolment.objects.filter(session=session).exclude(state=SeatState.LEFT)
    return rows.select_related("user__branch").order_by("queued_at", "pk")


def my_enrolments(user: User, at: datetime) -> QuerySet[Enrolment]:
    """One's own places in dates to come."""
    rows = Enrolment.objects.filter(user=user, session__ends_at__gt=at, session__cancelled_at=None)
    rows = rows.filter(state__in=[SeatState.SEATED, SeatState.WAITING])
    return rows.select_related("session__course", "session__branch").order_by("session__starts_at")


def trainees_for(user: User) -> QuerySet[User]:
    """Whose training somebody looks after: a head all people of their units, others nobody."""
    people = people_for(user) if user.role in KEEPERS else User.objects.none()
    return people.filter(is_active=True)


def may_train(actor: User, user: User) -> bool:
    """Whether somebody may enter a person for a course: oneself, and the heads of the unit."""
    return actor.pk == user.pk or trainees_for(actor).filter(pk=user.pk).exists()


def units_for(user: User) -> QuerySet[Branch]:
    """Units whose dates and certificates a head looks after."""
    scope, units = scope_of(user), Branch.objects.order_by("code")
    return units if scope.reach == Reach.BANK else units.filter(pk__in=scope.branch_ids)


def people_of_unit(user: User, branch: Branch) -> list[User]:
    """The people of a unit and those below that somebody looks after, by unit and name."""
    people = trainees_for(user).filter(branch__path__startswith=branch.path).select_related("branch")
    return list(people.order_by("branch__code", "name", "pk"))


@dataclass(frozen=True, slots=True)
class Gaps:
    """Of a unit's people: how many lack something they have to have, and whose certificate runs out soon."""

    people: int
    lacking: int
    expiring: int


def gaps_of(needs: Iterable[Sequence[Need]]) -> Gaps:
    """The figures of people by what they need (the values of `needs_of`)."""
    rows = list(needs)
    lacks = sum(any(need.is_missing for need in each) for each in rows)
    soon = sum(any(need.standing == Standing.EXPIRING for need in each) for each in rows)
    return Gaps(len(rows), lacks, soon)


def gaps_in(user: User, branch: Branch, day: date) -> Gaps:
    """The figures of the people of a unit and those below that somebody looks after; one statement, as boards ask it
    of a whole bank's thousands."""
    if user.role not in KEEPERS:
        return Gaps(0, 0, 0)
    values: dict[str, Any] = {
        "units": list(units_for(user).filter(path__startswith=branch.path).values_list("pk", flat=True)),
        "day": day,
        "until": day + timedelta(days=licence_rules(day).soon),
        "in_use": CourseState.IN_USE.value,
        "self_study": CourseKind.SELF_STUDY.value,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement("staff", "training_gaps"), values)
        return Gaps(*cursor.fetchone())


def gaps_below(
    people: Iterable[User], needs: Mapping[int, Sequence[Need]], units: Iterable[Branch]
) -> list[tuple[Branch, Gaps]]:
    """The figures of each of these units with those below it, of the people given."""
    paths = [(person.branch.path, needs[person.pk]) for person in people]
    return [(unit, gaps_of(rows for path, rows in paths if path.startswith(unit.path))) for unit in units]


def attempts_of(user: User) -> QuerySet[Attempt]:
    """One's own tries; nobody else opens them."""
    return Attempt.objects.filter(user=user).select_related("course")


def asked_in(attempt: Attempt) -> list[Question]:
    """The questions of a try in the order they are asked."""
    rows = Question.objects.in_bulk(attempt.asked)
    return [rows[pk] for pk in attempt.asked if pk in rows]


def certificates_for(user: User) -> QuerySet[Certificate]:
    """One's own certificates; for heads and compliance those of their units' people, too."""
    rows = Certificate.objects.select_related("user__branch", "course")
    if user.role not in READERS:
        return rows.filter(user=user)
    scope = scope_of(user)
    return rows if scope.reach == Reach.BANK else rows.filter(Q(user=user) | Q(user__branch__in=scope.branch_ids))


def certificate_of(number: str) -> Certificate | None:
    """A certificate by the number on paper, whoever asks: it says no more than the paper does."""
    return Certificate.objects.select_related("user__branch", "course").filter(number=number).first()


def study_of(user: User, course: Course) -> Study | None:
    """How far somebody has read a course."""
    return Study.objects.filter(user=user, course=course).first()


def may_revoke(user: User, certificate: Certificate) -> bool:
    """Whether somebody may withdraw a certificate that stands: heads and compliance, never their own."""
    is_there = certificate.revoked_at is None and certificate.user_id != user.pk
    return is_there and user.role in READERS and certificates_for(user).filter(pk=certificate.pk).exists()


def pass_rates(courses: Iterable[Course]) -> Mapping[int, tuple[int, int]]:
    """Finished tries and passed ones of each course, by its key."""
    found: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    rows = Attempt.objects.filter(course__in=[course.pk for course in courses], finished_at__isnull=False)
    for pk, tried, passed in rows.values_list("course").annotate(n=Count("pk"), p=Count("pk", Q(is_passed=True))):
        found[pk] = (tried, passed)
    return found


def sessions_to_plan() -> QuerySet[Course]:
    """Courses a date can be planned for."""
    return Course.objects.filter(state=CourseState.IN_USE, kind=CourseKind.CLASSROOM).order_by("code")

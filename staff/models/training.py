"""Courses, their questions and sessions, who took them, and what they earned (F05, F06, F07)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from staff.enums import Role
from staff.enums.training import CourseKind, CourseState, QuestionKind, SeatState
from staff.models.people import Branch, User

OPEN = Q(finished_at=None)


class Course(models.Model):
    """A course, for everybody or for roles and teams of tiers. Each change of one in use raises its `version`.

    `content` is read page by page; `questions` are drawn in a try, of which `pass_mark` per cent must be right; a
    failed try is repeated after `retry_hours`. `licence` is the code of what its certificate stands for, "" = nothing
    is gated by it; it holds for `valid_months` (0 = for good).
    """

    code = models.SlugField(_("code"), max_length=20, unique=True)
    title = models.CharField(_("title"), max_length=80)
    about = models.CharField(_("what it is about"), max_length=500, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=CourseKind)
    roles = ArrayField(models.CharField(max_length=16, choices=Role), verbose_name=_("roles"), default=list, blank=True)
    tiers = ArrayField(models.SmallIntegerField(), verbose_name=_("tiers"), default=list, blank=True)
    is_required = models.BooleanField(_("has to be taken"), default=False)
    licence = models.CharField(_("certificate for"), max_length=20, blank=True)
    valid_months = models.SmallIntegerField(_("holds for months"), default=0)
    pass_mark = models.SmallIntegerField(_("pass mark, per cent"), default=60)
    questions = models.SmallIntegerField(_("questions in a try"), default=0)
    retry_hours = models.SmallIntegerField(_("hours before a failed try is repeated"), default=24)
    content = models.TextField(_("content"), blank=True, max_length=60_000)
    version = models.IntegerField(_("version"), default=1)
    state = models.CharField(_("state"), max_length=8, choices=CourseState, default=CourseState.DRAFT)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("course")
        constraints = [
            models.CheckConstraint(
                condition=Q(pass_mark__gte=0, pass_mark__lte=100, valid_months__gte=0, questions__gte=0),
                name="course_figures",
            ),
            models.CheckConstraint(
                condition=Q(state=CourseState.DRAFT) | Q(kind=CourseKind.CLASSROOM) | Q(questions__gte=1),
                name="course_asks_something",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """The page of the course."""
        return reverse("staff:course", args=[self.pk])


class Question(models.Model):
    """One version of a question of a course; a change puts a new version in its place, so that tries stay readable.

    `right` are places of `options` from 0.
    """

    course = models.ForeignKey(Course, models.PROTECT, related_name="+", db_index=False)
    number = models.IntegerField()
    version = models.IntegerField(default=1)
    kind = models.CharField(_("kind"), max_length=10, choices=QuestionKind)
    text = models.CharField(_("question"), max_length=500)
    options = ArrayField(models.CharField(max_length=200), verbose_name=_("answers"))
    right = ArrayField(models.SmallIntegerField())
    explanation = models.CharField(_("explanation"), max_length=500, blank=True)
    is_current = models.BooleanField(default=True)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("question")
        constraints = [
            models.UniqueConstraint(fields=["course", "number", "version"], name="question_version_once"),
            models.UniqueConstraint(
                fields=["course", "number"], condition=Q(is_current=True), name="question_current_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course_id} {self.number} v{self.version}"


class Study(models.Model):
    """How far somebody has read a course, and for how long; resumed on any machine."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    course = models.ForeignKey(Course, models.CASCADE, related_name="+", db_index=False)
    page = models.SmallIntegerField(default=1)
    furthest = models.SmallIntegerField(default=1)
    seconds = models.IntegerField(default=0)
    looked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "course"], name="study_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.course_id} {self.page}"


class Attempt(models.Model):
    """One try at a course's questions: `asked` were drawn of `pool` by `seed`, `answers` are kept as they are given.

    `answers` holds places of the options by question number. What is finished never changes.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    course = models.ForeignKey(Course, models.PROTECT, related_name="+", db_index=False)
    course_version = models.IntegerField()
    seed = models.BigIntegerField()
    pool = ArrayField(models.BigIntegerField())
    asked = ArrayField(models.BigIntegerField())
    answers = models.JSONField(default=dict)
    pass_mark = models.SmallIntegerField()
    started_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    seconds = models.IntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    right_count = models.SmallIntegerField(null=True)
    is_passed = models.BooleanField(null=True)

    class Meta:
        verbose_name = pgettext_lazy("course", "try")
        indexes = [models.Index(fields=["user", "course", "-id"], name="attempt_of_person")]
        constraints = [
            models.UniqueConstraint(fields=["user", "course"], condition=OPEN, name="attempt_open_once"),
            models.CheckConstraint(
                condition=Q(finished_at=None, right_count=None, is_passed=None)
                | Q(finished_at__isnull=False, right_count__isnull=False, is_passed__isnull=False),
                name="attempt_finished_is_marked",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.course_id} {self.started_at:%F}"

    def get_absolute_url(self) -> str:
        """The page of the try."""
        return reverse("staff:attempt", args=[self.pk])


class Session(models.Model):
    """A date of a classroom course for a unit and those below. `taken` counts seats and never passes `capacity`."""

    course = models.ForeignKey(Course, models.PROTECT, verbose_name=_("course"), related_name="+")
    branch = models.ForeignKey(Branch, models.PROTECT, verbose_name=_("unit"), related_name="+")
    place = models.CharField(_("place"), max_length=120)
    teacher = models.CharField(_("teacher"), max_length=60)
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    capacity = models.SmallIntegerField(_("seats"))
    taken = models.SmallIntegerField(_("seats given"), default=0)
    cancelled_at = models.DateTimeField(null=True)
    cancel_reason = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = pgettext_lazy("course", "session")
        indexes = [models.Index(fields=["branch", "-starts_at"], name="session_of_branch")]
        constraints = [
            models.CheckConstraint(
                condition=Q(taken__gte=0, capacity__gte=1, taken__lte=F("capacity")), name="session_within_capacity"
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="session_times"),
        ]

    def __str__(self) -> str:
        return f"{self.course} {self.starts_at:%F %R}"

    def get_absolute_url(self) -> str:
        """The page of the session."""
        return reverse("staff:session", args=[self.pk])


class Enrolment(models.Model):
    """Somebody's place in a session; `queued_at` is the order of the waiting list, `mark` per cent reached."""

    session = models.ForeignKey(Session, models.PROTECT, related_name="+", db_index=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    state = models.CharField(_("state"), max_length=8, choices=SeatState)
    queued_at = models.DateTimeField(null=True)
    mark = models.SmallIntegerField(null=True)
    is_passed = models.BooleanField(null=True)
    noted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    noted_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = pgettext_lazy("course", "participant")
        constraints = [
            models.UniqueConstraint(fields=["session", "user"], name="enrolment_once"),
            models.CheckConstraint(
                condition=~Q(state=SeatState.WAITING) | Q(queued_at__isnull=False), name="enrolment_in_a_queue"
            ),
            models.CheckConstraint(condition=Q(mark=None) | Q(mark__gte=0, mark__lte=100), name="enrolment_mark"),
            models.CheckConstraint(
                condition=~Q(is_passed=True) | Q(state=SeatState.CAME), name="enrolment_passed_was_there"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.session_id} {self.user_id} {self.state}"


class Certificate(models.Model):
    """What somebody earned by a course, in the version they took; it is withdrawn with a reason and never deleted."""

    number = models.CharField(_("number"), max_length=16, unique=True)
    user = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    course = models.ForeignKey(Course, models.PROTECT, related_name="+", db_index=False)
    course_version = models.IntegerField()
    licence = models.CharField(max_length=20, blank=True)
    issued_on = models.DateField(_("issued on"))
    expires_on = models.DateField(_("holds until"), null=True)
    attempt = models.OneToOneField(Attempt, models.PROTECT, null=True, related_name="+")
    enrolment = models.OneToOneField(Enrolment, models.PROTECT, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    revoke_reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("certificate")
        indexes = [
            models.Index(fields=["user", "course", "-issued_on"], name="certificate_of_person"),
            models.Index(fields=["expires_on"], name="certificate_by_end", condition=Q(revoked_at=None)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_on=None) | Q(expires_on__gte=F("issued_on")), name="certificate_days"
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_by=None)
                | (Q(revoked_at__isnull=False, revoked_by__isnull=False) & ~Q(revoke_reason="")),
                name="certificate_revoked_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        """The page of the certificate."""
        return reverse("staff:certificate", args=[self.pk])

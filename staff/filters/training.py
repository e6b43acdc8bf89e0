"""Lists of courses, questions, dates and certificates."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.clock import SHANGHAI, now, today
from core.pages import Cell, Column, ListFilter, ListPage
from staff.enums.training import CourseKind, CourseState, QuestionKind, Standing
from staff.models import Certificate, Course, Question, Session
from staff.queries.licences import licence_rules, licence_words
from staff.rules.training import standing_of

TONES = {
    Standing.VALID: "good",
    Standing.EXPIRING: "warn",
    Standing.EXPIRED: "bad",
    Standing.REVOKED: "bad",
    Standing.MISSING: "bad",
}
STATE_TONES = {CourseState.DRAFT: "neutral", CourseState.IN_USE: "good", CourseState.RETIRED: "neutral"}


class CourseFilter(ListFilter):
    """Courses by words, kind and state."""

    q = django_filters.CharFilter(label=_("Title or code"), method="named", max_length=40)
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=CourseKind.choices, empty_label=_("All"))
    state = django_filters.ChoiceFilter(label=_("State"), choices=CourseState.choices, empty_label=_("All"))

    class Meta:
        model = Course
        fields: list[str] = []

    def named(self, rows: QuerySet[Course], name: str, value: str) -> QuerySet[Course]:
        """Any part of the title, or the beginning of the code."""
        text = value.strip()
        return rows.filter(Q(title__icontains=text) | Q(code__istartswith=text))


class QuestionFilter(ListFilter):
    """Questions by words and kind."""

    q = django_filters.CharFilter(label=_("Words"), field_name="text", lookup_expr="icontains", max_length=40)
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=QuestionKind.choices, empty_label=_("All"))

    class Meta:
        model = Question
        fields: list[str] = []


class SessionFilter(ListFilter):
    """Dates to come, unless past or cancelled ones are asked for."""

    when = django_filters.ChoiceFilter(
        label=_("Show"),
        choices=[("ahead", _("To come")), ("past", _("Past")), ("cancelled", _("Cancelled")), ("all", _("All"))],
        method="as_given",
        empty_label=None,
    )

    class Meta:
        model = Session
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet[Session]) -> QuerySet[Session]:
        rows, when = super().filter_queryset(queryset), self.form.cleaned_data.get("when") or "ahead"
        return {
            "ahead": rows.filter(cancelled_at=None, ends_at__gte=now()),
            "past": rows.filter(cancelled_at=None, ends_at__lt=now()),
            "cancelled": rows.exclude(cancelled_at=None),
            "all": rows,
        }[when]

    def as_given(self, rows: QuerySet[Session], name: str, value: object) -> QuerySet[Session]:
        """Chosen in `filter_queryset`, which also knows what holds when nothing is."""
        return rows


class CertificateFilter(ListFilter):
    """Certificates by holder, and by how they stand today."""

    q = django_filters.CharFilter(label=_("Name or number"), method="named", max_length=40)
    stands = django_filters.ChoiceFilter(
        label=_("Show"),
        choices=[(one.value, one.label) for one in Standing if one != Standing.MISSING],
        method="standing",
        empty_label=_("All"),
    )

    class Meta:
        model = Certificate
        fields: list[str] = []

    def named(self, rows: QuerySet[Certificate], name: str, value: str) -> QuerySet[Certificate]:
        """Any part of the holder's name, or the beginning of a number."""
        text = value.strip()
        numbered = Q(number__istartswith=text) | Q(user__staff_no__istartswith=text)
        return rows.filter(Q(user__name__icontains=text) | numbered)

    def standing(self, rows: QuerySet[Certificate], name: str, value: str) -> QuerySet[Certificate]:
        """The rows whose badge says so."""
        day, there = today(), rows.filter(revoked_at=None)
        soon = day + licence_rules(day).window
        return {
            Standing.VALID: there.filter(Q(expires_on=None) | Q(expires_on__gt=soon)),
            Standing.EXPIRING: there.filter(expires_on__gte=day, expires_on__lte=soon),
            Standing.EXPIRED: there.filter(expires_on__lt=day),
            Standing.REVOKED: rows.exclude(revoked_at=None),
        }[Standing(value)]


def course_state(row: Course) -> Cell:
    """Where a course stands, as a badge."""
    return Cell(row.get_state_display(), "badge", tone=STATE_TONES[CourseState(row.state)])


def meant_for(row: Course) -> str:
    """Whom a course is meant for, in words."""
    roles = [str(dict(Course._meta.get_field("roles").base_field.choices).get(role, role)) for role in row.roles]
    tiers = [_t("Tier %(rank)s") % {"rank": rank} for rank in row.tiers]
    return " · ".join([*roles, *tiers]) or _t("Everybody")


def standing_cell(row: Certificate) -> Cell:
    """How a certificate stands today, as a badge."""
    day = today()
    is_revoked = row.revoked_at is not None
    standing = standing_of(row.expires_on, is_revoked=is_revoked, day=day, soon=licence_rules(day).soon)
    return Cell(standing.label, "badge", tone=TONES[standing])


def minute(at: Any) -> str:
    """A moment as lists show it."""
    return f"{localtime(at, SHANGHAI):%Y-%m-%d %H:%M}"


def _session_state(row: Session) -> Cell:
    if row.cancelled_at is not None:
        return Cell(_t("Cancelled"), "badge", tone="neutral")
    if row.ends_at < now():
        return Cell(_t("Past"), "badge", tone="neutral")
    is_full = row.taken >= row.capacity
    return Cell(_t("Full") if is_full else _t("Seats free"), "badge", tone="warn" if is_full else "good")


def _question_url(row: Question) -> str:
    return reverse("staff:question_edit", args=[row.pk])


COURSES = ListPage(
    caption=_("Courses"),
    noun=_("courses"),
    filterset=CourseFilter,
    default_order=("code", "pk"),
    columns=(
        Column("title", _("Title"), lambda row: Cell(row.title, "main", row.get_absolute_url(), hint=row.code)),
        Column("state", _("State"), course_state),
        Column("kind", _("Kind"), lambda row: row.get_kind_display()),
        Column("for", _("Meant for"), meant_for, kind="wrap"),
        Column("required", _("Has to be taken"), lambda row: _t("Yes") if row.is_required else ""),
        Column(
            "licence", _("Certificate for"), lambda row: licence_words([row.licence], today()) if row.licence else ""
        ),
        Column("version", pgettext_lazy("course", "Version"), kind="num"),
    ),
    row_url=lambda row: row.get_absolute_url(),
    empty_title=_("No course yet"),
    empty_text=_("Head office and administrators draw courses up."),
)
QUESTIONS = ListPage(
    caption=_("Questions of the course"),
    noun=_("questions"),
    filterset=QuestionFilter,
    default_order=("number", "pk"),
    columns=(
        Column("text", _("Text of the question"), lambda row: Cell(row.text, "main", _question_url(row))),
        Column("number", _("Number"), kind="num", sort=("number", "pk")),
        Column("kind", _("Kind"), lambda row: row.get_kind_display()),
        Column("answers", _("Choices"), lambda row: len(row.options), kind="num"),
        Column("version", pgettext_lazy("course", "Version"), kind="num"),
    ),
    row_url=_question_url,
    empty_title=_("No question yet"),
    empty_text=_("Add one by hand, or a file with many."),
)
SESSIONS = ListPage(
    caption=_("Dates of courses"),
    noun=_("dates"),
    filterset=SessionFilter,
    default_order=("-starts_at", "-pk"),
    columns=(
        Column(
            "course", _("Course"), lambda row: Cell(row.course.title, "main", row.get_absolute_url(), hint=row.place)
        ),
        Column("state", _("State"), _session_state),
        Column(
            "starts", pgettext_lazy("session", "Begins"), lambda row: minute(row.starts_at), sort=("starts_at", "pk")
        ),
        Column("seats", _("Seats given"), lambda row: f"{row.taken:,} / {row.capacity:,}", kind="num"),
        Column("teacher", _("Teacher"), "teacher"),
        Column("unit", _("For the people of"), "branch__name"),
    ),
    row_url=lambda row: row.get_absolute_url(),
    empty_title=_("No date planned"),
    empty_text=_("Heads plan dates of classroom courses for their units."),
)
CERTIFICATES = ListPage(
    caption=_("Certificates"),
    noun=_("certificates"),
    filterset=CertificateFilter,
    default_order=("-issued_on", "-pk"),
    columns=(
        Column("number", _("Number"), lambda row: Cell(row.number, "main", row.get_absolute_url())),
        Column("state", _("State"), standing_cell),
        Column("holder", _("Holder"), lambda row: Cell(row.user.name, hint=row.user.staff_no)),
        Column("unit", _("Unit"), "user__branch__name"),
        Column("course", _("Course"), "course__title"),
        Column("issued_on", _("Issued on"), kind="date", sort=("issued_on", "pk")),
        Column("expires_on", _("Holds until"), lambda row: row.expires_on or _t("for good"), kind="date"),
    ),
    row_url=lambda row: row.get_absolute_url(),
    empty_title=_("No certificate yet"),
    empty_text=_("Who passes a course finds the certificate here."),
)

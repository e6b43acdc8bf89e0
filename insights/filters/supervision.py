"""The lists of supervision: plans, checks and findings; their filters, columns and tiles."""

from collections.abc import Iterator
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import Truncator
from django.utils.timezone import localtime
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from core.clock import today
from core.pages import Cell, Column, ListFilter, ListPage, Tile, counted_tiles
from core.pages.choices import LoadedChoiceFilter
from servicing.queries.contacts import units_of
from staff.enums.supervision import CheckArea, CheckState, FindingState, Grade, PlanKind, PlanState
from staff.models import Branch, CheckPlan, Finding, SpotCheck
from staff.queries import supervision as queries

MOST_TEXT = 60
STATE_TONES = {CheckState.OPEN: "info", CheckState.DIFFERENT: "warn", CheckState.DONE: "neutral"}
GRADE_TONES = {Grade.MINOR: "neutral", Grade.MODERATE: "warn", Grade.SERIOUS: "bad"}
TO_DO = [("mine", _("Waits for my marks")), ("settle", _("Marks differ, mine to decide"))]
STANDS = [
    ("mine", _("Mine to correct")),
    ("overdue", _("Overdue")),
    *((state.value, state.label) for state in FindingState),
]


def _units(request: Any) -> QuerySet[Branch]:
    return units_of(request.user) if request else Branch.objects.none()


class PlanFilter(ListFilter):
    """Plans by area, kind and state."""

    area = django_filters.ChoiceFilter(label=_("Area"), choices=CheckArea.choices, empty_label=_("All"))
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=PlanKind.choices, empty_label=_("All"))
    state = django_filters.ChoiceFilter(label=_("State"), choices=PlanState.choices, empty_label=_("All"))

    class Meta:
        model = CheckPlan
        fields: list[str] = []


class CheckFilter(ListFilter):
    """Checks by what is to be done, by state, area and unit; `plan` is a plan's number."""

    stands = django_filters.ChoiceFilter(label=_("To do"), choices=TO_DO, method="to_do", empty_label=_("All"))
    state = django_filters.ChoiceFilter(label=_("State"), choices=CheckState.choices, empty_label=_("All"))
    area = django_filters.ChoiceFilter(
        label=_("Area"), field_name="draw__plan__area", choices=CheckArea.choices, empty_label=_("All")
    )
    unit = LoadedChoiceFilter(
        label=_("Branch"), field_name="branch", queryset=_units, to_field_name="code", empty_label=_("All")
    )
    plan = django_filters.NumberFilter(label=_("Number of the plan"), field_name="draw__plan")

    class Meta:
        model = SpotCheck
        fields: list[str] = []

    def to_do(self, rows: QuerySet[SpotCheck], name: str, value: str) -> QuerySet[SpotCheck]:
        """What waits for the person who looks."""
        wanted = queries.checks_to_score if value == "mine" else queries.checks_to_settle
        return rows.filter(pk__in=wanted(self.request.user).order_by().values("pk"))


class FindingFilter(ListFilter):
    """Findings by how they stand, grade, area and unit."""

    stands = django_filters.ChoiceFilter(label=_("State"), choices=STANDS, method="at_stand", empty_label=_("All"))
    grade = django_filters.ChoiceFilter(label=_("Grade"), choices=Grade.choices, empty_label=_("All"))
    area = django_filters.ChoiceFilter(label=_("Area"), choices=CheckArea.choices, empty_label=_("All"))
    unit = LoadedChoiceFilter(
        label=_("Branch"), field_name="branch", queryset=_units, to_field_name="code", empty_label=_("All")
    )

    class Meta:
        model = Finding
        fields: list[str] = []

    def at_stand(self, rows: QuerySet[Finding], name: str, value: str) -> QuerySet[Finding]:
        """By state, or what is late, or one's own."""
        if value == "mine":
            return rows.filter(owner=self.request.user, state=FindingState.ISSUED)
        return rows.filter(queries.overdue_on(today())) if value == "overdue" else rows.filter(state=value)


def plan_state(row: CheckPlan) -> Cell:
    """Where a plan stands, as a badge."""
    return Cell(row.get_state_display(), "badge", tone="good" if row.state == PlanState.ACTIVE else "neutral")


def check_state(row: SpotCheck) -> Cell:
    """Where a check stands, as a badge."""
    return Cell(row.get_state_display(), "badge", tone=STATE_TONES[CheckState(row.state)])


def finding_state(row: Finding) -> Cell:
    """Where a finding stands, as a badge; overdue when its day is past."""
    if row.state == FindingState.ISSUED and row.due_on < today():
        return Cell(_t("Overdue"), "badge", tone="bad")
    tones = {FindingState.ISSUED: "warn", FindingState.CORRECTED: "info", FindingState.CLOSED: "good"}
    return Cell(row.get_state_display(), "badge", tone=tones.get(FindingState(row.state), "neutral"))


def grade_cell(row: Finding) -> Cell:
    """How grave it is, as a badge; raised when it is a repeat."""
    hint = _t("raised, it is a repeat") if row.grade > row.first_grade else ""
    return Cell(row.get_grade_display(), "badge", tone=GRADE_TONES[Grade(row.grade)], hint=hint)


def person_of(row: SpotCheck) -> str:
    """Whom it is about; while marks are open only what they are, so that nobody is marked by name."""
    if row.state == CheckState.OPEN:
        return row.person.get_role_display()
    return row.person.name


def drawn_by(row: SpotCheck) -> str:
    """By which part of the draw it came; while marks are open nobody is to know that it is a risk."""
    return "" if row.state == CheckState.OPEN else str(row.get_drawn_by_display())


def criterion_of(row: Finding) -> str:
    """The criterion, as it read when it was drawn."""
    return row.spot_check.draw.name_of(row.criterion, get_language() or "")


PLANS = ListPage(
    columns=(
        Column("name", _("Supervision plan"), lambda row: Cell(row.name, "main", row.get_absolute_url()), stays=True),
        Column("area", _("Area"), lambda row: row.get_area_display()),
        Column("kind", _("Kind"), lambda row: row.get_kind_display()),
        Column("unit", _("Units"), "unit__name"),
        Column("per_unit", _("Records a unit"), kind="num"),
        Column("risk", _("By risk, %"), "risk_percent", kind="num"),
        Column("starts", _("From"), "starts_on", kind="date", sort=("starts_on", "pk")),
        Column("state", _("State"), plan_state),
        Column("by", _("Made by"), "created_by__name", is_default=False),
    ),
    default_order=("-created_at", "-pk"),
    filterset=PlanFilter,
    caption=_("Supervision plans"),
    noun=_("plans"),
    row_url=lambda row: row.get_absolute_url(),
    empty_title=_("No plans"),
    empty_text=_("A plan says what is looked at, where, how often, and who scores."),
)

CHECKS = ListPage(
    columns=(
        Column("check", _("Spot check"), lambda row: Cell(f"#{row.pk}", "main", row.get_absolute_url()), stays=True),
        Column("source", _("Record"), lambda row: row.get_source_display()),
        Column("area", _("Area"), lambda row: row.draw.plan.get_area_display()),
        Column("branch", _("Branch"), "branch__name"),
        Column("person", _("Person checked"), person_of),
        Column("drawn", _("How it was drawn"), drawn_by),
        Column("happened", _("Happened on"), lambda row: localtime(row.happened_at).date(), kind="date"),
        Column("state", _("State"), check_state),
        Column("plan", _("Supervision plan"), "draw__plan__name"),
    ),
    default_order=("-pk",),
    filterset=CheckFilter,
    caption=_("Checks"),
    noun=_("checks"),
    row_url=lambda row: row.get_absolute_url(),
    empty_title=_("No checks"),
    empty_text=_("What a plan draws stands here until two have scored it."),
)

FINDINGS = ListPage(
    columns=(
        Column(
            "text",
            _("What was found"),
            lambda row: Cell(Truncator(row.text).chars(MOST_TEXT), "main", row.get_absolute_url(), hint=f"#{row.pk}"),
            stays=True,
        ),
        Column("grade", _("Grade"), grade_cell, sort=("grade", "pk")),
        Column("criterion", _("Criterion"), criterion_of),
        Column("person", _("Person checked"), "person__name"),
        Column("owner", _("Owner"), "owner__name"),
        Column("due", _("Due on"), "due_on", kind="date", sort=("due_on", "pk")),
        Column("state", _("State"), finding_state),
        Column("branch", _("Branch"), "branch__name"),
        Column("area", _("Area"), lambda row: row.get_area_display(), is_default=False),
    ),
    default_order=("-pk",),
    filterset=FindingFilter,
    caption=_("Findings of supervision"),
    noun=_("findings"),
    row_url=lambda row: row.get_absolute_url(),
    row_tone=lambda row: "bad" if row.state == FindingState.ISSUED and row.due_on < today() else "",
    empty_title=_("No findings"),
    empty_text=_("A finding stands here from the day it is issued."),
)


OF_CHECKS: tuple[tuple[Promise, str, str], ...] = (
    (_("Waits for my marks"), "stands=mine", "warn"),
    (_("Marks differ, mine to decide"), "stands=settle", "warn"),
)
OF_FINDINGS: tuple[tuple[Promise, str, str], ...] = (
    (_("To be corrected"), "stands=issued", ""),
    (_("Overdue"), "stands=overdue", "bad"),
    (_("Waits for the re-check"), "stands=corrected", ""),
)


def tiles(request: HttpRequest) -> Iterator[Tile]:
    """The counts on top of supervision: each is a list's own filter, so that it equals the rows behind it."""
    rows, url = queries.checks_for(request.user), reverse("insights:supervision_checks")
    yield from counted_tiles(OF_CHECKS, CheckFilter, rows, request=request, url=url)
    yield from finding_tiles(request, OF_FINDINGS)


def finding_tiles(request: HttpRequest, wanted: tuple[tuple[Promise, str, str], ...] = OF_FINDINGS) -> Iterator[Tile]:
    """The counts of findings in sight."""
    rows, url = queries.findings_for(request.user), reverse("insights:findings")
    return counted_tiles(wanted, FindingFilter, rows, request=request, url=url)

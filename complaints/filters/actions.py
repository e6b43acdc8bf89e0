"""The lists of corrective actions and of problems: columns, filters and order."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from complaints.enums import ActionState, ProblemState
from complaints.models import CorrectiveAction, Problem
from complaints.queries.actions import overdue_on
from complaints.queries.choices import known, word_for
from complaints.queries.inbox import units_seen
from core.clock import today
from core.pages import Cell, Column, ListFilter, ListPage
from core.pages.choices import LoadedChoiceFilter
from staff.models import Branch

SHOWN = 60
WHOSE = [("mine", _("Mine"))]
ACTION_STAGES = [("open", _("To be done")), ("overdue", _("Overdue")), ("done", _("Done")), ("dropped", _("Dropped"))]
ACTION_TONES = {ActionState.OPEN: "warn", ActionState.DONE: "good", ActionState.DROPPED: "neutral"}
PROBLEM_TONES = {ProblemState.OPEN: "bad", ProblemState.SOLVED: "good"}


def _units(request: Any) -> QuerySet[Branch]:
    return units_seen(request.user) if request else Branch.objects.none()


class _OfUnitFilter(ListFilter):
    """Rows of a unit and of a root cause."""

    unit = LoadedChoiceFilter(
        label=_("Unit"), field_name="branch", queryset=_units, to_field_name="code", empty_label=_("All")
    )
    cause = django_filters.ChoiceFilter(label=_("Root cause"), empty_label=_("All"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.form.fields
        fields["cause"].choices = [("", _t("All")), *known("causes")]


class ActionFilter(_OfUnitFilter):
    """Corrective actions by how far they are and whose they are."""

    stage = django_filters.ChoiceFilter(
        label=_("State"), choices=ACTION_STAGES, method="at_stage", empty_label=_("All")
    )
    whose = django_filters.ChoiceFilter(label=_("Owner"), choices=WHOSE, method="owned", empty_label=_("All"))

    class Meta:
        model = CorrectiveAction
        fields: list[str] = []

    def at_stage(self, rows: QuerySet[CorrectiveAction], name: str, stage: str) -> QuerySet[CorrectiveAction]:
        return rows.filter(overdue_on(today())) if stage == "overdue" else rows.filter(state=stage)

    def owned(self, rows: QuerySet[CorrectiveAction], name: str, whose: str) -> QuerySet[CorrectiveAction]:
        return rows.filter(owner=self.request.user)


class ProblemFilter(_OfUnitFilter):
    """Problems, open or solved."""

    state = django_filters.ChoiceFilter(label=_("State"), choices=ProblemState.choices, empty_label=_("All"))

    class Meta:
        model = Problem
        fields: list[str] = []


def action_url(row: CorrectiveAction) -> str:
    """The page of a corrective action."""
    return reverse("complaints:action", args=[row.pk])


def problem_url(row: Problem) -> str:
    """The page of a problem."""
    return reverse("complaints:problem", args=[row.pk])


def action_state(row: CorrectiveAction) -> Cell:
    """How a corrective action stands, as a badge; overdue when its day is past."""
    if row.state == ActionState.OPEN and row.due_on < today():
        return Cell(_t("Overdue"), "badge", tone="bad")
    return Cell(row.get_state_display(), "badge", tone=ACTION_TONES[ActionState(row.state)])


def problem_state(row: Problem) -> Cell:
    """How a problem stands, as a badge."""
    return Cell(row.get_state_display(), "badge", tone=PROBLEM_TONES[ProblemState(row.state)])


def _of(row: CorrectiveAction) -> str:
    if row.complaint is not None:
        return _t("Case %(number)s") % {"number": row.complaint.number}
    return _t("Problem no. %(number)s") % {"number": row.problem_id}


ACTIONS = ListPage(
    columns=(
        Column(
            "text",
            _("What to put right"),
            lambda row: Cell(Truncator(row.text).chars(SHOWN), "main", action_url(row), hint=f"#{row.pk}"),
            stays=True,
        ),
        Column("state", _("State"), action_state),
        Column("owner", _("Owner"), "owner__name"),
        Column("due", _("Due on"), "due_on", kind="date", sort=("due_on", "pk")),
        Column("of", _("After"), _of),
        Column("cause", _("Root cause"), lambda row: word_for("causes", row.cause)),
        Column("branch", _("Unit"), "branch__name"),
    ),
    default_order=("due_on", "pk"),
    filterset=ActionFilter,
    caption=_("Corrective actions"),
    noun=_("actions"),
    row_url=action_url,
    list_key="complaint_actions",
    empty_title=_("No corrective actions"),
    empty_text=_("What is to be put right after a complaint is written down on the page of the case."),
)
PROBLEMS = ListPage(
    columns=(
        Column(
            "cause",
            _("Root cause"),
            lambda row: Cell(word_for("causes", row.cause), "main", problem_url(row), hint=f"#{row.pk}"),
            stays=True,
        ),
        Column("state", _("State"), problem_state),
        Column("branch", _("Unit"), "branch__name"),
        Column("count", _("Complaints"), "count", kind="num", sort=("count", "pk")),
        Column("days", _("Within days"), "days", kind="num"),
        Column("found", _("Found on"), "found_on", kind="date", sort=("found_on", "pk")),
        Column("owner", _("Owner"), lambda row: row.owner.name if row.owner else _t("Nobody yet")),
        Column("solved", _("Solved on"), "solved_on", kind="date"),
    ),
    default_order=("rank", "-found_on", "-pk"),
    filterset=ProblemFilter,
    caption=_("Problems"),
    noun=_("problems"),
    row_url=problem_url,
    list_key="complaint_problems",
    empty_title=_("No problems"),
    empty_text=_("When the same root cause comes again and again in a unit, the night opens a problem here."),
)

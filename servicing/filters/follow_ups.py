"""The list of follow-ups: filters for page, API and export alike, and its columns."""

from datetime import date, timedelta
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from core.clock import today
from core.forms import DAY
from core.pages import BulkAction, Cell, Column, ListFilter, ListPage
from core.pages.choices import LoadedChoiceFilter
from servicing.enums import FollowUpKind, FollowUpState, Priority
from servicing.models import FollowUp
from servicing.models.follow_ups import FollowUpQuerySet
from servicing.queries.contacts import units_of
from servicing.queries.follow_ups import colleagues, of_whom, reason_of, title_of
from staff.access import HEADS, SERVING, has_role
from staff.models import Branch, User

WHOSE = [("mine", _("Mine")), ("team", _("Everybody's in sight"))]
DUE = [
    ("overdue", _("Overdue")),
    ("today", _("Today")),
    ("week", _("Within 7 days")),
    ("later", _("Later")),
]
STATE_TONES = {FollowUpState.DONE: "good", FollowUpState.OPEN: "info"}
PRIORITY_TONES = {Priority.HIGH: "bad", Priority.NORMAL: "neutral", Priority.LOW: "neutral"}
WORKERS = tuple(dict.fromkeys((*SERVING, *HEADS)))


def _units(request: Any) -> QuerySet[Branch]:
    return units_of(request.user) if request else Branch.objects.none()


def _people(request: Any) -> QuerySet[User]:
    if not request:
        return User.objects.none()
    return colleagues(request.user, request.GET.get("unit", ""), request.GET.get("owner", ""))


class FollowUpFilter(ListFilter):
    """Open ones unless another state is asked for; one's own unless the team's, or somebody's, are."""

    whose = django_filters.ChoiceFilter(label=_("Whose"), choices=WHOSE, method="as_given", empty_label=None)
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=[*FollowUpState.choices, ("all", _("All"))], method="as_given", empty_label=None
    )
    due = django_filters.ChoiceFilter(label=_("Due"), choices=DUE, method="due_when", empty_label=_("All"))
    kind = django_filters.ChoiceFilter(label=_("Reason"), choices=FollowUpKind.choices, empty_label=_("All"))
    priority = django_filters.ChoiceFilter(label=_("Priority"), choices=Priority.choices, empty_label=_("All"))
    owner = LoadedChoiceFilter(label=_("Owner"), queryset=_people, to_field_name="staff_no", empty_label=_("All"))
    unit = LoadedChoiceFilter(
        label=_("Branch"),
        field_name="customer__branch",
        queryset=_units,
        to_field_name="code",
        empty_label=_("All"),
    )
    customer_no = django_filters.CharFilter(
        label=_("Customer number"), field_name="customer__customer_no", max_length=32
    )
    since = django_filters.DateFilter(label=_("Due from"), field_name="due_on", lookup_expr="gte", widget=DAY)
    until = django_filters.DateFilter(label=_("Due until"), field_name="due_on", lookup_expr="lte", widget=DAY)

    class Meta:
        model = FollowUp
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields = self.form.fields
        fields["state"].initial = FollowUpState.OPEN
        if self.request is not None:
            fields["whose"].initial = usual(self.request.user)

    def filter_queryset(self, queryset: QuerySet[FollowUp]) -> QuerySet[FollowUp]:
        asked = self.form.cleaned_data
        rows: Any = super().filter_queryset(queryset)
        state = asked.get("state") or FollowUpState.OPEN
        if state != "all":
            rows = rows.filter(state=state)
        if self.request is None or asked.get("owner"):
            return rows  # type: ignore[no-any-return]  # rows of this list
        return of_whom(rows, self.request.user, asked.get("whose") or usual(self.request.user))

    def as_given(self, rows: FollowUpQuerySet, name: str, value: object) -> FollowUpQuerySet:
        return rows

    def due_when(self, rows: FollowUpQuerySet, name: str, when: str) -> FollowUpQuerySet:
        day = today()
        week = day + timedelta(days=7)
        return {
            "overdue": rows.filter(due_on__lt=day),
            "today": rows.filter(due_on=day),
            "week": rows.filter(due_on__gte=day, due_on__lte=week),
            "later": rows.filter(due_on__gt=week),
        }[when]


def usual(user: User) -> str:
    """Whose follow-ups somebody looks at first: heads their team's, others their own."""
    return "team" if has_role(user, *HEADS) else "mine"


def follow_up_url(row: FollowUp) -> str:
    """The page of a follow-up."""
    return reverse("servicing:follow_up", args=[row.pk])


def due_cell(row: FollowUp) -> Cell:
    """The day a follow-up is due, with its time, and how late it is."""
    late = (today() - row.due_on).days
    if row.state == FollowUpState.OPEN and late > 0:
        return Cell(row.due_on, "date", hint=_t("overdue by %(n)s d") % {"n": late})
    return Cell(row.due_on, "date", hint=row.due_time.strftime("%H:%M") if row.due_time else "")


def row_tone(row: FollowUp, day: date | None = None) -> str:
    """Red when overdue, amber on the day."""
    day = day or today()
    if row.state != FollowUpState.OPEN or row.due_on > day:
        return ""
    return "bad" if row.due_on < day else "warn"


def state_cell(row: FollowUp) -> Cell:
    """How a follow-up stands, as a badge."""
    tone = STATE_TONES.get(FollowUpState(row.state), "neutral")
    return Cell(row.get_state_display(), "badge", tone=tone, hint=row.get_skip_reason_display())


FOLLOW_UPS = ListPage(
    columns=(
        Column("due", _("Due on"), due_cell, sort=("due_on", "pk")),
        Column(
            "what",
            _("What is to be done"),
            lambda row: Cell(title_of(row), "main", follow_up_url(row), hint=reason_of(row)),
            stays=True,
        ),
        Column(
            "customer",
            _("Customer"),
            lambda row: Cell(row.customer.name, "text", f"{row.customer.get_absolute_url()}?tab=tasks"),
        ),
        Column(
            "priority",
            _("Priority"),
            lambda row: Cell(row.get_priority_display(), "badge", tone=PRIORITY_TONES[Priority(row.priority)]),
            sort=("priority", "due_on", "pk"),
        ),
        Column("owner", _("Owner"), "owner__name"),
        Column("kind", _("Reason"), lambda row: row.get_kind_display(), is_default=False),
        Column("state", _("State"), state_cell),
        Column("outcome", _("What came of it"), kind="wrap", is_default=False),
        Column("branch", _("Branch"), "customer__branch__name", is_default=False),
        Column("snoozes", _("Times put off"), kind="num", is_default=False),
    ),
    default_order=("due_on", "pk"),
    filterset=FollowUpFilter,
    caption=_("Follow-ups"),
    noun=_("follow-ups"),
    row_url=follow_up_url,
    row_tone=row_tone,
    list_key="follow_ups",
    row_key="pk",
    row_path="pk",
    bulk=(
        BulkAction(_("Done"), "servicing:follow_ups_complete", "check", WORKERS),
        BulkAction(_("Pass on"), "servicing:follow_ups_reassign", "arrows-exchange", WORKERS),
    ),
    empty_title=_("Nothing to do here"),
    empty_text=_("The night plans by each tier's rhythm and by playbooks; write down the rest on a customer's page."),
)

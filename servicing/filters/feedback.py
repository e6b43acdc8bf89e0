"""The list of feedback: filters, columns, and the tiles that are filters."""

from collections.abc import Iterator
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.timezone import localtime
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from core.clock import today
from core.forms import DAY, choose_from
from core.pages import Cell, Column, ListFilter, ListPage, Tile, counted_tiles
from core.pages.choices import LoadedChoiceFilter
from servicing.enums import FeedbackKind, FeedbackSource, FeedbackState
from servicing.models import Feedback
from servicing.queries.contacts import midnight, units_of
from servicing.queries.feedback import overdue_on, tag_names
from servicing.rules.feedback import OPEN
from staff.models import Branch

STAGES = [
    ("todo", _("Not closed")),
    ("overdue", _("Answer overdue")),
    ("open", _("To be answered")),
    ("answered", _("Answered, customer not told")),
    ("closed", _("Closed")),
]
WHOSE = [("mine", _("Mine")), ("team", _("My unit's")), ("nobody", _("Nobody's"))]
TONES = {
    FeedbackState.OPEN: "warn",
    FeedbackState.ANSWERED: "info",
    FeedbackState.TOLD: "good",
    FeedbackState.CLOSED: "neutral",
}
SHOWN = 60


def _units(request: Any) -> QuerySet[Branch]:
    return units_of(request.user) if request else Branch.objects.none()


def stage_is(stage: str) -> Q:
    """How far the loop is closed, as a condition."""
    conditions = {
        "todo": Q(state__in=OPEN),
        "overdue": overdue_on(today()),
        "open": Q(state=FeedbackState.OPEN),
        "answered": Q(state=FeedbackState.ANSWERED),
        "closed": ~Q(state__in=OPEN),
    }
    return conditions[stage]


class FeedbackFilter(ListFilter):
    """Days are Shanghai's, both ends included; a team are the people of one's own unit."""

    stage = django_filters.ChoiceFilter(label=_("State"), choices=STAGES, method="at_stage", empty_label=_("All"))
    whose = django_filters.ChoiceFilter(label=_("Owner"), choices=WHOSE, method="owned", empty_label=_("All"))
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=FeedbackKind.choices, empty_label=_("All"))
    source = django_filters.ChoiceFilter(label=_("Where"), choices=FeedbackSource.choices, empty_label=_("All"))
    product = django_filters.ChoiceFilter(label=_("Product"), field_name="product_tag", empty_label=_("All"))
    process = django_filters.ChoiceFilter(label=_("Process"), field_name="process_tag", empty_label=_("All"))
    unit = LoadedChoiceFilter(
        label=_("Branch"), field_name="branch", queryset=_units, to_field_name="code", empty_label=_("All")
    )
    since = django_filters.DateFilter(label=_("Said from"), method="from_day", widget=DAY)

    class Meta:
        model = Feedback
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, group in (("product", "products"), ("process", "processes")):
            choices = [("", _t("All")), *tag_names(group).items()]
            choose_from(self.form, **{name: choices})

    def at_stage(self, rows: QuerySet[Feedback], name: str, stage: str) -> QuerySet[Feedback]:
        return rows.filter(stage_is(stage))

    def owned(self, rows: QuerySet[Feedback], name: str, whose: str) -> QuerySet[Feedback]:
        user = self.request.user
        owners = {"mine": Q(owner=user), "team": Q(owner__branch=user.branch_id), "nobody": Q(owner=None)}
        return rows.filter(owners[whose])

    def from_day(self, rows: QuerySet[Feedback], name: str, day: Any) -> QuerySet[Feedback]:
        return rows.filter(recorded_at__gte=midnight(day))


def item_url(row: Feedback) -> str:
    """The page of one feedback."""
    return reverse("servicing:feedback_item", args=[row.pk])


def _customer(row: Feedback) -> Cell:
    if row.customer is None:
        return Cell(_t("Anonymous"))
    return Cell(row.customer.name, url=row.customer.get_absolute_url(), hint=row.customer.customer_no)


def _tags(row: Feedback) -> str:
    names = (tag_names("products").get(row.product_tag, row.product_tag), _process(row))
    return " · ".join(name for name in names if name)


def _process(row: Feedback) -> str:
    return tag_names("processes").get(row.process_tag, row.process_tag)


def state_cell(row: Feedback) -> Cell:
    """How far the loop is closed, as a badge; overdue when the day for an answer is past."""
    if row.state == FeedbackState.OPEN and row.due_on < today():
        return Cell(_t("Overdue"), "badge", tone="bad")
    return Cell(row.get_state_display(), "badge", tone=TONES[FeedbackState(row.state)])


FEEDBACK = ListPage(
    columns=(
        Column(
            "text",
            _("What was said"),
            lambda row: Cell(Truncator(row.text).chars(SHOWN), "main", item_url(row), hint=f"#{row.pk}"),
            stays=True,
        ),
        Column("customer", _("Customer"), _customer),
        Column("kind", _("Kind"), lambda row: row.get_kind_display()),
        Column("tags", _("Tags"), _tags),
        Column("owner", _("Owner"), lambda row: row.owner.name if row.owner else ""),
        Column("state", _("State"), state_cell),
        Column("due", _("Due on"), "due_on", kind="date", sort=("due_on", "pk")),
        Column("source", _("Where"), lambda row: row.get_source_display(), is_default=False),
        Column("branch", _("Branch"), "branch__name", is_default=False),
        Column(
            "recorded",
            _("Said on"),
            lambda row: localtime(row.recorded_at).date(),
            kind="date",
            sort=("recorded_at", "pk"),
        ),
    ),
    default_order=("-recorded_at", "-pk"),
    filterset=FeedbackFilter,
    caption=_("Feedback"),
    noun=_("items"),
    row_url=item_url,
    list_key="feedback",
    empty_title=_("No feedback"),
    empty_text=_("What customers say is written down here, answered, and told back to them."),
)


TILES = (
    (_("Mine, not closed"), "whose=mine&stage=todo", ""),
    (_("Answer overdue"), "stage=overdue", "bad"),
    (_("Answered, customer not told"), "stage=answered", "warn"),
    (_("Not closed"), "stage=todo", ""),
)


def tiles(request: HttpRequest, rows: QuerySet[Feedback]) -> Iterator[Tile]:
    """The counts on top of the list: each is the list's own filter, so that it equals the rows behind it."""
    return counted_tiles(TILES, FeedbackFilter, rows, request=request, url=reverse("servicing:feedback"))

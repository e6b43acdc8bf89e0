"""The list of reviews: columns, filters and order."""

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from complaints.enums import ReviewOutcome, ReviewState
from complaints.models import Review
from complaints.queries.reviews import review_clock
from core.clock import today
from core.pages import Cell, Column, ListFilter, ListPage

WHOSE = [("mine", _("Given to me")), ("nobody", _("Given to nobody yet"))]
TONES = {ReviewState.ASKED: "warn", ReviewState.DECIDED: "good", ReviewState.WITHDRAWN: "neutral"}


class ReviewFilter(ListFilter):
    """Reviews by whose they are, and what came of them."""

    whose = django_filters.ChoiceFilter(label=_("Whose"), choices=WHOSE, method="of_whom", empty_label=_("All"))
    outcome = django_filters.ChoiceFilter(label=_("Outcome"), choices=ReviewOutcome.choices, empty_label=_("All"))

    class Meta:
        model = Review
        fields: list[str] = []

    def of_whom(self, rows: QuerySet[Review], name: str, value: str) -> QuerySet[Review]:
        """Those given to whoever asks, or to nobody."""
        return rows.filter(reviewer=self.request.user if value == "mine" else None)


def review_url(row: Review) -> str:
    """Where a review is decided: the decision of its case."""
    return reverse("complaints:detail", args=[row.complaint.number])


def _clock(row: Review) -> Cell:
    clock = review_clock(row, today())
    return Cell(clock.words, "badge", tone=clock.tone)


def _state(row: Review) -> Cell:
    return Cell(row.get_state_display(), "badge", tone=TONES[ReviewState(row.state)])


REVIEWS = ListPage(
    columns=(
        Column(
            "case",
            _("Complaint"),
            lambda row: Cell(row.complaint.number, "main", review_url(row), hint=row.complaint.summary),
            stays=True,
        ),
        Column("state", _("State"), _state),
        Column("due", _("To be answered by"), _clock, sort=("due_on", "pk")),
        Column("asked_on", _("Asked on"), "asked_on", kind="date", sort=("asked_on", "pk")),
        Column("desk", _("Unit that reviews"), "desk__name"),
        Column("reviewer", _("Reviewer"), lambda row: row.reviewer.name if row.reviewer else _t("nobody yet")),
        Column("outcome", _("Outcome"), lambda row: row.get_outcome_display()),
        Column("decided_on", _("Decided on"), "decided_on", kind="date", is_default=False),
    ),
    default_order=("due_on", "pk"),
    filterset=ReviewFilter,
    caption=_("Reviews"),
    noun=_("reviews"),
    row_url=review_url,
    also=frozenset({"box"}),
    empty_title=_("No reviews"),
    empty_text=_("When a complainant does not agree with a decision, the unit above looks at it again."),
)

"""The list of one's own requests for a second pair of eyes."""

import django_filters
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.pages import Cell, Column, ListFilter, ListPage
from insights.enums import ApprovalKind
from insights.queries.approvals import page_of
from staff.enums import Decision
from staff.models import Approval

TONES = {
    Decision.PENDING: "warn",
    Decision.APPROVED: "good",
    Decision.REJECTED: "bad",
    Decision.WITHDRAWN: "neutral",
}


class RequestFilter(ListFilter):
    """One's own requests by what they are about and what became of them."""

    kind = django_filters.ChoiceFilter(label=_("About"), choices=ApprovalKind.choices, empty_label=_("All"))
    decision = django_filters.ChoiceFilter(label=_("State"), choices=Decision.choices, empty_label=_("All"))

    class Meta:
        model = Approval
        fields: list[str] = []


def kind_word(kind: str) -> str:
    """What a request is about, in words; a kind of a later version as it stands."""
    return str(ApprovalKind(kind).label) if kind in ApprovalKind.values else kind


def _about(row: Approval) -> Cell:
    return Cell(kind_word(row.kind), "main", page_of(row), hint=row.summary)


def _state(row: Approval) -> Cell:
    return Cell(row.get_decision_display(), "badge", tone=TONES[Decision(row.decision)])


def _day(row: Approval) -> object:
    return localtime(row.requested_at).date()


REQUESTS = ListPage(
    columns=(
        Column("about", _("About"), _about),
        Column("state", _("State"), _state),
        Column("asked", _("Asked for on"), _day, kind="date", sort=("requested_at", "pk")),
        Column("by", pgettext_lazy("approval", "Decided by"), "decided_by__name"),
        Column("comment", _("Comment"), "comment", kind="wrap"),
    ),
    default_order=("-requested_at", "-pk"),
    filterset=RequestFilter,
    caption=_("My requests"),
    noun=_("requests"),
    row_url=page_of,
    empty_title=_("You have asked for nothing"),
    empty_text=_("What you submit for a second pair of eyes stands here, with what was decided."),
)

"""The list of merges."""

from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from core.pages import Cell, Column, ListPage
from customers.enums import MergeState
from customers.models import Merge

TONES = {
    MergeState.WAITING: "info",
    MergeState.DONE: "good",
    MergeState.UNDOING: "info",
    MergeState.UNDONE: "neutral",
    MergeState.FAILED: "bad",
}


def _address(row: Merge) -> str:
    return reverse("customers:merge_result", args=[row.pk])


def _kept(row: Merge) -> Cell:
    return Cell(row.kept.name, "main", _address(row), hint=row.kept.customer_no)


def _dropped(row: Merge) -> Cell:
    return Cell(row.dropped.name, hint=row.dropped.customer_no)


def _state(row: Merge) -> Cell:
    return Cell(row.get_state_display(), "badge", tone=TONES[MergeState(row.state)])


MERGES = ListPage(
    columns=(
        Column("kept", _("Kept record"), _kept),
        Column("dropped", _("Merged into it"), _dropped),
        Column("state", _("State"), _state),
        Column("reason", _("Reason"), kind="wrap"),
        Column("requested_by", _("Asked by"), lambda row: row.requested_by.name),
        Column("requested_at", _("Asked on"), lambda row: localtime(row.requested_at).date(), kind="date"),
        Column(
            "undo_until",
            _("Can be undone until"),
            lambda row: localtime(row.undo_until).date() if row.state == MergeState.DONE and row.undo_until else None,
            kind="date",
        ),
    ),
    default_order=("-pk",),
    caption=_("Merged records"),
    noun=_("merges"),
    row_url=_address,
    empty_title=_("Nothing was merged yet"),
    empty_text=_("When two records are one customer, merge them here: nothing is lost, and it can be undone."),
)

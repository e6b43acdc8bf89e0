"""The lists of hand-overs and of the customers of one."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from core.pages import Cell, Column, ListPage
from customers.enums import HandoverRefusal, HandoverResult, HandoverState
from customers.filters.choices import tier_word
from customers.models import Handover, HandoverItem

TONES = {
    HandoverState.DRAFT: "neutral",
    HandoverState.PENDING: "warn",
    HandoverState.QUEUED: "info",
    HandoverState.DONE: "good",
    HandoverState.REJECTED: "bad",
    HandoverState.UNDOING: "info",
    HandoverState.UNDONE: "neutral",
}
DONE = {HandoverState.DONE, HandoverState.UNDOING, HandoverState.UNDONE}
RESULT_TONES = {
    HandoverResult.WAITING: "neutral",
    HandoverResult.MOVED: "good",
    HandoverResult.REFUSED: "bad",
    HandoverResult.UNDONE: "neutral",
    HandoverResult.KEPT: "warn",
}


def _address(row: Handover) -> str:
    return reverse("customers:handover", args=[row.pk])


def _to(row: Handover) -> Cell:
    return Cell(row.to_manager.name, "main", _address(row), hint=row.to_manager.branch.name)


def _count(row: Any) -> int:
    return int(row.moved_count if row.state in DONE else row.asked)


def _total(row: Handover) -> Any:
    return row.moved_total if row.state in DONE else None


def _state(row: Handover) -> Cell:
    return Cell(row.get_state_display(), "badge", tone=TONES[HandoverState(row.state)])


HANDOVERS = ListPage(
    columns=(
        Column("to_manager", _("New manager"), _to),
        Column("from_manager", _("Earlier manager"), lambda row: row.from_manager.name if row.from_manager else ""),
        Column("customers", _("Customers"), _count, kind="num"),
        Column("moved_total", _("Deposits"), _total, kind="wan", amounts=True),
        Column("state", _("State"), _state),
        Column("reason", _("Reason"), kind="wrap"),
        Column("requested_by", _("Asked by"), "requested_by__name"),
        Column("requested_at", _("Asked on"), lambda row: localtime(row.requested_at).date(), kind="date"),
    ),
    default_order=("-pk",),
    caption=_("Hand-overs"),
    noun=_("hand-overs"),
    row_url=_address,
    empty_title=_("No hand-over yet"),
    empty_text=_("Tick customers in the list of customers, or hand over a whole book from here."),
)


def _customer(row: HandoverItem) -> Cell:
    return Cell(row.customer.name, "main", row.customer.get_absolute_url(), hint=row.customer.customer_no)


def _tier(row: HandoverItem) -> Cell:
    rank = row.customer.position.tier
    return Cell(tier_word(rank), "tier", rank=rank)


def item_list(refused: Mapping[int, HandoverRefusal]) -> ListPage:
    """The customers of a hand-over, the largest first; `refused` is what a preview found, by customer."""

    def result(row: HandoverItem) -> Cell:
        if row.customer_id in refused:
            return Cell(HandoverResult.REFUSED.label, "badge", tone=RESULT_TONES[HandoverResult.REFUSED])
        return Cell(row.get_result_display(), "badge", tone=RESULT_TONES[HandoverResult(row.result)])

    def why(row: HandoverItem) -> Cell:
        found = refused.get(row.customer_id)
        return Cell(found.label if found else row.get_reason_display(), "wrap")

    return ListPage(
        columns=(
            Column("customer", _("Customer"), _customer),
            Column("tier", _("Tier"), _tier),
            Column("total", _("Deposits"), "customer__position__total", kind="wan", amounts=True),
            Column("branch", _("Branch"), "customer__branch__name"),
            Column("before", _("Earlier manager"), lambda row: row.manager_before.name if row.manager_before else ""),
            Column("result", _("Result"), result),
            Column("why", _("Why not"), why),
        ),
        default_order=("-customer__position__total", "pk"),
        caption=_("Customers of the hand-over"),
        noun=_("customers"),
        also=frozenset({"result"}),
        empty_title=_("No customer to show"),
        empty_text=_("None of these customers is in your sight."),
    )

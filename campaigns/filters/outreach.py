"""The recipients of a campaign: columns, filters and order of the list and its file."""

from dataclasses import replace

import django_filters
from django.db.models import QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.enums import LeftOut, OutreachState, Receipt
from campaigns.models import Outreach
from campaigns.queries.reasons import FROM_ALERTS, reason_words, state_words
from core.pages import Cell, Column, ListFilter, ListPage
from customers.enums import ConsentChannel

TONES = {
    OutreachState.QUEUED: "info",
    OutreachState.SENDING: "info",
    OutreachState.SENT: "good",
    OutreachState.UNKNOWN: "warn",
    OutreachState.FAILED: "bad",
    OutreachState.SUPPRESSED: "neutral",
    OutreachState.CANCELLED: "neutral",
}
RECEIPTS = [(value, label) for value, label in Receipt.choices if value]


class OutreachFilter(ListFilter):
    """Recipients by what became of them, why not, and what was reported."""

    q = django_filters.CharFilter(label=_("Name or number"), method="named", max_length=60)
    state = django_filters.ChoiceFilter(label=_("State"), choices=OutreachState.choices, empty_label=_("All"))
    reason = django_filters.ChoiceFilter(
        label=pgettext_lazy("outreach", "Why not"), choices=LeftOut.choices, method="left_out", empty_label=_("All")
    )
    receipt = django_filters.ChoiceFilter(label=_("Receipt"), choices=RECEIPTS, empty_label=_("All"))

    class Meta:
        model = Outreach
        fields: list[str] = []

    def named(self, rows: QuerySet[Outreach], name: str, text: str) -> QuerySet[Outreach]:
        said = text.strip()
        return rows.filter(customer__name__startswith=said) | rows.filter(customer__customer_no=said)

    def left_out(self, rows: QuerySet[Outreach], name: str, reason: str) -> QuerySet[Outreach]:
        found = rows.filter(reason=reason)
        # What is not to be read is not to be found either.
        return found.filter(is_kept=False) if reason in FROM_ALERTS else found


class OutreachFileFilter(OutreachFilter):
    """The same for a file, which says of which campaign."""

    campaign = django_filters.NumberFilter(label=_("Campaign"), field_name="campaign")


def _state(row: Outreach) -> Cell:
    words = state_words(row.state, is_call=row.channel == ConsentChannel.PHONE)
    return Cell(words, "badge", tone=TONES[OutreachState(row.state)])


def _minute(name: str) -> "Column":
    def cell(row: Outreach) -> str:
        at = getattr(row, name)
        return localtime(at).strftime("%Y-%m-%d %H:%M") if at else ""

    labels = {"sent_at": _("Sent at"), "not_before": _("Not before"), "receipt_at": _("Receipt at")}
    return Column(name, labels[name], cell, is_default=name != "receipt_at")


def _customer(row: Outreach) -> Cell:
    return Cell(row.customer.name, "main", row.customer.get_absolute_url(), hint=row.customer.customer_no)


OUTREACH = ListPage(
    columns=(
        Column("customer", _("Customer"), _customer, stays=True),
        Column("state", _("State"), _state),
        Column("reason", _("Why not, or why it waits"), lambda row: reason_words(row.reason, is_kept=row.is_kept)),
        _minute("sent_at"),
        _minute("not_before"),
        Column("receipt", _("Receipt"), lambda row: row.get_receipt_display() if row.receipt else ""),
        _minute("receipt_at"),
        Column("channel", _("Channel"), lambda row: row.get_channel_display(), is_default=False),
        Column("caller", _("Caller"), lambda row: row.owner.name if row.owner else "", is_default=False),
        Column("attempts", _("Attempts"), "attempts", kind="num", is_default=False),
        Column("branch", _("Branch"), "customer__branch__name", is_default=False),
    ),
    default_order=("pk",),
    filterset=OutreachFilter,
    caption=_("Recipients"),
    noun=pgettext_lazy("counted", "recipients"),
    list_key="outreach",
    # The way back from a file says of which campaign it is.
    also=frozenset({"campaign"}),
    empty_title=_("No recipients here"),
    empty_text=_("Whom a campaign reaches, and whom not and why, stands here once it is launched."),
)
OUTREACH_FILE = replace(OUTREACH, filterset=OutreachFileFilter, also=frozenset())

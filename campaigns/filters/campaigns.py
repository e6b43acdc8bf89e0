"""The list of campaigns: columns, filters and order."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.enums import CampaignKind, CampaignState
from campaigns.models import Campaign
from campaigns.queries.campaigns import waiting_for
from core.pages import Cell, Column, ListFilter, ListPage

TONES = {
    CampaignState.DRAFT: "neutral",
    CampaignState.SUBMITTED: "warn",
    CampaignState.CHECKED: "warn",
    CampaignState.APPROVED: "info",
    CampaignState.RUNNING: "good",
    CampaignState.PAUSED: "warn",
    CampaignState.ENDED: "neutral",
    CampaignState.STOPPED: "bad",
}
WHOSE = [("mine", _("Mine")), ("decide", _("Waiting for my decision"))]


class CampaignFilter(ListFilter):
    """Campaigns by where they stand, what they do and whose they are."""

    state = django_filters.ChoiceFilter(label=_("State"), choices=CampaignState.choices, empty_label=_("All"))
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=CampaignKind.choices, empty_label=_("All"))
    whose = django_filters.ChoiceFilter(label=_("Whose"), choices=WHOSE, method="owned", empty_label=_("All"))

    class Meta:
        model = Campaign
        fields: list[str] = []

    def owned(self, rows: QuerySet[Campaign], name: str, whose: str) -> QuerySet[Campaign]:
        user = self.request.user
        if whose == "decide":
            return rows.filter(pk__in=waiting_for(user).order_by().values("pk"))
        return rows.filter(created_by=user)


def campaign_url(row: Campaign) -> str:
    """The page of a campaign."""
    return reverse("campaigns:detail", args=[row.pk])


def state_cell(row: Campaign) -> Cell:
    """Where a campaign stands, as a badge."""
    return Cell(row.get_state_display(), "badge", tone=TONES[CampaignState(row.state)])


def _channel(row: Any) -> str:
    return _t("Telephone") if row.kind == CampaignKind.CALL else row.get_channel_display()


CAMPAIGNS = ListPage(
    columns=(
        Column(
            "name", _("Campaign"), lambda row: Cell(row.name, "main", campaign_url(row), hint=f"#{row.pk}"), stays=True
        ),
        Column("state", _("State"), state_cell),
        Column("kind", _("Kind"), lambda row: row.get_kind_display()),
        Column("channel", _("Channel"), _channel),
        Column("segment", _("Segment"), "segment__name"),
        Column("starts", _("From"), "starts_on", kind="date", sort=("starts_on", "pk")),
        Column("ends", pgettext_lazy("campaign", "Until"), "ends_on", kind="date", sort=("ends_on", "pk")),
        Column("unit", _("Unit"), "branch__name"),
        Column("maker", _("Drawn up by"), "created_by__name"),
        Column("holdout", _("Held out, %"), "holdout", kind="num", is_default=False),
        Column("launched", _("Launched on"), "launched_on", kind="date", is_default=False),
    ),
    default_order=("-starts_on", "-pk"),
    filterset=CampaignFilter,
    caption=_("Campaigns"),
    noun=pgettext_lazy("counted", "campaigns"),
    row_url=campaign_url,
    list_key="campaigns",
    empty_title=_("No campaign yet"),
    empty_text=_("A campaign reaches the customers of a segment, and holds some out to see what it really brings."),
)

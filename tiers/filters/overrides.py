"""The list of overrides: columns, filters and order."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.clock import today
from core.forms import DAY, choose_from
from core.pages import Cell, Column, ListFilter, ListPage
from core.pages.choices import LoadedChoiceFilter
from tiers.filters.units import branches, tier_cell
from tiers.models import TierOverride
from tiers.queries import bands_for_display, tier_name
from tiers.queries.overrides import OverrideStage, stage_of, staged

STAGES = [
    (OverrideStage.WAITING, _("Waiting for a second person")),
    (OverrideStage.RUNNING, _("In force")),
    (OverrideStage.ENDING, _("Ends within 14 days")),
    (OverrideStage.COMING, _("Not begun yet")),
    (OverrideStage.OVER, _("Over")),
    (OverrideStage.REFUSED, _("Rejected or taken back")),
]
STAGE_TONES = {
    OverrideStage.WAITING: "warn",
    OverrideStage.COMING: "info",
    OverrideStage.RUNNING: "good",
    OverrideStage.ENDING: "warn",
    OverrideStage.OVER: "neutral",
    OverrideStage.REFUSED: "neutral",
}
STAGE_WORDS = dict(STAGES)


def _letters() -> list[tuple[str, str]]:
    bands = bands_for_display(today())
    return [(band.letter, tier_name(band.rank, bands)) for band in reversed(bands)]


class OverrideFilter(ListFilter):
    """Those that are in force include those that end soon."""

    stage = django_filters.ChoiceFilter(label=_("State"), choices=STAGES, method="standing", empty_label=_("All"))
    tier = django_filters.ChoiceFilter(
        label=_("Tier given"), field_name="letter", choices=_letters, empty_label=_("All")
    )
    until = django_filters.DateFilter(label=_("Ends by"), field_name="ends_on", lookup_expr="lte", widget=DAY)
    branch = LoadedChoiceFilter(
        label=_("Branch"),
        field_name="customer__branch",
        queryset=branches,
        to_field_name="code",
        empty_label=_("All"),
    )

    class Meta:
        model = TierOverride
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self.form, tier=_letters())

    def standing(self, rows: QuerySet[TierOverride], name: str, stage: str) -> QuerySet[TierOverride]:
        return rows.filter(staged(stage, today()))


def override_url(row: TierOverride) -> str:
    """The page of an override."""
    return reverse("tiers:override", args=[row.pk])


def stage_cell(row: TierOverride) -> Cell:
    """How an override stands today, as a badge."""
    stage = stage_of(row, today())
    return Cell(STAGE_WORDS[stage], "badge", tone=STAGE_TONES[stage])


def letter_cell(letter: str) -> Cell:
    """The tier of a letter, as it is called now."""
    bands = bands_for_display(today())
    rank = next((band.rank for band in bands if band.letter == letter), 0)
    return Cell(tier_name(rank, bands), "tier", rank=rank) if rank else Cell(letter)


OVERRIDES = ListPage(
    columns=(
        Column(
            "customer",
            _("Customer"),
            lambda row: Cell(row.customer.name, "main", override_url(row), hint=row.customer.customer_no),
            stays=True,
        ),
        Column("present", _("Tier now"), lambda row: tier_cell(row.customer.position.tier)),
        Column("letter", _("Tier given"), lambda row: letter_cell(row.letter)),
        Column("stage", _("State"), stage_cell),
        Column("starts_on", _("From"), kind="date", sort=("starts_on", "pk")),
        Column("ends_on", _("Until"), kind="date", sort=("ends_on", "pk")),
        Column("reason", _("Reason"), kind="wrap"),
        Column("requested_by", _("Asked by"), "requested_by__name"),
        Column("decided_by", _("Decided by"), lambda row: row.decided_by.name if row.decided_by else ""),
        Column("branch", _("Branch"), "customer__branch__name"),
    ),
    default_order=("-pk",),
    filterset=OverrideFilter,
    caption=_("Tiers given by people"),
    noun=_("overrides"),
    row_url=override_url,
    list_key="overrides",
    empty_title=_("No override"),
    empty_text=_("Ask for another tier on the tier tab of a customer; a second person decides."),
)

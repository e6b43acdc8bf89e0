"""The list of targets in all their versions."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core.pages import Cell, Column, ListFilter, ListPage
from core.pages.choices import LoadedChoiceFilter
from staff.enums.targets import TargetMeasure, TargetOf, TargetState
from staff.models import Branch, Target
from staff.queries.teams import units_for
from staff.rules.targets import PERMITTED

TONES: Final[Mapping[str, str]] = {
    TargetState.PENDING: "warn",
    TargetState.APPROVED: "good",
    TargetState.REJECTED: "bad",
}


def _units(request: Any) -> QuerySet[Branch]:
    return units_for(request.user) if request else Branch.objects.none()


class TargetFilter(ListFilter):
    """Targets by unit, whose they are, measure and state."""

    unit = LoadedChoiceFilter(
        label=_("Unit"), field_name="branch", queryset=_units, to_field_name="code", empty_label=_("All")
    )
    of = django_filters.ChoiceFilter(label=_("For"), choices=TargetOf.choices, empty_label=_("All"))
    measure = django_filters.ChoiceFilter(
        label=_("Key figure"),
        choices=[(one.value, one.label) for one in TargetMeasure if one in PERMITTED],
        empty_label=_("All"),
    )
    state = django_filters.ChoiceFilter(label=_("State"), choices=TargetState.choices, empty_label=_("All"))

    class Meta:
        model = Target
        fields: list[str] = []


def aim_cell(target: Target, value: Decimal | None = None) -> Cell:
    """An aim, or a value like it, as it is read: yuan, a mark, or per cent."""
    shown = target.aim if value is None else value
    if target.measure == TargetMeasure.ADB_GROWTH:
        return Cell(shown, "wan")
    text = f"{shown:.2f}".rstrip("0").rstrip(".")
    return Cell(text if target.measure == TargetMeasure.SATISFACTION else f"{text}%", "num")


TARGETS = ListPage(
    caption=_("All versions of targets"),
    noun=_("versions"),
    filterset=TargetFilter,
    default_order=("-drafted_at", "-pk"),
    columns=(
        Column("whose", _("For"), lambda row: Cell(str(row.whose), "main", row.get_absolute_url())),
        Column("unit", _("Unit"), "branch__name"),
        Column("measure", _("Key figure"), lambda row: Cell(row.get_measure_display(), "wrap")),
        Column("from", _("From"), "starts_on", kind="date"),
        Column("until", _("Last day"), "ends_on", kind="date"),
        Column("aim", _("Aim"), aim_cell, amounts=True),
        Column("version", _("Version no."), kind="num"),
        Column("state", _("State"), lambda row: Cell(row.get_state_display(), "badge", tone=TONES.get(row.state, ""))),
        Column("who", _("Asked by"), lambda row: row.drafted_by.name),
        Column("note", _("Reason"), lambda row: Cell(row.note, "wrap")),
    ),
    row_url=Target.get_absolute_url,
    empty_title=_("No targets"),
    empty_text=_("A head sets targets for units, teams and people; the unit above approves them."),
)

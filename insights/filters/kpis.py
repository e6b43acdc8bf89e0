"""Key figures as the API lists them."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from core.forms import DAY
from core.pages import Column, ListFilter, ListPage
from insights.models import Kpi
from insights.queries.kpis import Unit, unit_in_sight
from insights.rules.measures import ALL_TIERS, MEASURES


class KpiFilter(ListFilter):
    """Of one unit: a branch code or a staff number, or a team by its key; without either the caller's own.

    A unit whose figures the caller may not see is not found. `tier` is a rank; without it figures are over all tiers.
    """

    unit = django_filters.CharFilter(label=_("Unit"), method="as_asked", max_length=20)
    team = django_filters.CharFilter(label=_("Team"), method="as_asked", max_length=18)
    since = django_filters.DateFilter(label=_("From"), field_name="on", lookup_expr="gte", widget=DAY)
    until = django_filters.DateFilter(label=_("To"), field_name="on", lookup_expr="lte", widget=DAY)
    measures = django_filters.MultipleChoiceFilter(
        label=_("Key figures"), field_name="measure", choices=[(code, code) for code in MEASURES]
    )
    tier = django_filters.NumberFilter(label=_("Tier"), method="as_asked", min_value=0, max_value=99, decimal_places=0)

    class Meta:
        model = Kpi
        fields: list[str] = []

    def as_asked(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        """Unit and tier have a say even when they are not named: `filter_queryset` narrows to them."""
        return rows

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows, asked = super().filter_queryset(queryset), self.form.cleaned_data
        unit = self._unit(asked.get("unit") or "", asked.get("team") or "")
        if unit is None:
            raise Http404
        tier = asked.get("tier")
        return rows.filter(unit_kind=unit.kind, unit_id=unit.id, tier=ALL_TIERS if tier is None else int(tier))

    def _unit(self, unit: str, team: str) -> Unit | None:
        user = self.request.user
        found = unit_in_sight(user, unit=unit, team=team)
        return found or (unit_in_sight(user, person=unit) if unit and not team else None)


KPIS = ListPage(
    columns=(Column("on", _("Day"), "on", sort=("on", "measure")), Column("measure", _("Key figure"), "measure")),
    default_order=("-on", "measure"),
    filterset=KpiFilter,
)

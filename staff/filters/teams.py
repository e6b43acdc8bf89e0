"""The list of teams."""

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from core.pages import Cell, Column, ListFilter, ListPage
from core.pages.choices import LoadedChoiceFilter
from staff.models import Branch, Team
from staff.queries.teams import units_for

USES = (("true", _("In use")), ("false", _("Out of use")), ("", _("All")))


def _units(request: Any) -> QuerySet[Branch]:
    return units_for(request.user) if request else Branch.objects.none()


class TeamFilter(ListFilter):
    """Teams by unit, and whether they are in use."""

    unit = LoadedChoiceFilter(
        label=_("Unit"), field_name="branch", queryset=_units, to_field_name="code", empty_label=_("All")
    )
    active = django_filters.BooleanFilter(
        label=_("State"), field_name="is_active", widget=forms.Select(choices=USES), initial=True
    )

    class Meta:
        model = Team
        fields: list[str] = []


def _url(team: Team) -> str:
    return reverse("staff:team", args=[team.pk])


def tiers_in_words(team: Team) -> str:
    """The tiers a team looks after."""
    names = [render_to_string("staff/tier_name.txt", {"rank": rank}).strip() for rank in team.tiers]
    return ", ".join(name for name in names if name) or _t("All")


TEAMS = ListPage(
    caption=_("Teams"),
    noun=_("teams"),
    filterset=TeamFilter,
    default_order=("branch__code", "name", "pk"),
    columns=(
        Column("name", _("Team"), lambda team: Cell(team.name, "main", _url(team))),
        Column("unit", _("Unit"), "branch__name"),
        Column("lead", _("Lead"), lambda team: team.lead.name if team.lead else "–"),
        Column("size", _("Members"), "size", kind="num"),
        Column("tiers", _("Tiers"), tiers_in_words),
        Column(
            "active",
            _("State"),
            lambda team: (
                Cell(_t("In use"), "badge", tone="good") if team.is_active else Cell(_t("Out of use"), "badge")
            ),
        ),
    ),
    row_url=_url,
    empty_title=_("No teams yet"),
    empty_text=_("A team is led and measured together: make one and say who is in it."),
)

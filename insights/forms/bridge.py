"""Whose bridge to show, and between which months."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import choose_from
from core.pages.choices import LoadedChoiceField
from insights.forms.units import UnitForm
from servicing.queries.contacts import units_of
from staff.models import Team, User


class BridgeForm(UnitForm):
    """A unit, one of its managers or teams, and two months."""

    team = LoadedChoiceField(label=_("Team"), queryset=None, required=False, empty_label=_("All"))
    month = forms.ChoiceField(label=_("Month"))
    against = forms.ChoiceField(label=_("Against"))

    def __init__(self, data: dict[str, str], *, user: User, closings: Sequence[date], openings: Sequence[date]) -> None:
        super().__init__(data, user=user)
        choose_from(self, month=_months(closings), against=_months(openings))
        if "unit" not in self.fields:
            del self.fields["team"]
            return
        units = units_of(user).filter(code=data.get("unit", ""))
        choose_from(self, team=Team.objects.filter(branch__in=units, is_active=True))

    def clean(self) -> dict[str, Any]:
        asked: dict[str, Any] = super().clean() or {}
        for name in ("month", "against"):
            if asked.get(name):
                asked[name] = date.fromisoformat(asked[name])
        month, against = asked.get("month"), asked.get("against")
        if month and against and against >= month:
            self.add_error("against", _("Choose a month before the other one."))
        return asked


def _months(months: Sequence[date]) -> list[tuple[str, str]]:
    return [(month.isoformat(), f"{month:%Y-%m}") for month in months]

"""Which month end, and of which unit."""

from collections.abc import Sequence
from datetime import date

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import choose_from
from core.pages.choices import LoadedChoiceField
from servicing.queries.contacts import units_of
from staff.models import User


class SpikeForm(forms.Form):
    """A closed month and a unit in sight with all below it."""

    month = forms.ChoiceField(label=_("Month"))
    unit = LoadedChoiceField(label=_("Unit"), queryset=None, to_field_name="code", empty_label=None)

    def __init__(self, data: dict[str, str], *, user: User, months: Sequence[date]) -> None:
        super().__init__(data)
        choose_from(self, month=[(month.isoformat(), f"{month:%Y-%m}") for month in months])
        units = self.fields["unit"]
        units.queryset = units_of(user)
        if len(units.loaded) == 1:
            units.widget = forms.HiddenInput()

    def clean_month(self) -> date:
        """The first day of the month."""
        return date.fromisoformat(self.cleaned_data["month"])

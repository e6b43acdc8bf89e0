"""The day a tier is to be explained for."""

from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core.clock import today
from core.forms import DAY


class DayForm(forms.Form):
    """A day up to today."""

    on = forms.DateField(label=_("Day"), required=False, widget=DAY)

    def clean_on(self) -> date | None:
        day: date | None = self.cleaned_data["on"]
        if day and day > today():
            raise ValidationError(_("That day is still to come."))
        return day

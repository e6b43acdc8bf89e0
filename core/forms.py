"""Fields that forms of every app share."""

from typing import Final

from django import forms
from django.utils.translation import gettext_lazy as _

# The browser's own date field; every field of a form copies it.
DAY: Final = forms.DateInput({"type": "date"}, format="%Y-%m-%d")


class VersionForm(forms.Form):
    """What every version of rules says beside its values: the day it takes over, and the reason for it."""

    effective_on = forms.DateField(
        label=_("Effective from"), widget=DAY, help_text=_("It takes over at midnight, as this day begins.")
    )
    note = forms.CharField(
        label=_("Reason"),
        max_length=300,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("The second person reads it before deciding."),
    )

"""What every version of rules says beside its values: from when, and why."""

from django import forms
from django.utils.translation import gettext_lazy as _

from complaints.forms.days import DAY


class VersionForm(forms.Form):
    """The day a version takes over and the reason for it."""

    effective_on = forms.DateField(
        label=_("Effective from"),
        widget=DAY,
        help_text=_("It takes over at midnight, as this day begins."),
    )
    note = forms.CharField(
        label=_("Reason"),
        max_length=300,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("The second person reads it before deciding."),
    )

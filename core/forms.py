"""Fields that forms of every app share."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

# The browser's own date field; every field of a form copies it.
DAY: Final = forms.DateInput({"type": "date"}, format="%Y-%m-%d")


def choose_from(form: forms.BaseForm, **offered: Any) -> None:
    """Say what may be chosen in fields of a form, by their names: rows (a queryset), or pairs of value and label.

    Raises TypeError where a field is no choice.
    """
    for name, what in offered.items():
        field = form.fields[name]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = what
        elif isinstance(field, forms.ChoiceField):
            field.choices = what
        else:
            raise TypeError(f"nothing is chosen in {name}")


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

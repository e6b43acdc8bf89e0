"""Forms of the calendar of working days."""

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import DAY


class SpecialDayForm(forms.Form):
    """A day on which the bank's calendar differs from the published one."""

    on = forms.DateField(label=_("Day"), widget=DAY)
    is_workday = forms.TypedChoiceField(
        label=_("Is"),
        choices=[("0", _("A day off")), ("1", _("A working day"))],
        coerce=lambda value: value == "1",
    )
    note = forms.CharField(label=_("Reason"), max_length=100)

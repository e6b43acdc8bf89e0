"""Asking for another tier, and ending it before its time."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import DAY, choose_from
from tiers.services.overrides import MIN_REASON


class OverrideForm(forms.Form):
    """Which tier, from when to when, and why. `tiers` are (letter, name), the present one left out."""

    letter = forms.ChoiceField(label=_("Tier to give"))
    starts_on = forms.DateField(label=_("From"), widget=DAY)
    ends_on = forms.DateField(
        label=_("Until"),
        widget=DAY,
        help_text=_("The last day, at most a year on; the next run after it goes by the rule again."),
    )
    reason = forms.CharField(
        label=_("Reason"),
        min_length=MIN_REASON,
        max_length=300,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("The second person reads it before deciding."),
    )

    def __init__(self, *args: Any, tiers: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, letter=list(tiers))

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        start, end = values.get("starts_on"), values.get("ends_on")
        if start and end and end < start:
            self.add_error("ends_on", _("The last day lies before the first one."))
        return values


class EndForm(forms.Form):
    """Why an override ends before its time."""

    reason = forms.CharField(
        label=_("Reason"), min_length=MIN_REASON, max_length=300, widget=forms.Textarea({"rows": 2})
    )

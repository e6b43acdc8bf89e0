"""Settling what fell due: the new document's last day, or the review that was made."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.forms import DAY, choose_from


class RenewForm(forms.Form):
    """The document the customer showed."""

    expires_on = forms.DateField(label=_("Good until"), required=False, widget=DAY)
    is_long_term = forms.BooleanField(label=_("Without expiry"), required=False)
    note = forms.CharField(label=_("Note"), max_length=300, required=False, widget=forms.Textarea({"rows": 2}))

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if values.get("expires_on") and values.get("is_long_term"):
            self.add_error("is_long_term", _("Either a last day or no expiry, not both."))
        return values


class ReviewForm(forms.Form):
    """The review that was made and the grade it came to."""

    grade = forms.ChoiceField(label=_("Risk grade after the review"))
    note = forms.CharField(
        label=_("What was looked at"),
        max_length=300,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Occupation, source of funds, address, contact. Nothing about reports to the authorities."),
    )

    def __init__(self, *args: Any, grades: Sequence[tuple[str, str | Promise]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, grade=grades)

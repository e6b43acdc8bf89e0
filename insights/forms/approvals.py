"""What a second person says about a request decided on in the inbox."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class DecideForm(forms.Form):
    """Yes or no to exactly the state that was shown (`digest`); a no says why."""

    digest = forms.CharField(widget=forms.HiddenInput, max_length=64)
    comment = forms.CharField(label=_("Comment"), max_length=300, required=False, widget=forms.Textarea({"rows": 2}))
    decision = forms.ChoiceField(choices=[("approve", ""), ("reject", "")])

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if values.get("decision") == "reject" and len(values.get("comment", "").strip()) < 4:
            self.add_error("comment", _("Say why, so that whoever asked can do better (at least 4 characters)."))
        return values

    @property
    def approves(self) -> bool:
        """Whether the answer is yes."""
        return bool(self.cleaned_data["decision"] == "approve")

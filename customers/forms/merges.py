"""Merging two records: which two, and what stays of each."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.rules.merges import DROPPED, GROUPS, KEPT

SIDES = [("a", "a"), ("b", "b")]
REASON_LENGTH = 200


class PairForm(forms.Form):
    """The numbers of two records."""

    a = forms.CharField(label=_("Customer number"), max_length=32)
    b = forms.CharField(label=_("Number of the other record"), max_length=32)


class MergeForm(forms.Form):
    """Which record stays, of each field whose value, and why the two are one customer."""

    keep = forms.ChoiceField(choices=SIDES)
    confirmed = forms.BooleanField(label=_("I have seen that both documents belong to one customer."), required=False)
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("For example: opened twice at the counter, compared with the identity document."),
        min_length=4,
        max_length=REASON_LENGTH,
        widget=forms.Textarea({"rows": 2}),
    )

    def __init__(self, *args: Any, asks_documents: bool = False, **kwargs: Any) -> None:
        """`asks_documents`: the documents differ, so that somebody must have looked at them."""
        super().__init__(*args, **kwargs)
        for group in GROUPS:
            self.fields[group] = forms.ChoiceField(choices=SIDES, required=False)
        if not asks_documents:
            del self.fields["confirmed"]

    def choices(self) -> dict[str, str]:
        """Of each field whose value stays: the kept record's or the dropped one's."""
        keep = self.cleaned_data["keep"]
        return {group: DROPPED if self.cleaned_data[group] not in ("", keep) else KEPT for group in GROUPS}

"""Finding a customer, and asking for a hidden value."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.rules.search import read_search

# A customer number is rarely longer; passports and credit codes are.
MAYBE_A_PAPER = 8


class FindForm(forms.Form):
    """The search box: a name, pinyin, initials, the end of a phone number, or a whole number of any kind."""

    q = forms.CharField(
        label=_("Search customers"),
        max_length=60,
        widget=forms.TextInput(
            {
                "type": "search",
                "placeholder": _("Name, pinyin, phone tail, customer or identity number"),
                "autocomplete": "off",
                "spellcheck": "false",
                "data-search": "",
            }
        ),
    )

    def is_for_post_only(self) -> bool:
        """True when the text may be the number of a person, so that its answer must have no address of its own."""
        term = read_search(self.cleaned_data["q"])
        return term.is_personal or (term.kind == "number" and len(term.text) >= MAYBE_A_PAPER)


class RevealForm(forms.Form):
    """Why a hidden value is to be shown. The reason is written into the trail in its Chinese or English words."""

    REASONS = (
        ("verify", _("Check the identity of the person at the counter")),
        ("contact", _("Contact the customer")),
        ("correct", _("Check or correct the record")),
        ("authority", _("Answer a court, the police or a regulator")),
        ("other", _("Another reason")),
    )
    reason = forms.ChoiceField(label=_("Reason"), choices=[("", _("Choose a reason")), *REASONS])
    detail = forms.CharField(
        label=_("Details"), max_length=200, required=False, help_text=_("Needed for “Another reason”.")
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("reason") == "other" and len(data.get("detail", "").strip()) < 4:
            self.add_error("detail", _("Say in a few words what the value is needed for."))
        return data

    def words(self) -> str:
        """The reason as the trail keeps it."""
        chosen = str(dict(self.REASONS)[self.cleaned_data["reason"]])
        detail = self.cleaned_data["detail"].strip()
        return f"{chosen}: {detail}" if detail else chosen

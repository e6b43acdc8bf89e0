"""The public form: what a complainant types without a sign-in; nothing here saves."""

from typing import Any

from django import forms
from django.core import signing
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.queries.choices import offered
from complaints.rules.intake import MIN_TEXT
from core.forms import choose_from
from core.pages.choices import LongSelect
from core.phones import PhoneError, normalise_phone
from staff.queries import branches_by_tree

SALT = "complaints.public"
# A page left open overnight is asked to be sent again.
KEY_FOR = 12 * 3600


def fresh_key(once: str) -> str:
    """The key of a page: proof that the form was ours, and what tells one sending from another."""
    return signing.dumps(once, salt=SALT)


def read_key(key: str) -> str:
    """What tells one sending from another; "" for a key that is none or too old."""
    try:
        return str(signing.loads(key, salt=SALT, max_age=KEY_FOR))
    except signing.BadSignature:
        return ""


class PublicForm(forms.Form):
    """A complaint over the web."""

    branch = forms.ModelChoiceField(
        label=_("Which branch is it about?"),
        queryset=None,
        to_field_name="code",
        widget=LongSelect,
        empty_label=_("Choose"),
    )
    category = forms.ChoiceField(
        label=_("What is it about?"), choices=lambda: [("", _("Choose")), *offered("categories")]
    )
    account = forms.CharField(
        label=pgettext_lazy("complaint", "What happened?"),
        min_length=MIN_TEXT,
        max_length=2000,
        widget=forms.Textarea({"rows": 6}),
        help_text=_("When, where, and who was there. Please write no passwords or card numbers."),
    )
    wanted = forms.CharField(
        label=_("What should we do?"), max_length=500, required=False, widget=forms.Textarea({"rows": 2})
    )
    about_head = forms.BooleanField(
        label=_("It is about the head of this branch: have the unit above look into it."), required=False
    )
    anonymous = forms.BooleanField(
        label=_("I do not want to give my name. I know that nobody can then tell me the answer."), required=False
    )
    name = forms.CharField(
        label=_("Your name"), max_length=60, required=False, widget=forms.TextInput({"autocomplete": "name"})
    )
    phone = forms.CharField(
        label=_("Your phone"),
        max_length=30,
        required=False,
        widget=forms.TextInput({"autocomplete": "tel", "inputmode": "tel"}),
    )
    agreed = forms.BooleanField(
        label=_("The bank may use what I write here to look into my complaint and to answer me, for nothing else."),
        error_messages={"required": _("Without this we may not read your complaint here; any branch takes it in.")},
    )
    # No person sees it; what fills everything in gives itself away.
    website = forms.CharField(
        label=_("Leave this empty"),
        required=False,
        widget=forms.TextInput({"tabindex": "-1", "autocomplete": "off"}),
    )
    key = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, branch=branches_by_tree())

    def clean_phone(self) -> str:
        """A phone one can call."""
        phone = str(self.cleaned_data["phone"]).strip()
        if not phone:
            return ""
        try:
            return normalise_phone(phone)
        except PhoneError as error:
            raise forms.ValidationError(_("This is no phone number."), code="phone") from error

    def clean(self) -> dict[str, Any]:
        """A name and a phone, or neither by choice; and sent from the page by a person."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("website"):
            raise forms.ValidationError(_("It could not be sent. Any branch takes your complaint in."), code="machine")
        if not cleaned.get("anonymous"):
            for field in ("name", "phone"):
                if not cleaned.get(field) and field not in self.errors:
                    self.add_error(
                        field, _("So that we can answer you; or tick that you do not want to give your name.")
                    )
        if not read_key(cleaned.get("key", "")):
            raise forms.ValidationError(_("This page stood open too long. Please send it once more."), code="key")
        return cleaned

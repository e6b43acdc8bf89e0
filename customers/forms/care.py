"""What people write down about consents, alerts and promises."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core.forms import DAY
from customers.enums import (
    AlertKind,
    ConsentChannel,
    ConsentDecision,
    ConsentProof,
    ConsentPurpose,
    PromiseState,
    Severity,
)
from staff.models import User

WHEN = "%Y-%m-%dT%H:%M"


class ConsentForm(forms.Form):
    """One statement of a customer. What it is about comes with the button that was pressed."""

    purpose = forms.ChoiceField(choices=ConsentPurpose, widget=forms.HiddenInput)
    channel = forms.ChoiceField(choices=ConsentChannel, widget=forms.HiddenInput)
    decision = forms.ChoiceField(choices=ConsentDecision, widget=forms.HiddenInput)
    proof = forms.ChoiceField(label=_("Proof"), choices=ConsentProof, initial=ConsentProof.AT_COUNTER)
    proof_ref = forms.CharField(
        label=_("Proof reference"),
        max_length=120,
        required=False,
        help_text=_("Number of the form, of the recording or of the message."),
    )
    stated_at = forms.DateTimeField(
        label=_("Stated at"), widget=forms.DateTimeInput({"type": "datetime-local"}, format=WHEN)
    )


class WordingForm(forms.Form):
    """The next version of a wording."""

    purpose = forms.ChoiceField(label=_("Purpose"), choices=ConsentPurpose)
    effective_on = forms.DateField(label=_("Effective from"), widget=DAY)
    text_zh = forms.CharField(
        label=_("Chinese wording"),
        min_length=20,
        max_length=2000,
        widget=forms.Textarea({"rows": 7, "lang": "zh-Hans"}),
    )
    text_en = forms.CharField(
        label=_("English wording"),
        max_length=4000,
        required=False,
        widget=forms.Textarea({"rows": 7, "lang": "en"}),
    )


class AlertForm(forms.Form):
    """An alert for everybody who serves the customer."""

    kind = forms.ChoiceField(label=_("Kind"), choices=AlertKind)
    severity = forms.ChoiceField(label=_("Severity"), choices=Severity, initial=Severity.WARN)
    ends_on = forms.DateField(
        label=_("Until"), required=False, widget=DAY, help_text=_("Empty: until somebody dismisses it.")
    )
    text = forms.CharField(
        label=_("Text"), max_length=200, required=False, help_text=_("What to do or to avoid, in one sentence.")
    )


class DismissForm(forms.Form):
    """Why an alert no longer holds."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


class AlertEndForm(forms.Form):
    """Another last day of an alert."""

    ends_on = forms.DateField(
        label=_("Until"), required=False, widget=DAY, help_text=_("Empty: until somebody dismisses it.")
    )


class OwnerField(forms.ModelChoiceField):
    """Somebody to keep a promise, with the role beside the name."""

    def label_from_instance(self, obj: User) -> str:
        return f"{obj.name} · {obj.get_role_display()}"


class PromiseForm(forms.Form):
    """Something promised, by when, and who is to keep it."""

    text = forms.CharField(label=_("What was promised"), max_length=300)
    due_on = forms.DateField(label=_("Due on"), widget=DAY)
    owner = OwnerField(label=_("Owner"), queryset=User.objects.none(), to_field_name="staff_no", empty_label=None)

    def __init__(self, *args: Any, owners: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = owners


class PromiseChangeForm(forms.Form):
    """Another day or another owner for an open promise."""

    due_on = forms.DateField(label=_("Due on"), widget=DAY)
    owner = OwnerField(label=_("Owner"), queryset=User.objects.none(), to_field_name="staff_no", empty_label=None)

    def __init__(self, *args: Any, owners: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = owners


class PromiseCloseForm(forms.Form):
    """What became of a promise."""

    ENDS = [(state.value, state.label) for state in PromiseState if state != PromiseState.OPEN]

    state = forms.ChoiceField(label=_("How it ended"), choices=ENDS)
    outcome = forms.CharField(
        label=_("What happened"),
        max_length=300,
        required=False,
        help_text=_("May stay empty when the promise was kept."),
    )

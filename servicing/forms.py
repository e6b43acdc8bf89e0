"""What people type about a contact; nothing here saves."""

from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from servicing import rules
from servicing.enums import Channel, Direction, Outcome, Topic

NOTE = 1000


class SearchForm(forms.Form):
    """The counter's one box."""

    q = forms.CharField(max_length=60, required=False, strip=True)


class CounterForm(forms.Form):
    """What a counter contact needs: topic, outcome, and a note if there is something to say."""

    topic = forms.ChoiceField(label=_("Topic"), choices=Topic, widget=forms.RadioSelect)
    outcome = forms.ChoiceField(label=_("Outcome"), widget=forms.RadioSelect)
    note = forms.CharField(label=_("Note"), max_length=NOTE, required=False)
    once = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args: Any, channel: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["outcome"].choices = [(o.value, o.label) for o in rules.outcomes_for(channel)]


class ContactForm(forms.Form):
    """A contact as a manager writes it down."""

    channel = forms.ChoiceField(label=_("Channel"), choices=Channel, initial=Channel.PHONE)
    direction = forms.ChoiceField(label=_("Who sought whom"), choices=Direction, initial=Direction.OUT)
    topic = forms.ChoiceField(label=_("Topic"), choices=Topic)
    outcome = forms.ChoiceField(label=_("Outcome"), choices=Outcome)
    happened_at = forms.DateTimeField(
        label=_("When"), widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    note = forms.CharField(label=_("Note"), max_length=NOTE, required=False, widget=forms.Textarea({"rows": 3}))
    promise = forms.CharField(
        label=_("Promised to the customer"),
        max_length=300,
        required=False,
        help_text=_("What you will do, if anything; it goes to your promises."),
    )
    promise_due_on = forms.DateField(
        label=_("Promise due on"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    once = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def clean(self) -> dict[str, Any]:
        """An outcome the channel can have, and a promise with its day."""
        values = super().clean() or {}
        if values.get("promise") and not values.get("promise_due_on") and "promise_due_on" not in self.errors:
            self.add_error("promise_due_on", _("By when was it promised?"))
        if values.get("promise_due_on") and not values.get("promise"):
            self.add_error("promise", _("What was promised for that day?"))
        if values.get("channel") and values.get("outcome") not in {*rules.outcomes_for(values["channel"]), None}:
            self.add_error("outcome", _("This outcome does not fit the channel."))
        return values


class ChangeForm(forms.Form):
    """What its author may correct."""

    topic = forms.ChoiceField(label=_("Topic"), choices=Topic)
    outcome = forms.ChoiceField(label=_("Outcome"))
    note = forms.CharField(label=_("Note"), max_length=NOTE, required=False, widget=forms.Textarea({"rows": 3}))

    def __init__(self, *args: Any, channel: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["outcome"].choices = [(o.value, o.label) for o in rules.outcomes_for(channel)]

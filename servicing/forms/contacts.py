"""What people type about a contact; nothing here saves."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from core.clock import today
from core.forms import DAY, choose_from
from servicing.enums import Direction, Mood
from servicing.models import FollowUp
from servicing.queries.choices import choices_on, offered, outcomes_offered
from servicing.rules.contacts import MOST_MINUTES

NOTE = 1000
AREA = forms.Textarea({"rows": 3})


class SearchForm(forms.Form):
    """The counter's one box."""

    q = forms.CharField(max_length=60, required=False, strip=True)


class CounterForm(forms.Form):
    """What a counter contact needs: topic, outcome, and a note if there is something to say."""

    topic = forms.ChoiceField(label=_("Topic"), choices=lambda: offered("topics"), widget=forms.RadioSelect)
    outcome = forms.ChoiceField(label=_("Outcome"), widget=forms.RadioSelect)
    note = forms.CharField(label=_("Note"), max_length=NOTE, required=False)
    once = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args: Any, channel: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, outcome=outcomes_offered(channel))


class DetailsForm(forms.Form):
    """What else may be said of a contact: the next step, how long it took, how the customer seemed."""

    next_step = forms.CharField(label=_("Next step"), max_length=200, required=False)
    minutes = forms.IntegerField(label=_("Duration, minutes"), min_value=0, max_value=MOST_MINUTES, required=False)
    mood = forms.ChoiceField(
        label=_("How the customer seemed"), choices=[("", _("Not noted")), *Mood.choices], required=False
    )


class ConfidentialField(forms.CharField):
    """What is not for everybody who sees the customer."""

    widget = forms.Textarea({"rows": 2})

    def __init__(self) -> None:
        words = _("Only you, the customer's manager and backup and the head of the branch can open it.")
        super().__init__(label=_("Confidential part"), max_length=NOTE, required=False, help_text=words)


class ContactForm(DetailsForm):
    """A contact as a manager writes it down; `may_confide` adds the confidential part."""

    channel = forms.ChoiceField(label=_("Channel"), choices=lambda: offered("channels"))
    direction = forms.ChoiceField(label=_("Who sought whom"), choices=Direction, initial=Direction.OUT)
    topic = forms.ChoiceField(label=_("Topic"), choices=lambda: offered("topics"))
    outcome = forms.ChoiceField(label=_("Outcome"), choices=lambda: offered("outcomes"))
    happened_at = forms.DateTimeField(
        label=_("When"), widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    note = forms.CharField(label=_("Note"), max_length=NOTE, required=False, widget=AREA)
    confidential = ConfidentialField()
    promise = forms.CharField(
        label=_("Promised to the customer"),
        max_length=300,
        required=False,
        help_text=_("What you will do, if anything; it goes to your promises."),
    )
    promise_due_on = forms.DateField(label=_("Promise due on"), required=False, widget=DAY)
    # No choice field: sent twice, the follow-up is closed already, and that is no fault.
    follow_up = forms.CharField(
        label=_("Completes the follow-up"),
        required=False,
        widget=forms.Select,
        help_text=_("Only if the customer was reached."),
    )
    once = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    field_order = (
        *("channel", "direction", "topic", "outcome", "happened_at", "minutes", "mood", "note", "confidential"),
        *("next_step", "follow_up", "promise", "promise_due_on", "once"),
    )

    def __init__(
        self, *args: Any, may_confide: bool = False, follow_ups: Sequence[tuple[FollowUp, str]] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.offered = {str(row.pk): row for row, _title in follow_ups}
        if follow_ups:
            choices = [(str(row.pk), f"{row.due_on:%Y-%m-%d} {title}") for row, title in follow_ups]
            self.fields["follow_up"].widget.choices = [("", "–"), *choices]  # type: ignore[attr-defined]  # a box
        else:
            del self.fields["follow_up"]
        if not may_confide:
            del self.fields["confidential"]
        if choices_on(today()).has("channels", "phone"):
            self.fields["channel"].initial = "phone"

    def clean_follow_up(self) -> FollowUp | None:
        """One that is still open."""
        return self.offered.get(self.cleaned_data["follow_up"])

    def clean(self) -> dict[str, Any]:
        """An outcome the channel can have, and a promise with its day."""
        values = super().clean() or {}
        if values.get("promise") and not values.get("promise_due_on") and "promise_due_on" not in self.errors:
            self.add_error("promise_due_on", _("By when was it promised?"))
        if values.get("promise_due_on") and not values.get("promise"):
            self.add_error("promise", _("What was promised for that day?"))
        channel, outcome = values.get("channel"), values.get("outcome")
        if channel and outcome and not choices_on(today()).fits(outcome, channel):
            self.add_error("outcome", _("This outcome does not fit the channel."))
        return values


class ChangeForm(DetailsForm):
    """What its author may correct; codes no longer offered stay where they stand."""

    topic = forms.ChoiceField(label=_("Topic"))
    outcome = forms.ChoiceField(label=_("Outcome"))
    note = forms.CharField(label=_("Note"), max_length=NOTE, required=False, widget=AREA)
    confidential = ConfidentialField()
    field_order = ("topic", "outcome", "minutes", "mood", "note", "confidential", "next_step")

    def __init__(self, *args: Any, channel: str, may_confide: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, topic=offered("topics"), outcome=outcomes_offered(channel))
        if not may_confide:
            del self.fields["confidential"]

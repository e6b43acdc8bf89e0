"""Settling a finding, and the answer to a question."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.enums import Source
from customers.forms.profile import day_field
from customers.queries.quality import Question
from customers.rules.profile import LENGTHS, default_source
from staff.access import COUNTER
from staff.models import User

# At the counter the customer stands there; others may have called or read it.
ELSEWHERE = (Source.MANAGER, Source.PHONE, Source.ONLINE)


class DismissFindingForm(forms.Form):
    """Why nothing is wrong."""

    reason = forms.CharField(
        label=_("Why is it in order as it is?"), max_length=200, widget=forms.TextInput({"autofocus": True})
    )


class AnswerForm(forms.Form):
    """What the customer said, and over which channel; the question decides what an answer looks like."""

    def __init__(self, *args: Any, question: Question, user: User, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="ask_%s", **kwargs)
        self.fields["value"] = _value_field(question)
        sources = (Source.COUNTER,) if user.role in COUNTER else ELSEWHERE
        self.fields["source"] = forms.ChoiceField(
            label=_("Where this comes from"),
            choices=[(source.value, source.label) for source in sources],
            initial=default_source(user.role),
            widget=forms.HiddenInput if len(sources) == 1 else forms.Select,
        )


def _value_field(question: Question) -> forms.Field:
    if question.choices:
        return forms.ChoiceField(
            label=question.text, choices=[(choice.value, choice.label) for choice in question.choices]
        )
    if question.input_type == "date":
        return day_field(question.text)
    widget = forms.TextInput({"type": question.input_type, "autocomplete": "off"})
    return forms.CharField(label=question.text, max_length=LENGTHS[question.field], widget=widget)

"""The fraud prompt as it is asked, and the editor of its rules."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from servicing.enums import FraudOutcome
from servicing.forms.lines import LineForm, LinesForm, Sort
from servicing.queries.fraud import KIND
from servicing.rules.fraud import (
    AGES,
    BUILT_IN,
    CASH,
    MAX_LINES,
    SCRIPT,
    TEXT,
    PromptError,
    Question,
    may_end,
    read_prompt,
    signs_in,
)
from staff.services.policies import PolicyKind, Text

YES_NO = (("yes", _("Yes")), ("no", _("No")))
FAULTS: Mapping[str, Text] = {
    "code": _("A code is small letters, digits and underscores, beginning with a letter."),
    "code_twice": _("Two questions have the same code."),
    "none_asked": _("At least one question has to be for everybody."),
    "questions": _("At least one question is needed."),
}


class FraudForm(forms.Form):
    """A prompt at the counter: an answer to each question, how it ended, a note if there is something to say."""

    outcome = forms.ChoiceField(label=_("How it ended"), choices=FraudOutcome, widget=forms.RadioSelect)
    note = forms.CharField(label=_("Note"), max_length=1000, required=False)
    once = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args: Any, questions: Sequence[Question], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.questions, language = questions, get_language() or ""
        for one in questions:
            text = one.text(language)
            self.fields[f"q_{one.code}"] = forms.ChoiceField(label=text, choices=YES_NO, widget=forms.RadioSelect)
        self.order_fields([*(f"q_{one.code}" for one in questions), "outcome", "note", "once"])

    def asked(self) -> Iterator[forms.BoundField]:
        """The questions' fields in order."""
        for one in self.questions:
            yield self[f"q_{one.code}"]

    @property
    def answers(self) -> dict[str, str]:
        """The answers by the question's code."""
        return {one.code: self.cleaned_data.get(f"q_{one.code}", "") for one in self.questions}

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if values.get("outcome") and not may_end(values["outcome"], signs_in(self.questions, self.answers)):
            self.add_error("outcome", _("An answer is a warning sign: choose what was done about it."))
        return values


class QuestionLine(LineForm):
    """A question: its words, whom it is for, and which answer warns."""

    text_zh = forms.CharField(label=_("Chinese text"), max_length=TEXT)
    text_en = forms.CharField(label=_("English text"), max_length=TEXT)
    sign = forms.ChoiceField(label=_("The warning sign is"), choices=YES_NO, initial="yes")
    elderly = forms.BooleanField(label=_("Only for the elderly"), required=False)
    asked = forms.BooleanField(label=_("Asked"), required=False)

    def title(self) -> str:
        """The question itself."""
        field = "text_en" if (get_language() or "").startswith("en") else "text_zh"
        return str(self[field].value() or "")


class PromptForm(LinesForm):
    """A version of the fraud prompt."""

    sorts = (Sort("questions", _("Questions"), _("Add a question"), QuestionLine, MAX_LINES),)
    elderly_age = forms.IntegerField(label=_("Elderly from this age on"), min_value=AGES[0], max_value=AGES[1])
    cash_from = forms.IntegerField(label=_("Large cash from, yuan"), min_value=CASH[0], max_value=CASH[1])
    script_zh = forms.CharField(label=_("What is said first, Chinese"), max_length=SCRIPT)
    script_en = forms.CharField(label=_("What is said first, English"), max_length=SCRIPT)
    field_order = ("elderly_age", "cash_from", "script_zh", "script_en", "effective_on", "note")

    def __init__(self, data: Any = None, *, values: Mapping[str, Any], **kwargs: Any) -> None:
        own = {name: values[name] for name in ("elderly_age", "cash_from", "script_zh", "script_en")}
        super().__init__(data, values=values, **{**kwargs, "initial": {**own, **(kwargs.get("initial") or {})}})

    def typed_values(self) -> dict[str, Any]:
        names = ("elderly_age", "cash_from", "script_zh", "script_en")
        return {**{name: self.cleaned_data[name] for name in names}, **super().typed_values()}

    def words_for(self, error: ValueError) -> Text:
        return FAULTS.get(str(error), super().words_for(error))

    def where(self, error: ValueError) -> tuple[str, int, str]:
        return ("questions", error.place, error.field) if isinstance(error, PromptError) else ("", 0, "")


def _parts(values: Mapping[str, Any]) -> dict[str, tuple[Text, str]]:
    found: dict[str, tuple[Text, str]] = {}
    for name in ("elderly_age", "cash_from", "script_zh", "script_en"):
        found[name] = (PromptForm.base_fields[name].label or name, str(values[name]))
    yes, no = _t("Yes"), _t("No")
    for place, one in enumerate(read_prompt(values).questions, start=1):
        texts = {
            "place": str(place),
            "text_zh": one.text_zh,
            "text_en": one.text_en,
            "sign": yes if one.sign == "yes" else no,
            "elderly": yes if one.elderly else no,
            "asked": yes if one.asked else no,
        }
        for field, text in texts.items():
            label = _t("Place") if field == "place" else QuestionLine.base_fields[field].label
            found[f"{one.code}.{field}"] = (f"{one.code} · {label}", text)
    return found


def _summary(values: Mapping[str, Any]) -> Iterator[tuple[Text, str]]:
    prompt, language = read_prompt(values), get_language() or ""
    yield PromptForm.base_fields["elderly_age"].label or "", str(prompt.elderly_age)
    yield PromptForm.base_fields["cash_from"].label or "", f"{prompt.cash_from:,}"
    yield _t("What is said first"), prompt.script(language)
    for one in prompt.questions:
        if one.asked:
            yield (_t("Question for the elderly") if one.elderly else _t("Question")), one.text(language)


FRAUD_PROMPT = PolicyKind(
    KIND,
    _("Fraud prompt"),
    _("What the counter asks before large cash and transfers to somebody new; at most three questions at a time."),
    BUILT_IN,
    read_prompt,
    form=PromptForm,
    parts=_parts,
    summary=_summary,
)

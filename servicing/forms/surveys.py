"""What heads say about a wave, what customers answer, and the editor of the rules of surveys; nothing here saves."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from core.forms import DAY, VersionForm, choose_from
from core.pages.choices import LongSelect
from servicing.enums import SurveyChannel
from servicing.queries.surveys import KIND
from servicing.rules.surveys import BUILT_IN, FIGURES, MARKS, SCORES, WORDS, SurveyRules, read_surveys
from servicing.rules.voice import as_lines, from_lines
from staff.models import Branch
from staff.services.policies import PolicyKind, Text

WHOLE = [(n, str(n)) for n in range(SCORES[0], SCORES[1] + 1)]
STARS = [(n, str(n)) for n in range(MARKS[0], MARKS[1] + 1)]


class WaveForm(forms.Form):
    """A wave of surveys."""

    name = forms.CharField(
        label=_("Name of the survey"), max_length=80, help_text=_("For colleagues only; customers do not see it.")
    )
    branch = forms.ModelChoiceField(
        label=_("Unit"), queryset=Branch.objects.none(), to_field_name="code", widget=LongSelect
    )
    starts_on = forms.DateField(label=_("Contacts from"), widget=DAY)
    ends_on = forms.DateField(label=_("Contacts until"), widget=DAY)
    percent = forms.IntegerField(
        label=_("Sample, %"),
        min_value=1,
        max_value=100,
        initial=20,
        help_text=_("Of the customers contacted in these days; who is drawn can be worked out again."),
    )
    channels = forms.MultipleChoiceField(
        label=_("Channels"),
        choices=SurveyChannel.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("The channel a customer prefers goes first; only where they agreed to surveys."),
    )

    def __init__(self, *args: Any, units: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, branch=units)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        start, end = values.get("starts_on"), values.get("ends_on")
        if start and end and end < start:
            self.add_error("ends_on", _("The last day is before the first."))
        return values


class AnswerForm(forms.Form):
    """What a customer answers over a link: a score, marks, and a word. `marks` are the questions' fields."""

    score = forms.TypedChoiceField(label=_("Score"), choices=WHOLE, coerce=int, widget=forms.RadioSelect)
    comment = forms.CharField(
        label=_("What should we know?"), max_length=1000, required=False, widget=forms.Textarea({"rows": 4})
    )

    def __init__(self, data: Any = None, *, rules: SurveyRules, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.codes = [question.code for question in rules.questions]
        language = get_language() or ""
        for question in rules.questions:
            self.fields[f"mark_{question.code}"] = forms.TypedChoiceField(
                label=question.name(language), choices=STARS, coerce=int, required=False, widget=forms.RadioSelect
            )

    def marks(self) -> list[forms.BoundField]:
        """The fields of the further questions."""
        return [self[f"mark_{code}"] for code in self.codes]

    def given_marks(self) -> dict[str, int]:
        """The marks that were given, by question."""
        found = {code: self.cleaned_data.get(f"mark_{code}") for code in self.codes}
        return {code: mark for code, mark in found.items() if isinstance(mark, int)}


class KioskForm(forms.Form):
    """What is answered at a kiosk."""

    score = forms.TypedChoiceField(label=_("Score"), choices=WHOLE, coerce=int, widget=forms.RadioSelect)
    comment = forms.CharField(
        label=_("What should we know?"), max_length=1000, required=False, widget=forms.Textarea({"rows": 2})
    )
    once = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)


class KioskOpenForm(forms.Form):
    """Whose the first answer is."""

    customer_no = forms.CharField(
        label=_("Customer number"),
        max_length=32,
        required=False,
        help_text=_("Of the customer just served; empty = everybody answers anonymously."),
    )


FIGURE_LABELS: Mapping[str, Text] = {
    "fatigue_days": _("Days between two surveys of a customer"),
    "valid_days": _("Days a link works"),
    "low_score": _("Score up to which the unit looks into it"),
    "small_sample": _("Answers below which a figure is flagged as small"),
}
WORD_LABELS: Mapping[str, Text] = {
    "recommend_zh": _("Main question, Chinese"),
    "recommend_en": _("Main question, English"),
    "thanks_zh": _("Words of thanks, Chinese"),
    "thanks_en": _("Words of thanks, English"),
}
FAULTS: Mapping[str, Text] = {
    "count": _("Write at most 5 lines."),
    "code": _("Each line begins with a code in small letters, digits and underscores."),
    "name": _("Each line needs a Chinese and an English name of at most 120 characters."),
    "twice": _("A code may stand in one line only."),
}


class SurveyRulesForm(VersionForm):
    """A version of the rules of surveys: figures, the questions as lines, and the words of thanks."""

    questions = forms.CharField(
        label=_("Further questions, marked 1 to 5"),
        required=False,
        widget=forms.Textarea({"rows": 5}),
        help_text=_("One a line: code | Chinese | English. Codes in small letters."),
    )

    def __init__(self, data: Any = None, *, kind: PolicyKind, values: Mapping[str, Any], **kwargs: Any) -> None:
        initial: dict[str, Any] = {name: values[name] for name in FIGURES}
        initial |= {name: _word(values, name) for name in WORD_LABELS}
        initial["questions"] = as_lines(values["questions"])
        super().__init__(data, initial={**initial, **kwargs.pop("initial", {})}, **kwargs)
        for name, (low, high) in FIGURES.items():
            self.fields[name] = forms.IntegerField(label=FIGURE_LABELS[name], min_value=low, max_value=high)
        for name, label in WORD_LABELS.items():
            self.fields[name] = forms.CharField(label=label, max_length=WORDS)
        self.order_fields([*FIGURES, "recommend_zh", "recommend_en", "questions", "thanks_zh", "thanks_en"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                read_surveys(self.typed_values())
            except ValueError as error:
                self.add_error("questions", FAULTS.get(str(error).removeprefix("questions_"), FAULTS["code"]))
        return cleaned

    def typed_values(self) -> dict[str, Any]:
        """The values as they are kept."""
        values = self.cleaned_data
        words = {
            part: {language: values[f"{part}_{language}"] for language in ("zh", "en")}
            for part in ("recommend", "thanks")
        }
        return {**{name: values[name] for name in FIGURES}, **words, "questions": from_lines(values["questions"])}


def _word(values: Mapping[str, Any], name: str) -> str:
    part, _dash, language = name.partition("_")
    return str(values[part][language])


def _parts(values: Mapping[str, Any]) -> dict[str, tuple[Text, str]]:
    found: dict[str, tuple[Text, str]] = {name: (FIGURE_LABELS[name], str(values[name])) for name in FIGURES}
    found |= {name: (label, _word(values, name)) for name, label in WORD_LABELS.items()}
    lines = "; ".join(f"{line['name_zh']} / {line['name_en']}" for line in values["questions"])
    found["questions"] = (SurveyRulesForm.base_fields["questions"].label or "", lines or _t("none"))
    return found


def _summary(values: Mapping[str, Any]) -> Iterator[tuple[Text, str]]:
    yield from _parts(values).values()


SURVEYS = PolicyKind(
    KIND,
    _("Surveys"),
    _("How often a customer is asked at most, how long a link works, and what is asked."),
    BUILT_IN,
    read_surveys,
    form=SurveyRulesForm,
    parts=_parts,
    summary=_summary,
)

"""What people type about decisions, and the editor of the letter; nothing here saves."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.enums import Delivery, Finding, RemedyKind
from complaints.queries.choices import causes_offered, word_for
from complaints.queries.decisions import KIND
from complaints.rules.decisions import BUILT_IN, LANGUAGES, PARTS, PLACES, fault_of, read_letter
from complaints.services.decisions import FAULTS
from core.clock import today
from core.forms import DAY, VersionForm, choose_from
from staff.services.policies import PolicyKind, Text

MOST = 4000
FIELD_OF_FAULT = {"remedy": "remedy", "amount": "amount", "no_amount": "amount"}


class ProposeForm(forms.Form):
    """A decision to propose."""

    finding = forms.ChoiceField(label=pgettext_lazy("complaint", "Finding"), choices=Finding, widget=forms.RadioSelect)
    facts = forms.CharField(
        label=_("Facts found"),
        max_length=MOST,
        widget=forms.Textarea({"rows": 5}),
        help_text=_("What was looked into and what happened; it stands in the letter."),
    )
    words = forms.CharField(
        label=_("Words to the complainant"),
        max_length=MOST,
        widget=forms.Textarea({"rows": 5}),
        help_text=_("What the bank decides and why. The ways that remain open are added by the template."),
    )
    remedy = forms.ChoiceField(label=_("Remedy"), choices=RemedyKind)
    amount = forms.DecimalField(
        label=_("Amount, yuan"),
        min_value=0,
        max_digits=12,
        decimal_places=2,
        required=False,
        help_text=_("Only for a refund or compensation."),
    )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if not self.errors:
            fault = fault_of(finding=values["finding"], remedy=values["remedy"], amount=values["amount"])
            if fault:
                self.add_error(FIELD_OF_FAULT[fault], str(FAULTS[fault]()))
        return values


class SendBackForm(forms.Form):
    """What is missing in a proposal."""

    note = forms.CharField(label=_("What is missing"), max_length=500, widget=forms.Textarea({"rows": 2}))


class AnswerForm(forms.Form):
    """Approving exactly the proposal that was read, and how it goes out."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    delivery = forms.ChoiceField(label=_("How the complainant is told"), choices=Delivery)


class DeliverForm(forms.Form):
    """That the complainant has the decision."""

    delivery = forms.ChoiceField(label=_("Delivery"), choices=Delivery)
    delivered_on = forms.DateField(label=_("Delivered on"), widget=DAY)
    proof = forms.CharField(
        label=_("Proof of delivery"),
        max_length=200,
        help_text=_("Signature, number of the registered letter, number of the recording."),
    )


class CloseForm(forms.Form):
    """Closing a case: its root cause and a last note."""

    cause = forms.ChoiceField(label=_("Root cause"))
    note = forms.CharField(label=_("Note"), max_length=500, required=False, widget=forms.Textarea({"rows": 2}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept, groups = str(self.initial.get("cause") or ""), causes_offered()
        # One that is no longer offered may stay where it is.
        gone = kept and kept not in {code for _name, codes in groups for code, _word in codes}
        extra = [(kept, word_for("causes", kept))] if gone else []
        choices = [("", _t("Choose")), *extra, *groups]
        choose_from(self, cause=choices)


def step_form(step: str, *, case: Any, decision: Any, data: Any = None) -> forms.Form:
    """The form of a step, filled with what is known."""
    if step == "propose":
        return ProposeForm(data, prefix=step, initial={"finding": "", "remedy": RemedyKind.NONE})
    if step == "send_back":
        return SendBackForm(data, prefix=step)
    if step == "answer":
        version = decision.version if decision else 0
        return AnswerForm(data, prefix=step, initial={"version": version})
    if step == "deliver":
        way = decision.delivery if decision else ""
        return DeliverForm(data, prefix=step, initial={"delivery": way, "delivered_on": today()})
    return CloseForm(data, prefix=step, initial={"cause": case.cause})


LABELS: Mapping[str, Text] = {
    "zh_title": _("Title, Chinese"),
    "zh_greeting": _("Greeting, Chinese"),
    "zh_opening": _("Opening, Chinese"),
    "zh_routes": _("Ways that remain open, Chinese"),
    "zh_closing": _("Closing words, Chinese"),
    "en_title": _("Title, English"),
    "en_greeting": _("Greeting, English"),
    "en_opening": _("Opening, English"),
    "en_routes": _("Ways that remain open, English"),
    "en_closing": _("Closing words, English"),
}
FAULT_WORDS: Mapping[str, Text] = {
    "place": _("Something in braces is not known, or a brace is not closed."),
    "review": _("The ways must name the review: {review_unit} and {ask_days}."),
}


class LetterForm(VersionForm):
    """A version of the words of the decision letter."""

    def __init__(self, data: Any = None, *, kind: PolicyKind, values: Mapping[str, Any], **kwargs: Any) -> None:
        initial = {f"{language}_{part}": values[language][part] for language in LANGUAGES for part in PARTS}
        super().__init__(data, initial={**initial, **kwargs.pop("initial", {})}, **kwargs)
        for name, label in LABELS.items():
            self.fields[name] = _field(name.partition("_")[2], label)
        self.order_fields(LABELS)

    def clean(self) -> dict[str, Any]:
        """Words whose places can be filled, and that name the review."""
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                read_letter(self.typed_values())
            except ValueError as error:
                language, part, *what = str(error).split("_")
                self.add_error(f"{language}_{part}", str(FAULT_WORDS[what[0] if what else "place"]))
        return cleaned

    def typed_values(self) -> dict[str, Any]:
        """The values as they are kept."""
        cleaned = self.cleaned_data
        return {
            language: {part: cleaned[f"{language}_{part}"].replace("\r\n", "\n") for part in PARTS}
            for language in LANGUAGES
        }


def _field(part: str, label: Text) -> forms.CharField:
    places = ", ".join(f"{{{place}}}" for place in PLACES)
    if part in ("title", "greeting"):
        return forms.CharField(label=label, max_length=PARTS[part])
    words = _t("One a line.") if part == "routes" else ""
    help_text = f"{words} {_t('Filled in: %(places)s.') % {'places': places}}".strip()
    rows = 5 if part == "routes" else 3
    return forms.CharField(
        label=label, max_length=PARTS[part], widget=forms.Textarea({"rows": rows}), help_text=help_text
    )


def _parts(values: Mapping[str, Any]) -> dict[str, tuple[Text, str]]:
    return {
        f"{language}.{part}": (LABELS[f"{language}_{part}"], str(values[language][part]))
        for language in LANGUAGES
        for part in PARTS
    }


def _summary(values: Mapping[str, Any]) -> Iterator[tuple[Text, str]]:
    yield from _parts(values).values()


COMPLAINT_LETTER = PolicyKind(
    KIND,
    _("Decision letter of complaints"),
    _("The words around a decision: how the letter begins, which ways remain open, how it ends."),
    BUILT_IN,
    read_letter,
    form=LetterForm,
    parts=_parts,
    summary=_summary,
)

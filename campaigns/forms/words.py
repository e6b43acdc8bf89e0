"""The editor of the rules of words: banned words, what must be said, lengths and prices."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from campaigns.rules.word_rules import BUILT_IN, FIGURES, HIGHEST_PRICE, KIND, read_words
from core.forms import VersionForm
from customers.enums import ConsentChannel
from staff.services.policies import PolicyKind, Text

LABELS: Mapping[str, Text] = {
    "sms_single": _("Signs in one text message"),
    "sms_part": _("Signs in each part of a longer one"),
    "sms_most": _("Most text messages for one text"),
}
COLUMNS = ("code", "name_zh", "name_en", "text", "channels", "when")
FAULTS: Mapping[str, tuple[str, Text]] = {
    "banned": ("banned", _("One word a line, at most 40 signs, with at least one letter or figure.")),
    "allowed": ("allowed", _("One word a line, at most 40 signs, with at least one letter or figure.")),
    "disclosures": (
        "disclosures",
        _("Each line needs six parts, known channels and occasions, and a code of its own."),
    ),
    "prices": ("price_phone", _("Prices are 0 to 1,000 yuan.")),
    "sms_part": ("sms_part", _("A part is never longer than a single message.")),
}


class WordsForm(VersionForm):
    """A version of the rules of words."""

    banned = forms.CharField(
        label=_("Banned words"),
        max_length=8000,
        widget=forms.Textarea({"rows": 10}),
        help_text=_("One a line. Found even with blanks or points between the signs; English words as whole words."),
    )
    allowed = forms.CharField(
        label=_("Phrases in which a banned word is none"),
        max_length=8000,
        required=False,
        widget=forms.Textarea({"rows": 6}),
        help_text=_("One a line, such as a warning that holds the word."),
    )
    disclosures = forms.CharField(
        label=_("What must be said"),
        max_length=8000,
        widget=forms.Textarea({"rows": 8}),
        help_text=_(
            "One a line: code | Chinese | English | words | channels with commas | always, offer, risk or article."
        ),
    )

    def __init__(self, data: Any = None, *, kind: PolicyKind, values: Mapping[str, Any], **kwargs: Any) -> None:
        initial: dict[str, Any] = {name: values[name] for name in FIGURES}
        initial |= {name: "\n".join(values[name]) for name in ("banned", "allowed")}
        initial |= {_price(channel): values["prices"][channel] for channel in ConsentChannel.values}
        initial["disclosures"] = "\n".join(map(_line, values["disclosures"]))
        super().__init__(data, initial={**initial, **kwargs.pop("initial", {})}, **kwargs)
        for name, (least, most) in FIGURES.items():
            self.fields[name] = forms.IntegerField(label=LABELS[name], min_value=least, max_value=most)
        for channel in ConsentChannel:
            self.fields[_price(channel)] = forms.DecimalField(
                label=_price_label(channel), min_value=0, max_value=HIGHEST_PRICE, decimal_places=2
            )
        prices = [_price(channel) for channel in ConsentChannel.values]
        self.order_fields(["banned", "allowed", "disclosures", *FIGURES, *prices])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                read_words(self.typed_values())
            except ValueError as error:
                field, words = FAULTS.get(str(error), (None, _t("These values cannot be used.")))
                self.add_error(field, words)
        return cleaned

    def typed_values(self) -> dict[str, Any]:
        """The values as they are kept."""
        said = self.cleaned_data
        return {
            **{name: said[name] for name in FIGURES},
            **{name: _lines(said[name]) for name in ("banned", "allowed")},
            "disclosures": [_typed(line) for line in _lines(said["disclosures"])],
            "prices": {channel: f"{said[_price(channel)]:.2f}" for channel in ConsentChannel.values},
        }


def _price(channel: str) -> str:
    return f"price_{channel}"


def _price_label(channel: str) -> str:
    return _t("Price of a contact, yuan: %(channel)s") % {"channel": ConsentChannel(channel).label}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _line(value: Mapping[str, Any]) -> str:
    cells = {**value, "channels": ",".join(value["channels"])}
    return " | ".join(str(cells[name]) for name in COLUMNS)


def _typed(line: str) -> dict[str, Any]:
    """What was typed; what is missing is empty, for `read_words` to refuse."""
    cells = [cell.strip() for cell in line.replace("｜", "|").split("|")]
    values: dict[str, Any] = dict(zip(COLUMNS, [*cells, *[""] * len(COLUMNS)], strict=False))
    channels = values["channels"].replace("，", ",").split(",")
    return {**values, "channels": [channel.strip() for channel in channels if channel.strip()]}


def _parts(values: Mapping[str, Any]) -> dict[str, tuple[Text, str]]:
    fields = WordsForm.base_fields
    found: dict[str, tuple[Text, str]] = {
        name: (fields[name].label or "", ", ".join(values[name]) or _t("none")) for name in ("banned", "allowed")
    }
    for line in values["disclosures"]:
        found[f"disclosures.{line['code']}"] = (fields["disclosures"].label or "", _line(line))
    found |= {name: (LABELS[name], str(values[name])) for name in FIGURES}
    found |= {
        _price(channel): (_price_label(channel), str(values["prices"][channel])) for channel in ConsentChannel.values
    }
    return found


def _summary(values: Mapping[str, Any]) -> Iterator[tuple[Text, str]]:
    yield from _parts(values).values()


CAMPAIGN_WORDS = PolicyKind(
    KIND,
    _("Campaigns: words"),
    _("Words no message may hold, what each must say, how long a text message is, and what a contact costs."),
    BUILT_IN,
    read_words,
    form=WordsForm,
    parts=_parts,
    summary=_summary,
)

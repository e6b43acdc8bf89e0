"""The editor of a scheme version: its facts and its bands, and the decision about one."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import formset_factory
from django.utils.translation import gettext_lazy as _

from core.money import AmountError, format_yuan, parse_amount
from tiers.enums import Measure
from tiers.rules import MAX_BANDS, MIN_BANDS, Band, SchemeContent

BANDS = "bands"


class AmountField(forms.CharField):
    """An amount in yuan as people write it: separators, full-width digits, up to two decimals."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "class": "num"})

    def prepare_value(self, value: Any) -> Any:
        return value if value is None or isinstance(value, str) else format_yuan(value).removesuffix(".00")

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return parse_amount(text) if text else None
        except AmountError as error:
            raise ValidationError(_("Write an amount in yuan with at most 2 decimals."), code=error.code) from error


class SchemeForm(forms.Form):
    """What a version says apart from its bands."""

    name = forms.CharField(label=_("Scheme name"), max_length=60)
    measure = forms.ChoiceField(
        label=_("Measure"), choices=Measure.choices, help_text=_("The figure held against the bounds.")
    )
    effective_on = forms.DateField(
        label=_("Effective from"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    note = forms.CharField(
        label=_("Reason"),
        max_length=300,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("The second person reads it before deciding."),
    )


class BandForm(forms.Form):
    """One tier."""

    floor = AmountField(label=_("From, yuan"), max_length=30)
    letter = forms.RegexField(label=_("Letter"), regex=r"^[A-Z]$", max_length=1, widget=forms.TextInput({"size": 2}))
    name_zh = forms.CharField(label=_("Chinese name"), max_length=20)
    name_en = forms.CharField(label=_("English name"), max_length=30)


BandFormSet = formset_factory(
    BandForm,
    extra=0,
    min_num=MIN_BANDS,
    max_num=MAX_BANDS,
    absolute_max=MAX_BANDS,
    validate_min=True,
    validate_max=True,
)
FIELDS = tuple(BandForm.base_fields)


def initial_of(content: SchemeContent) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What the two forms show of a version."""
    facts = {name: getattr(content, name) for name in SchemeForm.base_fields}
    return facts, [{name: getattr(band, name) for name in FIELDS} for band in content.bands]


def content_from(form: SchemeForm, bands: Any) -> SchemeContent:
    """The version that two valid forms describe; the lowest band is the first."""
    lines = [line.cleaned_data for line in bands]
    return SchemeContent(
        **form.cleaned_data, bands=tuple(Band(rank=rank, **line) for rank, line in enumerate(lines, start=1))
    )


def changed_lines(data: Mapping[str, Any], change: str) -> list[dict[str, Any]]:
    """The lines as typed after "add" (an empty one at the top) or "remove-<n>" (counted from 0)."""
    total = min(int(data.get(f"{BANDS}-TOTAL_FORMS", "0")) if _is_count(data) else 0, MAX_BANDS)
    lines = [{name: data.get(f"{BANDS}-{n}-{name}", "") for name in FIELDS} for n in range(total)]
    if change == "add" and len(lines) < MAX_BANDS:
        lines.append({})
    _word, _dash, place = change.partition("-")
    if place.isdecimal() and len(place) < 3 and MIN_BANDS < len(lines) > int(place):
        del lines[int(place)]
    return lines


def _is_count(data: Mapping[str, Any]) -> bool:
    text = str(data.get(f"{BANDS}-TOTAL_FORMS", ""))
    return text.isascii() and text.isdecimal() and len(text) < 3


class DecisionForm(forms.Form):
    """What the second person says about exactly the version they saw."""

    digest = forms.CharField(widget=forms.HiddenInput, max_length=64)
    comment = forms.CharField(label=_("Comment"), max_length=300, required=False, widget=forms.Textarea({"rows": 2}))
    decision = forms.ChoiceField(choices=[(word, "") for word in ("approve", "reject", "withdraw")])

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if values.get("decision") == "reject" and not values.get("comment"):
            self.add_error("comment", _("Say why, so that the version can be corrected."))
        return values

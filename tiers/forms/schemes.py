"""The editor of a scheme version: its facts and its bands; the decision about one, going back, and comparing."""

from collections.abc import Mapping, Sequence
from datetime import date
from string import ascii_uppercase
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import formset_factory
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from core.forms import DAY, choose_from
from core.money import AmountError, format_yuan, parse_amount
from customers.enums import ProductKind
from tiers import services
from tiers.enums import Measure
from tiers.models import Scheme
from tiers.rules import (
    DEFAULT_TRAILING,
    FIGURES,
    MAX_BANDS,
    MAX_TRAILING,
    MAX_WATCH,
    MIN_BANDS,
    MIN_TRAILING,
    Band,
    Basis,
    BasisError,
    SchemeContent,
    check_basis,
)

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
    """What a version says apart from its bands. Days and figures matter only to measures that have them."""

    name = forms.CharField(label=_("Scheme name"), max_length=60)
    effective_on = forms.DateField(label=_("Effective from"), widget=DAY)
    measure = forms.ChoiceField(
        label=_("Measure"), choices=Measure.choices, help_text=_("The figure held against the bounds.")
    )
    best_of = forms.MultipleChoiceField(
        label=_("The highest of"),
        choices=[(figure, figure.label) for figure in FIGURES],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("For the measure “Highest of several”: at least two figures."),
    )
    trailing_days = forms.IntegerField(
        label=_("Days of the trailing average"),
        widget=forms.NumberInput({"min": MIN_TRAILING, "max": MAX_TRAILING}),
        required=False,
        help_text=_("2 to 366; for averages of the last days only."),
    )
    watch_periods = forms.IntegerField(
        label=_("Watch periods"),
        min_value=0,
        max_value=MAX_WATCH,
        help_text=_(
            "For so many months (quarters, where the measure is the quarter's average) whoever falls below the floor "
            "keeps the tier and is watched; who is still below after that goes down. 0 = down at the next run."
        ),
    )
    counted = forms.MultipleChoiceField(
        label=_("Products counted"),
        choices=ProductKind.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("None ticked = all products count."),
    )
    note = forms.CharField(
        label=_("Reason"),
        max_length=300,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("The second person reads it before deciding."),
    )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        try:
            check_basis(basis_from(values))
        except BasisError as error:
            if error.code not in self.errors:
                self.add_error(error.code, ValidationError(services.basis_words(error), code=error.code))
        return values


def basis_from(values: Mapping[str, Any]) -> Basis:
    """How cleaned values measure; a figure left out is the usual one."""
    days = values.get("trailing_days")
    return Basis(
        values.get("measure") or Measure.BALANCE,
        DEFAULT_TRAILING if days is None else days,
        tuple(values.get("best_of") or ()),
        tuple(values.get("counted") or ()),
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
    return facts | {"best_of": list(content.best_of), "counted": list(content.counted)}, lines_of(content.bands)


def lines_of(bands: Sequence[Band]) -> list[dict[str, Any]]:
    """What the form of bands shows of these."""
    return [{name: getattr(band, name) for name in FIELDS} for band in bands]


def content_from(form: SchemeForm, bands: Any) -> SchemeContent:
    """The version that two valid forms describe; the lowest band is the first."""
    said, basis = form.cleaned_data, basis_from(form.cleaned_data)
    return SchemeContent(
        name=said["name"],
        measure=basis.measure,
        effective_on=said["effective_on"],
        note=said["note"],
        bands=bands_from_lines(bands),
        trailing_days=basis.trailing_days,
        best_of=basis.best_of,
        counted=basis.counted,
        watch_periods=said["watch_periods"],
    )


def tried_from(form: SchemeForm, bands: Any, day: date) -> SchemeContent:
    """What stands in the editor as far as it says whom it would move; name, date and reason do not matter to that."""
    said, basis = form.cleaned_data, basis_from(form.cleaned_data)
    return SchemeContent(
        name="",
        measure=basis.measure,
        effective_on=day,
        note="",
        bands=bands_from_lines(bands),
        trailing_days=basis.trailing_days,
        best_of=basis.best_of,
        counted=basis.counted,
        watch_periods=said.get("watch_periods") or 0,
    )


def bands_from_lines(bands: Any) -> tuple[Band, ...]:
    """The bands of a valid form of bands."""
    return tuple(Band(rank=rank, **line.cleaned_data) for rank, line in enumerate(bands, start=1))


def typed_facts(data: QueryDict) -> dict[str, Any]:
    """The facts as typed, to show them again."""
    lists = ("best_of", "counted")
    return {name: data.getlist(name) if name in lists else data.get(name, "") for name in SchemeForm.base_fields}


def asked_facts(query: QueryDict) -> dict[str, Any]:
    """Facts an address asks to begin with (?measure=&trailing_days=&best_of=&counted=&watch_periods=), as far as they
    make sense; lists are repeated or parted by commas."""
    numbers = {
        "trailing_days": range(MIN_TRAILING, MAX_TRAILING + 1),
        "watch_periods": range(MAX_WATCH + 1),
    }
    known = {"best_of": {str(figure) for figure in FIGURES}, "counted": set(ProductKind.values)}
    found: dict[str, Any] = {}
    if query.get("measure") in Measure.values:
        found["measure"] = query["measure"]
    for name, allowed in numbers.items():
        text = query.get(name, "")
        if text.isascii() and text.isdecimal() and len(text) < 4 and int(text) in allowed:
            found[name] = int(text)
    for name, choices in known.items():
        if name in query:
            found[name] = [one for one in ",".join(query.getlist(name)).split(",") if one in choices]
    return found


def asked_lines(query: QueryDict, bands: Sequence[Band]) -> list[dict[str, Any]]:
    """The lines an address asks to begin with (?floors=0,50000,...), named as `bands` from the lowest; those as they
    are when it asks for none, or nonsense."""
    texts = [text.strip() for text in query.get("floors", "").split(",")]
    lines = lines_of(bands)
    try:
        floors = [parse_amount(text) for text in texts]
    except AmountError:
        return lines
    if not MIN_BANDS <= len(floors) <= MAX_BANDS:
        return lines
    found: list[dict[str, Any]] = []
    for n, floor in enumerate(floors):
        named = lines[n] if n < len(lines) else {"letter": free_letter(found + lines)}
        found.append({**named, "floor": floor})
    return found


def free_letter(lines: Sequence[Mapping[str, Any]]) -> str:
    """The first letter none of the lines has."""
    taken = {line.get("letter") for line in lines}
    return next(letter for letter in ascii_uppercase if letter not in taken)


def changed_lines(data: Mapping[str, Any], change: str) -> list[dict[str, Any]]:
    """The lines as typed after "add" (an empty one at the top) or "remove-<n>" (counted from 0)."""
    total = min(int(data.get(f"{BANDS}-TOTAL_FORMS", "0")) if _is_count(data) else 0, MAX_BANDS)
    lines = [{name: data.get(f"{BANDS}-{n}-{name}", "") for name in FIELDS} for n in range(total)]
    if change == "add" and len(lines) < MAX_BANDS:
        lines.append({"letter": free_letter(lines)})
    _word, _dash, place = change.partition("-")
    if place.isdecimal() and len(place) < 3 and MIN_BANDS < len(lines) > int(place):
        del lines[int(place)]
    return lines


def _is_count(data: Mapping[str, Any]) -> bool:
    text = str(data.get(f"{BANDS}-TOTAL_FORMS", ""))
    return text.isascii() and text.isdecimal() and len(text) < 3


class DecisionForm(forms.Form):
    """What the second person says about exactly the version, or the request, they saw."""

    digest = forms.CharField(widget=forms.HiddenInput, max_length=64)
    comment = forms.CharField(label=_("Comment"), max_length=300, required=False, widget=forms.Textarea({"rows": 2}))
    decision = forms.ChoiceField(choices=[(word, "") for word in ("approve", "reject", "withdraw")])

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if values.get("decision") == "reject" and not values.get("comment"):
            self.add_error("comment", _("Say why, so that whoever asked can do better."))
        return values


class RollbackForm(forms.Form):
    """When and why to go back to a version."""

    effective_on = forms.DateField(label=_("Effective from"), widget=DAY)
    note = forms.CharField(
        label=_("Reason"),
        max_length=300,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("The second person reads it before deciding."),
    )


class CompareForm(forms.Form):
    """Two versions to lay side by side."""

    a = forms.ModelChoiceField(label=_("Version"), queryset=Scheme.objects.none(), empty_label=None)
    b = forms.ModelChoiceField(label=_("Compared with"), queryset=Scheme.objects.none(), empty_label=None)

    def __init__(self, *args: Any, versions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("a", "b"):
            choose_from(self, **{name: versions})

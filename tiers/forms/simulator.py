"""What a simulation is asked for, and which two rules a back-test compares."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from core.forms import DAY
from core.money import AmountError, format_yuan, parse_amount
from customers.enums import ProductKind
from tiers.enums import Measure
from tiers.rules import FIGURES, MAX_TRAILING, MAX_WATCH, MIN_TRAILING, SchemeContent

FLOORS, FLOOR = "floors", "floor"
LISTS = ("best_of", "counted")
ASKED = "tried"


class SimulatorForm(forms.Form):
    """The rule to try apart from its bounds, and the day to try it on."""

    on = forms.DateField(label=_("Balances of"), widget=DAY, required=False)
    measure = forms.ChoiceField(label=_("Measure"), choices=Measure.choices)
    watch_periods = forms.IntegerField(label=_("Watch periods"), min_value=0, max_value=MAX_WATCH)
    trailing_days = forms.IntegerField(
        label=_("Days of the trailing average"), min_value=MIN_TRAILING, max_value=MAX_TRAILING, required=False
    )
    best_of = forms.MultipleChoiceField(
        label=_("The highest of"),
        choices=[(figure, figure.label) for figure in FIGURES],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    counted = forms.MultipleChoiceField(
        label=_("Products counted"),
        choices=ProductKind.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("None ticked = all products count."),
    )

    def __init__(self, data: QueryDict, *, latest: date) -> None:
        super().__init__(data)
        self.latest = latest
        self.fields["on"].widget.attrs["max"] = latest.isoformat()

    def clean_on(self) -> date:
        day: date = self.cleaned_data["on"] or self.latest
        if day > self.latest:
            raise ValidationError(
                _("There are no balances after %(day)s yet."), params={"day": self.latest.isoformat()}
            )
        return day

    def content(self, base: SchemeContent, floors: Sequence[Decimal]) -> SchemeContent:
        """The rule that the valid form and these floors describe, otherwise as `base`."""
        said = self.cleaned_data
        return replace(
            with_floors(base, floors),
            measure=said["measure"],
            watch_periods=said["watch_periods"],
            trailing_days=said["trailing_days"] or base.trailing_days,
            best_of=tuple(said["best_of"]),
            counted=tuple(said["counted"]),
        )


def asked_data(query: QueryDict, base: SchemeContent, latest: date) -> QueryDict:
    """The address's parameters, those it leaves out as in `base`; a sent form leaves out nothing but empty lists."""
    data = query.copy()
    is_sent = ASKED in query
    for name in SimulatorForm.base_fields:
        if name in data:
            if name in LISTS:
                data.setlist(name, [part for value in data.getlist(name) for part in value.split(",") if part])
        elif name in LISTS:
            data.setlist(name, [] if is_sent else [str(value) for value in getattr(base, name)])
        else:
            data[name] = latest.isoformat() if name == "on" else str(getattr(base, name))
    return data


def asked_floors(query: QueryDict, base: SchemeContent) -> list[str]:
    """The floors as typed, lowest first: as many as `base` has tiers, its own where the address names none."""
    typed = query.getlist(FLOOR) or [part for part in query.get(FLOORS, "").split(",") if part]
    own = [format_yuan(floor).removesuffix(".00") for floor in base.floors]
    return typed if len(typed) == len(own) else own


def parse_floors(typed: Sequence[str]) -> list[Decimal]:
    """Floors in yuan. Raises ValidationError naming the first that is no amount."""
    found = []
    for rank, text in enumerate(typed, start=1):
        try:
            found.append(parse_amount(text.strip()))
        except AmountError as error:
            words = _("The bound of tier %(rank)s is not an amount in yuan with at most 2 decimals.")
            raise ValidationError(words, code=error.code, params={"rank": rank}) from error
    return found


def with_floors(base: SchemeContent, floors: Sequence[Decimal]) -> SchemeContent:
    """The version with other floors for its tiers."""
    bands = tuple(replace(band, floor=floor) for band, floor in zip(base.bands, floors, strict=True))
    return replace(base, bands=bands)


class BacktestForm(forms.Form):
    """Two rules to compare: versions of the policy, or the one just tried in the simulator."""

    first = forms.ChoiceField(label=_("Rule A"))
    second = forms.ChoiceField(label=_("Rule B"))

    def __init__(self, data: Any = None, *, choices: Sequence[tuple[str, str]], **options: Any) -> None:
        super().__init__(data, **options)
        for name in ("first", "second"):
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = list(choices)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if values.get("first") and values.get("first") == values.get("second"):
            self.add_error("second", _("Choose two different rules."))
        return values

"""Fields of money and rates."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core.money import AmountError, format_yuan, parse_amount


class AmountField(forms.CharField):
    """An amount in yuan as people write it: separators, full-width digits, up to two decimals; none below zero."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "class": "num", "autocomplete": "off"})

    def __init__(self, *, above_zero: bool = False, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 30, **kwargs})
        self.above_zero = above_zero

    def prepare_value(self, value: Any) -> Any:
        return format_yuan(value).removesuffix(".00") if isinstance(value, Decimal) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            amount = parse_amount(text)
        except AmountError as error:
            raise ValidationError(_("Write an amount in yuan with at most 2 decimals."), code=error.code) from error
        if amount < 0 or (self.above_zero and not amount):
            raise ValidationError(_("Write an amount above 0."), code="not_above_zero")
        return amount


class RateField(forms.DecimalField):
    """A rate in per cent a year."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput({"inputmode": "decimal", "class": "num", "autocomplete": "off"})
        super().__init__(**{"min_value": 0, "max_value": 20, "decimal_places": 4, "widget": widget, **kwargs})

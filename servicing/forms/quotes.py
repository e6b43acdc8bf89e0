"""What people type to have interest worked out; nothing here saves."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import DAY, choose_from
from core.pages.choices import LongSelect
from servicing.enums import Buyer, QuoteKind
from servicing.forms.fields import AmountField, RateField

FIRST, LONGEST = date(1990, 1, 1), 40 * 366


class WorkForm(forms.Form):
    """Common to all: values go on as plain texts (`plain`); fields for few products (`more`) stand folded."""

    more: ClassVar[tuple[str, ...]] = ()

    once = forms.UUIDField(widget=forms.HiddenInput, required=False, initial=uuid4)

    def plain(self) -> dict[str, Any]:
        """The values as a quote keeps them: texts of amounts, rates and days, "" where nothing was typed."""
        return {name: _plain(value) for name, value in self.cleaned_data.items() if name != "once"}

    def check_order(self, earlier: str, later: str, words: Any) -> None:
        """A later day must come after an earlier one, and not a lifetime after."""
        first, last = self.cleaned_data.get(earlier), self.cleaned_data.get(later)
        if first and last and last <= first:
            self.add_error(later, words)
        elif first and last and (last - first).days > LONGEST:
            self.add_error(later, _("That is too long a time."))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for name, value in list(cleaned.items()):
            if isinstance(value, date) and value < FIRST:
                self.add_error(name, _("That is too long ago."))
        return cleaned


class ProductForm(WorkForm):
    """A deposit: product, amount, time and rate."""

    product = forms.ChoiceField(label=_("Product"), widget=LongSelect)
    amount = AmountField(label=_("Amount, yuan"), above_zero=True)
    since = forms.DateField(label=_("Value date"), widget=DAY)
    until = forms.DateField(
        label=_("Matures on"), widget=DAY, required=False, help_text=_("Empty: by the product's term.")
    )
    rate = RateField(
        label=_("Rate, % a year"), required=False, help_text=_("Empty: as posted for the product on that day.")
    )

    def __init__(self, *args: Any, products: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, product=list(products.items()))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        self.check_order("since", "until", _("It must mature after its value date."))
        return cleaned


class EarlyForm(ProductForm):
    """Money is needed from a deposit that has not matured."""

    day = forms.DateField(label=_("Money is needed on"), widget=DAY)
    part = AmountField(label=_("Needed, yuan"), required=False, help_text=_("Empty: all of it."), above_zero=True)
    wait_until = forms.DateField(
        label=_("Could wait until"), widget=DAY, required=False, help_text=_("Compared beside maturity.")
    )
    elsewhere = RateField(
        label=_("Could earn elsewhere, % a year"),
        required=False,
        help_text=_("Empty: what is taken out earns nothing more."),
    )
    field_order = ("product", "amount", "since", "until", "rate", "day", "part", "wait_until", "elsewhere")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        self.check_order("since", "day", _("It must be after the value date."))
        self.check_order("day", "wait_until", _("It must be after the day the money is needed."))
        part, amount = cleaned.get("part"), cleaned.get("amount")
        if part and amount and part > amount:
            self.add_error("part", _("The deposit does not hold so much."))
        return cleaned


class HoldForm(ProductForm):
    """What a deposit pays when it is taken on a day."""

    on = forms.DateField(label=_("Taken on"), widget=DAY)
    renews = forms.BooleanField(
        label=_("Renews by itself"), required=False, help_text=_("At the rate posted on each day it renews.")
    )
    draw = AmountField(
        label=_("Taken out, yuan"), required=False, help_text=_("Notice deposits. Empty: all of it."), above_zero=True
    )
    noticed = forms.BooleanField(label=_("Notice was given"), required=False, help_text=_("Notice deposits."))
    missed = forms.IntegerField(
        label=_("Missed instalment, number"), required=False, min_value=1, max_value=120, help_text=_("Instalments.")
    )
    made_up = forms.BooleanField(
        label=_("Made up in the next month"), required=False, help_text=_("Of the missed instalment.")
    )
    field_order = (
        "product",
        "amount",
        "since",
        "on",
        "rate",
        "until",
        "renews",
        "draw",
        "noticed",
        "missed",
        "made_up",
    )
    more = ("renews", "draw", "noticed", "missed", "made_up")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        self.check_order("since", "on", _("It must be after the value date."))
        draw, amount = cleaned.get("draw"), cleaned.get("amount")
        if draw and amount and draw > amount:
            self.add_error("draw", _("The deposit does not hold so much."))
        return cleaned


class OffersForm(WorkForm):
    """What an amount would bring in every product."""

    amount = AmountField(label=_("Amount, yuan"), above_zero=True)
    day = forms.DateField(label=_("Paid in on"), widget=DAY)
    buyer = forms.ChoiceField(label=_("Whose money"), choices=Buyer.choices)

    def __init__(self, *args: Any, products: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


FORMS: Mapping[str, type[ProductForm] | type[OffersForm]] = {
    QuoteKind.EARLY: EarlyForm,
    QuoteKind.HOLD: HoldForm,
    QuoteKind.NEW: OffersForm,
}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else value

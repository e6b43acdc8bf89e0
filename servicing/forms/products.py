"""The editor of the product library: a line for each product."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from core.money import format_yuan
from core.wording import listed
from servicing.enums import Buyer, DayCount, EarlyRule, InterestMethod, RiskGrade, SavingKind
from servicing.forms.fields import AmountField
from servicing.forms.tables import TableForm
from servicing.queries.products import PRODUCTS
from servicing.rules.library import BUILT_IN
from servicing.rules.products import (
    AMOUNTS,
    CHOICES,
    FLAGS,
    MAX_ITEMS,
    NUMBERS,
    TEXTS,
    Product,
    ProductsError,
    kept,
    read_product,
    read_products,
)
from staff.services.policies import PolicyKind, Text

FAULTS: Mapping[str, Text] = {
    "code": _("A code is capital letters, digits and underscores."),
    "code_twice": _("Two products have the same code."),
    "core_codes": _("Write at most 20 codes of at most 20 characters, with commas between them."),
    "core_codes_twice": _("A product code of the core stands at two products; it can only be one of them."),
    "needed": _("A product of this kind needs it."),
}
_SEPARATORS = re.compile(r"[,，、;；\s]+")
_LINES = forms.Textarea({"rows": 2})


class ProductLine(forms.Form):
    """One product."""

    code = forms.CharField(label=_("Code"), max_length=20)
    core_codes = forms.CharField(
        label=_("Product codes of the core"),
        max_length=400,
        required=False,
        help_text=_("With commas between them; without one the core's kind and term decide."),
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=SavingKind.choices)
    name_zh = forms.CharField(label=_("Chinese name"), max_length=TEXTS["name_zh"])
    name_en = forms.CharField(label=_("English name"), max_length=TEXTS["name_en"])
    text_zh = forms.CharField(label=_("Chinese text"), max_length=TEXTS["text_zh"], required=False, widget=_LINES)
    text_en = forms.CharField(label=_("English text"), max_length=TEXTS["text_en"], required=False, widget=_LINES)
    buyers = forms.MultipleChoiceField(
        label=_("Who may hold it"), choices=Buyer.choices, widget=forms.CheckboxSelectMultiple
    )
    minimum = AmountField(label=_("From, yuan"))
    step = AmountField(label=_("In steps of, yuan"), help_text=_("0: any amount."))
    months = forms.IntegerField(label=_("Term, months"), required=False)
    days = forms.IntegerField(label=_("Notice, days"), required=False)
    method = forms.ChoiceField(label=_("Interest on"), choices=InterestMethod.choices)
    count = forms.ChoiceField(label=_("Time is counted"), choices=DayCount.choices)
    early = forms.ChoiceField(label=_("Taken early"), choices=EarlyRule.choices)
    partials = forms.IntegerField(
        label=_("Parts taken early, times"), required=False, help_text=_("0: never. Empty: as often as wanted.")
    )
    least_draw = AmountField(label=_("Least to take at once, yuan"))
    least_rest = AmountField(label=_("Least to remain, yuan"))
    every = forms.IntegerField(label=_("Months between draws"), required=False)
    misses = forms.IntegerField(label=_("Missed months that may be made up"), required=False)
    share = forms.IntegerField(label=_("Share of the lump-sum rate, %"), required=False)
    base = AmountField(label=_("Base at the demand rate, yuan"))
    fees_zh = forms.CharField(label=_("Fees, Chinese"), max_length=TEXTS["fees_zh"], required=False)
    fees_en = forms.CharField(label=_("Fees, English"), max_length=TEXTS["fees_en"], required=False)
    risk = forms.ChoiceField(label=_("Risk grade"), choices=RiskGrade.choices)
    renews = forms.BooleanField(label=_("Can renew by itself"), required=False)
    compounds = forms.BooleanField(label=_("A renewed term earns on interest too"), required=False)
    pledge = forms.BooleanField(label=_("Loans against it"), required=False)
    is_offered = forms.BooleanField(
        label=_("Offered"), required=False, help_text=_("No longer offered: older deposits keep its rules.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, (least, most) in NUMBERS.items():
            field = self.fields[name]
            field.widget.attrs |= {"min": least, "max": most}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                read_product(self.typed())
            except ProductsError as error:
                words = FAULTS.get(error.code, _("This value cannot be used here."))
                self.add_error(error.field or None, forms.ValidationError(words, error.code))
        return cleaned

    def typed(self) -> dict[str, Any]:
        """The product as it is kept."""
        said = self.cleaned_data
        return {
            "code": said["code"],
            "core_codes": [code for code in _SEPARATORS.split(said["core_codes"]) if code],
            "buyers": sorted(said["buyers"]),
            **{name: said[name] for name in (*CHOICES, *TEXTS, *NUMBERS, *FLAGS)},
            **{name: f"{said[name]:.2f}" for name in AMOUNTS},
        }


class ProductsForm(TableForm):
    """A version of the library."""

    template_name = "servicing/_products_form.html"
    key, line_form, most = "items", ProductLine, MAX_ITEMS
    blank: Mapping[str, Any] = {
        "buyers": list(Buyer.values),
        "kind": SavingKind.LUMP_SUM,
        "is_offered": True,
        **dict.fromkeys(AMOUNTS, "0"),
    }

    def shown_line(self, line: Mapping[str, Any]) -> Mapping[str, Any]:
        """A kept product with its codes as one text."""
        product = read_product(line)
        return {**kept(product), "core_codes": ", ".join(product.core_codes)}

    def refuse(self, error: ValueError) -> None:
        """Which two products cannot stand together."""
        self.add_error(None, FAULTS.get(str(error), _("These values cannot be used.")))


def product_facts(product: Product) -> dict[str, tuple[Text, str]]:
    """Everything a product is, to read: by field its label and text; what does not apply is empty."""
    labels = ProductLine.base_fields
    shown: dict[str, str] = {
        "kind": str(SavingKind(product.kind).label),
        "core_codes": ", ".join(product.core_codes),
        "buyers": listed(Buyer(buyer).label for buyer in sorted(product.buyers, reverse=True)),
        **{name: _yuan(getattr(product, name)) for name in AMOUNTS},
        **{name: str(CHOICES[name](getattr(product, name)).label) for name in ("method", "count", "early", "risk")},
        **{name: _number(getattr(product, name)) for name in NUMBERS},
        **{name: getattr(product, name) for name in TEXTS},
        **{name: str(_("Yes") if getattr(product, name) else _("No")) for name in FLAGS},
    }
    return {name: (str(labels[name].label), shown[name]) for name in labels if name in shown}


def _yuan(amount: Any) -> str:
    return format_yuan(amount) if amount else ""


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _parts(values: Mapping[str, Any]) -> dict[str, tuple[Text, str]]:
    found: dict[str, tuple[Text, str]] = {}
    for product in read_products(values):
        name = product.name(get_language() or "")
        for field, (label, text) in product_facts(product).items():
            found[f"{product.code}.{field}"] = (f"{name} · {label}", text)
    return found


def _summary(values: Mapping[str, Any]) -> Iterator[tuple[Text, str]]:
    for product in read_products(values):
        words = [
            str(SavingKind(product.kind).label),
            ngettext("%(n)d month", "%(n)d months", product.months) % {"n": product.months} if product.months else "",
            _t("from %(amount)s yuan") % {"amount": format_yuan(product.minimum)} if product.minimum else "",
            str(EarlyRule(product.early).label),
            "" if product.is_offered else _t("no longer offered"),
        ]
        yield product.name(get_language() or ""), " · ".join(word for word in words if word)


PRODUCT_RULES = PolicyKind(
    PRODUCTS,
    _("Products"),
    _("What each deposit product is: who may hold it, from how much, how interest goes, what taking it early costs."),
    BUILT_IN,
    read_products,
    form=ProductsForm,
    parts=_parts,
    summary=_summary,
)

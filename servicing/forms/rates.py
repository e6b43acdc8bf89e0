"""The editor of the rate sheet, and the question which rate held when."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from core.clock import today
from core.forms import DAY, choose_from
from core.money import ZERO, format_yuan
from core.pages.choices import LongSelect
from servicing.enums import SavingKind
from servicing.forms.fields import AmountField, RateField
from servicing.forms.tables import TableForm
from servicing.queries.products import RATES, library_on, unit_names
from servicing.queries.tenors import NOTICE_TENORS, TENORS, tenor_words
from servicing.rules.rate_text import lines_from_text, text_of_lines
from servicing.rules.rates import (
    BUILT_IN,
    MAX_LINES,
    TABLE_LINES,
    RateLine,
    RatesError,
    kept_line,
    read_line,
    read_rates,
    shown,
)
from staff.models import Branch
from staff.queries import branches_by_tree
from staff.services.policies import PolicyKind, Text

WITHOUT_TENOR = (SavingKind.DEMAND, SavingKind.AGREEMENT)
TEXT_SIZE = 200_000
FAULTS: Mapping[str, Text] = {
    "cells": _("Four parts are needed: what, from yuan, unit code, rate."),
    "too_many": _("A sheet has at most %(most)d rates.") % {"most": MAX_LINES},
    "line_twice": _("Two lines say the same product, amount and unit; only one rate can hold."),
    "what": _("Choose a product, or a kind and term."),
    "floor": _("Write an amount in yuan from 0 on."),
    "rate": _("Write a rate from 0 to 20 % a year with at most 4 decimals."),
}


def what_key(line: RateLine) -> str:
    """What a line speaks of, as the editor's box has it: "product:TD12", "kind:lump_sum:12m"."""
    return f"product:{line.product}" if line.product else f"kind:{line.kind}:{line.tenor}"


def what_words(line: RateLine, names: Mapping[str, str]) -> str:
    """What a line speaks of, to read."""
    if line.product:
        return names.get(line.product, line.product)
    kind = str(SavingKind(line.kind).label)
    return f"{kind} · {tenor_words(line.tenor)}" if line.tenor else kind


def product_names() -> dict[str, str]:
    """Names of today's products by code, in the language in use."""
    language = get_language() or ""
    return {product.code: product.name(language) for product in library_on(today()).products}


def offered_whats() -> list[tuple[str, str]]:
    """What a line can speak of: every product, every kind and term."""
    found = [(f"product:{code}", f"{name} ({code})") for code, name in product_names().items()]
    for kind in SavingKind:
        tenors = ("",) if kind in WITHOUT_TENOR else NOTICE_TENORS if kind == SavingKind.NOTICE else TENORS
        if kind != SavingKind.DEMAND_OR_TIME:
            found += [(f"kind:{kind}:{tenor}", _kind_words(kind, tenor)) for tenor in tenors]
    return found


def _kind_words(kind: SavingKind, tenor: str) -> str:
    return what_words(RateLine("", kind, tenor, ZERO, "", ZERO), {})


class RateLineForm(forms.Form):
    """One posted rate."""

    what = forms.ChoiceField(label=_("Product, or kind and term"), widget=LongSelect)
    floor = AmountField(label=_("From, yuan"), initial="0")
    unit = forms.CharField(label=_("Unit code"), max_length=20, required=False, help_text=_("Empty: the whole bank."))
    rate = RateField(label=_("Rate, % a year"))

    def __init__(self, *args: Any, whats: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = {key for key, _words in whats}
        said = str(self.initial.get("what") or "")
        # A product that has left the library keeps its lines until somebody takes them away.
        choose_from(self, what=[*whats, *([(said, said)] if said and said not in known else [])])

    def typed(self) -> dict[str, str]:
        """The line as it is kept."""
        said = self.cleaned_data
        sort, _colon, which = said["what"].partition(":")
        kind, _colon, tenor = which.partition(":")
        what = {"product": which} if sort == "product" else {"kind": kind, "tenor": tenor}
        line = {"floor": f"{said['floor']:.2f}", "unit": said["unit"].strip(), "rate": str(said["rate"])}
        return kept_line(read_line({**what, **line}))


class RatesForm(TableForm):
    """A version of the rate sheet: in a table, or as text, which a sheet too long for a table always is."""

    template_name = "servicing/_rates_form.html"
    key, line_form, most = "lines", RateLineForm, TABLE_LINES
    blank: Mapping[str, Any] = {"floor": "0"}

    loan_rate = RateField(
        label=_("Loan against a deposit, % a year"), required=False, help_text=_("Empty: no such loans.")
    )
    loan_share = forms.DecimalField(
        label=_("At most so much of the deposit, %"), min_value=0, max_value=100, decimal_places=2
    )
    text = forms.CharField(
        label=_("All rates as text"),
        max_length=TEXT_SIZE,
        required=False,
        widget=forms.Textarea({"rows": 12, "spellcheck": "false", "class": "is-wide"}),
        help_text=_(
            "One a line: what | from yuan | unit code | rate; or cells pasted from a spreadsheet. What is a product's"
            " code, or kind and term such as lump_sum:12m. What stands here replaces the table."
        ),
    )
    field_order = ("loan_rate", "loan_share", "effective_on", "note")

    def __init__(self, data: Any = None, *, values: Mapping[str, Any], **kwargs: Any) -> None:
        lines = values[self.key]
        # So many fields at once are refused by the server before anybody reads them.
        self.is_text = len(lines) > TABLE_LINES
        self.present_text = text_of_lines(lines)
        if self.is_text:
            kwargs["initial"] = {"text": self.present_text, **(kwargs.get("initial") or {})}
            kwargs["given"] = []
        super().__init__(data, values=values, **kwargs)

    @classmethod
    def initial_of(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """The rate and share of loans."""
        return {name: values.get(name, BUILT_IN[name]) for name in ("loan_rate", "loan_share")}

    def line_extras(self) -> dict[str, Any]:
        """What the lines can speak of, read once for all of them."""
        return {"whats": offered_whats()}

    def shown_line(self, line: Mapping[str, Any]) -> Mapping[str, Any]:
        """A kept line as its form shows it."""
        return {**line, "what": what_key(read_line(line))}

    def plain_fields(self) -> list[forms.BoundField]:
        """The fields beside the lines, which the text is another form of."""
        return [self[name] for name in self.fields if name != "text"]

    def clean_text(self) -> list[dict[str, str]]:
        """The lines of the text; none where it is empty."""
        try:
            return lines_from_text(self.cleaned_data["text"])
        except RatesError as error:
            raise forms.ValidationError(_in_row(error)) from error

    def lines_are_valid(self) -> bool:
        """The text, where there is one, stands for the table."""
        return self._is_typed or super().lines_are_valid()

    @property
    def _is_typed(self) -> bool:
        return self.is_text or bool(str(self["text"].value() or "").strip())

    def typed_lines(self) -> list[dict[str, Any]]:
        """The lines as they are kept."""
        return self.cleaned_data["text"] if self._is_typed else super().typed_lines()

    def is_valid(self) -> bool:
        """Also every unit must exist."""
        if not super().is_valid():
            return False
        asked = {line["unit"] for line in self.typed_lines()} - {""}
        unknown = asked - set(Branch.objects.filter(code__in=asked).values_list("code", flat=True))
        if unknown and self._is_typed:
            self.add_error("text", _("There is no unit with the code %(code)s.") % {"code": min(unknown)})
        elif unknown:
            for line in self.lines:
                if line.cleaned_data["unit"].strip() in unknown:
                    line.add_error("unit", _("There is no unit with this code."))
            self.add_error(None, _("Some lines need another look: see the fields marked below."))
        return not unknown

    def refuse(self, error: ValueError) -> None:
        """Which lines cannot stand together."""
        words = FAULTS.get(str(error), _("These values cannot be used."))
        place = error.place if isinstance(error, RatesError) else 0
        if self._is_typed and isinstance(error, RatesError):
            self.add_error("text", _in_row(error))
            return
        if place:
            self.lines.forms[place - 1].add_error("floor", words)
        self.add_error(None, words)

    def typed_values(self) -> dict[str, Any]:
        """The values as they are kept."""
        loan, share = self.cleaned_data.get("loan_rate"), self.cleaned_data["loan_share"]
        terms = {"loan_rate": "" if loan is None else shown(loan), "loan_share": f"{share.normalize():f}"}
        return super().typed_values() | terms


def _in_row(error: RatesError) -> str:
    words = str(FAULTS.get(error.code, _("These values cannot be used.")))
    return _t("Line %(n)d: %(words)s") % {"n": error.place, "words": words} if error.place else words


class LookupForm(forms.Form):
    """Which rate held: of a product, for an amount, at a unit, on a day."""

    day = forms.DateField(label=_("On"), widget=DAY)
    product = forms.ChoiceField(label=_("Product"), required=False, widget=LongSelect)
    branch = forms.ChoiceField(label=_("Unit"), widget=LongSelect)
    amount = AmountField(label=_("Amount, yuan"), required=False)

    def __init__(self, *args: Any, products: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.units = {unit.code: unit for unit in branches_by_tree()}
        choose_from(
            self,
            product=[("", _("All products")), *products.items()],
            branch=[(unit.code, str(unit)) for unit in self.units.values()],
        )

    def asked(self) -> tuple[Any, str, Branch, Decimal | None]:
        """Day, product code, unit and amount as typed."""
        said = self.cleaned_data
        return said["day"], said["product"], self.units[said["branch"]], said["amount"]


def _parts(values: Mapping[str, Any]) -> dict[str, tuple[Text, str]]:
    sheet, names = read_rates(values), product_names()
    called = unit_names({line.unit for line in sheet.lines})
    found: dict[str, tuple[Text, str]] = {}
    for line in sheet.lines:
        where = _t("from %(amount)s yuan") % {"amount": format_yuan(line.floor)} if line.floor else ""
        unit = called.get(line.unit, line.unit) or _t("whole bank")
        words = " · ".join(word for word in (what_words(line, names), where, unit) if word)
        found[f"{what_key(line)}.{line.floor}.{line.unit}"] = (words, f"{shown(line.rate)} %")
    loan = f"{shown(sheet.loan_rate)} %" if sheet.loan_rate is not None else ""
    found["loan_rate"] = (_t("Loan against a deposit, % a year"), loan)
    found["loan_share"] = (_t("At most so much of the deposit, %"), f"{sheet.loan_share.normalize():f} %")
    return found


def _summary(values: Mapping[str, Any]) -> Iterator[tuple[Text, str]]:
    for label, text in _parts(values).values():
        yield label, text or _t("not offered")


RATE_SHEET = PolicyKind(
    RATES,
    _("Rate sheet"),
    _("The posted rate of every product and term, by amount and unit; and what a loan against a deposit costs."),
    BUILT_IN,
    read_rates,
    form=RatesForm,
    parts=_parts,
    summary=_summary,
)

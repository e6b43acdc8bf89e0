"""Editors of rules as data: one field for each value of a kind, made from its built-in values."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core.forms import DAY, VersionForm
from customers.rules import insurance, kyc, lifecycle, merges, quality
from staff import rules as staff_rules
from staff.services.policies import PolicyKind, Text

_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_SEPARATORS = re.compile(r"[,，、;；\s]+")


KINDS: Mapping[str, PolicyKind] = {
    kind.key: kind
    for kind in (
        PolicyKind(
            "kyc",
            _("KYC reviews and documents"),
            _("How often customers are reviewed by risk grade, and when notice is given."),
            kyc.BUILT_IN,
            kyc.read_kyc,
        ),
        PolicyKind(
            "insurance",
            _("Deposit insurance"),
            _("The limit per depositor that the insurance lens measures against."),
            insurance.BUILT_IN,
            insurance.read_insurance,
        ),
        PolicyKind(
            "lifecycle",
            _("Life-cycle stages"),
            _("When a customer counts as new, growing, declining, lost or won back."),
            lifecycle.BUILT_IN,
            lifecycle.read_lifecycle,
        ),
        PolicyKind(
            "quality",
            _("Data quality"),
            _("How old a value may get, what a complete record is, and what to ask next."),
            quality.BUILT_IN,
            quality.read_quality,
        ),
        PolicyKind(
            "merging",
            _("Merging customers"),
            _("How long a merge can be taken back."),
            merges.BUILT_IN,
            merges.read_merging,
        ),
        PolicyKind(
            "exports",
            _("Files from lists"),
            _("From how many rows a second person approves, and how long a file is kept."),
            staff_rules.EXPORTS,
            staff_rules.read_exports,
        ),
        PolicyKind(
            "notices",
            _("Notifications"),
            _("How long notifications that were read are kept."),
            staff_rules.NOTICES,
            staff_rules.read_notices,
        ),
    )
}
LABELS: Mapping[str, Text] = {
    "kyc.months": _("Months between reviews"),
    "kyc.months.high": _("Months between reviews, high risk"),
    "kyc.months.medium_high": _("Months between reviews, medium-high risk"),
    "kyc.months.medium": _("Months between reviews, medium risk"),
    "kyc.months.low": _("Months between reviews, low risk"),
    "kyc.other_months": _("Months between reviews, grade unknown or empty"),
    "kyc.words.high": _("Words for high risk"),
    "kyc.words.medium_high": _("Words for medium-high risk"),
    "kyc.words.medium": _("Words for medium risk"),
    "kyc.words.low": _("Words for low risk"),
    "kyc.counted_from": _("Reviews are kept here from"),
    "kyc.notice_days": _("Notice, days before"),
    "kyc.grace_days": _("Grace, days after"),
    "insurance.limit": _("Limit per depositor, yuan"),
    "insurance.demand_rate": _("Demand rate after maturity, % a year"),
    "lifecycle.new_days": _("New for so many days"),
    "lifecycle.average_days": _("Recent average over so many days"),
    "lifecycle.before_days": _("Compared with the average of so many days before"),
    "lifecycle.growing_ratio": _("Growing from this ratio on"),
    "lifecycle.declining_ratio": _("Declining down to this ratio"),
    "lifecycle.lost_days": _("Lost after so many quiet days"),
    "lifecycle.lost_share": _("Lost below this share of the peak"),
    "lifecycle.won_back_floor": _("Won back from this average on, yuan"),
    "lifecycle.won_back_days": _("Won back for so many days"),
    "quality.max_age_days": _("Good for so many days"),
    "quality.weights.0": _("Weight, every tier"),
    "quality.weights.2": _("Weight, from tier 2 on"),
    "quality.weights.3": _("Weight, from tier 3 on"),
    "quality.quiet_days": _("Days a dismissed finding stays quiet"),
    "quality.refusal_days": _("Days nobody asks again after a refusal"),
    "quality.shared_phone_from": _("A phone is shared from so many customers on"),
    "quality.*.phone": _("Phone"),
    "quality.*.email": _("E-mail"),
    "quality.*.address": _("Address"),
    "quality.*.occupation": _("Occupation"),
    "quality.*.employer": _("Employer"),
    "quality.*.id_no": _("Identity number"),
    "quality.*.birth_date": _("Date of birth"),
    "quality.*.contact_name": _("Contact person"),
    "quality.*.channel": _("Preferred channel"),
    "quality.*.contact_time": _("Time to be contacted"),
    "quality.*.tenor": _("Preferred tenor"),
    "quality.*.liquidity": _("Need of ready money"),
    "quality.*.rate_sensitivity": _("Sensitivity to rates"),
    "merging.undo_days": _("Days in which a merge can be taken back"),
    "exports.approval_over": _("Rows from which a second person approves"),
    "exports.expires_days": _("Days a file is kept"),
    "exports.max_rows": _("Most rows of a file"),
    "notices.keep_days": _("Days a read notification is kept"),
}
HELP: Mapping[str, Text] = {
    "kyc.words.high": _("As the core banking system writes it; several words with commas between them."),
    "kyc.counted_from": _("Reviews that fell due before this day were kept elsewhere and are not asked for again."),
    "kyc.notice_days": _("Three numbers: first notice, second notice, 0 for the day itself."),
    "kyc.grace_days": _("After it service may be suspended until the document is renewed or the review is made."),
    "insurance.limit": _("Set by the Deposit Insurance Regulation; change it only when the regulation changes."),
    "insurance.demand_rate": _("For deposits that matured and were not renewed; used for estimates only."),
}
FAULTS: Mapping[str, Text] = {
    "kyc.months": _("A higher risk must be reviewed at least as often as a lower one; 1 to 120 months."),
    "kyc.words": _("Each grade needs at least one word, and a word may stand at one grade only."),
    "kyc.notice_days": _("Write three numbers that grow smaller, the last one 0, such as 90, 30, 0."),
    "kyc.grace_days": _("Write a whole number of days from 0 to 366."),
    "insurance.limit": _("Write an amount in yuan above 0."),
    "insurance.demand_rate": _("Write a rate from 0 to 20 % a year."),
    "lifecycle.declining_ratio": _("Write a ratio above 0 and below 1."),
    "lifecycle.growing_ratio": _("Write a ratio above 1."),
    "lifecycle.lost_share": _("Write a share from 0 up to below the declining ratio."),
    "lifecycle.won_back_floor": _("Write an amount in yuan above 0."),
    "quality.max_age_days": _("Write 1 to 3,660 days for every kind of value."),
    "quality.weights": _("Write weights from 1 to 100."),
    "quality.quiet_days": _("Write 1 to 3,660 days."),
    "quality.refusal_days": _("Write 1 to 3,660 days."),
    "quality.shared_phone_from": _("Write a number from 2 to 100."),
    "merging.undo_days": _("Write 1 to 60 days."),
    "exports.approval_over": _("Write a number of rows from 0 to 1,000,000."),
    "exports.expires_days": _("Write 1 to 90 days."),
    "exports.max_rows": _("Write a number of rows from 1 to 1,000,000."),
    "notices.keep_days": _("Write 7 to 3,660 days."),
    "exports.limits_order": _("Approval may not begin above the most rows of a file."),
    "lifecycle.before_days": _("The time compared with may not be shorter than the recent one."),
}


class WordsField(forms.CharField):
    """Several words, or whole numbers, with commas between them."""

    def __init__(self, *, numbers: bool, **kwargs: Any) -> None:
        super().__init__(max_length=400, **kwargs)
        self.numbers = numbers

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(str(part) for part in value) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> Any:
        parts = [part for part in _SEPARATORS.split(super().clean(value)) if part]
        if not self.numbers:
            return parts
        if not all(part.isascii() and part.isdecimal() and len(part) < 7 for part in parts):
            raise ValidationError(_("Write whole numbers with commas between them."), code="not_numbers")
        return [int(part) for part in parts]


class PolicyForm(VersionForm):
    """A version of a kind: its values, the day it takes over, and why."""

    def __init__(self, data: Any = None, *, kind: PolicyKind, values: Mapping[str, Any], **kwargs: Any) -> None:
        initial = {_name(path): value for path, value in leaves(values)}
        super().__init__(data, initial={**initial, **kwargs.pop("initial", {})}, **kwargs)
        self.kind, self.values = kind, values
        for path, value in leaves(kind.built_in):
            field = _field(value)
            field.label, field.help_text = label_of(kind.key, path), HELP.get(f"{kind.key}.{path}", "")
            self.fields[_name(path)] = field
        self.order_fields([*[_name(path) for path, _value in leaves(kind.built_in)], "effective_on", "note"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                self.kind.read(self.typed_values())
            except ValueError as error:
                self._refuse(str(error))
        return cleaned

    def typed_values(self) -> dict[str, Any]:
        """The values as they are kept: text for decimals and days, as in the built-in ones."""
        built: dict[str, Any] = {}
        for path, value in leaves(self.kind.built_in):
            *parents, last = path.split(".")
            place = built
            for parent in parents:
                place = place.setdefault(parent, {})
            place[last] = _kept(self.cleaned_data[_name(path)], value)
        return built

    def _refuse(self, code: str) -> None:
        """Put what a reader refused beside the value whose path its code begins with."""
        # Of a group as a whole ("weights_..."), or of several values at once, the form's own errors speak.
        paths = [path for path, _value in leaves(self.kind.built_in) if code.startswith(path)]
        path = max(paths, key=len, default="")
        named = [words for name, words in FAULTS.items() if f"{self.kind.key}.{code}".startswith(name)]
        words = named[0] if named else _("This value cannot be used here.")
        self.add_error(_name(path) if path else None, ValidationError(words, code=code))


class PolicyDecisionForm(forms.Form):
    """What the second person says about exactly the version they saw."""

    digest = forms.CharField(widget=forms.HiddenInput, max_length=64)
    comment = forms.CharField(label=_("Comment"), max_length=300, required=False, widget=forms.Textarea({"rows": 2}))
    decision = forms.ChoiceField(choices=[(word, "") for word in ("approve", "reject", "withdraw")])

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if values.get("decision") == "reject" and not values.get("comment"):
            self.add_error("comment", _("Say why, so that the version can be corrected."))
        return values


def leaves(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with its path: ("months.high", 6)."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def label_of(kind: str, path: str) -> Text:
    """What a value is called; parts without a word of their own show as they are written."""
    known = LABELS.get(f"{kind}.{path}")
    if known is not None:
        return known
    parent, _dot, last = path.rpartition(".")
    word = LABELS.get(f"{kind}.*.{last}", last.replace("_", " "))
    return f"{label_of(kind, parent)} · {word}" if parent else word


def shown(value: Any) -> str:
    """A value to read."""
    if isinstance(value, list | tuple):
        return ", ".join(str(part) for part in value)
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    if isinstance(value, int) and abs(value) >= 10_000:
        return f"{value:,}"
    return str(value)


def _name(path: str) -> str:
    return f"value__{path.replace('.', '__')}"


def _field(value: Any) -> forms.Field:
    if isinstance(value, bool):
        return forms.BooleanField(required=False)
    if isinstance(value, int):
        return forms.IntegerField(min_value=0 if value >= 0 else None)
    if isinstance(value, list | tuple):
        return WordsField(numbers=all(isinstance(part, int) for part in value))
    if isinstance(value, Decimal | float) or _NUMBER.fullmatch(str(value)):
        return forms.DecimalField(max_digits=20, decimal_places=6)
    if _DAY.fullmatch(str(value)):
        return forms.DateField(widget=DAY)
    return forms.CharField(max_length=200)


def _kept(value: Any, built_in: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        # As written in the built-in value: 1.1 and 1.10 are the same rule.
        places = max(0, *(-int(number.as_tuple().exponent) for number in (Decimal(str(built_in)), value.normalize())))
        return f"{value:.{places}f}"
    return value

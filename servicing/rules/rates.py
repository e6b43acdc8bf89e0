"""The rate sheet as dated data: which posted rate holds for a product, an amount and a unit (product.md V18).

Rates are per cent a year, amounts Decimal yuan. A line speaks of one product of the library or of a kind and term.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from core.money import AmountError, parse_amount
from servicing.enums import SavingKind
from servicing.rules.products import Product

MAX_LINES: Final = 1_000
# As many as a form with a field for each part can send at once; longer sheets are edited as text.
TABLE_LINES: Final = 220
MAX_RATE: Final = Decimal(20)
PLACES: Final = 4
TENOR: Final = re.compile(r"(|\d{1,3}[md])")
UNIT: Final = 20
# Nothing is quoted until a bank has approved its own sheet: a made-up rate must never reach a customer.
BUILT_IN: Final[Mapping[str, Any]] = {"lines": [], "loan_rate": "", "loan_share": "90"}


class RatesError(ValueError):
    """A sheet that cannot be: `code` says why, `place` which line (from 1; 0 = as a whole), `field` of what."""

    def __init__(self, code: str, place: int = 0, field: str = "") -> None:
        super().__init__(code)
        self.code, self.place, self.field = code, place, field


@dataclass(frozen=True, slots=True)
class RateLine:
    """A posted rate: of a `product`, or of a `kind` and `tenor` ("12m", "7d", ""), from an amount on, at a unit and all
    below it ("" = the whole bank)."""

    product: str
    kind: str
    tenor: str
    floor: Decimal
    unit: str
    rate: Decimal

    @property
    def what(self) -> tuple[str, str, str]:
        """What it is the rate of."""
        return self.product, self.kind, self.tenor


@dataclass(frozen=True, slots=True)
class RateSheet:
    """All posted rates; `loan_rate` of a loan against a deposit (None = not offered), of at most `loan_share` per cent
    of the deposit."""

    lines: tuple[RateLine, ...]
    loan_rate: Decimal | None
    loan_share: Decimal


def read_rates(values: Mapping[str, Any]) -> RateSheet:
    """The sheet of a policy of kind "rates". Raises RatesError (a ValueError)."""
    lines = values.get("lines")
    if not isinstance(lines, Sequence) or isinstance(lines, str):
        raise RatesError("lines")
    if len(lines) > MAX_LINES:
        raise RatesError("too_many")
    found = tuple(read_line(line, place) for place, line in enumerate(lines, start=1))
    seen: set[tuple[Any, ...]] = set()
    for place, line in enumerate(found, start=1):
        key = (*line.what, line.floor, line.unit)
        if key in seen:
            raise RatesError("line_twice", place, "floor")
        seen.add(key)
    loan = values.get("loan_rate", "")
    share = _decimal(values.get("loan_share", "90"), Decimal(100), "loan_share", 0)
    return RateSheet(found, None if loan in ("", None) else _decimal(loan, MAX_RATE, "loan_rate", 0), share)


def read_line(line: Any, place: int = 1) -> RateLine:
    """One line of the sheet. Raises RatesError with the name of the field that makes no sense."""
    if not isinstance(line, Mapping):
        raise RatesError("lines", place)
    product, kind, tenor, unit = (line.get(name, "") for name in ("product", "kind", "tenor", "unit"))
    texts = (product, kind, tenor, unit)
    if not all(isinstance(text, str) for text in texts) or bool(product) == bool(kind) or len(unit) > UNIT:
        raise RatesError("what", place, "what")
    if (kind and kind not in SavingKind.values) or not TENOR.fullmatch(tenor) or (product and tenor):
        raise RatesError("what", place, "what")
    try:
        floor = parse_amount(str(line.get("floor", "0.00")))
    except AmountError:
        raise RatesError("floor", place, "floor") from None
    if floor < 0:
        raise RatesError("floor", place, "floor")
    return RateLine(product, kind, tenor, floor, unit, _decimal(line.get("rate"), MAX_RATE, "rate", place))


def rate_for(sheet: RateSheet, product: Product, amount: Decimal, units: Sequence[str]) -> RateLine | None:
    """The line that holds for an amount of a product at a unit; `units` are the codes from the unit up to the root.

    The nearest unit goes before units above it and the whole bank, a product's own line before one of its kind and
    term, the highest amount reached before lower ones. What is no longer offered has a rate by a line of its own only.
    None = no rate is posted.
    """
    own, alike = (product.code, "", ""), ("", product.kind, product.tenor)
    return _chosen(sheet, (own, alike) if product.is_offered else (own,), amount, units)


def rate_of_kind(sheet: RateSheet, kind: str, tenor: str, amount: Decimal, units: Sequence[str]) -> RateLine | None:
    """The line of a kind and term, as `rate_for`."""
    return _chosen(sheet, (("", kind, tenor),), amount, units)


def _chosen(
    sheet: RateSheet, whats: Sequence[tuple[str, str, str]], amount: Decimal, units: Sequence[str]
) -> RateLine | None:
    near = {unit: place for place, unit in enumerate([*units, ""])}
    fitting = [line for line in sheet.lines if line.what in whats and line.floor <= amount and line.unit in near]
    return min(fitting, key=lambda line: (near[line.unit], whats.index(line.what), -line.floor), default=None)


def kept_line(line: RateLine) -> dict[str, str]:
    """A line as it is kept; `read_line` reads it again."""
    what = {"product": line.product, "kind": line.kind, "tenor": line.tenor}
    return {**what, "floor": f"{line.floor:.2f}", "unit": line.unit, "rate": shown(line.rate)}


def shown(rate: Decimal) -> str:
    """A rate with at least two places: 1.45, 2.00, 0.305."""
    return f"{rate:.2f}" if rate == rate.quantize(Decimal("0.01")) else f"{rate.normalize():f}"


def _decimal(value: Any, most: Decimal, field: str, place: int) -> Decimal:
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        raise RatesError(field, place, field) from None
    if not found.is_finite() or not 0 <= found <= most or found != found.quantize(Decimal(1).scaleb(-PLACES)):
        raise RatesError(field, place, field)
    return found

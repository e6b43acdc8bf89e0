import re
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import ClassVar, Final

CENT: Final = Decimal("0.01")
ZERO: Final = Decimal("0.00")
MAX_WHOLE_DIGITS: Final = 16

_PLAIN = re.compile(r"-?[0-9]{1,16}(?:\.[0-9]{1,2})?")
_WRITTEN = re.compile(r"(?P<sign>[+-]?)(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]*)(?:\.(?P<part>[0-9]+))?")
# Spelled out instead of NFKC, which would turn 5² into 52.
_HALF_WIDTH = str.maketrans("０１２３４５６７８９，．－−＋＇’‘\u3000", "0123456789,.--+''' ")

_SHORT_FROM = 10_000
_ZH_UNITS = ((Decimal(100_000_000), "亿", 2), (Decimal(10_000), "万", 1))
_EN_UNITS = ((Decimal(1_000_000), "M", 1), (Decimal(1_000), "K", 1))


class AmountError(ValueError):
    """A text that cannot be taken as an amount; `code` says why."""

    code: ClassVar[str]

    def __init__(self) -> None:
        super().__init__(self.code)


class NotANumber(AmountError):
    code = "not_a_number"


class TooManyDecimals(AmountError):
    code = "too_many_decimals"


class TooLarge(AmountError):
    code = "too_large"


def yuan(value: Decimal | int | str) -> Decimal:
    """`value` in yuan, rounded half up (away from zero) to two places; never -0.00. Raises TypeError on a float."""
    if isinstance(value, float):
        raise TypeError("money is never a float")
    return Decimal(value).quantize(CENT, ROUND_HALF_UP) or ZERO


def parse_amount(text: str) -> Decimal:
    """The amount in yuan, two places, of a cell of a feed or a form. Raises NotANumber, TooManyDecimals, TooLarge."""
    if _PLAIN.fullmatch(text):
        return (Decimal(text) if text[-3:-2] == "." else Decimal(text).quantize(CENT)) or ZERO
    return _parse_written(text)


def _parse_written(text: str) -> Decimal:
    match = _WRITTEN.fullmatch(text.translate(_HALF_WIDTH).strip().removeprefix("'").strip())
    if match is None:
        raise NotANumber
    # Some core systems print half a yuan as ".50"; a bare sign or point stays refused.
    whole, part = match["whole"].replace(",", ""), match["part"] or ""
    if not whole and not part:
        raise NotANumber
    if len(part) > 2:
        raise TooManyDecimals
    if len(whole.lstrip("0")) > MAX_WHOLE_DIGITS:
        raise TooLarge
    return yuan(f"{match['sign']}{whole or '0'}.{part or '0'}")


def format_yuan(value: Decimal | int) -> str:
    """The exact amount to read, in yuan: "1,234.50"."""
    return f"{yuan(value):,.2f}"


def wan(value: Decimal | int, language: str) -> str:
    """Short form in 万/亿 (zh) or K/M, cut toward zero so that nobody seems to have reached a tier he has not.

    499,999 is 49.9万 and 500,123 is 50.0万; a whole number of units drops its places: 500,000 is 50万.
    """
    amount = Decimal(value)
    size = abs(amount)
    if size < _SHORT_FROM:
        return f"{amount.quantize(CENT, ROUND_DOWN) or ZERO:,.2f}"
    units = _ZH_UNITS if language.startswith("zh") else _EN_UNITS
    unit, sign, places = next(entry for entry in units if size >= entry[0])
    count = amount / unit
    if count == count.to_integral_value():
        return f"{count:,.0f}{sign}"
    return f"{count.quantize(Decimal(1).scaleb(-places), ROUND_DOWN):,.{places}f}{sign}"

"""Cells of feed files: from what core systems and spreadsheets write to plain values."""

import re
import unicodedata
from datetime import date
from decimal import Decimal

from core.money import AmountError, parse_amount

_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_EDGES = " \t\r\n\u3000\xa0\ufeff"
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|年(\d{1,2})月(\d{1,2})日|(\d{2})(\d{2}))")
_MIDNIGHT = re.compile(r"[ T]00:00(?::00)?$")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,12}(?:\.[0-9]+)?")
# No account holds ten trillion yuan, and sums of what is below fit their columns.
TOO_LARGE = 10**13
LONG_TERM = frozenset({"长期", "长期有效", "long-term", "long term", "permanent"})
_YES = frozenset({"y", "yes", "是", "1", "true"})
_NO = frozenset({"n", "no", "否", "0", "false"})


class CellError(ValueError):
    """A cell that cannot be used; `code` names the reason (customers.enums.RejectReason)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def clean(cell: str) -> str:
    """The cell's text: no control characters, surrounding white space or leading apostrophe."""
    if _CONTROL.search(cell):
        cell = _CONTROL.sub(" ", cell)
    return cell.strip(_EDGES).removeprefix("'").strip(_EDGES)


def narrow(text: str) -> str:
    """Full-width letters, digits and signs as their plain forms; for codes and numbers, not for names."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text).strip()


def limited(text: str, length: int) -> str:
    """`text`, or CellError too_long."""
    if len(text) > length:
        raise CellError("too_long")
    return text


def parse_day(text: str) -> date:
    """2026-11-20, 20261120, 2026/11/20 or 2026年11月20日. CellError: not_a_date, impossible_date."""
    match = _DATE.fullmatch(_MIDNIGHT.sub("", narrow(text)))
    if match is None:
        raise CellError("not_a_date")
    year, month, day = (int(part) for part in match.groups() if part is not None)
    try:
        return date(year, month, day)
    except ValueError:
        raise CellError("impossible_date") from None


def parse_yuan(text: str) -> Decimal:
    """An amount with at most two decimals. CellError: not_a_number, too_many_decimals, too_large."""
    try:
        amount = parse_amount(text)
    except AmountError as error:
        raise CellError(error.code) from None
    if abs(amount) >= TOO_LARGE:
        raise CellError("too_large")
    return amount


def parse_rate(text: str) -> Decimal:
    """A rate in per cent a year, at most four decimals, with or without a closing %.

    CellError: not_a_number, too_many_decimals.
    """
    return _decimal(narrow(text).removesuffix("%").strip(), places=4, limit=1000)


def parse_exchange_rate(text: str) -> Decimal:
    """Yuan for one unit of a currency, at most six decimals, above zero. CellError: not_a_number, too_many_decimals."""
    rate = _decimal(narrow(text), places=6, limit=1000)
    if rate <= 0:
        raise CellError("not_a_number")
    return rate


def _decimal(text: str, *, places: int, limit: int) -> Decimal:
    if not _DECIMAL.fullmatch(text) or abs(Decimal(text)) >= limit:
        raise CellError("not_a_number")
    if len(text.partition(".")[2].rstrip("0")) > places:
        raise CellError("too_many_decimals")
    return Decimal(text)


def parse_flag(text: str) -> bool:
    """Y/N or 是/否. CellError: unknown_value."""
    lowered = narrow(text).lower()
    if lowered in _YES:
        return True
    if lowered in _NO:
        return False
    raise CellError("unknown_value")


def parse_months(text: str) -> int:
    """A term of 1 to 600 months. CellError: not_a_number."""
    digits = narrow(text)
    if not digits.isdigit() or not 1 <= int(digits) <= 600:
        raise CellError("not_a_number")
    return int(digits)


def parse_currency(text: str) -> str:
    """A three-letter code; the bank's own spellings of the yuan count as CNY. CellError: unknown_value."""
    code = narrow(text).upper()
    if code in {"RMB", "人民币", "CNY", "156", "01"}:
        return "CNY"
    if len(code) != 3 or not (code.isascii() and code.isalpha()):
        raise CellError("unknown_value")
    return code

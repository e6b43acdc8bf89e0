"""Numbers of a board, each with the address of the rows it counts or adds up."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import get_language

from core.money import format_yuan, wan

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Number:
    """A figure and the list behind it: `measure` is what the list's rows add up to ("" = how many there are).

    What they add up to is yuan, unless it `is_count`.
    """

    value: Decimal | int
    url: str
    measure: str = ""
    is_change: bool = False
    is_count: bool = False

    @property
    def is_amount(self) -> bool:
        """Whether it is money."""
        return bool(self.measure) and not self.is_count

    @property
    def short(self) -> str:
        """To read: 万/亿 for amounts, a sign for changes."""
        sign = "+" if self.is_change and self.value > 0 else ""
        text = wan(self.value, get_language() or "zh-hans") if self.is_amount else f"{self.value:,}"
        return sign + text

    @property
    def exact(self) -> str:
        """The whole amount; "" for counts."""
        return format_yuan(self.value) if self.is_amount else ""


@dataclass(frozen=True, slots=True)
class Tile:
    """A number with its words; `about` says how it is worked out."""

    label: Text
    number: Number
    icon: str = ""
    hint: Text = ""
    tone: str = ""
    about: Text = ""

"""The product library as dated data: what each product is, and which one an account belongs to (product.md V18).

Money is Decimal yuan. A product's terms are `months` for time deposits, `days` of notice for notice deposits.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from core.money import AmountError, parse_amount
from customers.enums import ProductKind
from servicing.enums import Buyer, DayCount, EarlyRule, InterestMethod, RiskGrade, SavingKind

# As many as the editor's form can send at once.
MAX_ITEMS: Final = 30
MAX_AMOUNT: Final = Decimal(100_000_000_000)
CODE: Final = re.compile(r"[A-Z0-9_]{1,20}")
TEXTS: Final[Mapping[str, int]] = {
    "name_zh": 40,
    "name_en": 60,
    "text_zh": 300,
    "text_en": 500,
    "fees_zh": 120,
    "fees_en": 200,
}
CHOICES: Final[Mapping[str, Any]] = {
    "kind": SavingKind,
    "method": InterestMethod,
    "count": DayCount,
    "early": EarlyRule,
    "risk": RiskGrade,
}
AMOUNTS: Final = ("minimum", "step", "least_draw", "least_rest", "base")
# Name of each number, the least and most it may be; None = does not apply.
NUMBERS: Final[Mapping[str, tuple[int, int]]] = {
    "months": (1, 120),
    "days": (1, 90),
    "partials": (0, 99),
    "every": (1, 60),
    "misses": (0, 12),
    "share": (1, 100),
}
FLAGS: Final = ("renews", "compounds", "pledge", "is_offered")
# Terms a kind cannot be without.
NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    SavingKind.LUMP_SUM: ("months",),
    SavingKind.CD: ("months",),
    SavingKind.INSTALMENT: ("months", "misses"),
    SavingKind.PRINCIPAL_KEPT: ("months", "every"),
    SavingKind.LUMP_IN: ("months", "every"),
    SavingKind.DEMAND_OR_TIME: ("share",),
    SavingKind.NOTICE: ("days",),
}
# What the core's kinds of product are here.
KINDS_OF_CORE: Final[Mapping[str, SavingKind]] = {
    ProductKind.DEMAND: SavingKind.DEMAND,
    ProductKind.TERM: SavingKind.LUMP_SUM,
    ProductKind.NOTICE: SavingKind.NOTICE,
    ProductKind.CD: SavingKind.CD,
    ProductKind.INSTALMENT: SavingKind.INSTALMENT,
    ProductKind.AGREEMENT: SavingKind.AGREEMENT,
}


class ProductsError(ValueError):
    """A library that cannot be: `code` says why, `place` which product (from 1; 0 = as a whole), `field` of what."""

    def __init__(self, code: str, place: int = 0, field: str = "") -> None:
        super().__init__(code)
        self.code, self.place, self.field = code, place, field


@dataclass(frozen=True, slots=True)
class Product:
    """A product as the library has it. `partials` = how often a part may be taken early (None = as often as wanted);
    `every` = months between draws; `misses` = months that may be missed and made up; `share` = per cent of the lump-sum
    rate; `base` = yuan at the demand rate; `compounds` = renewal earns on interest too."""

    code: str
    core_codes: tuple[str, ...]
    kind: str
    name_zh: str
    name_en: str
    text_zh: str
    text_en: str
    fees_zh: str
    fees_en: str
    buyers: frozenset[str]
    method: str
    count: str
    early: str
    risk: str
    minimum: Decimal
    step: Decimal
    least_draw: Decimal
    least_rest: Decimal
    base: Decimal
    months: int | None
    days: int | None
    partials: int | None
    every: int | None
    misses: int | None
    share: int | None
    renews: bool
    compounds: bool
    pledge: bool
    is_offered: bool

    @property
    def tenor(self) -> str:
        """Its term as rate sheets write it: "12m", "7d", or "" without one."""
        if self.kind == SavingKind.NOTICE:
            return f"{self.days}d"
        return f"{self.months}m" if self.months else ""

    def name(self, language: str) -> str:
        """Its name in Chinese for zh languages, else in English."""
        return self.name_zh if language.startswith("zh") else self.name_en

    def text(self, language: str) -> str:
        """What it is, in Chinese for zh languages, else in English."""
        return self.text_zh if language.startswith("zh") else self.text_en

    def fees(self, language: str) -> str:
        """What it costs, in Chinese for zh languages, else in English."""
        return self.fees_zh if language.startswith("zh") else self.fees_en

    def refusal(self, amount: Decimal, buyer: str) -> str:
        """Why this amount cannot be put into it by such a customer: "buyer", "minimum", "step", or "" when it can."""
        if buyer and buyer not in self.buyers:
            return "buyer"
        if amount < self.minimum:
            return "minimum"
        return "step" if self.step and amount % self.step else ""


def read_products(values: Mapping[str, Any]) -> tuple[Product, ...]:
    """The library of a policy of kind "products", in its order. Raises ProductsError (a ValueError)."""
    lines = values.get("items")
    if not isinstance(lines, Sequence) or isinstance(lines, str):
        raise ProductsError("items")
    if len(lines) > MAX_ITEMS:
        raise ProductsError("too_many")
    found = tuple(read_product(line, place) for place, line in enumerate(lines, start=1))
    for name in ("code", "core_codes"):
        seen: set[str] = set()
        for place, product in enumerate(found, start=1):
            codes = {product.code} if name == "code" else set(product.core_codes)
            if codes & seen:
                raise ProductsError(f"{name}_twice", place, name)
            seen |= codes
    return found


def read_product(line: Any, place: int = 1) -> Product:
    """One product of the library. Raises ProductsError with the name of the field that makes no sense."""
    if not isinstance(line, Mapping):
        raise ProductsError("items", place)
    code = line.get("code")
    if not isinstance(code, str) or not CODE.fullmatch(code):
        raise ProductsError("code", place, "code")
    for name, choices in CHOICES.items():
        if line.get(name) not in choices.values:
            raise ProductsError(name, place, name)
    numbers = {name: _number(line, name, place) for name in NUMBERS}
    for name in NEEDS.get(line["kind"], ()):
        if numbers[name] is None:
            raise ProductsError("needed", place, name)
    fields: dict[str, Any] = {
        "core_codes": _core_codes(line, place),
        "buyers": _buyers(line, place),
        **{name: str(line[name]) for name in CHOICES},
        **{name: _text(line, name, place) for name in TEXTS},
        **{name: _amount(line, name, place) for name in AMOUNTS},
        **{name: bool(line.get(name)) for name in FLAGS},
    }
    return Product(code=code, **fields | numbers)


def product_of(products: Iterable[Product], core_code: str, core_kind: str, months: int | None) -> Product | None:
    """What the library says of an account: by the core's product code, else the one offered of its kind and term."""
    products = tuple(products)
    named = [product for product in products if core_code in product.core_codes]
    if named:
        return named[0]
    kind = KINDS_OF_CORE.get(core_kind)
    alike = [p for p in products if p.kind == kind and p.months == months and p.is_offered]
    return alike[0] if len(alike) == 1 else None


def kept(product: Product) -> dict[str, Any]:
    """A product as it is kept in a policy or a quote; `read_product` reads it again."""
    return {
        "code": product.code,
        "core_codes": list(product.core_codes),
        "buyers": sorted(product.buyers),
        **{name: getattr(product, name) for name in (*CHOICES, *TEXTS, *NUMBERS, *FLAGS)},
        **{name: f"{getattr(product, name):.2f}" for name in AMOUNTS},
    }


def _text(line: Mapping[str, Any], field: str, place: int) -> str:
    text = line.get(field, "")
    is_needed = field.startswith("name")
    if not isinstance(text, str) or len(text) > TEXTS[field] or (is_needed and not text.strip()):
        raise ProductsError(field, place, field)
    return text.strip()


def _core_codes(line: Mapping[str, Any], place: int) -> tuple[str, ...]:
    codes = line.get("core_codes", [])
    if not isinstance(codes, Sequence) or isinstance(codes, str):
        raise ProductsError("core_codes", place, "core_codes")
    if not all(isinstance(code, str) and 0 < len(code) <= 20 for code in codes) or len(codes) > 20:
        raise ProductsError("core_codes", place, "core_codes")
    return tuple(codes)


def _buyers(line: Mapping[str, Any], place: int) -> frozenset[str]:
    buyers = line.get("buyers")
    if not isinstance(buyers, Sequence) or isinstance(buyers, str) or not buyers or set(buyers) - set(Buyer.values):
        raise ProductsError("buyers", place, "buyers")
    return frozenset(buyers)


def _amount(line: Mapping[str, Any], field: str, place: int) -> Decimal:
    try:
        amount = parse_amount(str(line.get(field, "0.00")))
    except AmountError:
        raise ProductsError(field, place, field) from None
    if not 0 <= amount <= MAX_AMOUNT:
        raise ProductsError(field, place, field)
    return amount


def _number(line: Mapping[str, Any], field: str, place: int) -> int | None:
    value, (least, most) = line.get(field), NUMBERS[field]
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most):
        raise ProductsError(field, place, field)
    return value

"""What belongs to each tier: entitlements as dated data, and what may never be one of them (product.md T09).

A tier is named by its letter, which lasts across scheme versions. Costs are Decimal yuan per customer a year.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from unicodedata import normalize

from core.money import ZERO, AmountError, parse_amount
from tiers.enums import EntitlementKind

MAX_ITEMS: Final = 60
MAX_COST: Final = Decimal(1_000_000)
MAX_QUOTA: Final = 10_000
CODE: Final = re.compile(r"[a-z0-9_]{1,40}")
LETTER: Final = re.compile(r"[A-Z]")
LENGTHS: Final[Mapping[str, int]] = {"name_zh": 30, "name_en": 60, "text_zh": 200, "text_en": 300}
# Giving back part of a deposit, or paying for it beside the posted rate, is an improper means of attracting deposits
# (domain.md 2 and 11): what is money or as good as money is no entitlement, whatever it is called.
CASH_LIKE: Final = (
    *("现金", "现钱", "返现", "返利", "返点", "返还", "回扣", "佣金", "红包", "礼金", "礼品", "礼券", "赠礼", "奖金"),
    *("贴息", "贴水", "加息券", "抵现", "兑现", "代金券", "抵用券", "购物卡", "购物券", "储值卡", "话费", "立减金"),
    *("消费券", "加油卡", "金条", "高息", "揽储"),
    *("cash", "cashback", "rebate", "rebates", "kickback", "kickbacks", "gift", "gifts", "voucher", "vouchers"),
    *("bonus", "prepaid", "refund", "refunds", "payout", "red packet", "red envelope"),
)
_WORD: Final = re.compile(r"[a-z]+")


class CatalogueError(ValueError):
    """A catalogue that cannot be: `code` says why, `place` which item (from 1; 0 = as a whole), `field` of what,
    `word` the word that was refused."""

    def __init__(self, code: str, place: int = 0, field: str = "", word: str = "") -> None:
        super().__init__(code)
        self.code, self.place, self.field, self.word = code, place, field, word


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A benefit of some tiers: from `since` until `until`, both included (None = open), at most `quota` times a year
    (None = as often as wanted), at `cost` yuan a head and year."""

    code: str
    kind: str
    name_zh: str
    name_en: str
    text_zh: str
    text_en: str
    letters: frozenset[str]
    cost: Decimal
    quota: int | None = None
    since: date | None = None
    until: date | None = None

    def name(self, language: str) -> str:
        """Its name in Chinese for zh languages, else in English."""
        return self.name_zh if language.startswith("zh") else self.name_en

    def text(self, language: str) -> str:
        """What it is, in Chinese for zh languages, else in English."""
        return self.text_zh if language.startswith("zh") else self.text_en

    def holds_on(self, day: date) -> bool:
        """Whether it is given on `day`."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


def read_entitlements(values: Mapping[str, Any]) -> tuple[Entitlement, ...]:
    """The catalogue of a policy of kind "entitlements", in its order.

    Raises CatalogueError (a ValueError) with the code "items", "too_many", "code", "code_twice", "kind", "name_zh",
    "name_en", "text_zh", "text_en", "tiers", "cost", "quota", "dates", "dates_order" or "cash_like".
    """
    lines = values.get("items")
    if not isinstance(lines, Sequence) or isinstance(lines, str):
        raise CatalogueError("items")
    if len(lines) > MAX_ITEMS:
        raise CatalogueError("too_many")
    items = tuple(_item(line, place) for place, line in enumerate(lines, start=1))
    seen: set[str] = set()
    for place, item in enumerate(items, start=1):
        if item.code in seen:
            raise CatalogueError("code_twice", place, "code")
        seen.add(item.code)
    return items


def applying(items: Iterable[Entitlement], letter: str, day: date) -> list[Entitlement]:
    """What of the catalogue a customer of this tier has on `day`, in its order."""
    return [item for item in items if letter in item.letters and item.holds_on(day)]


def yearly_cost(items: Iterable[Entitlement], day: date) -> dict[str, Decimal]:
    """Yuan a head and year of what applies on `day`, by the tier's letter; a tier nothing names is missing."""
    costs: dict[str, Decimal] = {}
    for item in items:
        for letter in item.letters:
            costs[letter] = costs.get(letter, ZERO) + (item.cost if item.holds_on(day) else ZERO)
    return costs


def cash_like(text: str) -> str:
    """The first word in `text` that means money or as good as money; "" when there is none."""
    lowered = normalize("NFKC", text).lower()
    words = f" {' '.join(_WORD.findall(lowered))} "
    solid = "".join(lowered.split())
    return next((word for word in CASH_LIKE if (f" {word} " in words if word.isascii() else word in solid)), "")


def _item(line: Any, place: int) -> Entitlement:
    if not isinstance(line, Mapping):
        raise CatalogueError("items", place)
    code, kind = line.get("code"), line.get("kind")
    if not isinstance(code, str) or not CODE.fullmatch(code):
        raise CatalogueError("code", place, "code")
    if kind not in EntitlementKind.values:
        raise CatalogueError("kind", place, "kind")
    texts = {field: _text(line, field, place) for field in LENGTHS}
    since, until = _day(line, "since", place), _day(line, "until", place)
    if since and until and until < since:
        raise CatalogueError("dates_order", place, "until")
    return Entitlement(
        code=code,
        kind=str(kind),
        **texts,
        letters=_letters(line, place),
        cost=_cost(line, place),
        quota=_quota(line, place),
        since=since,
        until=until,
    )


def _text(line: Mapping[str, Any], field: str, place: int) -> str:
    text = line.get(field, "")
    is_needed = field.startswith("name")
    if not isinstance(text, str) or len(text) > LENGTHS[field] or (is_needed and not text.strip()):
        raise CatalogueError(field, place, field)
    if word := cash_like(text):
        raise CatalogueError("cash_like", place, field, word)
    return text.strip()


def _letters(line: Mapping[str, Any], place: int) -> frozenset[str]:
    letters = line.get("tiers")
    if not isinstance(letters, Sequence) or isinstance(letters, str) or not letters:
        raise CatalogueError("tiers", place, "tiers")
    if not all(isinstance(letter, str) and LETTER.fullmatch(letter) for letter in letters):
        raise CatalogueError("tiers", place, "tiers")
    return frozenset(letters)


def _cost(line: Mapping[str, Any], place: int) -> Decimal:
    try:
        cost = parse_amount(str(line.get("cost", "0.00")))
    except AmountError:
        raise CatalogueError("cost", place, "cost") from None
    if not 0 <= cost <= MAX_COST:
        raise CatalogueError("cost", place, "cost")
    return cost


def _quota(line: Mapping[str, Any], place: int) -> int | None:
    quota = line.get("quota")
    if quota is None:
        return None
    if not isinstance(quota, int) or isinstance(quota, bool) or not 1 <= quota <= MAX_QUOTA:
        raise CatalogueError("quota", place, "quota")
    return quota


def _day(line: Mapping[str, Any], field: str, place: int) -> date | None:
    text = line.get(field)
    if text in (None, ""):
        return None
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise CatalogueError("dates", place, field) from None


def _built_in(kind: EntitlementKind, tiers: str, cost: str, quota: int | None, *words: str) -> dict[str, Any]:
    name_zh, name_en, text_zh, text_en = words
    return {
        "code": kind.value,
        "kind": kind.value,
        "name_zh": name_zh,
        "name_en": name_en,
        "text_zh": text_zh,
        "text_en": text_en,
        "tiers": sorted(tiers),
        "cost": cost,
        "quota": quota,
        "since": None,
        "until": None,
    }


# Until a policy of kind "entitlements" says otherwise. Costs are first estimates for a bank to replace by its own.
BUILT_IN: Final[Mapping[str, Any]] = {
    "items": [
        _built_in(
            EntitlementKind.PRIORITY_NUMBER,
            *("BA", "2.00", None, "优先叫号", "Priority number"),
            *("取号时自动优先排队。", "Called before others at the counter."),
        ),
        _built_in(
            EntitlementKind.WINDOW,
            *("A", "20.00", None, "专属窗口", "Dedicated window"),
            *("在贵宾窗口办理业务。", "Served at a window of its own."),
        ),
        _built_in(
            EntitlementKind.RATE,
            *("BA", "0.00", None, "利率优惠申请", "Rate preference"),
            *("可在挂牌上限内申请利率优惠。", "May ask for a better rate within the posted limit."),
        ),
        _built_in(
            EntitlementKind.POINTS,
            *("CBA", "3.00", None, "服务积分", "Service points"),
            *("积分仅可兑换银行服务。", "Points that buy services of the bank only."),
        ),
        _built_in(
            EntitlementKind.MANAGER,
            *("BA", "150.00", None, "专属客户经理", "Named manager"),
            *("由一名固定的客户经理服务。", "One manager by name."),
        ),
        _built_in(
            EntitlementKind.HOTLINE,
            *("A", "40.00", None, "专线电话", "Hotline"),
            *("7×24 小时人工专线。", "A line answered by people day and night."),
        ),
        _built_in(
            EntitlementKind.LOUNGE,
            *("A", "120.00", 6, "机场贵宾厅", "Airport lounge"),
            *("本人使用，须提前预约。", "For the customer in person, booked ahead."),
        ),
        _built_in(
            EntitlementKind.HEALTH,
            *("A", "600.00", 1, "健康体检", "Health check"),
            *("在合作体检机构预约一次。", "One appointment at a partner clinic."),
        ),
        _built_in(
            EntitlementKind.ADVISER,
            *("A", "300.00", 4, "理财顾问", "Adviser"),
            *("与理财专家面谈。", "A talk with a wealth expert."),
        ),
        _built_in(
            EntitlementKind.EVENTS,
            *("BA", "80.00", 2, "专场活动", "Closed events"),
            *("受邀参加讲座与沙龙。", "Invited to lectures and salons."),
        ),
    ]
}

"""The dated rules of words: what is banned, what must be said where, how long a text is, what a message costs (M05)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from campaigns.rules.folding import is_word
from core.money import AmountError, parse_amount
from customers.enums import ConsentChannel as Channel

KIND: Final = "campaign_words"
# What a template may say of a customer: nothing a stranger reading the message could use, no amount, no account.
VARIABLES: Final = (
    "name",
    "salutation",
    "bank",
    "branch",
    "manager",
    "matures_on",
    "offer",
    "offer_until",
    "article",
    "article_text",
    "event",
    "event_at",
    "event_place",
    "rsvp",
    "opt_out",
)
ALWAYS, WITH_OFFER, WITH_RISK, WITH_ARTICLE = "always", "offer", "risk", "article"
OCCASIONS: Final = (ALWAYS, WITH_OFFER, WITH_RISK, WITH_ARTICLE)
TEXT: Final = 200
MOST_WORDS: Final = 200
MOST_DISCLOSURES: Final = 12
CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,29}")
FIGURES: Final[Mapping[str, tuple[int, int]]] = {"sms_single": (20, 160), "sms_part": (20, 153), "sms_most": (1, 10)}
HIGHEST_PRICE: Final = Decimal(1_000)

# Until a policy of kind "campaign_words" says otherwise. Promise words: Advertising Law Art 9 and 25; opt-out and
# sender: domain.md 6; deposit insurance: 50万元 (domain.md 2).
BUILT_IN: Final[Mapping[str, Any]] = {
    "banned": [
        *("保本", "保收益", "保证收益", "稳赚", "稳赚不赔", "零风险", "无风险", "最高收益", "收益最高", "最高利率"),
        *("利率最高", "最佳", "第一品牌", "国家级", "高息揽储", "返现", "存款送礼", "贴息", "刚性兑付", "内部渠道"),
        *("guaranteed", "guarantee", "guarantees", "risk-free", "no risk", "highest yield", "highest rate"),
        *("best rate", "cash back for deposits", "sure profit"),
    ],
    "allowed": [
        *("确保本人", "不保本", "非保本", "不保证收益", "不承诺保本", "并非无风险", "不是无风险", "担保本人"),
        *("not guaranteed", "no guarantee", "not risk-free"),
    ],
    "disclosures": [
        {
            "code": "sender",
            "name_zh": "发送方",
            "name_en": "Sender",
            "text": "{bank}",
            "channels": ["sms", "email", "wecom", "mail", "app"],
            "when": ALWAYS,
        },
        {
            "code": "opt_out",
            "name_zh": "退订",
            "name_en": "Opt out",
            "text": "{opt_out}",
            "channels": ["sms", "email", "wecom"],
            "when": ALWAYS,
        },
        {
            "code": "posted_rates",
            "name_zh": "利率以挂牌为准",
            "name_en": "Interest by posted rates",
            "text": "利率以网点公示为准",
            "channels": ["sms", "email", "wecom", "mail", "app"],
            "when": WITH_OFFER,
        },
        {
            "code": "investment_risk",
            "name_zh": "理财风险提示",
            "name_en": "Risk of wealth products",
            "text": "理财非存款，产品有风险，投资须谨慎",
            "channels": ["sms", "email", "wecom", "mail", "app", "phone"],
            "when": WITH_RISK,
        },
        {
            "code": "deposit_insurance",
            "name_zh": "存款保险",
            "name_en": "Deposit insurance",
            "text": "存款依照《存款保险条例》受到保护，最高偿付限额50万元",
            "channels": [],
            "when": WITH_OFFER,
        },
    ],
    "sms_single": 70,
    "sms_part": 67,
    "sms_most": 4,
    "prices": {"phone": "3.00", "sms": "0.05", "email": "0.01", "wecom": "0.02", "mail": "2.50", "app": "0.00"},
}
# The name of a variable between curly brackets.
VARIABLE: Final = re.compile(r"\{([^{}\n]{0,40})\}")


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Words a message must hold over `channels` (none = only where its template names the code), and `when`."""

    code: str
    name_zh: str
    name_en: str
    text: str
    channels: frozenset[str]
    when: str

    def name(self, language: str) -> str:
        """What it is called in a language."""
        return self.name_en if language.startswith("en") else self.name_zh


@dataclass(frozen=True, slots=True)
class WordRules:
    """The rules of words in force. Prices are yuan a message part, a letter or a call."""

    banned: tuple[str, ...]
    allowed: tuple[str, ...]
    disclosures: tuple[Disclosure, ...]
    sms_single: int
    sms_part: int
    sms_most: int
    prices: Mapping[str, Decimal]

    def needed(self, channel: str, *, offer: bool = False, risk: bool = False, article: bool = False) -> list[str]:
        """Codes of what must be said over a channel, with an offer, one with a risk, or a piece of the library."""
        now = {ALWAYS: True, WITH_OFFER: offer, WITH_RISK: risk, WITH_ARTICLE: article}
        return [found.code for found in self.disclosures if channel in found.channels and now[found.when]]

    def price(self, channel: str, parts: int = 1) -> Decimal:
        """Yuan for one message of so many parts, one letter or one call."""
        return self.prices[channel] * (max(parts, 1) if channel == Channel.SMS else 1)


def variables_in(text: str) -> list[str]:
    """The variables some words name, known or not, each once, in their order."""
    return list(dict.fromkeys(VARIABLE.findall(text)))


def read_words(values: Mapping[str, Any]) -> WordRules:
    """The rules of a policy of kind "campaign_words". Raises ValueError with the name of what is wrong."""
    for name, (least, most) in FIGURES.items():
        value = values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(name)
    if values["sms_part"] > values["sms_single"]:
        raise ValueError("sms_part")
    return WordRules(
        banned=_lines(values, "banned"),
        allowed=_lines(values, "allowed"),
        disclosures=_disclosures(values),
        sms_single=values["sms_single"],
        sms_part=values["sms_part"],
        sms_most=values["sms_most"],
        prices=_prices(values),
    )


def _lines(values: Mapping[str, Any], name: str) -> tuple[str, ...]:
    lines = values.get(name)
    if not isinstance(lines, Sequence) or isinstance(lines, str) or len(lines) > MOST_WORDS:
        raise ValueError(name)
    # A word of signs alone would be found in every text.
    if not all(isinstance(line, str) and len(line) <= 40 and is_word(line) for line in lines):
        raise ValueError(name)
    return tuple(dict.fromkeys(line.strip() for line in lines))


def _disclosures(values: Mapping[str, Any]) -> tuple[Disclosure, ...]:
    lines = values.get("disclosures")
    if not isinstance(lines, Sequence) or isinstance(lines, str) or len(lines) > MOST_DISCLOSURES:
        raise ValueError("disclosures")
    found = tuple(_disclosure(line) for line in lines)
    if len({one.code for one in found}) != len(found):
        raise ValueError("disclosures")
    return found


def _disclosure(line: Any) -> Disclosure:
    if not isinstance(line, Mapping) or not CODE.fullmatch(str(line.get("code", ""))):
        raise ValueError("disclosures")
    texts = {name: line.get(name) for name in ("name_zh", "name_en", "text")}
    if not all(isinstance(text, str) and 1 <= len(text.strip()) <= TEXT for text in texts.values()):
        raise ValueError("disclosures")
    channels, when = line.get("channels"), line.get("when")
    if not isinstance(channels, Sequence) or set(channels) - set(Channel.values) or when not in OCCASIONS:
        raise ValueError("disclosures")
    if set(variables_in(str(line["text"]))) - set(VARIABLES):
        raise ValueError("disclosures")
    kept = {name: str(text).strip() for name, text in texts.items()}
    return Disclosure(code=line["code"], **kept, channels=frozenset(channels), when=when)


def _prices(values: Mapping[str, Any]) -> dict[str, Decimal]:
    given = values.get("prices")
    if not isinstance(given, Mapping) or set(given) != set(Channel.values):
        raise ValueError("prices")
    try:
        found = {channel: parse_amount(str(given[channel])) for channel in Channel.values}
    except AmountError:
        raise ValueError("prices") from None
    if not all(0 <= price <= HIGHEST_PRICE for price in found.values()):
        raise ValueError("prices")
    return found

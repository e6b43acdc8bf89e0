"""What a decision must say, and the letter it goes out as (product.md P08)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from complaints.enums import Finding, RemedyKind

# Only these remedies are money.
WITH_AMOUNT: Final = (RemedyKind.REFUND, RemedyKind.COMPENSATION)
LANGUAGES: Final = ("zh", "en")
# The parts of the letter that are the bank's own words: how long each may be.
PARTS: Final[Mapping[str, int]] = {"title": 60, "greeting": 120, "opening": 600, "routes": 2000, "closing": 600}
# What stands in braces in them. `routes` are lines, each a way that is open to the complainant.
PLACES: Final = ("name", "number", "summary", "received_on", "review_unit", "ask_days", "review_days", "bank")
# The law wants the complainant told of the review and the other ways; these two are always named.
NEEDED: Final = ("{review_unit}", "{ask_days}")
# Until a policy of kind "complaint_letter" says otherwise.
BUILT_IN: Final[Mapping[str, Any]] = {
    "zh": {
        "title": "投诉处理决定书",
        "greeting": "{name}：",
        "opening": "您于{received_on}反映的“{summary}”（投诉编号{number}），我行已调查完毕，现将处理决定告知如下。",
        "routes": "\n".join(
            (
                "如对本决定有异议，可自收到之日起{ask_days}日内向{review_unit}书面申请核查，"
                "我行自收到申请之日起{review_days}日内答复。",
                "拨打金融监管热线12378，向金融监督管理部门反映。",
                "向当地金融纠纷调解组织申请调解。",
                "依法向人民法院提起诉讼；有仲裁协议的，向仲裁机构申请仲裁。",
            )
        ),
        "closing": "感谢您提出意见。对本决定有疑问的，请与我行联系。",
    },
    "en": {
        "title": "Decision on your complaint",
        "greeting": "Dear {name},",
        "opening": "We have looked into what you told us on {received_on}: “{summary}” (complaint {number}). "
        "This is our decision.",
        "routes": "\n".join(
            (
                "If you do not agree, you may ask {review_unit} in writing to review it within {ask_days} days of "
                "receiving this letter. It will be answered within {review_days} days.",
                "You may call the regulator's hotline 12378.",
                "You may ask the local financial mediation body to mediate.",
                "You may go to court, or to arbitration where that was agreed.",
            )
        ),
        "closing": "Thank you for telling us. If anything in this letter is unclear, please contact us.",
    },
}


@dataclass(frozen=True, slots=True)
class LetterRules:
    """The words of the letter by language and part; see PARTS and PLACES."""

    words: Mapping[str, Mapping[str, str]]

    def of(self, language: str) -> Mapping[str, str]:
        """The parts in a language; Chinese unless it is English."""
        return self.words[tongue(language)]


def tongue(language: str) -> str:
    """Which of the letter's languages stands for one of the product's."""
    return "en" if language.startswith("en") else "zh"


def read_letter(values: Mapping[str, Any]) -> LetterRules:
    """The rules of a policy of kind "complaint_letter". Raises ValueError("<language>_<part>"), for an unknown place
    "<language>_<part>_place", and where the routes do not name the review "<language>_routes_review"."""
    return LetterRules({language: _read_part(values, language) for language in LANGUAGES})


def _read_part(values: Mapping[str, Any], language: str) -> Mapping[str, str]:
    given = values.get(language)
    if not isinstance(given, Mapping):
        raise ValueError(f"{language}_title")
    for part, most in PARTS.items():
        text = given.get(part)
        if not isinstance(text, str) or not 1 <= len(text.strip()) <= most:
            raise ValueError(f"{language}_{part}")
        rest = filled(text, dict.fromkeys(PLACES, ""))
        if "{" in rest or "}" in rest:
            raise ValueError(f"{language}_{part}_place")
    if not all(place in given["routes"] for place in NEEDED):
        raise ValueError(f"{language}_routes_review")
    return {part: given[part].strip() for part in PARTS}


def filled(text: str, places: Mapping[str, str]) -> str:
    """A text with its places in braces filled. What is filled in is never read for places again."""
    parts = text.split("{")
    done = [parts[0]]
    for part in parts[1:]:
        name, brace, rest = part.partition("}")
        done.append(places[name] + rest if brace and name in places else "{" + part)
    return "".join(done)


def day_words(day: date, language: str) -> str:
    """A day as a letter says it."""
    return day.isoformat() if tongue(language) == "en" else f"{day.year}年{day.month}月{day.day}日"


def fault_of(*, finding: str, remedy: str, amount: Decimal | None) -> str:
    """What keeps a finding and its remedy from being proposed: "remedy", "amount", "no_amount" or nothing ("")."""
    if finding != Finding.UNFOUNDED and remedy == RemedyKind.NONE:
        return "remedy"
    if remedy in WITH_AMOUNT:
        return "" if amount is not None and amount > 0 else "amount"
    return "no_amount" if amount is not None else ""

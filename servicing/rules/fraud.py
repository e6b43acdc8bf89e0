"""The fraud prompt at the counter as dated data (product.md V22): who is asked what, and what the answers allow."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from servicing.enums import FraudOutcome

CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,29}")
# A prompt that takes longer is not asked.
MOST_ASKED: Final = 3
MAX_LINES: Final = 12
TEXT, SCRIPT = 120, 300
AGES: Final = (50, 100)
CASH: Final = (1, 100_000_000)


def _question(code: str, text_zh: str, text_en: str, *, elderly: bool = False, sign: str = "yes") -> dict[str, Any]:
    return {"code": code, "text_zh": text_zh, "text_en": text_en, "elderly": elderly, "sign": sign, "asked": True}


# Until a policy of kind "fraud_prompt" says otherwise.
BUILT_IN: Final[Mapping[str, Any]] = {
    "elderly_age": 60,
    "cash_from": 50_000,
    "script_zh": "为了您的资金安全，请允许我问三个问题。公检法、客服和银行都不会要求转账到“安全账户”。",
    "script_en": "To keep your money safe, may I ask three questions? "
    "No police, court, hotline or bank ever asks for a transfer to a “safe account”.",
    "questions": [
        _question("family", "家人知道这笔取款或转账吗？", "Does your family know about it?", elderly=True, sign="no"),
        _question(
            "stranger",
            "收款人是只在电话、微信或网上认识的吗？",
            "Do you know the payee only by phone, WeChat or online?",
        ),
        _question(
            "secret",
            "有人要您保密、着急办理或教您怎么回答吗？",
            "Did anybody ask you to hurry, keep quiet, or tell you what to say?",
        ),
        _question(
            "profit",
            "是为了投资、返利、解冻账户或退款吗？",
            "Is it for an investment, a rebate, an unfrozen account or a refund?",
        ),
    ],
}


class PromptError(ValueError):
    """What the rules cannot say; `place` (from 1; 0 = not of a line) and `field` name it."""

    def __init__(self, code: str, place: int = 0, field: str = "") -> None:
        super().__init__(code)
        self.code, self.place, self.field = code, place, field


@dataclass(frozen=True, slots=True)
class Question:
    """One question: whom it is for, and which answer ("yes" or "no") is a warning sign."""

    code: str
    text_zh: str
    text_en: str
    elderly: bool
    sign: str
    asked: bool

    def text(self, language: str) -> str:
        """The question in a language."""
        return self.text_en if language.startswith("en") else self.text_zh


@dataclass(frozen=True, slots=True)
class Prompt:
    """The whole prompt: from which age somebody is asked the questions for the elderly, from how much cash (yuan)."""

    elderly_age: int
    cash_from: int
    script_zh: str
    script_en: str
    questions: tuple[Question, ...]

    def script(self, language: str) -> str:
        """What the teller says first."""
        return self.script_en if language.startswith("en") else self.script_zh

    def is_elderly(self, age: int | None) -> bool:
        """Whether the questions for the elderly are asked; of an unknown age they are not."""
        return age is not None and age >= self.elderly_age

    def asked_of(self, age: int | None) -> tuple[Question, ...]:
        """At most MOST_ASKED questions: those for the elderly first, each group in its order."""
        elderly = self.is_elderly(age)
        fitting = [one for one in self.questions if one.asked and (elderly or not one.elderly)]
        return tuple(sorted(fitting, key=lambda one: not one.elderly)[:MOST_ASKED])


def read_prompt(values: Mapping[str, Any]) -> Prompt:
    """The prompt of a policy of kind "fraud_prompt". Raises PromptError."""
    lines = values.get("questions")
    if not isinstance(lines, Sequence) or isinstance(lines, str) or not 1 <= len(lines) <= MAX_LINES:
        raise PromptError("questions")
    questions = tuple(_read(place, line) for place, line in enumerate(lines, start=1))
    codes = [one.code for one in questions]
    if len(set(codes)) < len(codes):
        raise PromptError("code_twice")
    if not any(one.asked and not one.elderly for one in questions):
        raise PromptError("none_asked")
    return Prompt(
        _whole(values, "elderly_age", AGES),
        _whole(values, "cash_from", CASH),
        _text(values, "script_zh", SCRIPT),
        _text(values, "script_en", SCRIPT),
        questions,
    )


def signs_in(questions: Sequence[Question], answers: Mapping[str, str]) -> int:
    """How many answers ("yes" or "no" by the question's code) are warning signs."""
    return sum(answers.get(one.code) == one.sign for one in questions)


def may_end(outcome: str, signs: int) -> bool:
    """Whether a prompt with so many warning signs can end so: with any, it is not simply clear."""
    return outcome != FraudOutcome.CLEAR or signs == 0


def _read(place: int, line: Any) -> Question:
    if not isinstance(line, Mapping):
        raise PromptError("line", place)
    if not CODE.fullmatch(str(line.get("code") or "")):
        raise PromptError("code", place, "code")
    if line.get("sign") not in ("yes", "no"):
        raise PromptError("sign", place, "sign")
    texts = {name: _text(line, name, TEXT, place) for name in ("text_zh", "text_en")}
    is_elderly, is_asked = line.get("elderly") is True, line.get("asked") is not False
    return Question(line["code"], **texts, elderly=is_elderly, sign=line["sign"], asked=is_asked)


def _text(values: Mapping[str, Any], name: str, most: int, place: int = 0) -> str:
    text = values.get(name)
    if not isinstance(text, str) or not 1 <= len(text.strip()) <= most:
        raise PromptError("text", place, name)
    return text.strip()


def _whole(values: Mapping[str, Any], name: str, limits: tuple[int, int]) -> int:
    value = values.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not limits[0] <= value <= limits[1]:
        raise PromptError("number", 0, name)
    return value

"""What surveys ask, how often, and what their answers amount to (product.md V17)."""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from servicing.rules.voice import Named, read_named

# Until a policy of kind "surveys" says otherwise.
BUILT_IN: Final[Mapping[str, Any]] = {
    "fatigue_days": 90,
    "valid_days": 14,
    "low_score": 6,
    "small_sample": 30,
    "recommend": {
        "zh": "您有多大可能把我们推荐给亲友？",
        "en": "How likely are you to recommend us to friends and family?",
    },
    "questions": [
        {"code": "service", "name_zh": "工作人员的服务", "name_en": "The service of our staff"},
        {"code": "speed", "name_zh": "办理速度", "name_en": "How quickly it was done"},
        {"code": "clarity", "name_zh": "讲解是否清楚", "name_en": "How clearly it was explained"},
    ],
    "thanks": {"zh": "谢谢您，我们会认真对待每一条意见。", "en": "Thank you. We read every answer."},
}
FIGURES: Final[Mapping[str, tuple[int, int]]] = {
    "fatigue_days": (1, 366),
    "valid_days": (1, 90),
    "low_score": (0, 8),
    "small_sample": (2, 1_000),
}
WORDS: Final = 200
QUESTIONS: Final = 5
SCORES: Final = (0, 10)
MARKS: Final = (1, 5)
PROMOTER: Final = 9
DETRACTOR: Final = 6
# Two-sided, 95 %.
CONFIDENCE: Final = 1.96


@dataclass(frozen=True, slots=True)
class SurveyRules:
    """Days between two surveys of a customer, days a link works, the score up to which somebody looks into it, answers
    below which a figure is flagged as small, and the words."""

    fatigue_days: int
    valid_days: int
    low_score: int
    small_sample: int
    recommend: Mapping[str, str]
    questions: tuple[Named, ...]
    thanks: Mapping[str, str]


def read_surveys(values: Mapping[str, Any]) -> SurveyRules:
    """The rules of a policy of kind "surveys". Raises ValueError: a figure's name, recommend, thanks or questions_*."""
    for name, (low, high) in FIGURES.items():
        value = values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError(name)
    return SurveyRules(
        fatigue_days=values["fatigue_days"],
        valid_days=values["valid_days"],
        low_score=values["low_score"],
        small_sample=values["small_sample"],
        recommend=_words(values, "recommend"),
        questions=read_named(values.get("questions"), "questions", least=0, most=QUESTIONS),
        thanks=_words(values, "thanks"),
    )


def _words(values: Mapping[str, Any], name: str) -> Mapping[str, str]:
    words = values.get(name)
    if not isinstance(words, Mapping):
        raise ValueError(name)
    for language in ("zh", "en"):
        text = words.get(language)
        if not isinstance(text, str) or not 1 <= len(text.strip()) <= WORDS:
            raise ValueError(name)
    return {language: words[language].strip() for language in ("zh", "en")}


def said(words: Mapping[str, str], language: str) -> str:
    """Words of the rules in a language."""
    return words["en" if language.startswith("en") else "zh"]


def digest_of(token: str) -> bytes:
    """What is kept of a link: 32 bytes of SHA-256. Its token has 192 random bits, so no salt is needed."""
    return hashlib.sha256(token.encode()).digest()


def is_token(text: str) -> bool:
    """Whether a text can be a token at all."""
    return len(text) == 32 and text.isascii() and text.replace("-", "").replace("_", "").isalnum()


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Of `count` answers the share that recommends less the share that does not, -100 to 100, and the margin of error
    at 95 % in the same points (None without answers); `is_small` when it says little yet."""

    count: int
    promoters: int
    detractors: int
    score: float | None
    margin: float | None
    is_small: bool


def recommendation(scores: Mapping[int, int], *, small: int) -> Recommendation:
    """Net recommendation of scores 0 to 10 with how often each was given: 9 and 10 count for, 0 to 6 against."""
    count = sum(scores.values())
    promoters = sum(n for score, n in scores.items() if score >= PROMOTER)
    detractors = sum(n for score, n in scores.items() if score <= DETRACTOR)
    if not count:
        return Recommendation(0, 0, 0, None, None, True)
    share = (promoters - detractors) / count
    spread = (promoters + detractors) / count - share * share
    margin = CONFIDENCE * math.sqrt(max(spread, 0.0) / count) * 100
    return Recommendation(count, promoters, detractors, round(share * 100, 1), round(margin, 1), count < small)


def overlaps(one: Recommendation, other: Recommendation) -> bool:
    """Whether two figures may as well be the same: then neither is above the other."""
    if one.score is None or other.score is None or one.margin is None or other.margin is None:
        return True
    return abs(one.score - other.score) <= one.margin + other.margin


def average_marks(marks: Iterable[Mapping[str, int]], codes: Sequence[str]) -> dict[str, tuple[float, int]]:
    """The average mark (1 to 5) of each question and how many answered it; questions nobody answered are missing."""
    given: dict[str, list[int]] = {}
    for one in marks:
        for code in codes:
            if isinstance(one.get(code), int):
                given.setdefault(code, []).append(one[code])
    return {code: (round(sum(values) / len(values), 1), len(values)) for code, values in given.items()}

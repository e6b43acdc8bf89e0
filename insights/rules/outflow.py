"""Outflow warnings (product.md K09, B4): the rules in force, and what the signs found of a customer add up to.

The signs, in words for the bank. All look at end-of-day totals of one customer and at that customer alone:

1. Fall: the balance lies at least `fall_share` per cent and at least `fall_spreads` spreads below what is usual, and
   half of that fall came within 14 days. Usual is the median of the weekly closes of the 26 weeks before those 14 days
   (at least `least_weeks` of them); a spread is 1.4826 times their median distance from it, at least 5 per cent of it.
2. Salary stopped: an inflow of `salary_least` yuan or more that came in three months running, within 3 days of the
   same day of the month and between 60 and 167 per cent of the latest, is `salary_late` days late, at most 21.
3. Cascade: `cascade_count` falls or more within 14 days, no rise between them, that took `cascade_share` per cent, of
   the balance of 14 days before as well: spending what just came in is none. The feed names no payees, so where the
   money went is not known.
4. Matured: a deposit that matured `matured_days` to 21 days ago, is not renewed by itself, and no other was opened.
5. Dissatisfied: a complaint open or closed in the last 30 days, or a problem told of and not answered.
6. Not spoken to: longer than `contact_share` per cent of the tier's rhythm, or something promised a week overdue.
7. About to lose the tier: on watch, or close to the edge.

A warning needs one of the first five. Its score is the sum of the points of its signs, at most 100; it is raised where
the score reaches the threshold of the tier. Core banking feeds no use of the app: a sign of it can be added with one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from insights.rules.outflow_scripts import SCRIPTS

LETTER: Final = re.compile(r"[A-Z]")
LAST_DAYS: Final = 14
WEEKS: Final = 26
MONTHS: Final = 6
SALARY_UNTIL: Final = 21
MOST: Final = 100
# The history a warning shows beside its reason.
DAYS_SHOWN: Final = timedelta(days=182)
SCRIPT: Final = 400
# The weightiest first where points are the same.
SIGNALS: Final = ("cascade", "fall", "salary", "matured", "complaint", "contact", "tier")
FIGURES: Final[Mapping[str, tuple[int, int]]] = {
    "least": (0, 100_000_000),
    "fall_share": (5, 95),
    "fall_spreads": (1, 20),
    "least_weeks": (4, 26),
    "salary_least": (500, 1_000_000),
    "salary_late": (2, 15),
    "cascade_count": (2, 10),
    "cascade_share": (5, 95),
    "matured_days": (1, 14),
    "contact_share": (100, 400),
    "again_days": (1, 180),
    "expire_days": (8, 90),
}
# Until a policy of kind "outflow" says otherwise; yuan, per cent, days, points.
BUILT_IN: Final[Mapping[str, Any]] = {
    "least": 20_000,
    "fall_share": 30,
    "fall_spreads": 3,
    "least_weeks": 6,
    "salary_least": 3_000,
    "salary_late": 5,
    "cascade_count": 3,
    "cascade_share": 30,
    "matured_days": 3,
    "contact_share": 150,
    "again_days": 30,
    "expire_days": 14,
    "thresholds": {"D": 50, "C": 40, "B": 35, "A": 30},
    "points": {
        "fall": 40,
        "salary": 35,
        "cascade": 40,
        "matured": 35,
        "complaint": 20,
        "contact": 15,
        "tier": 10,
    },
    "scripts": SCRIPTS,
}


@dataclass(frozen=True, slots=True)
class OutflowRules:
    """The policy: figures by name (see above), the score from which each tier's letter is warned of, the points of each
    sign, and what to say by sign and language."""

    figures: Mapping[str, int]
    thresholds: Mapping[str, int]
    points: Mapping[str, int]
    scripts: Mapping[str, Mapping[str, str]]

    def threshold(self, letter: str) -> int:
        """The score from which a tier is warned of; of tiers the rules do not name the highest."""
        return self.thresholds.get(letter, max(self.thresholds.values()))

    def script(self, signal: str, language: str) -> str:
        """What to say on the phone, in a language."""
        return self.scripts[signal]["zh" if language.startswith("zh") else "en"]


def read_outflow(values: Mapping[str, Any]) -> OutflowRules:
    """The rules of a policy of kind "outflow". Raises ValueError(path of the value)."""
    figures = {name: _number(values.get(name), *bounds, name) for name, bounds in FIGURES.items()}
    given = _mapping(values, "thresholds")
    if not given or not all(isinstance(letter, str) and LETTER.fullmatch(letter) for letter in given):
        raise ValueError("thresholds")
    thresholds = {letter: _number(value, 5, MOST, f"thresholds.{letter}") for letter, value in given.items()}
    points = _mapping(values, "points")
    scripts = _mapping(values, "scripts")
    return OutflowRules(
        figures,
        thresholds,
        {signal: _number(points.get(signal), 0, MOST, f"points.{signal}") for signal in SIGNALS},
        {signal: _script(scripts.get(signal), f"scripts.{signal}") for signal in SIGNALS},
    )


def _mapping(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = values.get(name)
    if not isinstance(found, Mapping):
        raise ValueError(name)
    return found


def _number(value: Any, least: int, most: int, path: str) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ValueError(path)
    return value


def _script(words: Any, path: str) -> dict[str, str]:
    if not isinstance(words, Mapping):
        raise ValueError(path)
    for language in ("zh", "en"):
        text = words.get(language)
        if not isinstance(text, str) or not 1 <= len(text.strip()) <= SCRIPT:
            raise ValueError(f"{path}.{language}")
    return {language: words[language].strip() for language in ("zh", "en")}


@dataclass(frozen=True, slots=True)
class Found:
    """What the signs found of one customer on a day: rank and letter of the tier, yuan still here, yuan that left
    within 14 days, and the facts of each sign by its code."""

    customer_id: int
    tier: int
    letter: str
    balance: Decimal
    gone: Decimal
    signals: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Weighed:
    """A customer's score, and its signs as they are kept: the weightiest first, each with its points and facts."""

    found: Found
    score: int
    signals: Sequence[Mapping[str, Any]]

    @property
    def main(self) -> str:
        """The code of the weightiest sign."""
        return str(self.signals[0]["code"])


def weigh(found: Found, rules: OutflowRules) -> Weighed:
    """The score of what was found: the points of its signs added up, at most 100."""
    codes = sorted(found.signals, key=lambda code: (-rules.points[code], SIGNALS.index(code)))
    kept = [{"code": code, "points": rules.points[code], **found.signals[code]} for code in codes]
    return Weighed(found, min(MOST, sum(rules.points[code] for code in codes)), kept)


def is_raised(weighed: Weighed, rules: OutflowRules) -> bool:
    """Whether the score reaches the threshold of the customer's tier."""
    return weighed.score >= rules.threshold(weighed.found.letter)

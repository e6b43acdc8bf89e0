"""Winning customers back (product.md M18): the rules in force, the windows of its measure, and what a result is.

The result is measured on balances, not on calls: the ADB of the 30 days after it was closed against that of the 30 days
before it was opened. Nobody was held out, so it is a result and no proof of what brought it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from customers.enums import Stage

# Whose deposits fell, or left.
STAGES: Final = (Stage.DECLINING, Stage.LOST)
WINDOW: Final = 30
MONTHS: Final = 12
SCRIPT: Final = 1000
AGAIN_DAYS: Final = (7, 730)
# Until a policy of kind "win_back" says otherwise.
BUILT_IN: Final[Mapping[str, Any]] = {
    "again_days": 90,
    "script_zh": "先致谢，再问近况：资金是否另有安排、对利率或服务是否有不满意之处；"
    "认真听，不劝阻，不承诺收益，不比较他行。说明可选方案和存款保险，约定下次联系时间。",
    "script_en": "Say thank you first, then ask how things are: was the money needed, were the rates or the service not"
    " what they wished? Listen, do not press, promise no returns, do not speak of other banks. Tell what can be offered"
    " and how deposits are insured, and agree when to speak again.",
}


@dataclass(frozen=True, slots=True)
class WinBackRules:
    """The policy: days a customer is not proposed again after an attempt was closed, and what to say."""

    again_days: int
    script_zh: str
    script_en: str

    def script(self, language: str) -> str:
        """What to say, in a language."""
        return self.script_zh if language.startswith("zh") else self.script_en


def read_win_back(values: Mapping[str, Any]) -> WinBackRules:
    """The rules of a policy of kind "win_back". Raises ValueError(name of the value)."""
    days = values.get("again_days")
    if not isinstance(days, int) or isinstance(days, bool) or not AGAIN_DAYS[0] <= days <= AGAIN_DAYS[1]:
        raise ValueError("again_days")
    for name in ("script_zh", "script_en"):
        words = values.get(name)
        if not isinstance(words, str) or not 1 <= len(words.strip()) <= SCRIPT:
            raise ValueError(name)
    return WinBackRules(days, values["script_zh"].strip(), values["script_en"].strip())


def window_before(opened_on: date) -> tuple[date, date]:
    """First and last day of the 30 before it was opened."""
    return opened_on - timedelta(days=WINDOW), opened_on - timedelta(days=1)


def window_after(closed_on: date) -> tuple[date, date]:
    """First and last day of the 30 after it was closed."""
    return closed_on + timedelta(days=1), closed_on + timedelta(days=WINDOW)


def month_ends(day: date, count: int = MONTHS) -> list[date]:
    """The last days of the full months before `day`, the latest first, one more than `count` so that each has a
    beginning."""
    ends, last = [], day.replace(day=1) - timedelta(days=1)
    for _n in range(count + 1):
        ends.append(last)
        last = last.replace(day=1) - timedelta(days=1)
    return ends


def regained(before: Decimal, after: Decimal | None) -> Decimal | None:
    """Yuan of average daily balance more than before it was opened; None until it is measured."""
    return None if after is None else after - before

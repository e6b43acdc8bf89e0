"""Which activities take which certificates (F07): dated data, so that a new rule of the regulator is no new release."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from staff.enums.training import Activity

CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,19}")
MOST: Final = 30
# Until a policy of kind "licences" says otherwise. Topics are codes of contacts; tiers are ranks from `top_from` on.
BUILT_IN: Final[Mapping[str, Any]] = {
    "licences": [
        {"code": "wealth", "name_zh": "理财产品销售资格", "name_en": "Sale of wealth products"},
        {"code": "law", "name_zh": "法律基础模块", "name_en": "Module on law"},
        {"code": "tax", "name_zh": "税务基础模块", "name_en": "Module on tax"},
    ],
    "needs": {
        Activity.WEALTH_CONTACT.value: ["wealth"],
        Activity.WEALTH_OFFER.value: ["wealth"],
        Activity.TOP_TIER.value: ["law", "tax"],
    },
    "topics": ["wealth"],
    "top_from": 4,
    "remind_days": [60, 30, 7],
}


@dataclass(frozen=True, slots=True)
class Licence:
    """What a certificate may stand for."""

    code: str
    name_zh: str
    name_en: str

    def name(self, language: str) -> str:
        """What it is called in a language."""
        return self.name_en if language.startswith("en") else self.name_zh


@dataclass(frozen=True, slots=True)
class LicenceRules:
    """Licences by code, what each activity needs, topics of wealth, the lowest top tier, reminders (days before)."""

    licences: Mapping[str, Licence]
    needs: Mapping[str, tuple[str, ...]]
    topics: frozenset[str]
    top_from: int
    remind_days: tuple[int, ...]

    @property
    def soon(self) -> int:
        """Days before its end from which a certificate runs out soon."""
        return max(self.remind_days)

    @property
    def window(self) -> timedelta:
        """The same as a span of time."""
        return timedelta(days=self.soon)


def read_licences(values: Mapping[str, Any]) -> LicenceRules:
    """The rules of a policy of kind "licences". Raises ValueError("<name>")."""
    licences = _licences(values.get("licences"))
    needs = values.get("needs")
    if not isinstance(needs, Mapping):
        raise ValueError("needs")
    read = {activity.value: tuple(_codes(needs.get(activity.value), "needs")) for activity in Activity}
    for activity, codes in read.items():
        if not set(codes) <= licences.keys():
            raise ValueError(f"needs_{activity}")
    topics, top_from = _codes(values.get("topics"), "topics"), values.get("top_from")
    if not isinstance(top_from, int) or isinstance(top_from, bool) or not 1 <= top_from <= 9:
        raise ValueError("top_from")
    days = sorted(set(_days(values.get("remind_days"))), reverse=True)
    return LicenceRules(licences, read, frozenset(topics), top_from, tuple(days))


def _licences(lines: Any) -> dict[str, Licence]:
    if not isinstance(lines, Sequence) or isinstance(lines, str) or not 1 <= len(lines) <= MOST:
        raise ValueError("licences")
    found: dict[str, Licence] = {}
    for line in lines:
        licence = Licence(*(_name(line, part) for part in ("code", "name_zh", "name_en")))
        if not CODE.fullmatch(licence.code) or licence.code in found:
            raise ValueError("licences")
        found[licence.code] = licence
    return found


def _name(line: Any, part: str) -> str:
    value = line.get(part) if isinstance(line, Mapping) else None
    if not isinstance(value, str) or not 1 <= len(value) <= 60:
        raise ValueError("licences")
    return value


def _codes(value: Any, name: str) -> list[str]:
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    if not is_list or not all(isinstance(code, str) and CODE.fullmatch(code) for code in value):
        raise ValueError(name)
    return list(value)


def _days(value: Any) -> list[int]:
    is_list = isinstance(value, Sequence) and not isinstance(value, str) and 1 <= len(value) <= 5
    if not is_list or not all(isinstance(day, int) and not isinstance(day, bool) and 1 <= day <= 365 for day in value):
        raise ValueError("remind_days")
    return list(value)

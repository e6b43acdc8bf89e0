"""Playbooks as dated rules: steps, the day each is due, what each waits for and who does it (product.md V07, V08)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,29}")
MOST_STEPS, MOST_DAYS, TITLE = 20, 730, 60
MOST_NOTICE = 30
ONBOARDING: Final = "onboarding"


class Doer(StrEnum):
    """Who does a step, seen from the customer."""

    MANAGER = "manager"
    BACKUP = "backup"
    HEAD = "head"


# Until a policy of kind "playbooks" says otherwise.
BUILT_IN: Final[Mapping[str, Any]] = {
    "notice_days": 3,
    "enrol_days": 7,
    "playbooks": {
        "onboarding": {
            "title_zh": "新客户关怀",
            "title_en": "Welcoming a new customer",
            "steps": [
                {
                    "key": "thanks",
                    "title_zh": "致谢并确认联系方式",
                    "title_en": "Say thank you and confirm how to reach the customer",
                    "days": 7,
                    "after": "",
                    "doer": "manager",
                },
                {
                    "key": "guide",
                    "title_zh": "讲解账户和手机银行的使用",
                    "title_en": "Explain the account and mobile banking",
                    "days": 7,
                    "after": "thanks",
                    "doer": "manager",
                },
                {
                    "key": "first_term",
                    "title_zh": "了解用款安排,介绍定期存款",
                    "title_en": "Ask when money is needed and present term deposits",
                    "days": 30,
                    "after": "thanks",
                    "doer": "manager",
                },
                {
                    "key": "first_review",
                    "title_zh": "首次回访,检视服务",
                    "title_en": "First review of how the customer is served",
                    "days": 90,
                    "after": "",
                    "doer": "manager",
                },
            ],
        }
    },
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step: due `days` after the playbook began, not before the step `after` is closed ("" = waits for none)."""

    key: str
    title_zh: str
    title_en: str
    days: int
    after: str = ""
    doer: str = Doer.MANAGER

    def title(self, language: str) -> str:
        """Its name in a language."""
        return self.title_zh if language.startswith("zh") else self.title_en


@dataclass(frozen=True, slots=True)
class Playbook:
    """A named sequence of steps."""

    key: str
    title_zh: str
    title_en: str
    steps: tuple[Step, ...]

    def title(self, language: str) -> str:
        """Its name in a language."""
        return self.title_zh if language.startswith("zh") else self.title_en

    def as_kept(self) -> list[dict[str, Any]]:
        """The steps as a run keeps them; each knows the number of the step it waits for (-1 = none)."""
        numbers = {step.key: number for number, step in enumerate(self.steps)}
        return [{**asdict(step), "waits_for": numbers.get(step.after, -1)} for step in self.steps]


@dataclass(frozen=True, slots=True)
class Playbooks:
    """All playbooks: a step shows `notice_days` before it is due; a new customer is enrolled up to `enrol_days` after
    the account was opened."""

    notice_days: int
    enrol_days: int
    by_key: Mapping[str, Playbook]


def read_playbooks(values: Mapping[str, Any]) -> Playbooks:
    """The rules of a policy of kind "playbooks". Raises ValueError with the path of the first fault."""
    for name in ("notice_days", "enrol_days"):
        _number(values.get(name), 0 if name == "notice_days" else 1, MOST_NOTICE, name)
    given = values.get("playbooks")
    if not isinstance(given, Mapping) or ONBOARDING not in given:
        raise ValueError("playbooks")
    return Playbooks(
        values["notice_days"], values["enrol_days"], {key: _playbook(key, one) for key, one in given.items()}
    )


def read_steps(kept: Sequence[Mapping[str, Any]]) -> list[Step]:
    """The steps as they stand in a run."""
    return [Step(**{name: one[name] for name in Step.__slots__}) for one in kept]


def _playbook(key: Any, values: Any) -> Playbook:
    path = f"playbooks.{key}"
    if not isinstance(key, str) or not KEY.fullmatch(key) or not isinstance(values, Mapping):
        raise ValueError(path)
    titles = [_words(values.get(name), f"{path}.{name}") for name in ("title_zh", "title_en")]
    steps = values.get("steps")
    if not isinstance(steps, list) or not 1 <= len(steps) <= MOST_STEPS:
        raise ValueError(f"{path}.steps")
    found: list[Step] = []
    for number, one in enumerate(steps):
        found.append(_step(one, [step.key for step in found], f"{path}.steps.{number}"))
    return Playbook(key, titles[0], titles[1], tuple(found))


def _step(values: Any, earlier: Sequence[str], path: str) -> Step:
    if not isinstance(values, Mapping) or set(values) - set(Step.__slots__):
        raise ValueError(path)
    key, after, doer = values.get("key"), values.get("after", ""), values.get("doer", Doer.MANAGER)
    if not isinstance(key, str) or not KEY.fullmatch(key) or key in earlier:
        raise ValueError(f"{path}.key")
    if after and after not in earlier:
        raise ValueError(f"{path}.after")
    if doer not in set(Doer):
        raise ValueError(f"{path}.doer")
    titles = [_words(values.get(name), f"{path}.{name}") for name in ("title_zh", "title_en")]
    return Step(key, titles[0], titles[1], _number(values.get("days"), 0, MOST_DAYS, f"{path}.days"), after, doer)


def _number(value: Any, least: int, most: int, path: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(path)
    return value


def _words(value: Any, path: str) -> str:
    if not isinstance(value, str) or not 1 <= len(value.strip()) <= TITLE:
        raise ValueError(path)
    return value.strip()

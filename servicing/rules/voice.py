"""Codes with a Chinese and an English name, as rules keep them and people type them: one a line."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,29}")
NAME: Final = 120
MOST: Final = 30


@dataclass(frozen=True, slots=True)
class Named:
    """A code with its names."""

    code: str
    name_zh: str
    name_en: str

    def name(self, language: str) -> str:
        """What it is called in a language."""
        return self.name_en if language.startswith("en") else self.name_zh


def read_named(lines: Any, fault: str, *, least: int = 1, most: int = MOST) -> tuple[Named, ...]:
    """The named codes of some rules. Raises ValueError("<fault>_<what>"): count, code, name or twice."""
    if not isinstance(lines, Sequence) or isinstance(lines, str) or not least <= len(lines) <= most:
        raise ValueError(f"{fault}_count")
    found = tuple(_named(line, fault) for line in lines)
    if len({one.code for one in found}) != len(found):
        raise ValueError(f"{fault}_twice")
    return found


def _named(line: Any, fault: str) -> Named:
    if not isinstance(line, Mapping) or not CODE.fullmatch(str(line.get("code", ""))):
        raise ValueError(f"{fault}_code")
    names = [line.get("name_zh"), line.get("name_en")]
    if not all(isinstance(name, str) and 1 <= len(name.strip()) <= NAME for name in names):
        raise ValueError(f"{fault}_name")
    return Named(line["code"], line["name_zh"].strip(), line["name_en"].strip())


def as_lines(values: Iterable[Mapping[str, Any]]) -> str:
    """Named codes as people type them: "code | 中文 | English", one a line."""
    return "\n".join(f"{line.get('code')} | {line.get('name_zh')} | {line.get('name_en')}" for line in values)


def from_lines(text: str) -> list[dict[str, str]]:
    """What was typed as values of the rules; what is missing in a line is empty, for `read_named` to refuse."""
    return list(_typed(text))


def _typed(text: str) -> Iterator[dict[str, str]]:
    for line in text.splitlines():
        if line.strip():
            code, zh, en = ([part.strip() for part in line.replace("｜", "|").split("|")] + ["", "", ""])[:3]
            yield {"code": code, "name_zh": zh, "name_en": en}

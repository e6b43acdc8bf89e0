"""Contacts of an earlier system, row by row: what the columns are called and what a row says."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, tzinfo
from typing import Any, Final
from uuid import UUID, uuid5

from customers.rules.cells import CellError, clean, narrow, parse_day
from servicing.enums import Direction
from servicing.rules.choices import Choices

# Canonical names and the headings people write, besides the names themselves.
HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "customer_no": ("客户号", "客户编号", "customer number"),
    "author": ("工号", "员工号", "经办人工号", "staff_no", "staff number"),
    "happened_at": ("时间", "联系时间", "日期", "发生时间", "when", "date"),
    "channel": ("渠道", "联系渠道", "方式"),
    "direction": ("方向", "联系方向"),
    "topic": ("主题", "事由", "subject"),
    "outcome": ("结果", "联系结果", "result"),
    "note": ("备注", "内容", "联系内容", "text"),
}
REQUIRED: Final = ("customer_no", "author", "happened_at", "channel", "topic", "outcome")
NOTE: Final = 1000
FIRST_YEAR: Final = 1990
_NAMESPACE: Final = UUID("9d1d6a2a-5a0e-5c55-9c5b-0f2d7a6f6c11")
_TIME: Final = re.compile(r"(?P<day>.*?\S)[ T](?P<time>\d{1,2}:\d{2}(?::\d{2})?)(?P<zone>Z|[+-]\d{2}:?\d{2})?")
_DIRECTIONS: Final = {
    **dict.fromkeys(("in", "来访", "呼入", "客户主动", "inbound"), Direction.IN),
    **dict.fromkeys(("out", "外出", "呼出", "我行主动", "outbound"), Direction.OUT),
}
_WORDS: Final = {word.lower(): name for name, words in HEADINGS.items() for word in (name, *words)}


@dataclass(frozen=True, slots=True)
class Line:
    """A usable row, before its customer and author are looked up."""

    number: int
    customer_no: str
    author: str
    happened_at: datetime
    channel: str
    direction: str
    topic: str
    outcome: str
    note: str

    @property
    def once(self) -> UUID:
        """The key of the row: the same contact in the same words is one contact, however often it is imported."""
        said = (self.customer_no, self.author, self.happened_at.isoformat(), self.channel, self.direction)
        return uuid5(_NAMESPACE, "\x1f".join((*said, self.topic, self.outcome, self.note)))


def is_heading(cell: str) -> bool:
    """Whether a cell is the heading of a column."""
    return _key(cell) in _WORDS


def columns_of(cells: Sequence[str]) -> dict[str, int]:
    """The place of each known column in a header row, the first of each name."""
    found: dict[str, int] = {}
    for place, cell in enumerate(cells):
        name = _WORDS.get(_key(cell))
        if name is not None:
            found.setdefault(name, place)
    return found


def missing_columns(columns: Collection[str]) -> list[str]:
    """Required columns a header does not have."""
    return [name for name in REQUIRED if name not in columns]


def read_line(
    number: int, cells: Mapping[str, str], *, known: Choices, at: datetime, zone: tzinfo
) -> tuple[Line | None, list[str]]:
    """The row, or None with the codes of all that is wrong with it; times without a zone are those of `zone`."""
    texts = {name: clean(cell) for name, cell in cells.items()}
    faults = [f"{name}_missing" for name in REQUIRED if not texts.get(name)]
    moment = _moment(texts.get("happened_at", ""), zone)
    if texts.get("happened_at") and (moment is None or moment.year < FIRST_YEAR):
        faults.append("happened_at_unreadable")
    elif moment is not None and moment > at:
        faults.append("happened_at_in_future")
    codes: dict[str, str | None] = {}
    for name, group in (("channel", "channels"), ("topic", "topics"), ("outcome", "outcomes")):
        codes[name] = _code(known, group, texts.get(name, ""))
        if texts.get(name) and codes[name] is None:
            faults.append(f"{name}_unknown")
    direction = _DIRECTIONS.get(texts.get("direction", "").lower() or "in")
    if direction is None:
        faults.append("direction_unknown")
    if len(texts.get("note", "")) > NOTE:
        faults.append("note_too_long")
    if codes["outcome"] and codes["channel"] and not _possible(known, codes["outcome"], codes["channel"]):
        faults.append("outcome_does_not_fit")
    if faults or moment is None:
        return None, faults
    said: dict[str, Any] = {**codes, "direction": direction, "happened_at": moment, "note": texts.get("note", "")}
    return Line(number, narrow(texts["customer_no"]), narrow(texts["author"]), **said), []


def _key(cell: str) -> str:
    return clean(cell).rstrip("*＊:：").strip().lower()


def _moment(text: str, zone: tzinfo) -> datetime | None:
    match = _TIME.fullmatch(narrow(text))
    try:
        day = parse_day(match["day"] if match else text)
        if match is None:
            return datetime.combine(day, time.min, zone)
        clock = time.fromisoformat(match["time"] if match["time"][1] != ":" else f"0{match['time']}")
        if match["zone"]:
            return datetime.fromisoformat(f"{day.isoformat()}T{clock.isoformat()}{match['zone']}")
        return datetime.combine(day, clock, zone)
    except (CellError, ValueError):
        return None


def _code(known: Choices, group: str, text: str) -> str | None:
    """The code a cell means: itself, or its Chinese or English name."""
    word = text.lower()
    for choice in getattr(known, group):
        if word and word in (choice.code, choice.name_zh.lower(), choice.name_en.lower()):
            return str(choice.code)
    return None


def _possible(known: Choices, outcome: str, channel: str) -> bool:
    return any(choice.code == outcome and channel in choice.channels for choice in known.outcomes)

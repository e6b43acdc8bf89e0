"""Channels, topics and outcomes of contacts as dated data (product.md V01): what is offered, and what it means.

A code once in use stays in the rules, if need be no longer offered, so that old contacts keep their words.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from servicing.enums import Channel, Outcome, Topic

CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,19}")
NAME: Final = 30
# The counter's number keys choose, so no channel has more outcomes and there are no more topics.
OFFERED: Final = 9
MAX_LINES: Final = 40
GROUPS: Final = ("channels", "topics", "outcomes")
# The product itself writes these down: the counter's two channels, a complaint, a referral, a call nobody answered.
NEEDED: Final[Mapping[str, frozenset[str]]] = {
    "channels": frozenset({Channel.COUNTER, Channel.LOBBY}),
    "topics": frozenset({Topic.COMPLAINT}),
    "outcomes": frozenset({Outcome.DONE, Outcome.REFERRED}),
}
_FAR: Final = [Channel.PHONE, Channel.VISIT, Channel.WECOM, Channel.ONLINE]
_ALL: Final = [Channel.COUNTER, Channel.LOBBY, *_FAR]


def _line(code: str, name_zh: str, name_en: str, **more: Any) -> dict[str, Any]:
    return {"code": str(code), "name_zh": name_zh, "name_en": name_en, "offered": True, **more}


def _outcome(code: str, name_zh: str, name_en: str, channels: Iterable[str], **more: bool) -> dict[str, Any]:
    facts = {"reached": True, **more, "channels": [str(channel) for channel in channels]}
    return {**_line(code, name_zh, name_en), **facts}


# Until a policy of kind "contact_choices" says otherwise.
BUILT_IN: Final[Mapping[str, Any]] = {
    "channels": [
        _line(Channel.COUNTER, "柜面", "Counter"),
        _line(Channel.LOBBY, "大堂", "Lobby"),
        _line(Channel.PHONE, "电话", "Phone"),
        _line(Channel.VISIT, "上门拜访", "Visit"),
        _line(Channel.WECOM, "企业微信", "WeCom"),
        _line(Channel.ONLINE, "线上", "Online"),
    ],
    "topics": [
        _line(Topic.DEPOSIT, "存款或转存", "Deposit or renewal"),
        _line(Topic.WITHDRAWAL, "取款或转出", "Withdrawal or transfer out"),
        _line(Topic.RATE, "利率与产品", "Rates and products"),
        _line(Topic.ACCOUNT, "账户业务", "Account service"),
        _line(Topic.CARD, "银行卡或密码", "Card or password"),
        _line(Topic.DIGITAL, "电子银行", "Mobile or online banking"),
        _line(Topic.COMPLAINT, "不满意见", "Dissatisfaction"),
        _line(Topic.WEALTH, "理财产品", "Wealth products"),
        _line(Topic.OTHER, "其他", "Other"),
    ],
    "outcomes": [
        _outcome(Outcome.DONE, "已办理", "Handled", _ALL),
        _outcome(Outcome.INTERESTED, "有意向", "Interested", _ALL),
        _outcome(Outcome.NOT_INTERESTED, "无意向", "Not interested", _ALL),
        _outcome(Outcome.CALL_BACK, "待再次联系", "To be contacted again", _ALL),
        _outcome(Outcome.NOT_REACHED, "未联系上", "Not reached", _FAR, reached=False),
        _outcome(Outcome.REFERRED, "转介客户经理", "Handed to a manager", _ALL),
        # A campaign's messages say it; nobody chooses it.
        _outcome(Outcome.SENT, "已发送消息", "Message sent", [], reached=False, offered=False),
    ],
}


class ChoicesError(ValueError):
    """What the rules cannot say; `group` and `place` (from 1; 0 = the whole group) name the line."""

    def __init__(self, code: str, group: str = "", place: int = 0, field: str = "") -> None:
        super().__init__(code)
        self.code, self.group, self.place, self.field = code, group, place, field


@dataclass(frozen=True, slots=True)
class Choice:
    """A code with its names. Of an outcome also the channels that can have it, and whether the customer was reached."""

    code: str
    name_zh: str
    name_en: str
    offered: bool = True
    reached: bool = True
    channels: frozenset[str] = frozenset()

    def name(self, language: str) -> str:
        """What it is called in a language."""
        return self.name_en if language.startswith("en") else self.name_zh


@dataclass(frozen=True, slots=True)
class Choices:
    """What a contact can say, in the order it is offered."""

    channels: tuple[Choice, ...]
    topics: tuple[Choice, ...]
    outcomes: tuple[Choice, ...]

    def offered(self, group: str) -> tuple[Choice, ...]:
        """Those of a group that may be chosen."""
        return tuple(choice for choice in getattr(self, group) if choice.offered)

    def outcomes_for(self, channel: str) -> tuple[Choice, ...]:
        """The outcomes a contact over `channel` can have: who stands at the counter was reached."""
        return tuple(choice for choice in self.offered("outcomes") if channel in choice.channels)

    def has(self, group: str, code: str) -> bool:
        """Whether a code of a group may be chosen."""
        return any(choice.code == code for choice in self.offered(group))

    def fits(self, outcome: str, channel: str) -> bool:
        """Whether a contact over `channel` can end so."""
        return any(choice.code == outcome for choice in self.outcomes_for(channel))

    def counts(self, outcome: str) -> bool:
        """Whether the customer was really spoken to: a call nobody answered resets no clock."""
        return all(choice.reached for choice in self.outcomes if choice.code == outcome)

    @property
    def unreached(self) -> frozenset[str]:
        """Outcomes of contacts in which the customer was not reached."""
        return frozenset(choice.code for choice in self.outcomes if not choice.reached)


def read_choices(values: Mapping[str, Any]) -> Choices:
    """The choices of a policy of kind "contact_choices". Raises ChoicesError."""
    groups = {group: _group(group, values.get(group)) for group in GROUPS}
    choices = Choices(**groups)
    if len(choices.offered("topics")) > OFFERED:
        raise ChoicesError("too_many_offered", "topics")
    for place, channel in enumerate(choices.channels, start=1):
        if channel.offered and not choices.outcomes_for(channel.code):
            raise ChoicesError("no_outcome", "channels", place)
        if len(choices.outcomes_for(channel.code)) > OFFERED:
            raise ChoicesError("too_many_offered", "channels", place)
    return choices


def known_of(versions: Sequence[Choices]) -> Choices:
    """Every code of all versions with what the latest one that has it says of it, for the words of old contacts."""
    found: dict[str, dict[str, Choice]] = {group: {} for group in GROUPS}
    for version in reversed(versions):
        for group in GROUPS:
            for choice in getattr(version, group):
                found[group].setdefault(choice.code, choice)
    return Choices(**{group: tuple(named.values()) for group, named in found.items()})


def _group(group: str, lines: Any) -> tuple[Choice, ...]:
    if not isinstance(lines, Sequence) or isinstance(lines, str) or not 1 <= len(lines) <= MAX_LINES:
        raise ChoicesError("lines", group)
    choices = tuple(_choice(group, place, line) for place, line in enumerate(lines, start=1))
    seen: set[str] = set()
    names: set[str] = set()
    for place, choice in enumerate(choices, start=1):
        if choice.code in seen:
            raise ChoicesError("code_twice", group, place, "code")
        if choice.offered and names & {choice.name_zh, choice.name_en.lower()}:
            raise ChoicesError("name_twice", group, place, "name_zh")
        seen.add(choice.code)
        names |= {choice.name_zh, choice.name_en.lower()} if choice.offered else set()
    missing = NEEDED[group] - {choice.code for choice in choices if choice.offered}
    if missing:
        raise ChoicesError(f"needed_{min(missing)}", group)
    return choices


def _choice(group: str, place: int, line: Any) -> Choice:
    if not isinstance(line, Mapping):
        raise ChoicesError("line", group, place)
    if not CODE.fullmatch(str(line.get("code") or "")):
        raise ChoicesError("code", group, place, "code")
    for field in ("name_zh", "name_en"):
        name = line.get(field)
        if not isinstance(name, str) or not 1 <= len(name.strip()) <= NAME:
            raise ChoicesError("name", group, place, field)
    names = {"code": line["code"], "name_zh": line["name_zh"].strip(), "name_en": line["name_en"].strip()}
    offered = line.get("offered") is not False
    if group != "outcomes":
        return Choice(**names, offered=offered)
    channels = line.get("channels")
    if not isinstance(channels, Sequence) or isinstance(channels, str) or not all(isinstance(c, str) for c in channels):
        raise ChoicesError("channels", group, place, "channels")
    if offered and not channels:
        raise ChoicesError("channels", group, place, "channels")
    return Choice(**names, offered=offered, reached=line.get("reached") is not False, channels=frozenset(channels))

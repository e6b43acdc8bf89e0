"""What a message may say: its variables, what it must say, what it must not, and how long it is (M05)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from campaigns.enums import Flaw
from campaigns.rules.folding import CONTROL, blank_free, found_in
from campaigns.rules.word_rules import VARIABLE, VARIABLES, WordRules, variables_in
from customers.enums import ConsentChannel as Channel

# A whole article fits where length costs nothing.
LONG: Final = frozenset({Channel.EMAIL.value, Channel.MAIL.value, Channel.APP.value})
# What is sent as a letter has a subject.
WITH_SUBJECT: Final = frozenset({Channel.EMAIL.value, Channel.APP.value})
# As long as each usually is, to reckon with before there is a customer.
TYPICAL: Final[Mapping[str, str]] = {
    "name": "欧阳明辉",
    "salutation": "欧阳先生",
    "bank": "某某银行股份有限公司",
    "branch": "某某支行营业部",
    "manager": "李明辉",
    "matures_on": "2026-12-31",
    "offer": "三年期阶梯存款",
    "offer_until": "2026-12-31",
    "article": "存款保险知识",
    "article_text": "",
    "event": "秋季客户沙龙",
    "event_at": "2026-12-31 14:30",
    "event_place": "某某支行二楼贵宾室",
    "rsvp": f"https://example.com/r/{'x' * 20}/",
    "opt_out": f"https://example.com/t/{'x' * 48}",
}
# What is said in general where a campaign or a customer has nothing of the sort: in Chinese, in English.
GENERAL: Final[Mapping[str, tuple[str, str]]] = {
    "offer": ("我行现有产品", "our present offer"),
    "offer_until": ("近期", "soon"),
    "article": ("我行客户须知", "our information for customers"),
    "matures_on": ("近期", "soon"),
    "event": ("我行活动", "our event"),
    "event_at": ("近期", "soon"),
    "event_place": ("我行网点", "our branch"),
    "rsvp": ("我行网点", "any branch"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with some words: `what` is the banned word, the code of what is missing, the variable, a number."""

    code: Flaw
    what: str = ""


def render(body: str, values: Mapping[str, str]) -> str:
    """The words with their variables filled in, once: what a value holds is never read as a variable again.

    Breaks of line and control signs in values become blanks, except within an article. Raises ValueError(variable).
    """

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in values:
            raise ValueError(name)
        return values[name] if name == "article_text" else CONTROL.sub(" ", values[name]).strip()

    return VARIABLE.sub(value, body)


def in_general(name: str, language: str) -> str:
    """What stands for a variable that has no value, so that no message has a hole in it."""
    zh, en = GENERAL[name]
    return en if language.startswith("en") else zh


def sms_parts(text: str, single: int = 70, part: int = 67) -> int:
    """How many text messages some words take: UCS-2 units, `single` in one message, else `part` in each of several."""
    units = len(text.encode("utf-16-be")) // 2
    return 1 if units <= single else -(-units // part)


def banned_in(text: str, rules: WordRules) -> list[str]:
    """The banned words in a text; a phrase the rules allow ("确保本人" holds "保本") is none."""
    return found_in(text, rules.banned, rules.allowed)


def missing_in(text: str, codes: Sequence[str], rules: WordRules) -> list[str]:
    """Codes among `codes` whose words a text does not hold; a code the rules no longer have is none."""
    held = blank_free(text)
    return [d.code for d in rules.disclosures if d.code in codes and blank_free(d.text) not in held]


def faults(body: str, subject: str, channel: str, rules: WordRules, needed: Sequence[str] = ()) -> list[Fault]:
    """Everything that keeps a message from being submitted; `needed` are codes to say beside those always needed."""
    return [
        *_faults_of_variables(f"{subject}\n{body}", channel),
        *(Fault(Flaw.BANNED, word) for word in banned_in(f"{subject}\n{body}", rules)),
        *(
            Fault(Flaw.DISCLOSURE, code)
            for code in missing_in(f"{subject}\n{body}", [*rules.needed(channel), *needed], rules)
        ),
        *_faults_of_length(body, subject, channel, rules),
    ]


def _faults_of_variables(text: str, channel: str) -> Iterator[Fault]:
    for name in variables_in(text):
        if name not in VARIABLES or (name == "article_text" and channel not in LONG):
            yield Fault(Flaw.VARIABLE, "{" + name + "}")
    if {"{", "}"} & set(VARIABLE.sub("", text)):
        yield Fault(Flaw.BRACE)


def _faults_of_length(body: str, subject: str, channel: str, rules: WordRules) -> Iterator[Fault]:
    if not body.strip():
        yield Fault(Flaw.EMPTY)
    if channel in WITH_SUBJECT and not subject.strip():
        yield Fault(Flaw.SUBJECT)
    if channel == Channel.SMS:
        parts = sms_parts(typical(body), rules.sms_single, rules.sms_part)
        if parts > rules.sms_most:
            yield Fault(Flaw.LENGTH, str(parts))


def typical(body: str) -> str:
    """The words as long as they usually get, for reckoning with; unknown variables stay."""
    return VARIABLE.sub(lambda match: TYPICAL.get(match[1], match[0]), body)

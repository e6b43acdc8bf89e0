"""Courses and their questions: drawing, marking, passing, and how long a certificate holds (F05, F06)."""

import hashlib
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from staff.enums.training import QuestionKind, Standing

PAGE_BREAK: Final = "---"
MOST_OPTIONS: Final = 8
MOST_QUESTIONS: Final = 100
# What lies between two looks counts as study up to here: longer, and nobody was reading.
LONGEST_LOOK: Final = timedelta(minutes=10)
# Without letters and digits that are read for one another.
_LETTERS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it is checked before it is kept; `right` are places of `options` from 0."""

    kind: str
    text: str
    options: tuple[str, ...]
    right: frozenset[int]
    explanation: str = ""


def question_faults(asked: Asked) -> Iterator[str]:
    """What is wrong with a question, as codes: text, options, twice, right, one, several."""
    if len(asked.text.strip()) < 2:
        yield "text"
    if not 2 <= len(asked.options) <= MOST_OPTIONS or not all(option.strip() for option in asked.options):
        yield "options"
    elif len({option.strip() for option in asked.options}) < len(asked.options):
        yield "twice"
    if not asked.right or not asked.right <= set(range(len(asked.options))):
        yield "right"
    elif asked.kind != QuestionKind.SEVERAL and len(asked.right) != 1:
        yield "one"
    elif asked.kind == QuestionKind.SEVERAL and len(asked.right) < 2:
        yield "several"


def draw(seed: int, pool: Iterable[int], count: int) -> list[int]:
    """`count` questions of a pool, each set equally likely; the same seed and pool give the same ones in order."""
    ordered = sorted(pool)
    return random.Random(f"questions {seed}").sample(ordered, min(count, len(ordered)))  # noqa: S311  the seed is secret


def option_order(seed: int, question: int, count: int) -> list[int]:
    """In which order the options of a question are shown in one try."""
    order = list(range(count))
    random.Random(f"options {seed} {question}").shuffle(order)  # noqa: S311  only an order
    return order


def is_right(right: Iterable[int], chosen: Iterable[int]) -> bool:
    """Whether exactly the right answers were chosen: half of several is wrong."""
    return set(right) == set(chosen)


def mark_of(right: int, asked: int) -> int:
    """Per cent of questions answered right, rounded down so that nobody passes by rounding."""
    return right * 100 // asked if asked else 0


def passes(right: int, asked: int, pass_mark: int) -> bool:
    """Whether so many right answers reach the mark (per cent)."""
    return asked > 0 and right * 100 >= pass_mark * asked


def retry_at(finished_at: datetime, hours: int) -> datetime:
    """From when on a failed try may be repeated."""
    return finished_at + timedelta(hours=hours)


def look_seconds(before: datetime, at: datetime) -> int:
    """Seconds of study between two looks; a break counts ten minutes at most."""
    return int(max(timedelta(0), min(at - before, LONGEST_LOOK)).total_seconds())


def expiry(issued_on: date, months: int) -> date | None:
    """The last day a certificate holds: the day before the same day `months` later; None = for good."""
    if not months:
        return None
    year, month = divmod(issued_on.year * 12 + issued_on.month - 1 + months, 12)
    for day in range(issued_on.day, 27, -1):
        try:
            return date(year, month + 1, day) - timedelta(days=1)
        except ValueError:  # the month is shorter
            continue
    return date(year, month + 1, min(issued_on.day, 28)) - timedelta(days=1)


def standing_of(expires_on: date | None, *, is_revoked: bool, day: date, soon: int) -> Standing:
    """How a certificate stands on a day; it runs out soon within `soon` days."""
    if is_revoked:
        return Standing.REVOKED
    if expires_on is None:
        return Standing.VALID
    if expires_on < day:
        return Standing.EXPIRED
    return Standing.EXPIRING if expires_on <= day + timedelta(days=soon) else Standing.VALID


def reminder(expires_on: date, day: date, steps: Iterable[int]) -> int | None:
    """Which reminder is due: the smallest of `steps` (days before) that is reached; None before the first and after."""
    left = (expires_on - day).days
    return min((step for step in steps if 0 <= left <= step), default=None)


def certificate_number(issued_on: date, salt: bytes) -> str:
    """A number nobody guesses: the year and 8 signs of 32, as 2026-7KQ2-M8XP."""
    digest = hashlib.sha256(salt).digest()
    signs = "".join(_LETTERS[byte % 32] for byte in digest[:8])
    return f"{issued_on.year}-{signs[:4]}-{signs[4:]}"


def pages_of(text: str) -> list[str]:
    """The pages of a course: parted by lines of three dashes."""
    pages: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.strip() == PAGE_BREAK:
            pages.append([])
        else:
            pages[-1].append(line)
    return [page for page in ("\n".join(lines).strip() for lines in pages) if page]


def is_required(*, role: str, tiers: Iterable[int], course_roles: Sequence[str], course_tiers: Sequence[int]) -> bool:
    """Whether a course is meant for somebody: by role, and by the tiers their team looks after; empty = for all."""
    return (not course_roles or role in course_roles) and (not course_tiers or bool(set(tiers) & set(course_tiers)))


def read_row(row: Mapping[str, str]) -> Asked:
    """A question of an uploaded line: kind, text, options A to H, right as "A" or "AC", explanation. Never fails:
    `question_faults` says what is wrong with it."""
    letters = "ABCDEFGH"
    options = tuple(row.get(letter.lower(), "").strip() for letter in letters)
    filled = tuple(option for option in options if option)
    kind = row.get("kind", "").strip()
    right = frozenset(letters.index(sign) for sign in row.get("right", "").upper() if sign in letters)
    return Asked(kind, row.get("text", "").strip(), filled, right, row.get("explanation", "").strip())

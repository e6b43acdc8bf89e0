"""Which of two records' values stay, whether they may become one, and how their money adds up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

Side = Literal["a", "b"]
KEPT: Final = "kept"
DROPPED: Final = "dropped"

POLICY_KIND: Final = "merging"
BUILT_IN: Final[Mapping[str, Any]] = {"undo_days": 7}

# What is chosen as one -> the columns it fills. A document's number, kind and dates belong together.
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("name", "name_pinyin", "name_initials", "name_grams"),
    "id_no": ("id_type", "id_no_cipher", "id_no_index", "id_expires_on", "id_is_long_term", "id_issued_by"),
    "phone": ("phone_cipher", "phone_index", "phone_tail_index"),
    "email": ("email_cipher", "email_index"),
    "address": ("address_cipher",),
    "wechat": ("wechat_cipher",),
    "sex": ("sex",),
    "birth_date": ("birth_date",),
    "occupation": ("occupation",),
    "employer": ("employer",),
    "contact_name": ("contact_name",),
    "opened_on": ("opened_on",),
    "risk_grade": ("risk_grade",),
    "origin": ("origin",),
}
# Numbered alike, one number a person for life.
RESIDENTS: Final = frozenset({"resident_id", "temporary_id"})


@dataclass(frozen=True, slots=True)
class Merging:
    """The rules of merging: for how many days it can be taken back."""

    undo_days: int


@dataclass(frozen=True, slots=True)
class Worth:
    """What speaks for a value: whether there is one, and when somebody last made sure of it."""

    is_empty: bool
    confirmed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What speaks for keeping a record: its accounts, since when, and its place in the order of arrival."""

    accounts: int
    opened_on: date | None
    number: int


@dataclass(frozen=True, slots=True)
class Identity:
    """Document kind and the blind index of its number; both empty when none is recorded."""

    id_type: str
    index: bytes


@dataclass(frozen=True, slots=True)
class Day:
    """A total in yuan from `on` until the next change, with the sum of end-of-day totals up to and including `on`."""

    on: date
    total: Decimal
    day_sum: Decimal


def read_merging(values: Mapping[str, Any]) -> Merging:
    """The values of a version as rules. Raises ValueError("undo_days") unless it is 1 to 60 whole days."""
    days = values.get("undo_days")
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= 60:
        raise ValueError("undo_days")
    return Merging(days)


def group_of(field: str) -> str | None:
    """The choice a field or column is part of; None for what is not chosen."""
    if field in GROUPS:
        return field
    return next((group for group, columns in GROUPS.items() if field in columns), None)


def better(a: Worth, b: Worth, default: Side) -> Side:
    """The value to preselect: the one that is there, then the one confirmed later, then that of `default`."""
    if a.is_empty != b.is_empty:
        return "b" if a.is_empty else "a"
    if a.confirmed_on != b.confirmed_on:
        return "a" if (a.confirmed_on or date.min) > (b.confirmed_on or date.min) else "b"
    return default


def stays(a: Standing, b: Standing) -> Side:
    """The record to keep: the one with more accounts, then the older, then the one that was here first."""
    if a.accounts != b.accounts:
        return "a" if a.accounts > b.accounts else "b"
    if a.opened_on != b.opened_on:
        return "a" if (a.opened_on or date.max) < (b.opened_on or date.max) else "b"
    return "a" if a.number < b.number else "b"


def identity_conflict(a: Identity, b: Identity) -> Literal["", "two_people", "two_documents"]:
    """Two resident numbers are two people, whatever a head says; other documents may be one person's old and new."""
    if not a.index or not b.index or a.index == b.index:
        return ""
    return "two_people" if {a.id_type, b.id_type} <= RESIDENTS else "two_documents"


def add_histories(a: Sequence[Day], b: Sequence[Day]) -> list[Day]:
    """The history of two customers' totals together, day by day; both in order of days, and so is the sum."""
    return [Day(on, *_sum_on((a, b), on)) for on in sorted({day.on for day in (*a, *b)})]


def _sum_on(histories: Sequence[Sequence[Day]], on: date) -> tuple[Decimal, Decimal]:
    last = [found for history in histories if (found := _last(history, on))]
    total = sum((day.total for day in last), Decimal("0.00"))
    return total, sum((day.day_sum + day.total * (on - day.on).days for day in last), Decimal("0.00"))


def _last(history: Sequence[Day], on: date) -> Day | None:
    return next((day for day in reversed(history) if day.on <= on), None)


def add_standing(a: Day | None, b: Day | None) -> Day | None:
    """Two latest totals as one, since the later of their days; None when neither has any."""
    days = [day for day in (a, b) if day]
    return (
        Day(max(day.on for day in days), *_sum_on([[day] for day in days], max(d.on for d in days))) if days else None
    )


def first_change(before: Sequence[Sequence[Any]], now: Sequence[Sequence[Any]]) -> date | None:
    """The first day on which two lists of (account, day, ...) rows differ; None when they are the same."""
    differing = {tuple(row) for row in before} ^ {tuple(row) for row in now}
    return min((row[1] for row in differing), default=None)

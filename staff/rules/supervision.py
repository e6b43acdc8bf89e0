"""Supervision (product.md F09, F10, B18): the numbers in force, agreement of scorers, grades and days of findings."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from staff.enums.supervision import CheckState, FindingState, Grade, Mark, Upward

KIND: Final = "supervision"
# Until a policy of kind "supervision" says otherwise. Days of correction are working days by grade; `late_days` are
# calendar days past the due day at which head, head office and compliance are told; `opening_months` how long it is
# kept who opened which customer's page: no less than a log has to be (domain.md 9), no longer than somebody asks.
NUMBERS: Final[Mapping[str, Any]] = {
    "due_days": {"1": 20, "2": 10, "3": 5},
    "repeat_days": 365,
    "appeal_days": 10,
    "late_days": [1, 7, 14],
    "opening_months": 12,
}
DUE_DAYS: Final = (1, 120)
REPEAT_DAYS: Final = (30, 1_100)
APPEAL_DAYS: Final = (1, 60)
LATE_DAYS: Final = (1, 180)
OPENING_MONTHS: Final = (6, 36)
PER_UNIT: Final = (1, 50)
# Two score, a third decides where they differ.
LEAST_SCORERS: Final = 3
TWO: Final = 2


@dataclass(frozen=True, slots=True)
class Numbers:
    """Working days of a correction by grade; days in which a finding of one kind counts as repeated, and in which it
    may be appealed; days past the due day at which it goes up, rung by rung; months an opened page is remembered."""

    due_days: Mapping[int, int]
    repeat_days: int
    appeal_days: int
    late_days: tuple[int, ...]
    opening_months: int


def read_numbers(values: Mapping[str, Any]) -> Numbers:
    """The numbers of a policy of kind "supervision". Raises ValueError(name of the value)."""
    # A version older than a number does without it.
    values = {"opening_months": NUMBERS["opening_months"], **values}
    due, late = values.get("due_days"), values.get("late_days")
    if not isinstance(due, Mapping) or not all(whole(due.get(str(grade.value)), DUE_DAYS) for grade in Grade):
        raise ValueError("due_days")
    if not isinstance(late, Sequence) or len(late) != Upward.COMPLIANCE or list(late) != sorted(set(late)):
        raise ValueError("late_days")
    for name, limits in (
        ("repeat_days", REPEAT_DAYS),
        ("appeal_days", APPEAL_DAYS),
        ("opening_months", OPENING_MONTHS),
    ):
        if not whole(values.get(name), limits):
            raise ValueError(name)
    if not all(whole(days, LATE_DAYS) for days in late):
        raise ValueError("late_days")
    by_grade = {grade.value: due[str(grade.value)] for grade in Grade}
    return Numbers(by_grade, values["repeat_days"], values["appeal_days"], tuple(late), values["opening_months"])


def whole(value: Any, limits: tuple[int, int]) -> bool:
    """Whether a value is a whole number within limits."""
    return isinstance(value, int) and not isinstance(value, bool) and limits[0] <= value <= limits[1]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two scorers agree over `pairs` marks of the same thing: the same in `same` of them, and Cohen's kappa,
    the agreement beyond chance; None where chance explains everything (both always said the same one word)."""

    pairs: int
    same: int
    kappa: float | None

    @property
    def percent(self) -> float | None:
        """Per cent of marks that are the same; None without any."""
        return 100 * self.same / self.pairs if self.pairs else None

    @property
    def band(self) -> str:
        """How strong it is, after Landis and Koch (1977): a code; "" without kappa."""
        if self.kappa is None:
            return ""
        return next((code for floor, code in BANDS if self.kappa >= floor), "none")


BANDS: Final = ((0.81, "very_strong"), (0.61, "strong"), (0.41, "moderate"), (0.21, "fair"), (0.0, "slight"))


def agreement(pairs: Collection[tuple[str, str]]) -> Agreement:
    """Agreement of two scorers on the same things, pair by pair (Cohen 1960): (observed - chance) / (1 - chance)."""
    count, same = len(pairs), sum(one == other for one, other in pairs)
    if not count:
        return Agreement(0, 0, None)
    first, second = Counter(one for one, _other in pairs), Counter(other for _one, other in pairs)
    chance = sum(first[mark] * second[mark] for mark in first) / count**2
    return Agreement(count, same, None if chance == 1 else (same / count - chance) / (1 - chance))


def marks_fit(marks: Mapping[str, str], criteria: Collection[str]) -> bool:
    """Whether there is exactly one mark for each criterion."""
    return set(marks) == set(criteria) and set(marks.values()) <= set(Mark.values)


def state_after(scores: Sequence[Mapping[str, str]]) -> CheckState:
    """Where a check stands by the marks that are in: both equal settle it, different ones go to a third."""
    if len(scores) < TWO:
        return CheckState.OPEN
    return CheckState.DONE if scores[0] == scores[1] else CheckState.DIFFERENT


def raised(grade: int, earlier: int) -> int:
    """The grade of a finding that was issued `earlier` times about the same person and kind: one up when repeated."""
    return min(Grade.SERIOUS, grade + 1) if earlier else grade


def rung_on(day: date, due_on: date, late_days: Sequence[int]) -> Upward:
    """How far up an overdue finding has to be known at the end of `day`."""
    return Upward(sum(day >= due_on + timedelta(days=days) for days in late_days))


# What may be done from where.
STEPS: Final[Mapping[str, tuple[FindingState, ...]]] = {
    "issue": (FindingState.DRAFT,),
    "discard": (FindingState.DRAFT,),
    "comment": (FindingState.ISSUED, FindingState.CORRECTED, FindingState.CLOSED),
    "appeal": (FindingState.ISSUED, FindingState.CORRECTED),
    "answer": (FindingState.ISSUED, FindingState.CORRECTED),
    "correct": (FindingState.ISSUED,),
    "recheck": (FindingState.CORRECTED,),
    "account": (FindingState.ISSUED, FindingState.CORRECTED),
}

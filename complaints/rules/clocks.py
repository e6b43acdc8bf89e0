"""The clocks of a complaint from plain days: the law's in natural days, the bank's own in workdays (domain.md 4)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from complaints.enums import AttemptResult, CaseState, ExtensionKind
from core.workdays import Calendar

GRADES: Final = (1, 2, 3)
_DAY: Final = timedelta(days=1)
# Until a policy of kind "complaint_clocks" says otherwise.
BUILT_IN: Final[Mapping[str, Any]] = {
    # Natural days: to decide; more when the facts are complicated; more again for a special cause.
    "statutory_days": 15,
    "complex_days": 15,
    "special_days": 30,
    # Workdays of the internal clock: from which tier on, then ordinary, serious, critical.
    "internal": [[0, 10, 7, 3], [4, 7, 5, 2], [6, 5, 3, 2]],
    # Workdays to the first contact; tries, and hours between two of them, that count as one.
    "contact_days": 1,
    "contact_tries": 3,
    "tries_apart_hours": 2,
    # Natural days: to ask for a review, to decide one, and without marketing after the end.
    "review_window": 30,
    "review_days": 30,
    "cooling_days": 30,
}
LIMITS: Final[Mapping[str, tuple[int, int]]] = {
    # The law's own days are the most a bank may give itself.
    "statutory_days": (1, 15),
    "complex_days": (1, 15),
    "special_days": (1, 30),
    "contact_days": (1, 5),
    "contact_tries": (2, 10),
    "tries_apart_hours": (1, 72),
    "review_window": (30, 365),
    "review_days": (1, 30),
    "cooling_days": (0, 365),
}
INTERNAL_DAYS: Final = (1, 60)
MAX_LINES: Final = 10
# While the complainant is waited for; once a decision is proposed the bank waits for itself.
PAUSABLE: Final = (CaseState.ACCEPTED, CaseState.INVESTIGATING, CaseState.REOPENED)


@dataclass(frozen=True, slots=True)
class ClockRules:
    """Every number the clocks go by; see BUILT_IN for the units. `internal`: from a tier on, workdays by grade."""

    statutory_days: int
    complex_days: int
    special_days: int
    internal: tuple[tuple[int, Mapping[int, int]], ...]
    contact_days: int
    contact_tries: int
    tries_apart_hours: int
    review_window: int
    review_days: int
    cooling_days: int

    def internal_days(self, *, tier: int, grade: int) -> int:
        """Workdays of the internal clock: those of the highest line not above the tier (0 = no tier known)."""
        days = max((line for line in self.internal if line[0] <= tier), key=lambda line: line[0])[1]
        return days[grade]

    def more_days(self, kind: str) -> int:
        """Natural days an extension of a kind adds."""
        return self.complex_days if kind == ExtensionKind.COMPLEX else self.special_days


def read_clocks(values: Mapping[str, Any]) -> ClockRules:
    """The rules of a policy of kind "complaint_clocks". Raises ValueError: the number's name, or "internal"."""
    for name, limits in LIMITS.items():
        if not _whole(values.get(name), limits):
            raise ValueError(name)
    numbers = {name: values[name] for name in LIMITS}
    return ClockRules(internal=_read_internal(values.get("internal")), **numbers)


def _read_internal(lines: Any) -> tuple[tuple[int, Mapping[int, int]], ...]:
    if not isinstance(lines, list) or not 1 <= len(lines) <= MAX_LINES:
        raise ValueError("internal")
    found = []
    for line in lines:
        if not isinstance(line, list) or len(line) != 1 + len(GRADES) or not _whole(line[0], (0, 99)):
            raise ValueError("internal")
        # The more serious, the sooner.
        if not all(_whole(days, INTERNAL_DAYS) for days in line[1:]) or sorted(line[1:], reverse=True) != line[1:]:
            raise ValueError("internal")
        found.append((line[0], dict(zip(GRADES, line[1:], strict=True))))
    tiers = [tier for tier, _days in found]
    if tiers[0] != 0 or sorted(set(tiers)) != tiers:
        raise ValueError("internal")
    return tuple(found)


def _whole(value: Any, limits: tuple[int, int]) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and limits[0] <= value <= limits[1]


@dataclass(frozen=True, slots=True)
class Started:
    """The clocks of a round at its beginning, as a case keeps them."""

    due_on: date
    due_days: int
    internal_days: int
    internal_due_on: date
    contact_due_on: date


def first_clocks(*, received_on: date, tier: int, grade: int, calendar: Calendar, rules: ClockRules) -> Started:
    """The clocks of a case received on a day, which is day 0 of each of them."""
    internal = rules.internal_days(tier=tier, grade=grade)
    return Started(
        due_on=deadline(began=received_on, days=rules.statutory_days),
        due_days=rules.statutory_days,
        internal_days=internal,
        internal_due_on=calendar.add_workdays(received_on, internal),
        contact_due_on=calendar.add_workdays(received_on, rules.contact_days),
    )


def reopened_clocks(*, reopened_on: date, tier: int, grade: int, calendar: Calendar, rules: ClockRules) -> Started:
    """The clocks of a case opened again: all of them from the start, and the day of reopening is day 0."""
    return first_clocks(received_on=reopened_on, tier=tier, grade=grade, calendar=calendar, rules=rules)


def began_on(*, due_on: date, due_days: int) -> date:
    """Day 0 of the round: an extension moves the deadline and its days alike."""
    return due_on - timedelta(days=due_days)


def deadline(*, began: date, days: int) -> date:
    """The last day of the law's clock: so many natural days after day 0, days off included."""
    return began + timedelta(days=days)


def workdays_between(calendar: Calendar, after: date, until: date) -> int:
    """Workdays after one day up to and including another; negative when `until` lies before."""
    if until < after:
        return -workdays_between(calendar, until, after)
    days = range((until - after).days)
    return sum(calendar.is_workday(after + _DAY * (n + 1)) for n in days)


def paused_workdays(calendar: Calendar, pauses: Iterable[tuple[date, date]], *, began: date) -> int:
    """Workdays in which the internal clock stood since its day 0: those after a pause's first day up to its last one.

    A pause begun and ended on one day gives nothing; pauses that touch give each day once; earlier rounds none.
    """
    return sum(workdays_between(calendar, max(first, began), last) for first, last in pauses if last > began)


def internal_deadline(*, began: date, days: int, paused: int, calendar: Calendar) -> date:
    """The last workday of the internal clock: its days and the workdays it stood, after day 0."""
    return calendar.add_workdays(began, days + paused)


def share(*, days: int, left: int) -> int:
    """How much of a clock is used, in per cent, rounded down; past 100 when it is over."""
    return (days - left) * 100 // max(days, 1)


def contacted_on(
    attempts: Iterable[tuple[datetime, str]], *, tries: int, apart_hours: int, day_of: Callable[[datetime], date]
) -> date | None:
    """The day the first contact counts as made: the complainant was reached, or `tries` attempts failed at times
    `apart_hours` from each other; None when neither. `day_of` gives the bank's day of a moment."""
    counted: list[datetime] = []
    for at, result in sorted(attempts):
        if result == AttemptResult.REACHED:
            return day_of(at)
        if not counted or at - counted[-1] >= timedelta(hours=apart_hours):
            counted.append(at)
        if len(counted) == tries:
            return day_of(at)
    return None


def may_extend(kind: str, *, granted: Iterable[str], due_on: date, day: date) -> bool:
    """Whether more time can be asked for: each kind once a round, a special cause only after the first one, and
    never once the deadline has passed."""
    have = set(granted)
    if day > due_on or kind in have:
        return False
    return kind == ExtensionKind.COMPLEX or ExtensionKind.COMPLEX in have

"""Who calls whom on which day (product.md M08), and what an outcome says.

Customers are taken by what the model gives them, the highest first, then by tier. Each goes to their own manager, or,
without one who can sign in, to their backup; on the days the manager is away the deputy named for the absence calls,
else the backup, but only where the manager's own days are full. Customers of nobody go to whoever of their branch has
the fewest calls. Nobody has more than `capacity` calls of the campaign a workday, with those planned before counted in.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from campaigns.enums import CallResult
from servicing.enums import Outcome

# A list that reaches a manager later than this is for the next workday.
NOON: Final = 12
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A customer to be called. `key` is the row it stands for; `score` is 0 to 1, None without a model."""

    key: int
    customer_id: int
    branch_id: int
    manager_id: int | None
    backup_id: int | None
    tier: int
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A call: who makes it on which day; `stands_in` for a manager who is away."""

    waiting: Waiting
    owner_id: int
    on: date
    stands_in: bool = False


@dataclass(frozen=True, slots=True)
class Away:
    """Days somebody is away, both included, and the deputy named for them."""

    starts_on: date
    ends_on: date
    deputy_id: int | None = None


@dataclass(frozen=True, slots=True)
class Crew:
    """Who may call: all of them, those of each branch, who is away when, and calls planned before by (person, day)."""

    callers: frozenset[int]
    by_branch: Mapping[int, Sequence[int]] = field(default_factory=dict)
    away: Mapping[int, Sequence[Away]] = field(default_factory=dict)
    used: Mapping[tuple[int, date], int] = field(default_factory=dict)

    def absence(self, person: int, day: date) -> Away | None:
        """The absence that holds on the day; None when the person is there."""
        return next((one for one in self.away.get(person, ()) if one.starts_on <= day <= one.ends_on), None)


@dataclass(frozen=True, slots=True)
class Split:
    """What was planned, who found no room, and whom nobody can call."""

    planned: list[Planned]
    full: list[Waiting]
    nobody: list[Waiting]


def call_days(start: date, end: date, *, at: datetime, is_workday: Callable[[date], bool]) -> list[date]:
    """Workdays of a campaign on which calls can still be planned: from today, after noon (Shanghai) from tomorrow."""
    first = max(start, at.date() if at.hour < NOON else at.date() + _DAY)
    ahead = (first + n * _DAY for n in range((end - first).days + 1))
    return [day for day in ahead if is_workday(day)]


def order(one: Waiting) -> tuple[float, int, int]:
    """Whom to call first: the likeliest to agree, then the highest tier, then by number so that it never varies."""
    return (-(one.score if one.score is not None else 0.0), -one.tier, one.customer_id)


class _Room:
    """The days of each caller with what is left of them."""

    def __init__(self, crew: Crew, days: Sequence[date], capacity: int) -> None:
        self.crew, self.days, self.capacity = crew, sorted(days), capacity
        self.taken: Counter[tuple[int, date]] = Counter(crew.used)
        self.calls: Counter[int] = Counter()
        for (person, _day), count in crew.used.items():
            self.calls[person] += count
        self.there: dict[int, list[date]] = {}
        self.first: defaultdict[int, int] = defaultdict(int)

    def own_day(self, person: int) -> date | None:
        """The first day the person is there and has room, taken; None when there is none."""
        days = self.there.get(person)
        if days is None:
            days = self.there[person] = [day for day in self.days if self.crew.absence(person, day) is None]
        for place in range(self.first[person], len(days)):
            self.first[person] = place
            if self.take(person, days[place]):
                return days[place]
        self.first[person] = len(days)
        return None

    def take(self, person: int, day: date) -> bool:
        """One call more on a day, if there is room."""
        if self.taken[person, day] >= self.capacity:
            return False
        self.taken[person, day] += 1
        self.calls[person] += 1
        return True


def split(waiting: Iterable[Waiting], *, days: Sequence[date], capacity: int, crew: Crew) -> Split:
    """Every customer exactly once: planned, without room, or with nobody to call."""
    room, planned = _Room(crew, days, capacity), []
    lent: list[Waiting] = []
    shared: defaultdict[int, list[Waiting]] = defaultdict(list)
    for one in sorted(waiting, key=order):
        own = _own(one, crew.callers)
        if own is None:
            shared[one.branch_id].append(one)
        elif day := room.own_day(own):
            planned.append(Planned(one, own, day, stands_in=own != one.manager_id and one.manager_id is not None))
        else:
            lent.append(one)
    full = [one for one in lent if not _lend(one, room, planned)]
    nobody: list[Waiting] = []
    for branch_id in sorted(shared):
        people = [person for person in crew.by_branch.get(branch_id, ()) if person in crew.callers]
        (full if people else nobody).extend(_share(shared[branch_id], people, room, planned))
    return Split(planned, full, nobody)


def _own(one: Waiting, callers: frozenset[int]) -> int | None:
    return next((person for person in (one.manager_id, one.backup_id) if person in callers), None)


def _lend(one: Waiting, room: _Room, planned: list[Planned]) -> bool:
    """Give the call to whoever stands in on a day the manager is away; False when nobody has room."""
    if one.manager_id not in room.crew.callers:
        return False
    for day in room.days:
        absence = room.crew.absence(one.manager_id, day)
        if absence is None:
            continue
        for person in (absence.deputy_id, one.backup_id):
            if person not in room.crew.callers or room.crew.absence(person, day):
                continue
            if room.take(person, day):
                planned.append(Planned(one, person, day, stands_in=True))
                return True
            break
    return False


def _share(rows: Sequence[Waiting], people: Sequence[int], room: _Room, planned: list[Planned]) -> list[Waiting]:
    """Each to whoever has the fewest calls so far; gives back those for whom nobody has room."""
    heap = [(room.calls[person], person) for person in people]
    heapq.heapify(heap)
    left = []
    for one in rows:
        while heap:
            _calls, person = heapq.heappop(heap)
            if day := room.own_day(person):
                planned.append(Planned(one, person, day))
                heapq.heappush(heap, (room.calls[person], person))
                break
        else:
            left.append(one)
    return left


# What an outcome of a contact says about the offer; those not named reached the customer and no more.
OUTCOMES: Final[Mapping[str, CallResult]] = {
    Outcome.DONE: CallResult.AGREED,
    Outcome.INTERESTED: CallResult.AGREED,
    Outcome.NOT_INTERESTED: CallResult.REFUSED,
    Outcome.CALL_BACK: CallResult.CALL_BACK,
    Outcome.NOT_REACHED: CallResult.TRIED,
}

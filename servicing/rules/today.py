"""The order of a manager's day (product.md V06): who first, and why. Pure: the same inputs give the same order.

What stands behind a proposal is a signal: its kind, the yuan it is about, the day that money moves, how late it is.

    expected benefit = amount x chance x (days of the horizon the money would be here) / horizon
    points           = (base + expected benefit) x lateness x priority x what the person's own verdicts taught

The expected benefit is yuan of average daily balance over the coming `horizon_days`; `chance` is the share of the
amount that talking is expected to move, in per cent. The base, in yuan, is what a kind counts for where no money is at
stake. Lateness grows by `late_percent` a day up to `late_most` per cent. A customer counts by its best signal and by
`further_percent` of the points of each other one; ties go by customer number.

What is taught: of the person's verdicts of the last `learn_days` days, (done + a) / (done + unwanted + b), in per cent,
bounded. Skips because the moment was wrong, or because the talk took place already, say nothing about the kind.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from core.money import CENT, ZERO, yuan
from customers.enums import AlertKind
from servicing.enums import Priority, Proposal, SkipReason, Verdict

PERCENT: Final = Decimal(100)
# Somebody gave a word or a person waits: stays until that is closed where it is kept, marks silence it for the day.
DUTIES: Final = frozenset({Proposal.PROMISE, Proposal.REFERRAL, Proposal.FEEDBACK})
# What people set themselves or owe stays in sight whatever is known of the customer.
OWED: Final = frozenset({*DUTIES, Proposal.TASK, Proposal.CALL_BACK})
# No greeting and no offer while a complaint is open.
OFFERS: Final = frozenset({Proposal.BIRTHDAY, Proposal.GAIN, Proposal.NEAR_UP, Proposal.TIER_UP, Proposal.CAMPAIGN})
SILENCING: Final = frozenset({AlertKind.BEREAVEMENT, AlertKind.DO_NOT_CONTACT})
# Skips that say the proposal itself was no good.
UNWANTED: Final = frozenset({SkipReason.NOT_WANTED, SkipReason.NOT_USEFUL, SkipReason.WRONG})

# Until a policy of kind "today" says otherwise. Yuan and per cent by kind; days; per cent.
BASE: Final[Mapping[str, int]] = {
    Proposal.PROMISE: 60_000,
    Proposal.CALL_BACK: 40_000,
    Proposal.REFERRAL: 40_000,
    Proposal.FEEDBACK: 30_000,
    Proposal.MATURITY: 10_000,
    Proposal.DROP: 10_000,
    Proposal.TIER_WATCH: 15_000,
    Proposal.NEAR_UP: 5_000,
    Proposal.TIER_UP: 8_000,
    Proposal.GAIN: 4_000,
    Proposal.TASK: 20_000,
    Proposal.PLAYBOOK: 15_000,
    Proposal.CAMPAIGN: 8_000,
    Proposal.REVIEW: 10_000,
    Proposal.CADENCE: 3_000,
    Proposal.BIRTHDAY: 6_000,
}
CHANCE: Final[Mapping[str, int]] = {
    Proposal.PROMISE: 2,
    Proposal.CALL_BACK: 3,
    Proposal.REFERRAL: 5,
    Proposal.FEEDBACK: 1,
    Proposal.MATURITY: 30,
    Proposal.DROP: 15,
    Proposal.TIER_WATCH: 20,
    Proposal.NEAR_UP: 20,
    Proposal.TIER_UP: 1,
    Proposal.GAIN: 10,
    Proposal.TASK: 2,
    Proposal.PLAYBOOK: 2,
    Proposal.CAMPAIGN: 5,
    Proposal.REVIEW: 2,
    Proposal.CADENCE: 1,
    Proposal.BIRTHDAY: 0,
}
BUILT_IN: Final[Mapping[str, int]] = {
    **{f"base_{kind}": amount for kind, amount in BASE.items()},
    **{f"chance_{kind}": percent for kind, percent in CHANCE.items()},
    "horizon_days": 90,
    "maturity_days": 14,
    "moves_days": 7,
    "move_percent": 20,
    "move_floor": 50_000,
    "promise_days": 1,
    "birthday_days": 1,
    "birthday_tier": 2,
    "quiet_days": 7,
    "late_percent": 10,
    "late_most": 100,
    "high_percent": 150,
    "low_percent": 60,
    "further_percent": 10,
    "done_days": 30,
    "not_now_days": 3,
    "contacted_days": 14,
    "not_wanted_days": 90,
    "not_useful_days": 60,
    "wrong_days": 60,
    "learn_days": 90,
    "learn_done": 10,
    "learn_all": 10,
    "learn_least": 40,
    "learn_most": 100,
    "shown": 20,
}
MOST_BASE: Final = 100_000_000
# Least and most of each whole number.
FIGURES: Final[Mapping[str, tuple[int, int]]] = {
    **{f"base_{kind}": (0, MOST_BASE) for kind in Proposal.values},
    **{f"chance_{kind}": (0, 100) for kind in Proposal.values},
    "horizon_days": (7, 366),
    "maturity_days": (0, 90),
    "moves_days": (1, 60),
    "move_percent": (1, 100),
    "move_floor": (0, 100_000_000),
    "promise_days": (0, 30),
    "birthday_days": (0, 14),
    "birthday_tier": (0, 8),
    "quiet_days": (0, 90),
    "late_percent": (0, 100),
    "late_most": (0, 500),
    "high_percent": (100, 500),
    "low_percent": (10, 100),
    "further_percent": (0, 100),
    "done_days": (1, 366),
    "not_now_days": (1, 90),
    "contacted_days": (1, 366),
    "not_wanted_days": (1, 730),
    "not_useful_days": (1, 730),
    "wrong_days": (1, 730),
    "learn_days": (7, 366),
    "learn_done": (0, 1000),
    "learn_all": (1, 1000),
    "learn_least": (1, 100),
    "learn_most": (1, 300),
    "shown": (5, 100),
}


@dataclass(frozen=True, slots=True)
class DayRules:
    """The policy: its figures by name (see BUILT_IN)."""

    figures: Mapping[str, int]

    def __getitem__(self, name: str) -> int:
        """A figure by its name."""
        return self.figures[name]

    def base(self, kind: str) -> int:
        """Yuan a kind counts for where no money is at stake."""
        return self.figures[f"base_{kind}"]

    def chance(self, kind: str) -> int:
        """The share of the amount a talk is expected to move, in per cent."""
        return self.figures[f"chance_{kind}"]


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that speaks for talking to a customer. `keys` name what a verdict silences; of the first come the
    words: `amount` (yuan at stake), `on` (its day), `title`, `before` and `now` (yuan). `starts_in` days pass before
    the money moves, `late` days have passed since it was due; `follow_ups` are the open ones it stands for."""

    kind: Proposal
    keys: tuple[str, ...]
    amount: Decimal = ZERO
    starts_in: int = 0
    late: int = 0
    priority: int = Priority.NORMAL
    on: date | None = None
    title: str = ""
    before: Decimal | None = None
    now: Decimal | None = None
    tier: int = 0
    follow_ups: tuple[int, ...] = ()

    @property
    def key(self) -> str:
        """The name of what it stands for."""
        return self.keys[0]


@dataclass(frozen=True, slots=True)
class Score:
    """How a signal's points came about: yuan, and factors in per cent."""

    signal: Signal
    base: int
    chance: int
    benefit: Decimal
    lateness: int
    priority: int
    taught: int
    points: Decimal


@dataclass(frozen=True, slots=True)
class Ranked:
    """A customer's place on the list: its scores, the best first, and the points they make together."""

    customer_id: int
    customer_no: str
    scores: tuple[Score, ...]
    points: Decimal

    @property
    def benefit(self) -> Decimal:
        """Yuan of average daily balance at stake: the most any of its signals expects, so that none counts twice."""
        return max(score.benefit for score in self.scores)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """How often a person took up and turned down proposals of a kind."""

    done: int = 0
    unwanted: int = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """A verdict on a proposal: its key, the day, and why not."""

    key: str
    on: date
    verdict: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A customer with what speaks for talking to it, and the kinds of its alerts."""

    customer_id: int
    customer_no: str
    signals: tuple[Signal, ...]
    alerts: frozenset[str] = field(default_factory=frozenset)


def read_today(values: Mapping[str, Any]) -> DayRules:
    """The rules of a policy of kind "today". Raises ValueError(name of the figure)."""
    figures = {name: _whole(values.get(name), *bounds, name) for name, bounds in FIGURES.items()}
    if figures["learn_least"] > figures["learn_most"]:
        raise ValueError("learn_most")
    return DayRules(figures)


def _whole(value: Any, least: int, most: int, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(name)
    return value


def expected_benefit(amount: Decimal, chance: int, starts_in: int, horizon: int) -> Decimal:
    """Yuan of average daily balance over the coming `horizon` days: `chance` per cent of `amount`, from the day the
    money moves on; nothing for money that moves after the horizon."""
    days = max(0, horizon - max(0, starts_in))
    if amount <= 0 or not chance * days:
        return ZERO
    return (amount * (chance * days) / (horizon * 100)).quantize(CENT, ROUND_HALF_UP)


def taught(verdicts: Verdicts, rules: DayRules) -> int:
    """What a person's verdicts make of a kind, in per cent: (done + a) / (done + unwanted + b), bounded."""
    whole = verdicts.done + verdicts.unwanted + rules["learn_all"]
    share = (verdicts.done + rules["learn_done"]) * 100 // whole
    return min(max(share, rules["learn_least"]), rules["learn_most"])


def score(signal: Signal, rules: DayRules, lessons: Mapping[str, Verdicts]) -> Score:
    """The points of one signal with everything they came from."""
    return _score(signal, rules.figures, _weight(signal.kind, rules, lessons))


def _weight(kind: str, rules: DayRules, lessons: Mapping[str, Verdicts]) -> tuple[int, int, int]:
    """Base, chance and what verdicts taught of a kind."""
    return rules.base(kind), rules.chance(kind), taught(lessons.get(kind, Verdicts()), rules)


def _score(signal: Signal, figures: Mapping[str, int], weight: tuple[int, int, int]) -> Score:
    base, chance, lesson = weight
    benefit = expected_benefit(signal.amount, chance, signal.starts_in, figures["horizon_days"])
    lateness = priority = 100
    if signal.late > 0:
        lateness += min(signal.late * figures["late_percent"], figures["late_most"])
    if signal.priority != Priority.NORMAL:
        priority = figures["high_percent" if signal.priority == Priority.HIGH else "low_percent"]
    points = ((base + benefit) * (lateness * priority * lesson) / 1_000_000).quantize(CENT, ROUND_HALF_UP)
    return Score(signal, base, chance, benefit, lateness, priority, lesson, points)


def rank(
    candidates: Iterable[Candidate], rules: DayRules, lessons: Mapping[str, Verdicts], marks: Iterable[Mark], day: date
) -> list[Ranked]:
    """Everybody with something left to propose, the first first."""
    silent = silenced(marks, rules, day)
    weights = {kind: _weight(kind, rules, lessons) for kind in Proposal}
    found = []
    for candidate in candidates:
        left = (signal for signal in merged(candidate.signals) if _is_open(signal, candidate.alerts, silent))
        scores = [_score(signal, rules.figures, weights[signal.kind]) for signal in left]
        if scores:
            scores.sort(key=lambda each: (-each.points, each.signal.key))
            found.append(Ranked(candidate.customer_id, candidate.customer_no, tuple(scores), _sum(scores, rules)))
    return sorted(found, key=lambda entry: (-entry.points, entry.customer_no))


def _sum(scores: Sequence[Score], rules: DayRules) -> Decimal:
    """The best in full, a share of each other one."""
    if len(scores) == 1:
        return scores[0].points
    further = sum((each.points for each in scores[1:]), ZERO) * rules["further_percent"] / PERCENT
    return yuan(scores[0].points + further)


def _is_open(signal: Signal, alerts: frozenset[str], silent: frozenset[str]) -> bool:
    if signal.key in silent:
        return False
    if signal.kind in OWED:
        return True
    if alerts & SILENCING:
        return False
    return not (signal.kind in OFFERS and AlertKind.COMPLAINT in alerts)


def merged(signals: Iterable[Signal]) -> list[Signal]:
    """The signals without repeats: a follow-up about what the figures say too is one signal with the figures."""
    found: list[Signal] = []
    places: dict[Proposal, int] = {}
    planned = []
    for signal in signals:
        if signal.follow_ups:
            planned.append(signal)
        else:
            places.setdefault(signal.kind, len(found))
            found.append(signal)
    for signal in planned:
        place = places.get(signal.kind)
        if place is None or signal.title:
            found.append(signal)
        else:
            found[place] = _joined(found[place], signal)
    return found


def _joined(figures: Signal, follow_up: Signal) -> Signal:
    return replace(
        figures,
        keys=(*figures.keys, *follow_up.keys),
        late=max(figures.late, follow_up.late),
        priority=min(figures.priority, follow_up.priority),
        follow_ups=(*figures.follow_ups, *follow_up.follow_ups),
    )


def silenced(marks: Iterable[Mark], rules: DayRules, day: date) -> frozenset[str]:
    """The keys that verdicts keep off the list of `day`."""
    return frozenset(mark.key for mark in marks if day < mark.on + timedelta(days=_quiet(mark, rules)))


def _quiet(mark: Mark, rules: DayRules) -> int:
    """Days a verdict silences its proposal, its own day counted."""
    if mark.key.partition(":")[0] in DUTIES:
        return 1
    return rules["done_days"] if mark.verdict == Verdict.DONE else rules[f"{mark.why}_days"]


def lessons_from(counts: Iterable[tuple[str, str, str, int]]) -> dict[str, Verdicts]:
    """Verdicts of each kind from counts of (kind, verdict, why, how many)."""
    found: dict[str, Verdicts] = {}
    for kind, verdict, why, count in counts:
        before = found.get(kind, Verdicts())
        done = count if verdict == Verdict.DONE else 0
        unwanted = count if verdict == Verdict.SKIPPED and why in UNWANTED else 0
        found[kind] = Verdicts(before.done + done, before.unwanted + unwanted)
    return found


def birthdays(day: date, ahead: int) -> dict[tuple[int, int], date]:
    """Months and days of birth with a birthday on `day` or within the `ahead` days after it, and that day; of 29
    February it is the 28th in years without one."""
    found: dict[tuple[int, int], date] = {}
    for n in range(ahead + 1):
        on = day + timedelta(days=n)
        found.setdefault((on.month, on.day), on)
        if (on.month, on.day) == (2, 28) and (on + timedelta(days=1)).month == 3:
            found.setdefault((2, 29), on)
    return found


def is_move(before: Decimal, now: Decimal, rules: DayRules) -> bool:
    """Whether a change of a customer's total (yuan) is worth a talk: large in yuan, and against what was there."""
    size = abs(now - before)
    if size == 0 or size < rules["move_floor"]:
        return False
    return size * PERCENT >= max(before, ZERO) * rules["move_percent"]

"""May this customer be contacted now, this way, for this purpose? (product.md B10, domain.md 5 and 6)

Marketing is any contact the bank begins of its own accord to sell, keep or gain deposits, greetings included. It needs
a live consent to marketing over the very channel; no alert of bereavement, do-not-contact or complaint; a working day
within the contact hours (make-up days are working days), or, for customers who chose weekends, a day off within the
same hours and no working day; the time of day the customer chose, in place of the bank's hours but within the outer
ones; for calls not the hours at work of who asked for that; and fewer contacts begun by us since Monday than the cap of
the customer's tier.

A service contact answers the customer's own request or tells what concerns deposits held here: a maturity notice, a
call back, a promise kept, an answer to feedback, a referred customer's wish. It needs no consent and counts against no
cap, and an open complaint does not stand in its way. Alerts of do-not-contact and bereavement do, and so do, for all
but e-mail, the outer hours (any day), and for calls the hours at work of who asked for that.

Times are Shanghai's; a window is minutes of a day from its start up to, not including, its end.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from customers.enums import AlertKind, ConsentChannel, PreferenceValue
from servicing.enums import Proposal, Refusal, Use

IsWorkday = Callable[[date], bool]

WAYS: Final = (ConsentChannel.PHONE, ConsentChannel.SMS, ConsentChannel.EMAIL, ConsentChannel.WECOM)
# What is said to the customer because of the customer: a service contact.
ASKED_FOR: Final = frozenset(
    {Proposal.MATURITY, Proposal.CALL_BACK, Proposal.PROMISE, Proposal.REFERRAL, Proposal.FEEDBACK}
)
TIMES: Final = (
    PreferenceValue.MORNING,
    PreferenceValue.NOON,
    PreferenceValue.AFTERNOON,
    PreferenceValue.EVENING,
)
DAY_MINUTES: Final = 24 * 60
# No window comes later than this: hours return weekly, and no holiday is longer.
SEARCH_DAYS: Final = 62
# Alerts that forbid, and whether they forbid service contacts too.
PAUSES: Final[Mapping[str, tuple[Refusal, bool]]] = {
    AlertKind.DO_NOT_CONTACT: (Refusal.DO_NOT_CONTACT, True),
    AlertKind.BEREAVEMENT: (Refusal.BEREAVEMENT, True),
    AlertKind.COMPLAINT: (Refusal.COMPLAINT, False),
}
# Until a policy of kind "contact_hours" says otherwise (domain.md 6).
BUILT_IN: Final[Mapping[str, Any]] = {
    "marketing": "09:00-12:00, 14:00-20:00",
    "outer": "08:00-22:00",
    "at_work": "09:00-18:00",
    "times": {
        "morning": "09:00-12:00",
        "noon": "12:00-14:00",
        "afternoon": "14:00-18:00",
        "evening": "18:00-20:00",
    },
    "caps": {"A": 5, "B": 4, "C": 3, "D": 2},
    "other_cap": 2,
}
_WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_LETTER = re.compile(r"[A-Z]")
CAP_MOST: Final = 50


@dataclass(frozen=True, slots=True)
class Window:
    """Minutes of a day from `start` up to, not including, `end`."""

    start: int
    end: int

    def holds(self, minute: int) -> bool:
        """Whether the minute lies in it."""
        return self.start <= minute < self.end


Windows = tuple[Window, ...]
ALL_DAY: Final[Windows] = (Window(0, DAY_MINUTES),)


@dataclass(frozen=True, slots=True)
class ContactHours:
    """The policy: hours of marketing, outer hours, hours at work, the customer's times of day, caps a week by tier."""

    marketing: Windows
    outer: Windows
    at_work: Windows
    times: Mapping[str, Windows]
    caps: Mapping[str, int]
    other_cap: int

    def cap(self, letter: str) -> int:
        """Marketing contacts a week a customer of this tier may have."""
        return self.caps.get(letter, self.other_cap)


@dataclass(frozen=True, slots=True)
class Pause:
    """An alert that forbids contact, from a day until another, both included; without end = until it is dismissed.

    One `kept_apart` from the person who asks forbids them every contact, in words that say nothing of it.
    """

    kind: str
    starts_on: date
    ends_on: date | None
    kept_apart: bool = False

    def holds(self, day: date) -> bool:
        """Whether it forbids on the day."""
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


@dataclass(frozen=True, slots=True)
class Contactable:
    """What decides about a customer: ways on record, ways consented to for marketing, alerts, the chosen time ("" =
    none), calls at work unwanted, the tier's letter, and contacts begun by us since Monday."""

    ways: frozenset[str] = frozenset()
    consented: frozenset[str] = frozenset()
    pauses: tuple[Pause, ...] = ()
    chosen: str = ""
    not_at_work: bool = False
    letter: str = ""
    used: int = 0


@dataclass(frozen=True, slots=True)
class Permit:
    """Whether a way may be used now for a purpose; else why not, and when next (None = not before something changes).

    `remaining` marketing contacts of this week are left; None for service, which no cap counts.
    """

    way: ConsentChannel
    use: Use
    refusals: tuple[Refusal, ...]
    next_at: datetime | None
    remaining: int | None

    @property
    def is_allowed(self) -> bool:
        """True when nothing speaks against it now."""
        return not self.refusals


def read_hours(values: Mapping[str, Any]) -> ContactHours:
    """The rules of a policy of kind "contact_hours". Raises ValueError(path of the value)."""
    times, caps = values.get("times"), values.get("caps")
    if not isinstance(times, Mapping) or set(times) != set(TIMES):
        raise ValueError("times")
    if not isinstance(caps, Mapping) or not all(isinstance(key, str) and _LETTER.fullmatch(key) for key in caps):
        raise ValueError("caps")
    return ContactHours(
        marketing=_windows(values.get("marketing"), "marketing"),
        outer=_windows(values.get("outer"), "outer"),
        at_work=_windows(values.get("at_work"), "at_work"),
        times={name: _windows(times[name], f"times.{name}") for name in TIMES},
        caps={letter: _cap(cap, f"caps.{letter}") for letter, cap in caps.items()},
        other_cap=_cap(values.get("other_cap"), "other_cap"),
    )


def _cap(value: Any, path: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= CAP_MOST:
        raise ValueError(path)
    return value


def _windows(text: Any, path: str) -> Windows:
    """ "09:00-12:00, 14:00-20:00" as windows in order; an empty text is no window at all."""
    found = []
    for part in filter(None, (part.strip() for part in str(text if text is not None else "-").split(","))):
        match = _WINDOW.fullmatch(part)
        if match is None:
            raise ValueError(path)
        hours, minutes, until_hours, until_minutes = map(int, match.groups())
        found.append(Window(hours * 60 + minutes, until_hours * 60 + until_minutes))
    ends = [0, *(window.end for window in found)]
    if any(w.start < end or w.end <= w.start or w.end > DAY_MINUTES for w, end in zip(found, ends, strict=False)):
        raise ValueError(path)
    return tuple(found)


def use_for(kinds: Iterable[str]) -> Use:
    """The purpose of a talk about these proposals: a service as soon as one of them answers the customer."""
    return Use.SERVICE if any(kind in ASKED_FOR for kind in kinds) else Use.MARKETING


def permit(
    hours: ContactHours, known: Contactable, way: ConsentChannel, use: Use, at: datetime, is_workday: IsWorkday
) -> Permit:
    """Whether the way may be used at `at` (Shanghai) for the purpose, why not, and the first minute it may be."""
    found = refusals(hours, known, way, use, at, is_workday)
    next_at = at if not found else _next(hours, known, way, use, at, is_workday)
    remaining = max(0, hours.cap(known.letter) - known.used) if use == Use.MARKETING else None
    return Permit(way, use, found, next_at, remaining)


def refusals(
    hours: ContactHours, known: Contactable, way: ConsentChannel, use: Use, at: datetime, is_workday: IsWorkday
) -> tuple[Refusal, ...]:
    """All that speaks against using the way at `at`, the gravest first; nothing when it may be used."""
    day, minute = at.date(), at.hour * 60 + at.minute
    found = [*_pausing(known, use, day), *_lasting(known, way, use)]
    if _is_used_up(hours, known, use, day, day):
        found.append(Refusal.CAP)
    if not any(window.holds(minute) for window in _open(hours, known, way, use, day, is_workday)):
        found.append(_why_closed(hours, known, way, use, at, is_workday))
    order = list(Refusal)
    return tuple(sorted(found, key=order.index))


def _lasting(known: Contactable, way: ConsentChannel, use: Use) -> Iterator[Refusal]:
    """What no passing of time changes."""
    if way not in known.ways:
        yield Refusal.NO_ADDRESS
    if use == Use.MARKETING and way not in known.consented:
        yield Refusal.NO_CONSENT


def _pausing(known: Contactable, use: Use, day: date) -> set[Refusal]:
    """What the alerts of a day forbid."""
    standing = [pause for pause in known.pauses if pause.kind in PAUSES and pause.holds(day)]
    return {
        Refusal.NOT_NOW if pause.kept_apart else PAUSES[pause.kind][0] for pause in standing if _forbids(pause, use)
    }


def _is_used_up(hours: ContactHours, known: Contactable, use: Use, today: date, day: date) -> bool:
    """Whether the cap leaves nothing on `day`; what was used since Monday of `today` counts in that week only."""
    if use != Use.MARKETING:
        return False
    used = known.used if _monday(day) == _monday(today) else 0
    return used >= hours.cap(known.letter)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _open(
    hours: ContactHours, known: Contactable, way: ConsentChannel, use: Use, day: date, is_workday: IsWorkday
) -> Windows:
    """The hours of a day in which the way may be used, consent, alerts and cap apart."""
    works = is_workday(day)
    if use == Use.SERVICE:
        found = ALL_DAY if way == ConsentChannel.EMAIL else hours.outer
    elif (known.chosen == PreferenceValue.WEEKEND) == works:
        return ()
    elif known.chosen in hours.times:
        found = _common(hours.times[known.chosen], hours.outer)
    else:
        found = _common(hours.marketing, hours.outer)
    return _without(found, hours.at_work) if works and _is_call_at_work(known, way) else found


def _is_call_at_work(known: Contactable, way: ConsentChannel) -> bool:
    return known.not_at_work and way == ConsentChannel.PHONE


def _why_closed(
    hours: ContactHours, known: Contactable, way: ConsentChannel, use: Use, at: datetime, is_workday: IsWorkday
) -> Refusal:
    works, minute = is_workday(at.date()), at.hour * 60 + at.minute
    if use == Use.MARKETING and known.chosen == PreferenceValue.WEEKEND and works:
        return Refusal.NOT_CHOSEN_DAY
    if use == Use.MARKETING and known.chosen != PreferenceValue.WEEKEND and not works:
        return Refusal.DAY_OFF
    if works and _is_call_at_work(known, way) and any(window.holds(minute) for window in hours.at_work):
        return Refusal.AT_WORK
    within = any(window.holds(minute) for window in hours.outer)
    return Refusal.NOT_CHOSEN_TIME if use == Use.MARKETING and known.chosen in hours.times and within else Refusal.HOURS


def _next(
    hours: ContactHours, known: Contactable, way: ConsentChannel, use: Use, at: datetime, is_workday: IsWorkday
) -> datetime | None:
    """The first minute after `at` at which nothing speaks against the way; None when time alone brings none."""
    if any(_lasting(known, way, use)):
        return None
    today, day, tried = at.date(), at.date(), 0
    while tried < SEARCH_DAYS:
        ends = [pause.ends_on for pause in known.pauses if pause.holds(day) and _forbids(pause, use)]
        if None in ends:
            return None
        if ends:
            last = max(end for end in ends if end)
            if last == date.max:
                return None
            day = last + timedelta(days=1)
            continue
        if _is_used_up(hours, known, use, today, day):
            if hours.cap(known.letter) == 0:
                return None
            day = _monday(day) + timedelta(days=7)
            continue
        after = at.hour * 60 + at.minute if day == today else 0
        for window in _open(hours, known, way, use, day, is_workday):
            # A window that already holds the minute has been refused for another reason, which a later day lifts.
            if window.start >= after:
                return datetime(day.year, day.month, day.day, window.start // 60, window.start % 60, tzinfo=at.tzinfo)
        day, tried = day + timedelta(days=1), tried + 1
    return None


def _forbids(pause: Pause, use: Use) -> bool:
    return pause.kind in PAUSES and (use == Use.MARKETING or pause.kept_apart or PAUSES[pause.kind][1])


def _common(these: Windows, those: Windows) -> Windows:
    """The minutes in both."""
    pairs = (Window(max(a.start, b.start), min(a.end, b.end)) for a in these for b in those)
    return tuple(sorted((w for w in pairs if w.start < w.end), key=lambda w: w.start))


def _without(these: Windows, those: Windows) -> Windows:
    """The minutes of the first that are not in the second."""
    return _common(these, _gaps(those))


def _gaps(windows: Windows) -> Windows:
    starts, ends = [0, *(w.end for w in windows)], [*(w.start for w in windows), DAY_MINUTES]
    return tuple(Window(start, end) for start, end in zip(starts, ends, strict=True) if start < end)

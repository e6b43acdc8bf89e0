"""Reads of the clocks: the rules in force, and where each clock of a case stands, in words."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Max, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from complaints.enums import Clock, Complainant, Move
from complaints.models import CaseMove, Complaint, ContactAttempt, Pause
from complaints.rules.clocks import (
    BUILT_IN,
    ClockRules,
    began_on,
    internal_deadline,
    paused_workdays,
    read_clocks,
    share,
    workdays_between,
)
from complaints.rules.moves import DECIDED, OPEN
from core.calendar import bank_calendar
from core.clock import SHANGHAI
from core.memo import once_a_request
from core.workdays import Calendar
from staff.queries import policy_on

KIND = "complaint_clocks"
NEAR: Final = 80  # per cent of a clock from which on it is shown as pressing
# How a complainant is reached or told; kept as codes.
WAYS: Final = (
    ("phone", _("By phone")),
    ("sms", _("Text message")),
    ("mail", _("Electronic mail")),
    ("letter", _("By letter")),
    ("visit", _("In person")),
)
STATES: Final = {
    "running": _("Running"),
    "paused": _("Stands still"),
    "met": _("Kept"),
    "missed": _("Missed"),
    "none": _("Not needed"),
}


def day_of(at: datetime) -> date:
    """The bank's day of a moment."""
    return at.astimezone(SHANGHAI).date()


@once_a_request
def clock_rules_on(day: date) -> ClockRules:
    """The numbers of the clocks in force on `day`."""
    return read_clocks(policy_on(KIND, day, BUILT_IN).values)


@once_a_request
def workdays() -> Calendar:
    """The bank's working days, read once a request."""
    return bank_calendar()


@dataclass(frozen=True, slots=True)
class ClockState:
    """Where one clock stands on a day.

    `state`: running, paused, met, missed or none. `left`: days to the deadline, workdays where `in_workdays`, negative
    when late; None unless it runs. `share`: used, in per cent; None when unknown. `words`: when, in a few words;
    `hint`: what else to know about the day.
    """

    clock: Clock
    state: str
    due_on: date | None
    left: int | None
    share: int | None
    words: str
    tone: str
    in_workdays: bool
    hint: str = ""

    @property
    def label(self) -> str:
        """What the clock is called."""
        return str(self.clock.label)

    @property
    def state_words(self) -> str | Promise:
        """Running, kept, missed and so on, in words."""
        return STATES[self.state]

    @property
    def bar(self) -> int:
        """The share as a bar shows it: 0 to 100."""
        return min(max(self.share or 0, 0), 100)

    @property
    def line(self) -> str:
        """The clock, its day and how long that is, for a list: "Statutory clock: 2026-11-30, in 8 days"."""
        return _line(self.label, self.words)


@dataclass(frozen=True, slots=True)
class Clocks:
    """The clocks of a case on a day; `next` is the running one that ends first."""

    statutory: ClockState
    internal: ClockState
    contact: ClockState

    @property
    def all(self) -> tuple[ClockState, ...]:
        """Every clock, the law's first."""
        return (self.statutory, self.internal, self.contact)

    @property
    def next(self) -> ClockState | None:
        """The running clock whose deadline comes first; of two on one day the law's; None when none runs."""
        running = [one for one in self.all if one.state == "running" and one.due_on is not None]
        return min(running, key=lambda one: one.due_on or date.max, default=None)


def clocks_of(case: Complaint, *, day: date) -> Clocks:
    """Where the clocks of a case stand on a day. Reads only the working days, once a request."""
    calendar = workdays()
    return Clocks(_statutory(case, day, calendar), _internal(case, day, calendar), _contact(case, day, calendar))


def next_deadline_words(case: Complaint, day: date) -> str:
    """What has to be done next and by when, for a list; "" when no clock runs."""
    found = clocks_of(case, day=day).next
    return found.line if found else ""


def when_words(left: int, *, in_workdays: bool = False) -> str:
    """How far a deadline is: "in 3 days", "today", "2 days late"."""
    if left == 0:
        return _t("today")
    if left < 0:
        late = -left
        if in_workdays:
            return ngettext("%(n)s working day late", "%(n)s working days late", late) % {"n": late}
        return ngettext("%(n)s day late", "%(n)s days late", late) % {"n": late}
    if in_workdays:
        return ngettext("in %(n)s working day", "in %(n)s working days", left) % {"n": left}
    return ngettext("in %(n)s day", "in %(n)s days", left) % {"n": left}


def pauses_of(case: Complaint) -> QuerySet[Pause]:
    """The pauses of a case, the first one first, with who began and ended them."""
    return Pause.everything.filter(complaint=case).select_related("by", "ended_by").order_by("started_at", "pk")


def internal_deadline_of(case: Complaint, *, days: int, until: date) -> date:
    """The internal deadline of a case for a clock of `days` workdays, with every pause of the round up to `until`.

    A pause that still runs counts as if it ended on `until`.
    """
    began, calendar = began_on(due_on=case.due_on, due_days=case.due_days), workdays()
    paused = paused_workdays(calendar, _spans(case, until), began=began)
    return internal_deadline(began=began, days=days, paused=paused, calendar=calendar)


def paused_days(case: Complaint, *, day: date) -> int:
    """Workdays the internal clock stood in this round, up to the day."""
    began = began_on(due_on=case.due_on, due_days=case.due_days)
    return paused_workdays(workdays(), _spans(case, day), began=began)


def _spans(case: Complaint, until: date) -> list[tuple[date, date]]:
    return [(day_of(row.started_at), day_of(row.ended_at) if row.ended_at else until) for row in pauses_of(case)]


def rules_of(case: Complaint) -> ClockRules:
    """The numbers in force on the day the round of a case began: what it was promised by."""
    return clock_rules_on(began_on(due_on=case.due_on, due_days=case.due_days))


def regraded_clock(case: Complaint, *, grade: int, day: date) -> tuple[int, date | None]:
    """Workdays and deadline of the internal clock under another grade; no deadline while it stands still."""
    days = rules_of(case).internal_days(tier=case.tier, grade=grade)
    return days, None if case.paused_at else internal_deadline_of(case, days=days, until=day)


def attempts_of(case: Complaint) -> QuerySet[ContactAttempt]:
    """Every try to reach the complainant, the latest first."""
    return ContactAttempt.everything.filter(complaint=case).select_related("by").order_by("-at", "-pk")


def attempts_of_round(case: Complaint) -> QuerySet[ContactAttempt]:
    """The tries since the case was opened, or opened again."""
    reopened = CaseMove.everything.filter(complaint=case, move=Move.REOPEN).aggregate(at=Max("at"))["at"]
    rows = ContactAttempt.everything.filter(complaint=case).order_by("at", "pk")
    return rows.filter(at__gt=reopened) if reopened else rows


def running_clock(clock: Clock, *, due_on: date, days: int, day: date, calendar: Calendar | None = None) -> ClockState:
    """A clock that runs, of so many days; workdays where it is given a calendar."""
    in_workdays = calendar is not None
    left = workdays_between(calendar, day, due_on) if calendar else (due_on - day).days
    if left or day == due_on:
        words = when_words(left, in_workdays=in_workdays)
    else:  # only days off lie between
        words = _t("late") if day > due_on else _t("no working day left")
    used = share(days=days, left=left)
    tone = "bad" if day > due_on else "warn" if used >= NEAR else "good"
    return ClockState(clock, "running", due_on, left, used, _dated(due_on, words), tone, in_workdays)


def _dated(due_on: date, words: str) -> str:
    return _t("%(day)s, %(when)s") % {"day": due_on.isoformat(), "when": words}


def _line(label: str, words: str) -> str:
    return _t("%(clock)s: %(words)s") % {"clock": label, "words": words}


def ended_clock(clock: Clock, *, due_on: date | None, done_on: date | None, in_workdays: bool = False) -> ClockState:
    """A clock that stopped on a day, in time or not; without a day it was no longer needed."""
    if done_on is None or due_on is None:
        return ClockState(clock, "none", due_on, None, None, _t("no longer needed"), "neutral", in_workdays)
    late = (done_on - due_on).days
    if late > 0:
        words = ngettext("%(n)s day late", "%(n)s days late", late) % {"n": late}
        return ClockState(clock, "missed", due_on, None, None, _dated(done_on, words), "bad", in_workdays)
    return ClockState(clock, "met", due_on, None, None, _dated(done_on, _t("in time")), "good", in_workdays)


def _statutory(case: Complaint, day: date, calendar: Calendar) -> ClockState:
    if case.state in OPEN:
        found = running_clock(Clock.STATUTORY, due_on=case.due_on, days=case.due_days, day=day)
        if case.due_on < day or calendar.is_workday(case.due_on):
            return found
        last = calendar.add_workdays(case.due_on, -1).isoformat()
        return replace(
            found, hint=_t("The deadline is a day off; the last working day before it is %(day)s.") % {"day": last}
        )
    return ended_clock(Clock.STATUTORY, due_on=case.due_on, done_on=_decided_on(case))


def _internal(case: Complaint, day: date, calendar: Calendar) -> ClockState:
    if case.state not in OPEN:
        return ended_clock(Clock.INTERNAL, due_on=case.internal_due_on, done_on=_decided_on(case), in_workdays=True)
    if case.internal_due_on is None:
        since = day_of(case.paused_at) if case.paused_at else day
        words = _t("stands still since %(day)s") % {"day": since.isoformat()}
        return ClockState(Clock.INTERNAL, "paused", None, None, None, words, "info", True)
    return running_clock(
        Clock.INTERNAL, due_on=case.internal_due_on, days=case.internal_days, day=day, calendar=calendar
    )


def _contact(case: Complaint, day: date, calendar: Calendar) -> ClockState:
    due_on = case.contact_due_on
    if case.contacted_on is not None:
        return ended_clock(Clock.CONTACT, due_on=due_on, done_on=case.contacted_on, in_workdays=True)
    if case.complainant == Complainant.ANONYMOUS:
        return ended_clock(Clock.CONTACT, due_on=due_on, done_on=None, in_workdays=True)
    if case.state not in OPEN:  # without another, the answer was the first contact
        return ended_clock(Clock.CONTACT, due_on=due_on, done_on=_decided_on(case), in_workdays=True)
    days = max(workdays_between(calendar, case.due_on - timedelta(days=case.due_days), due_on), 1)
    return running_clock(Clock.CONTACT, due_on=due_on, days=days, day=day, calendar=calendar)


def _decided_on(case: Complaint) -> date | None:
    """The day the complainant had the decision; a withdrawn case needed none."""
    return case.answered_on if case.state in DECIDED else None

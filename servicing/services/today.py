"""Every write of the manager's day: a proposal taken up or turned down, and that taken back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import trail
from core.clock import SHANGHAI
from core.errors import DomainError
from customers.models import Customer
from servicing.enums import SkipReason, Verdict
from servicing.models import DayMark, FollowUp
from servicing.queries.follow_ups import cadence_on
from servicing.queries.today import Entry, entry_of, rules_on
from servicing.rules.today import DUTIES
from servicing.services.follow_ups import (
    complete_follow_up,
    skip_follow_up,
    snooze_follow_up,
    undo_follow_up,
)
from staff.models import User

SUBJECT = "servicing.daymark"


class NothingProposed(DomainError):
    """The list has changed since: nothing of what was seen is proposed any more."""

    code = "nothing_proposed"
    message = _("This is no longer on your list.")


class WhyNeeded(DomainError):
    """Nothing is skipped without a reason: it teaches the order."""

    code = "why_needed"
    message = _("Say why it is skipped.")


class NothingToTakeBack(DomainError):
    """No verdict of the last minutes on this customer."""

    code = "nothing_to_take_back"
    message = _("There is nothing to take back here any more.")


@dataclass(frozen=True, slots=True)
class Judged:
    """What a verdict was about: its marks, and the follow-ups closed or put off with it."""

    marks: list[DayMark]
    follow_ups: list[int]


@transaction.atomic
def finish_entry(*, customer: Customer, keys: Iterable[str], actor: User, at: datetime) -> Judged:
    """Done: what the person saw of the entry (`keys`) is marked, and its follow-ups are completed.

    Promises, referrals and feedback stay open where they are kept; they are silent for the day. Raises NothingProposed
    and what completing a follow-up does.
    """
    entry = _entry(customer, keys, actor, at)
    closed = []
    for follow_up in _follow_ups(entry, keys):
        complete_follow_up(follow_up=follow_up, actor=actor, at=at)
        closed.append(follow_up.pk)
    return _judge(entry, keys, Verdict.DONE, "", closed, actor, at)


@transaction.atomic
def skip_entry(*, customer: Customer, keys: Iterable[str], why: str, actor: User, at: datetime) -> Judged:
    """Not done, for a reason (SkipReason): its follow-ups are skipped, or put off when only the moment was wrong.

    Raises WhyNeeded, NothingProposed and what skipping a follow-up does.
    """
    if why not in SkipReason.values:
        raise WhyNeeded()
    entry = _entry(customer, keys, actor, at)
    day = at.astimezone(SHANGHAI).date()
    touched = []
    for follow_up in _follow_ups(entry, keys):
        if why == SkipReason.NOT_NOW:
            until = day + timedelta(days=rules_on(day)["not_now_days"])
            snooze_follow_up(follow_up=follow_up, until=until, actor=actor, at=at)
        else:
            skip_follow_up(follow_up=follow_up, reason=why, actor=actor, at=at)
        touched.append(follow_up.pk)
    return _judge(entry, keys, Verdict.SKIPPED, why, touched, actor, at)


@transaction.atomic
def take_back(*, customer: Customer, actor: User, at: datetime) -> None:
    """Undo one's own last verdict on a customer while follow-ups can be undone; the entry returns to the list.

    Raises NothingToTakeBack and what undoing a follow-up does.
    """
    since = at - cadence_on(at.astimezone(SHANGHAI).date()).undo
    mine = DayMark.objects.filter(user=actor, customer=customer, at__gte=since, at__lte=at)
    latest = mine.order_by("-at").values_list("at", flat=True).first()
    if latest is None:
        raise NothingToTakeBack()
    marks = list(mine.filter(at=latest).select_for_update())
    touched = [int(mark.key.partition(":")[2]) for mark in marks if mark.key.startswith("follow_up:")]
    for follow_up in FollowUp.everything.filter(pk__in=touched, customer=customer):
        undo_follow_up(follow_up=follow_up, actor=actor, at=at)
    DayMark.objects.filter(pk__in=[mark.pk for mark in marks]).delete()
    kinds = sorted({mark.kind for mark in marks})
    _record("undo_today", customer, {"kinds": kinds, "verdict": marks[0].verdict}, actor, at)


def _entry(customer: Customer, keys: Iterable[str], actor: User, at: datetime) -> Entry:
    # Two clicks at once: the second waits for the first, and then finds nothing.
    Customer.everything.select_for_update().filter(pk=customer.pk).values_list("pk").first()
    entry = entry_of(customer, actor, at.astimezone(SHANGHAI))
    if entry is None or not set(keys) & set(entry.keys):
        raise NothingProposed()
    return entry


def _follow_ups(entry: Entry, keys: Iterable[str]) -> list[FollowUp]:
    """The follow-ups of the entry that were among what was seen, but for those that stand for a duty kept elsewhere."""
    seen = set(keys)
    ids = [
        pk
        for reason in entry.reasons
        if reason.kind not in DUTIES or reason.score.signal.key.startswith("follow_up:")
        for pk in reason.score.signal.follow_ups
        if f"follow_up:{pk}" in seen
    ]
    return list(FollowUp.everything.filter(pk__in=ids).order_by("pk"))


def _judge(
    entry: Entry, keys: Iterable[str], verdict: str, why: str, follow_ups: list[int], actor: User, at: datetime
) -> Judged:
    day = at.astimezone(SHANGHAI).date()
    # A follow-up that stays open, because the duty it stands for does, has no verdict of its own.
    seen = {key for key in keys if not key.startswith("follow_up:")} | {f"follow_up:{pk}" for pk in follow_ups}
    marks = [
        DayMark(user=actor, customer=entry.customer, on=day, kind=reason.kind, key=key, verdict=verdict, why=why, at=at)
        for reason in entry.reasons
        for key in reason.score.signal.keys
        if key in seen
    ]
    # Taken back and judged again on one day: the last word counts.
    made = DayMark.objects.bulk_create(
        marks,
        update_conflicts=True,
        unique_fields=["user", "on", "key"],
        update_fields=["customer", "kind", "verdict", "why", "at"],
    )
    changes = {"kinds": _kinds(made), "verdict": verdict, "why": why, "follow_ups": follow_ups}
    _record("finish_today" if verdict == Verdict.DONE else "skip_today", entry.customer, changes, actor, at)
    return Judged(made, follow_ups)


def _kinds(marks: Sequence[DayMark]) -> list[str]:
    return sorted({mark.kind for mark in marks})


def _record(action: str, customer: Customer, changes: Mapping[str, object], actor: User, at: datetime) -> None:
    trail.record(
        actor=actor.actor,
        action=action,
        subject=SUBJECT,
        subject_id=customer.customer_no,
        at=at,
        changes={"customer": customer.pk, **changes},
    )

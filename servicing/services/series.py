"""Follow-ups that recur: a series is begun and ended, and its next follow-up made when the former one is closed."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from core import trail
from core.calendar import bank_calendar
from core.clock import SHANGHAI
from core.errors import DomainError
from core.workdays import Calendar
from customers.models import Customer
from servicing.enums import FollowUpKind, FollowUpState, Frequency, Priority, Shift
from servicing.models import FollowUp, Series
from servicing.queries import follow_ups as queries
from servicing.rules.recurrence import Pattern, next_due
from staff.models import User

SUBJECT = "servicing.series"
DAY = timedelta(days=1)
BATCH = 2_000


class NeverDue(DomainError):
    """A recurrence whose last day comes before its first."""

    code = "never_due"
    message = _("With these days it never falls due.")


class SeriesOwnerCannotSee(DomainError):
    """Nobody can follow a customer up whom they do not see."""

    code = "owner_cannot_see"
    message = _("%(name)s does not look after this customer and cannot take this over.")


class SeriesOver(DomainError):
    """Ended already."""

    code = "series_over"
    message = _("This no longer recurs.")


def pattern_of(series: Series) -> Pattern:
    """How a series recurs."""
    return Pattern(
        frequency=series.frequency,
        starts_on=series.starts_on,
        every=series.every,
        day=series.day,
        shift=series.shift,
        until=series.until,
    )


@transaction.atomic
def begin_series(
    *,
    customer: Customer,
    title: str,
    frequency: str,
    starts_on: date,
    every: int = 1,
    day: int | None = None,
    shift: str = Shift.AFTER,
    until: date | None = None,
    priority: int = Priority.NORMAL,
    note: str = "",
    owner: User | None = None,
    once: UUID | None = None,
    actor: User,
    at: datetime,
) -> FollowUp:
    """Let a follow-up recur; its first one is made at once. With `once`, sending it again finds the first.

    Raises NeverDue, SeriesOwnerCannotSee.
    """
    owner = owner or actor
    if not queries.may_own(owner, customer):
        raise SeriesOwnerCannotSee(name=owner.name)
    series = Series(
        customer=customer,
        owner=owner,
        title=title.strip(),
        note=note.strip(),
        priority=priority,
        frequency=frequency,
        every=every,
        day=None if frequency in {Frequency.DAILY, Frequency.MONTH_END} else day,
        shift=shift,
        starts_on=starts_on,
        until=until,
        created_by=actor,
        created_at=at,
    )
    first = next_due(pattern_of(series), bank_calendar(), max(starts_on, at.astimezone(SHANGHAI).date()) - DAY)
    if first is None:
        raise NeverDue()
    if once is not None and (sent := _sent(customer, once)):
        return sent
    series.save()
    made = FollowUp.everything.create(**_values(series, first, at), once=once)
    _record(actor, "begin_series", series, at, {"frequency": frequency, "first": first.isoformat()})
    return made


def _sent(customer: Customer, once: UUID) -> FollowUp | None:
    """What a form made that is sent again; of two at once the second one waits."""
    Customer.everything.select_for_update(no_key=True).get(pk=customer.pk)
    return FollowUp.everything.filter(customer=customer, once=once).first()


@transaction.atomic
def end_series(*, series: Series, actor: User, at: datetime) -> Series:
    """Let it recur no more; what is open of it is cancelled. Raises SeriesOver."""
    row = Series.everything.select_for_update().get(pk=series.pk)
    if row.ended_at is not None:
        raise SeriesOver()
    row.ended_at = at
    row.save(update_fields=["ended_at"])
    still = FollowUp.everything.filter(series=row, state=FollowUpState.OPEN)
    count = still.update(state=FollowUpState.CANCELLED, closed_by=actor, closed_at=at)
    _record(actor, "end_series", row, at, {"cancelled": count})
    return row


def make_next(closed: Sequence[FollowUp], *, at: datetime) -> None:
    """The next follow-up of each series one of which was closed: none that would lie before the day of closing."""
    recurring = [row for row in closed if row.series_id is not None]
    if not recurring:
        return
    calendar, day = bank_calendar(), at.astimezone(SHANGHAI).date()
    made = []
    for row in recurring:
        series = row.series
        if series is not None and series.ended_at is None:
            after = max(row.planned_for or row.due_on, day - DAY)
            due = next_due(pattern_of(series), calendar, after)
            made += [FollowUp(**_values(series, due, at))] if due else []
    FollowUp.everything.bulk_create(made, ignore_conflicts=True)


def forget_next(row: FollowUp) -> None:
    """Take the next one away again when the closing that made it is taken back, if nobody has touched it since."""
    if row.series_id is None or row.closed_at is None:
        return
    following = FollowUp.everything.filter(series_id=row.series_id, created_at=row.closed_at, state=FollowUpState.OPEN)
    following.filter(snoozes=0).exclude(pk=row.pk).delete()


def make_missing(*, business_day: date, at: datetime) -> int:
    """The next follow-up of every running series that has none open; returns how many were made. Safe twice."""
    calendar, made = bank_calendar(), 0
    open_ones = FollowUp.everything.filter(series=OuterRef("pk"), state=FollowUpState.OPEN)
    waiting = Series.everything.filter(~Exists(open_ones), ended_at=None, customer__merged_into=None)
    keys = list(waiting.order_by("pk").values_list("pk", flat=True))
    for begin in range(0, len(keys), BATCH):
        made += _make_batch(keys[begin : begin + BATCH], calendar, business_day, at)
    return made


@transaction.atomic
def _make_batch(keys: Sequence[int], calendar: Calendar, business_day: date, at: datetime) -> int:
    rows = Series.everything.select_for_update().filter(pk__in=keys, ended_at=None)
    wanted = []
    for series in rows:
        # One closed on its day recurs on a later one.
        due = next_due(pattern_of(series), calendar, business_day)
        wanted += [FollowUp(**_values(series, due, at))] if due else []
    before = FollowUp.everything.filter(series__in=keys).count()
    FollowUp.everything.bulk_create(wanted, ignore_conflicts=True)
    return FollowUp.everything.filter(series__in=keys).count() - before


def _values(series: Series, due: date, at: datetime) -> dict[str, Any]:
    return {
        "customer_id": series.customer_id,
        "owner_id": series.owner_id,
        "kind": FollowUpKind.TASK,
        "title": series.title,
        "note": series.note,
        "priority": series.priority,
        "due_on": due,
        "planned_for": due,
        "is_planned": True,
        "series": series,
        "created_by_id": series.created_by_id,
        "created_at": at,
    }


def _record(actor: User, action: str, series: Series, at: datetime, changes: dict[str, Any]) -> None:
    trail.record(
        actor=actor.actor,
        action=action,
        subject=SUBJECT,
        subject_id=series.pk,
        at=at,
        changes={"customer": series.customer_id, **changes},
    )

"""The bank's working days: the published calendar, corrected by rows an administrator edits."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from core import trail
from core.models import CalendarDay
from core.trail import Actor
from core.workdays import Calendar, published_days


def bank_calendar() -> Calendar:
    """Working days with all overrides; a year nobody has published counts Monday to Friday (Calendar.knows)."""
    return Calendar(dict(CalendarDay.objects.values_list("on", "is_workday")))


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A day that departs from Monday to Friday; `is_own` when the bank entered it."""

    on: date
    is_workday: bool
    note: str
    is_own: bool


def special_days(year: int) -> list[SpecialDay]:
    """The year's published holidays and make-up days with the bank's own entries over them, in order."""
    found = {on: SpecialDay(on, works, "", False) for on, works in published_days(year).items()}
    for own in CalendarDay.objects.filter(on__year=year):
        found[own.on] = SpecialDay(own.on, own.is_workday, own.note, True)
    return [found[on] for on in sorted(found)]


@transaction.atomic
def set_day(*, on: date, is_workday: bool, note: str, actor: Actor, at: datetime) -> CalendarDay:
    """Say that a day is a working day or not, whatever is published."""
    before = CalendarDay.objects.filter(on=on).values_list("is_workday", flat=True).first()
    day, _created = CalendarDay.objects.update_or_create(on=on, defaults={"is_workday": is_workday, "note": note[:100]})
    trail.record(
        actor=actor,
        action="change",
        subject="core.calendarday",
        subject_id=on.isoformat(),
        at=at,
        changes={"is_workday": [before, is_workday]},
        reason=note,
    )
    return day


@transaction.atomic
def clear_day(*, on: date, actor: Actor, at: datetime) -> None:
    """Go back to what is published for the day; nothing happens when that holds already."""
    found = CalendarDay.objects.filter(on=on).first()
    if found is None:
        return
    found.delete()
    trail.record(
        actor=actor,
        action="delete",
        subject="core.calendarday",
        subject_id=on.isoformat(),
        at=at,
        changes={"is_workday": [found.is_workday, None]},
    )

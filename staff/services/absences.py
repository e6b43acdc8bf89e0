"""Absences: days somebody is away and who stands in. The deputy sees the customers of whom they stand in for."""

from datetime import date, datetime

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core import trail
from core.clock import SHANGHAI
from core.errors import DomainError
from staff.enums import Event
from staff.models import Absence, User
from staff.queries import absences_between, heads_near, may_enter_absence, may_stand_in
from staff.services.notices import Told, notify_rows

SUBJECT = "staff.absence"
MOST_DAYS = 366


class EndsBeforeItStarts(DomainError):
    """The last day comes before the first."""

    code = "ends_before_it_starts"
    message = _("The last day must not come before the first.")


class AbsenceOver(DomainError):
    """Days that are past cannot be entered, nor taken back."""

    code = "absence_over"
    message = _("These days are over.")


class AbsenceTooLong(DomainError):
    """Whoever is away for longer hands the customers over."""

    code = "absence_too_long"
    message = _("An absence is at most %(days)s days long; hand the customers over instead.")


class AlreadyAway(DomainError):
    """One absence at a time."""

    code = "already_away"
    message = _("%(name)s is entered as away from %(first)s to %(last)s already.")


class CannotStandIn(DomainError):
    """A deputy works in the same unit and looks after customers."""

    code = "cannot_stand_in"
    message = _("%(name)s cannot stand in: choose somebody of the same unit who looks after customers.")


class DeputyAway(DomainError):
    """Nobody stands in while being away."""

    code = "deputy_away"
    message = _("%(name)s is away on these days too.")


class NotYourPerson(DomainError):
    """Absences are entered by oneself or by the head."""

    code = "not_your_person"
    message = _("Only %(name)s or a head of the unit can do this.")


class AbsenceCancelled(DomainError):
    """Taken back already."""

    code = "absence_cancelled"
    message = _("This absence was cancelled already.")


@transaction.atomic
def enter_absence(
    *, user: User, starts_on: date, ends_on: date, deputy: User | None = None, actor: User, at: datetime
) -> Absence:
    """Somebody is away, both days included; without a deputy each customer's backup stands in.

    Raises NotYourPerson, EndsBeforeItStarts, AbsenceOver, AbsenceTooLong, AlreadyAway, CannotStandIn, DeputyAway.
    """
    if not may_enter_absence(actor, user):
        raise NotYourPerson(name=user.name)
    _check_days(starts_on, ends_on, at)
    User.objects.select_for_update(of=("self",)).get(pk=user.pk)  # two absences at once would overlap
    earlier = absences_between(user, starts_on, ends_on).first()
    if earlier:
        raise AlreadyAway(name=user.name, first=earlier.starts_on.isoformat(), last=earlier.ends_on.isoformat())
    if deputy is not None:
        _check_deputy(user, deputy, starts_on, ends_on)
    absence = Absence.objects.create(
        user=user, starts_on=starts_on, ends_on=ends_on, deputy=deputy, created_by=actor, created_at=at
    )
    _record(actor, "enter_absence", absence, at)
    _tell(absence, actor, at)
    return absence


@transaction.atomic
def cancel_absence(*, absence: Absence, actor: User, at: datetime) -> Absence:
    """Take an absence back, also one under way. Raises NotYourPerson, AbsenceCancelled, AbsenceOver."""
    row = Absence.objects.select_for_update(of=("self",)).select_related("user", "deputy").get(pk=absence.pk)
    if not may_enter_absence(actor, row.user):
        raise NotYourPerson(name=row.user.name)
    if row.cancelled_at is not None:
        raise AbsenceCancelled()
    if row.ends_on < at.astimezone(SHANGHAI).date():
        raise AbsenceOver()
    row.cancelled_at = at
    row.save(update_fields=["cancelled_at"])
    _record(actor, "cancel_absence", row, at)
    _tell(row, actor, at, how="_off")
    return row


def _check_days(starts_on: date, ends_on: date, at: datetime) -> None:
    if ends_on < starts_on:
        raise EndsBeforeItStarts()
    if ends_on < at.astimezone(SHANGHAI).date():
        raise AbsenceOver()
    if (ends_on - starts_on).days >= MOST_DAYS:
        raise AbsenceTooLong(days=MOST_DAYS)


def _check_deputy(user: User, deputy: User, starts_on: date, ends_on: date) -> None:
    if not may_stand_in(deputy, user):
        raise CannotStandIn(name=deputy.name)
    if absences_between(deputy, starts_on, ends_on).exists():
        raise DeputyAway(name=deputy.name)


def _tell(absence: Absence, actor: User, at: datetime, how: str = "") -> None:
    """Whoever is away, whoever stands in and the head of the unit hear of it, but for the one who entered it."""
    heads = heads_near(absence.user.branch, but=actor.pk).values_list("pk", flat=True)
    roles = dict.fromkeys(heads, "unit") | {absence.deputy_id: "deputy"} | {absence.user_id: "own"}
    days = {"first": absence.starts_on.isoformat(), "last": absence.ends_on.isoformat()}
    url = reverse("staff:absences")
    rows = [
        Told(pk, f"absence {absence.pk}{how}", url, {"absence": f"{role}{how}", **days})
        for pk, role in roles.items()
        if pk is not None and pk != actor.pk
    ]
    notify_rows(event=Event.ABSENCE_ENTERED, rows=rows, at=at)


def _record(actor: User, action: str, absence: Absence, at: datetime) -> None:
    trail.record(
        actor=actor.actor,
        action=action,
        subject=SUBJECT,
        subject_id=absence.pk,
        at=at,
        changes={
            "user": absence.user.staff_no,
            "starts_on": absence.starts_on.isoformat(),
            "ends_on": absence.ends_on.isoformat(),
            "deputy": absence.deputy.staff_no if absence.deputy else None,
        },
    )

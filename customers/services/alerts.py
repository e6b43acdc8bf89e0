"""Writes to the alerts of a customer: raised with an end, dismissed for a reason, otherwise ended alone."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import trail
from core.clock import SHANGHAI
from core.enums import ActorKind
from core.errors import DomainError
from core.trail import Actor
from customers.enums import AlertKind, Severity
from customers.models import Customer, CustomerAlert
from customers.rules.alerts import MIN_REASON, alert_fault
from staff.models import User

SUBJECT = "customers.alert"
# Whoever raised it without a sign-in: a complaint over the web.
PUBLIC = Actor(None, "", ActorKind.USER)


class EndsInThePast(DomainError):
    """An alert that has ended warns nobody."""

    code = "ends_in_the_past"
    message = _("The alert must end today or later.")


class TextNeeded(DomainError):
    """The kind alone says nothing here."""

    code = "text_needed"
    message = _("Say in the text what to beware of.")


class DismissReasonNeeded(DomainError):
    """An alert is put aside for a stated reason only."""

    code = "dismiss_reason_needed"
    message = _("Say why the alert no longer holds (at least 4 characters).")


class AlertOver(DomainError):
    """Dismissed already, or ended."""

    code = "alert_over"
    message = _("This alert has ended or was dismissed already.")


class AlertOfACase(DomainError):
    """A case raised it, and ends it."""

    code = "alert_of_a_case"
    message = _("This alert belongs to a case and ends with it.")


FAULTS: Mapping[str, type[DomainError]] = {error.code: error for error in (EndsInThePast, TextNeeded)}


def _day(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()


@transaction.atomic
def raise_alert(
    *, customer: Customer, kind: str, severity: str, text: str = "", ends_on: date | None, actor: User, at: datetime
) -> CustomerAlert:
    """Warn everybody who serves the customer, from today to `ends_on` (None = until dismissed).

    Raises EndsInThePast, TextNeeded.
    """
    day = _day(at)
    _check(kind, text, ends_on, day)
    alert = CustomerAlert.everything.create(
        customer=customer,
        kind=kind,
        severity=severity,
        text=text.strip(),
        starts_on=day,
        ends_on=ends_on,
        raised_by=actor,
        raised_at=at,
    )
    changes = {"kind": str(kind), "severity": str(severity), "ends_on": ends_on and ends_on.isoformat()}
    _record(actor, "raise_alert", alert, customer, at, changes)
    return alert


@transaction.atomic
def dismiss_alert(*, alert: CustomerAlert, reason: str, actor: User, at: datetime) -> CustomerAlert:
    """Put an alert aside before its end. Raises DismissReasonNeeded, AlertOver, AlertOfACase."""
    if len(reason.strip()) < MIN_REASON:
        raise DismissReasonNeeded()
    alert = _standing(alert, at)
    alert.dismissed_by, alert.dismissed_at, alert.dismiss_reason = actor, at, reason.strip()
    alert.save(update_fields=["dismissed_by", "dismissed_at", "dismiss_reason"])
    _record(actor, "dismiss_alert", alert, alert.customer, at, {"kind": alert.kind}, reason.strip())
    return alert


@transaction.atomic
def change_alert_end(*, alert: CustomerAlert, ends_on: date | None, actor: User, at: datetime) -> CustomerAlert:
    """Let an alert end on another day, or not by itself (None). Raises EndsInThePast, AlertOver, AlertOfACase."""
    alert = _standing(alert, at)
    _check(alert.kind, alert.text or "-", ends_on, _day(at))
    before, alert.ends_on = alert.ends_on, ends_on
    alert.save(update_fields=["ends_on"])
    changes = {"ends_on": [before and before.isoformat(), ends_on and ends_on.isoformat()]}
    _record(actor, "change", alert, alert.customer, at, changes)
    return alert


@transaction.atomic
def keep_case_alert(
    *,
    customer: Customer,
    case_no: str,
    ends_on: date | None,
    hidden_from: Sequence[int],
    actor: User | None,
    at: datetime,
) -> CustomerAlert:
    """Make the alert of a case say what the case says; raise it where there is none. Safe twice.

    It holds until `ends_on` (None = as long as the case is open); people in `hidden_from` (ids) do not read it.
    """
    found = CustomerAlert.everything.select_for_update().filter(case_no=case_no).first()
    values = {"customer_id": customer.pk, "ends_on": ends_on, "hidden_from": sorted(hidden_from)}
    if found is None:
        kind = {"kind": AlertKind.COMPLAINT, "severity": Severity.WARN, "case_no": case_no, "text": case_no}
        day = min(_day(at), ends_on) if ends_on else _day(at)
        found = CustomerAlert.everything.create(**kind, **values, starts_on=day, raised_by=actor, raised_at=at)
        _record(actor, "raise_alert", found, customer, at, {"kind": found.kind, "complaint": case_no})
    elif any(getattr(found, name) != value for name, value in values.items()):
        before = found.ends_on
        for name, value in values.items():
            setattr(found, name, value)
        found.save(update_fields=["customer", "ends_on", "hidden_from"])
        changes = {"ends_on": [before and before.isoformat(), ends_on and ends_on.isoformat()], "complaint": case_no}
        _record(actor, "change", found, customer, at, changes)
    return found


def _check(kind: str, text: str, ends_on: date | None, day: date) -> None:
    found = alert_fault(kind, text, ends_on, day)
    if found:
        raise FAULTS[found]()


def _standing(alert: CustomerAlert, at: datetime) -> CustomerAlert:
    locked = CustomerAlert.everything.select_for_update(of=("self",)).select_related("customer").get(pk=alert.pk)
    if locked.dismissed_at is not None or (locked.ends_on is not None and locked.ends_on < _day(at)):
        raise AlertOver()
    if locked.case_no:
        raise AlertOfACase()
    return locked


def _record(
    actor: User | None,
    action: str,
    alert: CustomerAlert,
    customer: Customer,
    at: datetime,
    changes: Mapping[str, object],
    reason: str = "",
) -> None:
    trail.record(
        actor=actor.actor if actor else PUBLIC,
        action=action,
        subject=SUBJECT,
        subject_id=alert.pk,
        at=at,
        changes={"customer": customer.customer_no, **changes},
        reason=reason,
    )

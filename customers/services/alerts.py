"""Writes to the alerts of a customer: raised with an end, dismissed for a reason, otherwise ended alone."""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import trail
from core.clock import SHANGHAI
from core.errors import DomainError
from customers.models import Customer, CustomerAlert
from customers.rules.alerts import MIN_REASON, alert_fault
from staff.models import User

SUBJECT = "customers.alert"


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
    """Put an alert aside before its end. Raises DismissReasonNeeded, AlertOver."""
    if len(reason.strip()) < MIN_REASON:
        raise DismissReasonNeeded()
    alert = _standing(alert, at)
    alert.dismissed_by, alert.dismissed_at, alert.dismiss_reason = actor, at, reason.strip()
    alert.save(update_fields=["dismissed_by", "dismissed_at", "dismiss_reason"])
    _record(actor, "dismiss_alert", alert, alert.customer, at, {"kind": alert.kind}, reason.strip())
    return alert


@transaction.atomic
def change_alert_end(*, alert: CustomerAlert, ends_on: date | None, actor: User, at: datetime) -> CustomerAlert:
    """Let an alert end on another day, or not by itself (None). Raises EndsInThePast, AlertOver."""
    alert = _standing(alert, at)
    _check(alert.kind, alert.text or "-", ends_on, _day(at))
    before, alert.ends_on = alert.ends_on, ends_on
    alert.save(update_fields=["ends_on"])
    changes = {"ends_on": [before and before.isoformat(), ends_on and ends_on.isoformat()]}
    _record(actor, "change", alert, alert.customer, at, changes)
    return alert


def _check(kind: str, text: str, ends_on: date | None, day: date) -> None:
    found = alert_fault(kind, text, ends_on, day)
    if found:
        raise FAULTS[found]()


def _standing(alert: CustomerAlert, at: datetime) -> CustomerAlert:
    locked = CustomerAlert.everything.select_for_update(of=("self",)).select_related("customer").get(pk=alert.pk)
    if locked.dismissed_at is not None or (locked.ends_on is not None and locked.ends_on < _day(at)):
        raise AlertOver()
    return locked


def _record(
    actor: User,
    action: str,
    alert: CustomerAlert,
    customer: Customer,
    at: datetime,
    changes: Mapping[str, object],
    reason: str = "",
) -> None:
    trail.record(
        actor=actor.actor,
        action=action,
        subject=SUBJECT,
        subject_id=alert.pk,
        at=at,
        changes={"customer": customer.customer_no, **changes},
        reason=reason,
    )

"""Playbooks begun and stopped by hand; the night enrols, goes on and stops by itself (services.planning)."""

from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import trail
from core.clock import SHANGHAI
from core.errors import DomainError
from customers.models import Customer, CustomerAlert
from servicing.enums import FollowUpState, Refusal, RunState
from servicing.models import FollowUp, PlaybookRun
from servicing.queries.planning import STOPPING, plan_values
from servicing.queries.playbooks import rules_on
from servicing.services.planning import sql
from staff.models import User

SUBJECT = "servicing.playbookrun"
MIN_REASON = 4


class NoSuchPlaybook(DomainError):
    """The rules in force know none of this name."""

    code = "no_such_playbook"
    message = _("There is no such playbook.")


class NobodyToDoIt(DomainError):
    """Steps go to whoever looks after the customer."""

    code = "nobody_to_do_it"
    message = _("The customer has no manager; hand the customer to one first.")


class PlaybookRunning(DomainError):
    """One of a kind at a time, and one a day."""

    code = "playbook_running"
    message = _("This playbook was begun for the customer already.")


class NotNow(DomainError):
    """An alert stands that would stop it at once."""

    code = "playbook_not_now"
    message = _("Not while this alert stands: %(alert)s.")


class PlaybookOver(DomainError):
    """Finished or stopped in the meantime."""

    code = "playbook_over"
    message = _("This playbook is over already.")


class StopReasonNeeded(DomainError):
    """A playbook is not stopped without a word."""

    code = "stop_reason_needed"
    message = _("Say why it is stopped (at least 4 characters).")


@transaction.atomic
def start_playbook(*, customer: Customer, key: str, actor: User, at: datetime) -> PlaybookRun:
    """Begin it today, with the steps of the rules in force; steps due soon become follow-ups at once.

    Raises NoSuchPlaybook, NobodyToDoIt, NotNow, PlaybookRunning.
    """
    day = _day(at)
    version, rules = rules_on(day)
    playbook = rules.by_key.get(key)
    if playbook is None:
        raise NoSuchPlaybook()
    if customer.manager_id is None:
        raise NobodyToDoIt()
    alert = CustomerAlert.everything.filter(customer=customer, kind__in=STOPPING)
    standing = alert.filter(pk__in=CustomerAlert.objects.active_on(day).values("pk")).first()
    if standing:
        kept_apart = actor.pk in standing.hidden_from
        raise NotNow(alert=Refusal.NOT_NOW.label if kept_apart else standing.get_kind_display())
    Customer.everything.select_for_update(no_key=True).get(pk=customer.pk)
    earlier = PlaybookRun.everything.filter(customer=customer, playbook=key)
    if earlier.filter(Q(state=RunState.RUNNING) | Q(started_on=day)).exists():
        raise PlaybookRunning()
    run = PlaybookRun.everything.create(
        customer=customer, playbook=key, version=version, steps=playbook.as_kept(), started_on=day, started_by=actor
    )
    _make_steps(customer.pk, day, at)
    _record(actor, "begin_playbook", run, at, {"playbook": key, "version": version})
    return run


@transaction.atomic
def stop_playbook(*, run: PlaybookRun, reason: str, actor: User, at: datetime) -> PlaybookRun:
    """End it before its last step; open steps are cancelled. Raises StopReasonNeeded, PlaybookOver."""
    if len(reason.strip()) < MIN_REASON:
        raise StopReasonNeeded()
    row = PlaybookRun.everything.select_for_update().get(pk=run.pk)
    if row.state != RunState.RUNNING:
        raise PlaybookOver()
    row.state, row.stopped_on, row.stop_reason = RunState.STOPPED, _day(at), reason.strip()
    row.save(update_fields=["state", "stopped_on", "stop_reason"])
    still = FollowUp.everything.filter(run=row, state=FollowUpState.OPEN)
    count = still.update(state=FollowUpState.CANCELLED, closed_by=actor, closed_at=at)
    _record(actor, "stop_playbook", row, at, {"cancelled": count})
    return row


def _make_steps(customer_id: int, day: date, at: datetime) -> None:
    values = {**plan_values(day, at), "low": customer_id - 1, "high": customer_id}
    with connection.cursor() as cursor:
        cursor.execute(sql("steps"), values)


def _day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


def _record(actor: User, action: str, run: PlaybookRun, at: datetime, changes: dict[str, Any]) -> None:
    trail.record(
        actor=actor.actor,
        action=action,
        subject=SUBJECT,
        subject_id=run.pk,
        at=at,
        changes={"customer": run.customer_id, **changes},
    )

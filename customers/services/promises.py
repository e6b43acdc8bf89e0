"""Writes to the promise ledger: made with an owner and a day, and closed by somebody with what became of it."""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import trail
from core.clock import SHANGHAI
from core.errors import DomainError
from customers.enums import PromiseState
from customers.models import Customer, Promise
from customers.queries.care import may_own_promise
from staff.models import User

SUBJECT = "customers.promise"
MIN_OUTCOME = 4


class DueInThePast(DomainError):
    """A promise for a day that is over cannot be kept."""

    code = "due_in_the_past"
    message = _("The promise must be due today or later.")


class PromiseEmpty(DomainError):
    """Nothing was promised."""

    code = "promise_empty"
    message = _("Write down what was promised.")


class OutcomeNeeded(DomainError):
    """A promise is not let go without a word."""

    code = "outcome_needed"
    message = _("Say what became of the promise (at least 4 characters).")


class PromiseClosed(DomainError):
    """Somebody has closed it already."""

    code = "promise_closed"
    message = _("This promise has been closed already.")


class OwnerCannotSee(DomainError):
    """Nobody can keep a promise to a customer they do not see."""

    code = "owner_cannot_see"
    message = _("%(name)s does not look after this customer and cannot keep the promise.")


@transaction.atomic
def make_promise(
    *, customer: Customer, text: str, due_on: date, owner: User | None = None, actor: User, at: datetime
) -> Promise:
    """Write a promise down; its owner is `actor` unless named. Raises PromiseEmpty, DueInThePast, OwnerCannotSee."""
    if not text.strip():
        raise PromiseEmpty()
    _check_due(due_on, at)
    owner = owner or actor
    _check_owner(owner, customer)
    promise = Promise.everything.create(
        customer=customer, owner=owner, text=text.strip(), due_on=due_on, made_by=actor, made_at=at
    )
    _record(actor, "promise", promise, customer, at, {"owner": owner.staff_no, "due_on": due_on.isoformat()})
    return promise


def keep_promise(*, promise: Promise, outcome: str = "", actor: User, at: datetime) -> Promise:
    """Close it as kept. Raises PromiseClosed."""
    return _close(promise, PromiseState.KEPT, outcome, actor, at)


def break_promise(*, promise: Promise, outcome: str, actor: User, at: datetime) -> Promise:
    """Close it as not kept, with what happened instead. Raises OutcomeNeeded, PromiseClosed."""
    return _close(promise, PromiseState.BROKEN, outcome, actor, at)


def release_promise(*, promise: Promise, outcome: str, actor: User, at: datetime) -> Promise:
    """Close it because the customer no longer wants it, with the reason. Raises OutcomeNeeded, PromiseClosed."""
    return _close(promise, PromiseState.RELEASED, outcome, actor, at)


@transaction.atomic
def change_promise(
    *, promise: Promise, due_on: date | None = None, owner: User | None = None, actor: User, at: datetime
) -> Promise:
    """Agree on another day, or give an open promise to somebody else to keep; None leaves it as it is.

    Raises PromiseClosed, DueInThePast, OwnerCannotSee.
    """
    promise = _open(promise)
    changes: dict[str, list[str]] = {}
    if due_on is not None and due_on != promise.due_on:
        _check_due(due_on, at)
        changes["due_on"] = [promise.due_on.isoformat(), due_on.isoformat()]
        promise.due_on = due_on
    if owner is not None and owner != promise.owner:
        _check_owner(owner, promise.customer)
        changes["owner"] = [promise.owner.staff_no, owner.staff_no]
        promise.owner = owner
    if changes:
        promise.save(update_fields=list(changes))
        _record(actor, "change", promise, promise.customer, at, changes)
    return promise


@transaction.atomic
def _close(promise: Promise, state: PromiseState, outcome: str, actor: User, at: datetime) -> Promise:
    outcome = outcome.strip()
    if state != PromiseState.KEPT and len(outcome) < MIN_OUTCOME:
        raise OutcomeNeeded()
    promise = _open(promise)
    promise.state, promise.outcome, promise.closed_by, promise.closed_at = state, outcome, actor, at
    promise.save(update_fields=["state", "outcome", "closed_by", "closed_at"])
    changes = {"state": [str(PromiseState.OPEN), str(state)], "due_on": promise.due_on.isoformat()}
    _record(actor, "close_promise", promise, promise.customer, at, changes)
    return promise


def _open(promise: Promise) -> Promise:
    rows = Promise.everything.select_for_update(of=("self",)).select_related("customer", "owner")
    locked = rows.get(pk=promise.pk)
    if locked.state != PromiseState.OPEN:
        raise PromiseClosed()
    return locked


def _check_due(due_on: date, at: datetime) -> None:
    if due_on < at.astimezone(SHANGHAI).date():
        raise DueInThePast()


def _check_owner(owner: User, customer: Customer) -> None:
    if not may_own_promise(owner, customer):
        raise OwnerCannotSee(name=owner.name)


def _record(
    actor: User,
    action: str,
    promise: Promise,
    customer: Customer,
    at: datetime,
    changes: Mapping[str, object],
) -> None:
    # What was promised, and what became of it, is free text and may name people: it stays on the row.
    trail.record(
        actor=actor.actor,
        action=action,
        subject=SUBJECT,
        subject_id=promise.pk,
        at=at,
        changes={"customer": customer.customer_no, **changes},
    )

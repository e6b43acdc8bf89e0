"""Whoever changes a customer's manager or backup says so to the database, which notes every such change."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext_lazy as _

from core import trail
from core.errors import DomainError
from customers.models import Customer
from customers.queries.portfolio import can_own
from staff.models import User


class CannotOwn(DomainError):
    """Only active managers of the customer's unit, or of a unit above it, look after a customer."""

    code = "cannot_own"
    message = _("%(name)s may not look after customers of %(branch)s.")


class AlreadyOwner(DomainError):
    """Manager and backup are two people."""

    code = "already_owner"
    message = _("%(name)s is the customer's manager already; the backup has to be somebody else.")


@contextmanager
def acting(actor_no: str, *, handover_id: int | None = None) -> Iterator[None]:
    """Changes of managers and backups made inside are noted as this person's; needs a transaction."""
    with connection.cursor() as cursor:
        _say(cursor, actor_no, str(handover_id or ""))
        yield
        # Not after an error: the transaction is lost then, and the setting with it.
        _say(cursor, "", "")


def _say(cursor: CursorWrapper, actor_no: str, handover: str) -> None:
    cursor.execute(
        "SELECT set_config('depositcrm.actor', %s, true), set_config('depositcrm.handover', %s, true)",
        [actor_no, handover],
    )


@transaction.atomic
def set_backup(*, customer: Customer, backup: User | None, actor: User, at: datetime) -> Customer:
    """Name who stands in for the customer's manager, or nobody. Raises CannotOwn, AlreadyOwner."""
    locked = Customer.everything.select_for_update(no_key=True, of=("self",)).select_related("branch", "backup")
    customer = locked.get(pk=customer.pk)
    if backup is not None:
        if not can_own(backup, customer.branch):
            raise CannotOwn(name=backup.name, branch=customer.branch.name)
        if backup.pk == customer.manager_id:
            raise AlreadyOwner(name=backup.name)
    before = customer.backup
    if before == backup:
        return customer
    customer.backup, customer.updated_at = backup, at
    with acting(actor.staff_no):
        customer.save(update_fields=["backup", "updated_at"])
    trail.record(
        actor=actor.actor,
        action="change",
        subject="customers.customer",
        subject_id=customer.customer_no,
        at=at,
        changes={"backup": [before.staff_no if before else None, backup.staff_no if backup else None]},
    )
    return customer

"""Opening a customer to colleagues beside its manager and backup, and closing it again."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import trail
from core.errors import DomainError
from customers.models import Customer, CustomerShare
from staff.models import User

REASON_FROM = 4


class ShareReasonNeeded(DomainError):
    """A customer is opened for a stated reason only."""

    code = "share_reason_needed"
    message = _("Say why %(name)s needs to see this customer (at least 4 characters).")


@transaction.atomic
def share_customer(*, customer: Customer, user: User, reason: str, actor: User, at: datetime) -> CustomerShare:
    """Open a customer to one more member of staff; doing it again changes nothing. Raises ShareReasonNeeded."""
    if len(reason.strip()) < REASON_FROM:
        raise ShareReasonNeeded(name=user.name)
    share, created = CustomerShare.objects.get_or_create(
        customer=customer, user=user, defaults={"reason": reason.strip()[:200], "granted_by": actor, "granted_at": at}
    )
    if created:
        _record("share", customer, user, actor, at, reason)
    return share


@transaction.atomic
def unshare_customer(*, customer: Customer, user: User, actor: User, at: datetime) -> bool:
    """Close a customer to somebody it was opened to; False when it was not. Holds from their next request on."""
    gone, _rows = CustomerShare.objects.filter(customer=customer, user=user).delete()
    if gone:
        _record("unshare", customer, user, actor, at, "")
    return bool(gone)


def _record(action: str, customer: Customer, user: User, actor: User, at: datetime, reason: str) -> None:
    trail.record(
        actor=actor.actor,
        action=action,
        subject="customers.customer",
        subject_id=customer.customer_no,
        at=at,
        changes={"with": user.staff_no},
        reason=reason.strip(),
    )

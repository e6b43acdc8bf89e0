"""Opening a customer to colleagues beside its manager and backup, and closing it again."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import trail
from core.errors import DomainError
from core.trail import Actor
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


@transaction.atomic
def share_several(
    *, pairs: Sequence[tuple[int, int]], reason: str, granted_by: User, actor: Actor, at: datetime
) -> int:
    """Open customers to colleagues, by pairs of ids (customer, colleague), all for one reason; returns how many.

    What is open already stays as it is.
    """
    there = set(
        CustomerShare.objects.filter(customer__in=[one for one, _user in pairs]).values_list("customer", "user")
    )
    new = [pair for pair in dict.fromkeys(pairs) if pair not in there]
    CustomerShare.objects.bulk_create(
        [
            CustomerShare(customer_id=one, user_id=user, reason=reason[:200], granted_by=granted_by, granted_at=at)
            for one, user in new
        ],
        ignore_conflicts=True,
    )
    _record_several("share", new, actor, at, reason)
    return len(new)


@transaction.atomic
def unshare_several(*, reason: str, granted_by: User, actor: Actor, at: datetime) -> int:
    """Close again what was opened for this reason by this person; returns how many."""
    rows = CustomerShare.objects.filter(reason=reason[:200], granted_by=granted_by)
    pairs = list(rows.order_by("pk").values_list("customer", "user"))
    rows.delete()
    _record_several("unshare", pairs, actor, at, reason)
    return len(pairs)


def _record_several(action: str, pairs: Sequence[tuple[int, int]], actor: Actor, at: datetime, reason: str) -> None:
    """An entry for each customer, as when it is opened by hand: whoever asks who could see it finds it there."""
    numbers = dict(Customer.everything.filter(pk__in=[one for one, _user in pairs]).values_list("pk", "customer_no"))
    people = dict(User.objects.filter(pk__in=[user for _one, user in pairs]).values_list("pk", "staff_no"))
    for one, user in pairs:
        trail.record(
            actor=actor,
            action=action,
            subject="customers.customer",
            subject_id=numbers[one],
            at=at,
            changes={"with": people[user]},
            reason=reason,
        )


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

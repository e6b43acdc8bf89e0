"""Hand-overs: drafted with a preview, decided on where needed, taken back within a week.

The work itself is done by jobs of the composition root (`customers.services.moving`, `depositcrm.portfolio`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core import jobs, trail
from core.errors import DomainError
from customers.enums import HandoverResult, HandoverState
from customers.models import Handover
from customers.queries import portfolio as queries
from staff.access import HEADS, MANAGERS
from staff.enums import Event
from staff.models import Approval, User
from staff.queries import heads_near
from staff.services import SelfApproval, StaleApproval, decide_approval, request_approval, withdraw_approval
from staff.services.notices import notify, notify_asker, notify_deciders

HAND_OVER, HAND_BACK = "depositcrm.hand_over", "depositcrm.hand_back"
MOST = 20_000
DRAFTS_KEPT = timedelta(days=1)
SUBJECT = "customers.handover"


class MayNotHandOver(DomainError):
    """Managers hand over their own book, heads that of their units; nobody else does."""

    code = "may_not_hand_over"
    message = _("Only managers and heads hand customers over.")


class CannotReceive(DomainError):
    """The new manager and the backup are two active people who may own customers."""

    code = "cannot_receive"
    message = _("%(name)s cannot be chosen here.")


class NobodyToHandOver(DomainError):
    """There is nothing to do."""

    code = "nobody_to_hand_over"
    message = _("No customer of this choice can be handed over.")


class TooManyCustomers(DomainError):
    """One hand-over stays within what a preview can show at once."""

    code = "too_many_customers"
    message = _("One hand-over takes at most %(limit)s customers; narrow the choice down.")


class HandoverNotOpen(DomainError):
    """The hand-over is past this step."""

    code = "handover_not_open"
    message = _("This hand-over is past that step. Load the page again.")


class UndoTooLate(DomainError):
    """A week has passed, or it was never done."""

    code = "undo_too_late"
    message = _("A hand-over can be taken back by a head of the unit within 7 days after it was done.")


@transaction.atomic
def draft_handover(
    *, customer_ids: Sequence[int], to_manager: User, backup: User | None, reason: str, actor: User, at: datetime
) -> Handover:
    """Note which customers are to go to whom; nothing moves yet. `customer_ids` are in the actor's sight.

    Raises MayNotHandOver, CannotReceive, NobodyToHandOver, TooManyCustomers.
    """
    if actor.role not in (*MANAGERS, *HEADS):
        raise MayNotHandOver()
    for person in (to_manager, *((backup,) if backup else ())):
        if not person.is_active or person.role not in queries.OWNERS or (person is backup and backup == to_manager):
            raise CannotReceive(name=person.name)
    if len(customer_ids) > MOST:
        raise TooManyCustomers(limit=f"{MOST:,}")
    Handover.everything.filter(
        state=HandoverState.DRAFT, requested_by=actor, requested_at__lt=at - DRAFTS_KEPT
    ).delete()
    handover = Handover.everything.create(
        branch=actor.branch if actor.role in MANAGERS else to_manager.branch,
        to_manager=to_manager,
        backup=backup,
        reason=reason.strip()[:200],
        requested_by=actor,
        requested_at=at,
    )
    owners = _note_items(handover, customer_ids)
    if not owners:
        raise NobodyToHandOver()
    if len(owners) == 1:
        handover.from_manager_id = owners.pop()
        handover.save(update_fields=["from_manager"])
    _record(handover, "create", actor, at, {"to": to_manager.staff_no, "customers": len(customer_ids)})
    return handover


def _note_items(handover: Handover, customer_ids: Sequence[int]) -> set[int | None]:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_handoveritem"
            " (handover_id, customer_id, manager_before_id, backup_before_id, result, reason, moved)"
            " SELECT %s, c.id, c.manager_id, c.backup_id, %s, '', '{}' FROM customers_customer c WHERE c.id = ANY(%s)"
            " RETURNING manager_before_id",
            [handover.pk, HandoverResult.WAITING, list(customer_ids)],
        )
        return {row[0] for row in cursor.fetchall()}


@transaction.atomic
def submit_handover(*, handover: Handover, actor: User, at: datetime) -> Handover:
    """Do it: a head's begins at once, a manager's waits for the head. Raises HandoverNotOpen, NobodyToHandOver."""
    handover = _locked(handover, HandoverState.DRAFT)
    if handover.requested_by_id != actor.pk:
        raise HandoverNotOpen()
    if not queries.preview_of(handover).moving:
        raise NobodyToHandOver()
    if actor.role in HEADS:
        return _queue(handover, actor, at)
    handover.approval = request_approval(
        kind=queries.APPROVAL_KIND,
        subject_id=handover.pk,
        digest=queries.digest_of(handover),
        summary=f"{handover.requested_by.name} → {handover.to_manager.name}",
        requested_by=actor,
        at=at,
        details={"to": handover.to_manager.staff_no, "customers": handover.items.count(), "reason": handover.reason},
    )
    url, deciders = _url(handover), heads_near(handover.branch, but=actor.pk)
    notify_deciders(approval=handover.approval, deciders=deciders, url=url, at=at)
    handover.state = HandoverState.PENDING
    handover.save(update_fields=["state", "approval"])
    return handover


@transaction.atomic
def discard_handover(*, handover: Handover, actor: User, at: datetime) -> None:
    """Forget a draft of one's own. Raises HandoverNotOpen."""
    handover = _locked(handover, HandoverState.DRAFT)
    if handover.requested_by_id != actor.pk:
        raise HandoverNotOpen()
    _record(handover, "discard", actor, at, {})
    handover.delete()


@transaction.atomic
def approve_handover(*, handover: Handover, digest: str, actor: User, at: datetime, comment: str = "") -> Handover:
    """Let a manager's request be done. `digest` is of what the head saw.

    Raises HandoverNotOpen, SelfApproval, StaleApproval.
    """
    handover, approval = _decidable(handover, actor)
    handover.approval = decide_approval(
        approval=approval, digest=digest, approve=True, decided_by=actor, at=at, comment=comment
    )
    notify_asker(approval=handover.approval, url=_url(handover), at=at)
    return _queue(handover, actor, at)


@transaction.atomic
def reject_handover(*, handover: Handover, digest: str, actor: User, at: datetime, comment: str) -> Handover:
    """Refuse a manager's request. Raises HandoverNotOpen, SelfApproval, StaleApproval."""
    handover, approval = _decidable(handover, actor)
    handover.approval = decide_approval(
        approval=approval, digest=digest, approve=False, decided_by=actor, at=at, comment=comment
    )
    notify_asker(approval=handover.approval, url=_url(handover), at=at)
    handover.state = HandoverState.REJECTED
    handover.save(update_fields=["state"])
    return handover


@transaction.atomic
def withdraw_handover(*, handover: Handover, actor: User, at: datetime) -> Handover:
    """Take one's own request back: it is a draft again. Raises HandoverNotOpen, StaleApproval."""
    handover = _locked(handover, HandoverState.PENDING)
    if handover.approval is None:
        raise HandoverNotOpen()
    withdraw_approval(approval=handover.approval, by=actor, at=at)
    handover.state, handover.approval, handover.requested_at = HandoverState.DRAFT, None, at
    handover.save(update_fields=["state", "approval", "requested_at"])
    return handover


def _decidable(handover: Handover, actor: User) -> tuple[Handover, Approval]:
    locked = _locked(handover, HandoverState.PENDING)
    if locked.requested_by_id == actor.pk:
        raise SelfApproval()
    if locked.approval is None or not queries.may_decide(actor, locked):
        raise HandoverNotOpen()
    if locked.approval.digest != queries.digest_of(locked):
        raise StaleApproval()
    return locked, locked.approval


def _queue(handover: Handover, actor: User, at: datetime) -> Handover:
    customers = handover.items.count()
    args = {"handover": handover.pk, "customers": customers}
    handover.state = HandoverState.QUEUED
    handover.job = jobs.enqueue(name=HAND_OVER, key=str(handover.pk), actor=actor.actor, at=at, args=args)
    handover.save(update_fields=["state", "job"])
    notify(
        users=[handover.to_manager_id],
        event=Event.HANDOVER_RECEIVED,
        once=f"handover {handover.pk}",
        at=at,
        url=_url(handover),
        params={"count": customers},
    )
    _record(handover, "hand_over", actor, at, {"to": handover.to_manager.staff_no, "customers": customers})
    return handover


@transaction.atomic
def undo_handover(*, handover: Handover, actor: User, at: datetime) -> Handover:
    """Give the customers back whose manager is still the new one. Raises UndoTooLate."""
    handover = _locked(handover)
    if not queries.may_undo(actor, handover, at):
        raise UndoTooLate()
    handover.state, handover.undone_by = HandoverState.UNDOING, actor
    args = {"handover": handover.pk, "customers": handover.moved_count}
    handover.job = jobs.enqueue(name=HAND_BACK, key=str(handover.pk), actor=actor.actor, at=at, args=args)
    handover.save(update_fields=["state", "undone_by", "job"])
    _record(handover, "hand_back", actor, at, {"customers": handover.moved_count})
    return handover


def _url(handover: Handover) -> str:
    return reverse("customers:handover", args=[handover.pk])


def _locked(handover: Handover, state: HandoverState | None = None) -> Handover:
    locked = Handover.everything.select_for_update(of=("self",))
    found = queries.with_people(locked).get(pk=handover.pk)
    if state is not None and found.state != state:
        raise HandoverNotOpen()
    return found


def _record(handover: Handover, action: str, actor: User, at: datetime, changes: Mapping[str, object]) -> None:
    trail.record(
        actor=actor.actor,
        action=action,
        subject=SUBJECT,
        subject_id=handover.pk,
        at=at,
        changes=changes,
        reason=handover.reason,
    )

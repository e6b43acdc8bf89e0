"""Four eyes: one person asks, another decides, over exactly the state that was asked for."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import trail
from core.errors import DomainError
from staff.enums import Decision
from staff.models import Approval, User
from staff.services.notices import no_longer_waiting


class SelfApproval(DomainError):
    """Who asked must not decide."""

    code = "self_approval"
    message = _("You asked for this yourself; a second person has to decide.")


class StaleApproval(DomainError):
    """Decided already, withdrawn, or the thing changed after it was submitted."""

    code = "stale_approval"
    message = _("This request is no longer open or its subject has changed since. Load the page again.")


class AlreadyPending(DomainError):
    """The same thing is waiting for a decision already."""

    code = "already_pending"
    message = _("A decision about this is already being waited for.")


@transaction.atomic
def request_approval(
    *,
    kind: str,
    subject_id: int,
    digest: str,
    summary: str,
    requested_by: User,
    at: datetime,
    details: Mapping[str, Any] | None = None,
) -> Approval:
    """Ask for a second pair of eyes on the state `digest` stands for. Raises AlreadyPending."""
    waiting = Approval.objects.select_for_update().filter(kind=kind, subject_id=subject_id, decision=Decision.PENDING)
    if waiting.exists():
        raise AlreadyPending()
    approval = Approval.objects.create(
        kind=kind,
        subject_id=subject_id,
        digest=digest,
        summary=summary,
        details=dict(details or {}),
        requested_by=requested_by,
        requested_at=at,
    )
    _record(approval, "request", requested_by, at)
    return approval


@transaction.atomic
def decide_approval(
    *, approval: Approval, digest: str, approve: bool, decided_by: User, at: datetime, comment: str = ""
) -> Approval:
    """Approve or reject; `digest` is of the subject as it stands now. Raises SelfApproval, StaleApproval."""
    locked = _open(approval)
    if locked.requested_by_id == decided_by.pk:
        raise SelfApproval()
    if locked.digest != digest:
        raise StaleApproval()
    return _close(locked, Decision.APPROVED if approve else Decision.REJECTED, decided_by, at, comment)


@transaction.atomic
def withdraw_approval(*, approval: Approval, by: User, at: datetime) -> Approval:
    """Take one's own request back. Raises StaleApproval when it is not open, or not one's own."""
    locked = _open(approval)
    if locked.requested_by_id != by.pk:
        raise StaleApproval()
    return _close(locked, Decision.WITHDRAWN, by, at, "")


def _open(approval: Approval) -> Approval:
    locked = Approval.objects.select_for_update().get(pk=approval.pk)
    if locked.decision != Decision.PENDING:
        raise StaleApproval()
    return locked


def _close(approval: Approval, decision: Decision, by: User, at: datetime, comment: str) -> Approval:
    approval.decision, approval.decided_by, approval.decided_at = decision, by, at
    approval.comment = comment
    approval.save(update_fields=["decision", "decided_by", "decided_at", "comment"])
    no_longer_waiting(approval=approval, at=at)
    _record(approval, {"approved": "approve", "rejected": "reject"}.get(decision, "withdraw"), by, at)
    return approval


def _record(approval: Approval, action: str, by: User, at: datetime) -> None:
    trail.record(
        actor=by.actor,
        action=action,
        subject=f"approval.{approval.kind}",
        subject_id=approval.subject_id,
        at=at,
        changes={"approval": approval.pk, "summary": approval.summary},
        reason=approval.comment,
    )

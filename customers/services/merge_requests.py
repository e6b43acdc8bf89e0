"""Asking for a merge and for its undo: what speaks against it is said at once, the work itself is a job."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import jobs, trail
from core.enums import JobState
from core.errors import DomainError
from core.models import Job
from customers.enums import MergeState
from customers.models import Customer, Merge
from customers.rules.merges import GROUPS, KEPT, Identity, identity_conflict
from customers.services.merge_records import SUBJECT, NotMergeable, refuse_later
from staff.models import User

MERGE_JOB = "depositcrm.merge_customers"
UNDO_JOB = "depositcrm.unmerge_customers"
RUNNING = (MergeState.WAITING, MergeState.UNDOING)
GIVEN_UP = (JobState.REFUSED, JobState.PARKED)
LEAST_REASON = 4


class SameRecord(DomainError):
    """A record cannot be merged with itself."""

    code = "same_record"
    message = _("These are one and the same record; give the number of the other one.")


class DifferentKinds(DomainError):
    """A person is no organisation."""

    code = "different_kinds"
    message = _("A person and an organisation cannot be one customer.")


class TwoPeople(DomainError):
    """Two resident identity numbers belong to two people."""

    code = "two_people"
    message = _(
        "The two records have different resident identity numbers: these are two people. If one number is wrong, "
        "have it corrected first."
    )


class TwoDocuments(DomainError):
    """Different documents may be one person's old and new, which somebody must have made sure of."""

    code = "two_documents"
    message = _("The identity documents differ. Confirm that you have seen that both belong to one customer.")


class MergeRunning(DomainError):
    """One thing at a time."""

    code = "merge_running"
    message = _("One of the two records is being merged or taken apart right now. Try again in a minute.")


class MergeReasonNeeded(DomainError):
    """Whoever reads the trail later has to understand why."""

    code = "reason_needed"
    message = _("Say why these two are one customer (at least 4 characters).")


class UndoTooLate(DomainError):
    """The days for taking a merge back are over."""

    code = "undo_too_late"
    message = _("This merge could be taken back until %(until)s.")


class NotMerged(DomainError):
    """There is nothing to take back."""

    code = "not_merged"
    message = _("This merge is not in place, so it cannot be taken back.")


def refuse_pair(a: Customer, b: Customer, *, is_confirmed: bool = False) -> None:
    """Raises SameRecord, DifferentKinds, NotMergeable, TwoPeople, TwoDocuments (unless confirmed), MergeRunning."""
    if a.pk == b.pk:
        raise SameRecord()
    if a.kind != b.kind:
        raise DifferentKinds()
    if a.merged_into_id or b.merged_into_id:
        raise NotMergeable()
    conflict = identity_conflict(_identity(a), _identity(b))
    if conflict == "two_people":
        raise TwoPeople()
    if conflict and not is_confirmed:
        raise TwoDocuments()
    both = [a.pk, b.pk]
    if Merge.everything.filter(Q(kept__in=both) | Q(dropped__in=both), state__in=RUNNING).exists():
        raise MergeRunning()


def _identity(customer: Customer) -> Identity:
    return Identity(customer.id_type, bytes(customer.id_no_index or b""))


@transaction.atomic
def request_merge(
    *,
    kept: Customer,
    dropped: Customer,
    choices: Mapping[str, str],
    reason: str,
    is_confirmed: bool = False,
    actor: User,
    at: datetime,
) -> Merge:
    """Have `dropped` made part of `kept` in the background; `choices` maps each field to "kept" or "dropped".

    `is_confirmed`: somebody has seen that two different documents belong to one customer. Raises MergeReasonNeeded and
    what `refuse_pair` raises.
    """
    if len(reason.strip()) < LEAST_REASON:
        raise MergeReasonNeeded()
    give_up_stuck([kept.pk, dropped.pk])
    # In the order of keys: of two heads who merge the same two at once, either way round, one waits and is refused.
    both = Customer.everything.select_for_update(no_key=True).filter(pk__in=[kept.pk, dropped.pk]).order_by("pk")
    by_key = {customer.pk: customer for customer in both}
    refuse_pair(by_key[kept.pk], by_key[dropped.pk], is_confirmed=is_confirmed)
    merge = Merge.everything.create(
        kept=kept,
        dropped=dropped,
        choices={group: choices.get(group, KEPT) for group in GROUPS},
        reason=reason.strip()[:200],
        requested_by=actor,
        requested_at=at,
    )
    merge.job = jobs.enqueue(name=MERGE_JOB, key=str(merge.pk), actor=actor.actor, at=at, args={"merge": merge.pk})
    merge.save(update_fields=["job"])
    _record(merge, actor, "merge_request", at)
    return merge


@transaction.atomic
def request_undo(*, merge: Merge, actor: User, at: datetime) -> Merge:
    """Have a merge taken back in the background. Raises NotMerged, UndoTooLate, UndoneInOrder, MergeRunning."""
    merge = Merge.everything.select_for_update().select_related("kept", "dropped").get(pk=merge.pk)
    if merge.state != MergeState.DONE:
        raise NotMerged()
    if merge.undo_until is None or at > merge.undo_until:
        raise UndoTooLate(until=f"{merge.undo_until:%Y-%m-%d %H:%M}" if merge.undo_until else "–")
    refuse_later(merge)
    merge.state, merge.undone_by = MergeState.UNDOING, actor
    key = f"{merge.pk}-{int(at.timestamp())}"  # a job that was refused may be asked for again
    merge.job = jobs.enqueue(name=UNDO_JOB, key=key, actor=actor.actor, at=at, args={"merge": merge.pk})
    merge.save(update_fields=["state", "undone_by", "job"])
    _record(merge, actor, "unmerge_request", at)
    return merge


def give_up(*, merge: Merge) -> None:
    """The job will not get it done: a merge counts as failed, an undo leaves the merge in place."""
    Merge.everything.filter(pk=merge.pk, state=MergeState.WAITING).update(state=MergeState.FAILED)
    Merge.everything.filter(pk=merge.pk, state=MergeState.UNDOING).update(state=MergeState.DONE, undone_by=None)


def give_up_stuck(customer_ids: list[int]) -> None:
    """Merges of these customers whose job died for good stand in nobody's way."""
    both = Q(kept__in=customer_ids) | Q(dropped__in=customer_ids)
    for merge in Merge.everything.filter(both, state__in=RUNNING, job__state__in=GIVEN_UP):
        give_up(merge=merge)


def is_given_up(job: Job | None) -> bool:
    """True when no worker will try again."""
    return job is not None and job.state in GIVEN_UP


def _record(merge: Merge, actor: User, action: str, at: datetime) -> None:
    trail.record(
        actor=actor.actor,
        action=action,
        subject=SUBJECT,
        subject_id=merge.pk,
        at=at,
        reason=merge.reason,
        changes={"kept": merge.kept.customer_no, "dropped": merge.dropped.customer_no},
    )


def forget_snapshots(*, at: datetime) -> int:
    """Delete what was kept to take merges back, once nobody may any more; returns of how many merges.

    It holds both records with all their personal data: kept longer than it can serve it would only be a leak to come.
    """
    over = Merge.everything.filter(state=MergeState.DONE, undo_until__lt=at, snapshot_cipher__isnull=False)
    return over.update(snapshot_cipher=None)

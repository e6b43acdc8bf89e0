"""Versions of rules: drafted by one person, approved by another, in force from their date. None is changed after."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core import trail
from core.clock import SHANGHAI
from core.errors import DomainError
from staff import queries
from staff.enums import Decision, PolicyStatus, Role
from staff.models import Approval, Policy, User
from staff.services.approvals import (
    SelfApproval,
    StaleApproval,
    decide_approval,
    request_approval,
    withdraw_approval,
)
from staff.services.notices import notify_asker, notify_deciders

APPROVAL_KIND = "staff.policy"
EDITABLE = (PolicyStatus.DRAFT, PolicyStatus.REJECTED)
LOCK_CLASS = 0x706F6C  # "pol"

# Reads the values of a kind; raises ValueError when they make no sense. Each kind's app has its own.
Reader = Callable[[Mapping[str, Any]], object]
Text = str | Promise


@dataclass(frozen=True, slots=True)
class PolicyKind:
    """A set of rules that can be edited: its built-in values, and what reads and checks them.

    A kind whose values are no mere numbers and words brings its own `form` (made and asked like
    customers.forms.policies.PolicyForm), the `parts` two versions are compared by (path: label and text) and the
    `summary` that is shown of what is in force (label and text).
    """

    key: str
    title: Text
    text: Text
    built_in: Mapping[str, Any]
    read: Reader
    form: Any = None
    parts: Callable[[Mapping[str, Any]], Mapping[str, tuple[Text, str]]] | None = None
    summary: Callable[[Mapping[str, Any]], Iterable[tuple[Text, str]]] | None = None


class PolicyBankWide(DomainError):
    """A region's office may not set what holds for the whole bank."""

    code = "not_bank_wide"
    message = _("These rules hold for the whole bank; only its head office or an administrator may change them.")


class PolicyRefused(DomainError):
    """The values make no rules."""

    code = "policy_refused"
    message = _("These values cannot be used.")


class PolicyNotEditable(DomainError):
    """Submitted and approved versions stay as they are."""

    code = "policy_not_editable"
    message = _("Only drafts and rejected versions can be changed; draw up a new version instead.")


class PolicyNotSubmitted(DomainError):
    """There is nothing to decide about."""

    code = "policy_not_submitted"
    message = _("This version is not waiting for approval.")


class PolicyDatePast(DomainError):
    """A version may not reach back over days that are past."""

    code = "policy_date_past"
    message = _("The version can take effect on %(day)s at the earliest.")


class PolicyNeverInForce(DomainError):
    """Only what was approved once can be gone back to."""

    code = "policy_never_approved"
    message = _("Only an approved version can be gone back to.")


@transaction.atomic
def draft_policy(
    *,
    kind: str,
    values: Mapping[str, Any],
    effective_on: date,
    note: str,
    actor: User,
    at: datetime,
    read: Reader,
) -> Policy:
    """A new version as a draft. Raises PolicyBankWide, PolicyRefused when `read` refuses the values, PolicyDatePast."""
    _may_set(actor)
    _check(values, read)
    _check_date(effective_on, at)
    policy = _next_version(kind, values, effective_on, note, actor, at)
    _record(policy, "create", actor, at, _facts(policy))
    return policy


@transaction.atomic
def change_draft(
    *,
    policy: Policy,
    values: Mapping[str, Any],
    effective_on: date,
    note: str,
    actor: User,
    at: datetime,
    read: Reader,
) -> Policy:
    """Change a draft, or a rejected version, which becomes a draft again; who changed it last drew it up.

    Raises PolicyBankWide, PolicyNotEditable, PolicyRefused, PolicyDatePast.
    """
    _may_set(actor)
    policy = _locked(policy, EDITABLE)
    _check(values, read)
    _check_date(effective_on, at)
    before = _facts(policy)
    policy.values, policy.effective_on, policy.note = dict(values), effective_on, note
    policy.status, policy.drafted_by, policy.drafted_at = PolicyStatus.DRAFT, actor, at
    policy.save()
    after = _facts(policy)
    changes = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    _record(policy, "change", actor, at, changes)
    return policy


@transaction.atomic
def submit(*, policy: Policy, actor: User, at: datetime) -> Approval:
    """Ask a second person to approve the draft as it stands. Raises PolicyNotEditable, PolicyDatePast."""
    _may_set(actor)
    policy = _locked(policy, (PolicyStatus.DRAFT,))
    _check_date(policy.effective_on, at)
    policy.status = PolicyStatus.SUBMITTED
    policy.save(update_fields=["status"])
    approval = request_approval(
        kind=APPROVAL_KIND,
        subject_id=policy.pk,
        digest=digest_of(policy),
        summary=str(policy),
        requested_by=actor,
        at=at,
        details=_facts(policy),
    )
    notify_deciders(approval=approval, deciders=queries.rule_setters(but=actor.pk), url=_url(policy), at=at)
    return approval


@transaction.atomic
def decide(
    *, policy: Policy, digest: str, approve: bool, actor: User, at: datetime, read: Reader, comment: str = ""
) -> Policy:
    """Approve: in force from midnight of its date, over any version approved for the same date; or send back.

    `digest` is of what the second person saw. Raises PolicyNotSubmitted, SelfApproval, StaleApproval, PolicyDatePast.
    """
    _may_set(actor)
    policy, approval = _waiting(policy)
    if policy.drafted_by_id == actor.pk:
        raise SelfApproval()
    if digest != digest_of(policy):
        raise StaleApproval()
    if approve:
        _check(policy.values, read)
        _check_date(policy.effective_on, at)
    approval = decide_approval(
        approval=approval, digest=digest, approve=approve, decided_by=actor, at=at, comment=comment
    )
    policy.status = PolicyStatus.APPROVED if approve else PolicyStatus.REJECTED
    if approve:
        policy.approved_by, policy.approved_at = actor, at
    policy.save(update_fields=["status", "approved_by", "approved_at"])
    notify_asker(approval=approval, url=_url(policy), at=at)
    if approve:
        _record(policy, "publish", actor, at, _facts(policy), reason=comment)
    return policy


@transaction.atomic
def withdraw(*, policy: Policy, actor: User, at: datetime) -> Policy:
    """Take one's own request back: the version is a draft again. Raises PolicyNotSubmitted, StaleApproval."""
    policy, approval = _waiting(policy)
    withdraw_approval(approval=approval, by=actor, at=at)
    policy.status = PolicyStatus.DRAFT
    policy.save(update_fields=["status"])
    return policy


@transaction.atomic
def discard(*, policy: Policy, actor: User, at: datetime) -> None:
    """Throw a draft or a rejected version away; the trail keeps what it said. Raises PolicyNotEditable."""
    _may_set(actor)
    policy = _locked(policy, EDITABLE)
    _record(policy, "discard", actor, at, _facts(policy))
    policy.delete()


@transaction.atomic
def roll_back(*, policy: Policy, effective_on: date, note: str, actor: User, at: datetime, read: Reader) -> Policy:
    """A new draft with the values of an approved version. Raises PolicyNeverInForce, PolicyRefused, PolicyDatePast."""
    _may_set(actor)
    if policy.status != PolicyStatus.APPROVED:
        raise PolicyNeverInForce()
    _check(policy.values, read)
    _check_date(effective_on, at)
    again = _next_version(policy.kind, policy.values, effective_on, note, actor, at)
    _record(again, "create", actor, at, {**_facts(again), "values_of": policy.version})
    return again


def digest_of(policy: Policy) -> str:
    """Stands for exactly what a version says: any change of values or date gives another."""
    return sha256(json.dumps(_facts(policy), sort_keys=True).encode()).hexdigest()


def _next_version(
    kind: str, values: Mapping[str, Any], effective_on: date, note: str, actor: User, at: datetime
) -> Policy:
    with connection.cursor() as cursor:
        # Two drafts at once get two numbers; a kind may have no row yet that could be locked.
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCK_CLASS, kind])
    last = Policy.objects.filter(kind=kind).aggregate(last=Max("version"))["last"] or 0
    return Policy.objects.create(
        kind=kind,
        version=last + 1,
        values=dict(values),
        effective_on=effective_on,
        note=note,
        drafted_by=actor,
        drafted_at=at,
    )


def _locked(policy: Policy, allowed: tuple[PolicyStatus, ...]) -> Policy:
    locked = Policy.objects.select_for_update().filter(pk=policy.pk, status__in=allowed).first()
    if locked is None:
        raise PolicyNotEditable()
    return locked


def _waiting(policy: Policy) -> tuple[Policy, Approval]:
    locked = Policy.objects.select_for_update().filter(pk=policy.pk, status=PolicyStatus.SUBMITTED).first()
    asked = Approval.objects.filter(kind=APPROVAL_KIND, subject_id=policy.pk, decision=Decision.PENDING).first()
    if locked is None or asked is None:
        raise PolicyNotSubmitted()
    return locked, asked


def _url(policy: Policy) -> str:
    return reverse("customers:policy", args=[policy.kind])


def _may_set(actor: User) -> None:
    if actor.role == Role.HEAD_OFFICE and actor.branch.parent_id is not None:
        raise PolicyBankWide()


def _check(values: Mapping[str, Any], read: Reader) -> None:
    try:
        read(values)
    except ValueError as error:
        raise PolicyRefused() from error


def _check_date(effective_on: date, at: datetime) -> None:
    earliest = at.astimezone(SHANGHAI).date()
    if effective_on < earliest:
        raise PolicyDatePast(day=earliest.isoformat())


def _facts(policy: Policy) -> dict[str, Any]:
    return {
        "kind": policy.kind,
        "version": policy.version,
        "effective_on": policy.effective_on.isoformat(),
        "values": policy.values,
        "note": policy.note,
    }


def _record(
    policy: Policy, action: str, actor: User, at: datetime, changes: Mapping[str, Any], *, reason: str = ""
) -> None:
    trail.record(
        actor=actor.actor,
        action=action,
        subject="staff.policy",
        subject_id=policy.pk,
        at=at,
        changes=changes,
        reason=reason or policy.note,
    )

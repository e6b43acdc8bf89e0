"""Scheme versions: drafted by one person, approved by another, in force from their date. None is ever changed after."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core import trail
from core.clock import SHANGHAI
from core.errors import DomainError
from staff.enums import Role
from staff.models import Approval, User
from staff.services import SelfApproval, StaleApproval, decide_approval, request_approval, withdraw_approval
from tiers.enums import SchemeStatus
from tiers.models import Band, Scheme
from tiers.queries import APPROVAL_KIND, content_of, first_free_day, pending_approval, previous_version
from tiers.rules import (
    BandCountOutOfRange,
    BandsError,
    FirstFloorNotZero,
    FloorNotAnAmount,
    FloorsNotAscending,
    LetterTwice,
    RankOutOfOrder,
    SchemeContent,
    validate_bands,
)

EDITABLE = (SchemeStatus.DRAFT, SchemeStatus.REJECTED)

WORDS: Mapping[str, str | Promise] = {
    BandCountOutOfRange.code: _("A scheme has 2 to 8 tiers."),
    FirstFloorNotZero.code: _("The first tier begins at 0."),
    FloorsNotAscending.code: _("Each tier must begin above the one before it; look at tier %(rank)s."),
    FloorNotAnAmount.code: _("The bound of tier %(rank)s is not an amount in yuan with at most 2 decimals."),
    LetterTwice.code: _("The letter of tier %(rank)s is used by another tier already."),
    RankOutOfOrder.code: _("Tiers are numbered from 1 without gaps."),
}


class NotBankWide(DomainError):
    """A region's office may not set what holds for the whole bank."""

    code = "not_bank_wide"
    message = _("The tier policy holds for the whole bank; only its head office or an administrator may change it.")


class BandsRefused(DomainError):
    """The bands make no policy."""

    code = "bands_refused"
    message = _("These bounds cannot be used.")


class SchemeNotEditable(DomainError):
    """Submitted and approved versions stay as they are."""

    code = "scheme_not_editable"
    message = _("Only drafts and rejected versions can be changed; draw up a new version instead.")


class SchemeNotSubmitted(DomainError):
    """There is nothing to decide about."""

    code = "scheme_not_submitted"
    message = _("This version is not waiting for approval.")


class EffectiveTooEarly(DomainError):
    """A version may not reach back over days that are past, or tiered, or have balances already."""

    code = "effective_too_early"
    message = _("The version can take effect on %(day)s at the earliest.")


@transaction.atomic
def draft_scheme(*, content: SchemeContent, actor: User, at: datetime) -> Scheme:
    """A new version as a draft; going back to former bounds is a new version with them. Raises BandsRefused."""
    _may_set(actor)
    _check(content)
    # The oldest version stands for the row of versions: two drafts at once get two numbers.
    list(Scheme.objects.select_for_update().order_by("version")[:1])
    last = Scheme.objects.aggregate(last=Max("version"))["last"] or 0
    scheme = Scheme(version=last + 1, drafted_by=actor, drafted_at=at)
    _fill(scheme, content)
    _record(scheme, "create", actor, at)
    return scheme


@transaction.atomic
def update_draft(*, scheme: Scheme, content: SchemeContent, actor: User, at: datetime) -> Scheme:
    """Change a draft, or a rejected version, which becomes a draft again. Raises SchemeNotEditable, BandsRefused."""
    _may_set(actor)
    scheme = Scheme.objects.select_for_update().get(pk=scheme.pk)
    if scheme.status not in EDITABLE:
        raise SchemeNotEditable()
    _check(content)
    before = content_of(scheme)
    scheme.status, scheme.drafted_by, scheme.drafted_at = SchemeStatus.DRAFT, actor, at
    scheme.bands.all().delete()
    _fill(scheme, content)
    new, old = content.facts, before.facts
    changes = {field: [old[field], new[field]] for field in new if old[field] != new[field]}
    _record(scheme, "change", actor, at, changes=changes)
    return scheme


@transaction.atomic
def submit_scheme(*, scheme: Scheme, actor: User, at: datetime) -> Approval:
    """Ask a second person to approve the draft as it stands. Raises SchemeNotEditable, EffectiveTooEarly."""
    _may_set(actor)
    scheme = Scheme.objects.select_for_update().get(pk=scheme.pk)
    if scheme.status != SchemeStatus.DRAFT:
        raise SchemeNotEditable()
    content = content_of(scheme)
    _check(content)
    _check_date(content.effective_on, at)
    scheme.status = SchemeStatus.SUBMITTED
    scheme.save(update_fields=["status"])
    return request_approval(
        kind=APPROVAL_KIND,
        subject_id=scheme.pk,
        digest=content.digest,
        summary=str(scheme),
        requested_by=actor,
        at=at,
        details=_details(scheme, content),
    )


@transaction.atomic
def approve_scheme(*, scheme: Scheme, digest: str, actor: User, at: datetime, comment: str = "") -> Scheme:
    """Let the version take effect on its date. `digest` is of the content the approver saw.

    Raises SchemeNotSubmitted, SelfApproval, StaleApproval, EffectiveTooEarly.
    """
    _may_set(actor)
    scheme, approval = _waiting(scheme)
    if scheme.drafted_by_id == actor.pk:
        raise SelfApproval()
    content = content_of(scheme)
    _check_date(content.effective_on, at)
    _decide(approval, content, digest, actor=actor, at=at, comment=comment, approve=True)
    scheme.status, scheme.approved_by, scheme.approved_at = SchemeStatus.APPROVED, actor, at
    scheme.save(update_fields=["status", "approved_by", "approved_at"])
    _record(scheme, "publish", actor, at, reason=comment)
    return scheme


@transaction.atomic
def reject_scheme(*, scheme: Scheme, digest: str, actor: User, at: datetime, comment: str) -> Scheme:
    """Send the version back; it can be changed and submitted again.

    Raises SchemeNotSubmitted, SelfApproval, StaleApproval.
    """
    _may_set(actor)
    scheme, approval = _waiting(scheme)
    _decide(approval, content_of(scheme), digest, actor=actor, at=at, comment=comment, approve=False)
    scheme.status = SchemeStatus.REJECTED
    scheme.save(update_fields=["status"])
    return scheme


@transaction.atomic
def withdraw_scheme(*, scheme: Scheme, actor: User, at: datetime) -> Scheme:
    """Take one's own request back: the version is a draft again. Raises SchemeNotSubmitted, StaleApproval."""
    scheme, approval = _waiting(scheme)
    withdraw_approval(approval=approval, by=actor, at=at)
    scheme.status = SchemeStatus.DRAFT
    scheme.save(update_fields=["status"])
    return scheme


def _waiting(scheme: Scheme) -> tuple[Scheme, Approval]:
    locked = Scheme.objects.select_for_update().get(pk=scheme.pk)
    asked = pending_approval(locked)
    if locked.status != SchemeStatus.SUBMITTED or asked is None:
        raise SchemeNotSubmitted()
    return locked, asked


def _decide(
    approval: Approval, content: SchemeContent, seen: str, *, actor: User, at: datetime, comment: str, approve: bool
) -> None:
    if seen != content.digest:
        raise StaleApproval()
    decide_approval(approval=approval, digest=seen, approve=approve, decided_by=actor, at=at, comment=comment)


def _may_set(actor: User) -> None:
    """Raises NotBankWide for a head-office role below the root of the bank."""
    if actor.role == Role.HEAD_OFFICE and actor.branch.parent_id is not None:
        raise NotBankWide()


def band_words(error: BandsError) -> str:
    """What is wrong with a set of bands, in the active language."""
    return str(BandsRefused(WORDS[error.code], rank=error.rank))


def _check(content: SchemeContent) -> None:
    try:
        validate_bands(content.bands)
    except BandsError as error:
        raise BandsRefused(WORDS[error.code], rank=error.rank) from error


def _check_date(effective_on: date, at: datetime) -> None:
    earliest = first_free_day(at.astimezone(SHANGHAI).date())
    if effective_on < earliest:
        raise EffectiveTooEarly(day=earliest.isoformat())


def _fill(scheme: Scheme, content: SchemeContent) -> None:
    scheme.name, scheme.measure = content.name, content.measure
    scheme.effective_on, scheme.note = content.effective_on, content.note
    scheme.save()
    scheme.bands.bulk_create(
        [
            Band(scheme=scheme, rank=b.rank, floor=b.floor, letter=b.letter, name_zh=b.name_zh, name_en=b.name_en)
            for b in content.bands
        ]
    )


def _details(scheme: Scheme, content: SchemeContent) -> dict[str, Any]:
    previous = previous_version(scheme)
    return {**content.facts, "version": scheme.version, "replaces": previous.version if previous else None}


def _record(
    scheme: Scheme,
    action: str,
    actor: User,
    at: datetime,
    *,
    changes: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    trail.record(
        actor=actor.actor,
        action=action,
        subject="tiers.scheme",
        subject_id=scheme.pk,
        at=at,
        changes=changes if changes is not None else _details(scheme, content_of(scheme)),
        reason=reason or scheme.note,
    )

"""Scheme versions: drafted by one person, approved by another, in force from their date. None is ever changed after."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core import trail
from core.clock import SHANGHAI
from core.errors import DomainError
from customers.enums import ProductKind
from staff.enums import Role
from staff.models import Approval, User
from staff.queries import rule_setters
from staff.services import SelfApproval, StaleApproval, decide_approval, request_approval, withdraw_approval
from staff.services.notices import notify_asker, notify_deciders
from tiers.enums import Measure, SchemeStatus
from tiers.models import Band, Scheme
from tiers.queries import APPROVAL_KIND, content_of, first_free_day, pending_approval, previous_version
from tiers.rules import (
    DEFAULT_TRAILING,
    FIGURES,
    MAX_WATCH,
    BandCountOutOfRange,
    BandsError,
    BasisError,
    BestOfTooFew,
    FirstFloorNotZero,
    FloorNotAnAmount,
    FloorsNotAscending,
    LetterTwice,
    RankOutOfOrder,
    SchemeContent,
    TrailingDaysOutOfRange,
    check_basis,
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
BASIS_WORDS: Mapping[str, str | Promise] = {
    TrailingDaysOutOfRange.code: _("A trailing average covers 2 to 366 days."),
    BestOfTooFew.code: _("Choose at least two figures of which the highest counts."),
}


class NotBankWide(DomainError):
    """A region's office may not set what holds for the whole bank."""

    code = "not_bank_wide"
    message = _("The tier policy holds for the whole bank; only its head office or an administrator may change it.")


class BandsRefused(DomainError):
    """The bands make no policy."""

    code = "bands_refused"
    message = _("These bounds cannot be used.")


class BasisRefused(DomainError):
    """What is measured, of which products, or how long a tier is watched makes no policy."""

    code = "basis_refused"
    message = _("This way of measuring cannot be used.")


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


class EffectiveTaken(DomainError):
    """Of versions for the same day the highest number holds; a lower one would be approved for nothing."""

    code = "effective_taken"
    message = _("Version %(version)s is approved for %(day)s already and would hold instead; choose another day.")


class SchemeNeverInForce(DomainError):
    """Only what was approved once can be gone back to."""

    code = "scheme_never_approved"
    message = _("Only an approved version can be gone back to.")


@transaction.atomic
def draft_scheme(*, content: SchemeContent, actor: User, at: datetime) -> Scheme:
    """A new version as a draft. Raises BandsRefused, BasisRefused."""
    _may_set(actor)
    scheme = _next_version(_checked(content), actor, at)
    _record(scheme, "create", actor, at)
    return scheme


@transaction.atomic
def roll_back(*, scheme: Scheme, effective_on: date, note: str, actor: User, at: datetime) -> Scheme:
    """A new draft with what an approved version says: it is dated, submitted and approved like any other.

    Raises SchemeNeverInForce, EffectiveTooEarly.
    """
    _may_set(actor)
    if scheme.status != SchemeStatus.APPROVED:
        raise SchemeNeverInForce()
    content = _checked(replace(content_of(scheme), effective_on=effective_on, note=note))
    _check_date(effective_on, at)
    again = _next_version(content, actor, at)
    _record(again, "create", actor, at, changes={**_details(again, content), "content_of": scheme.version})
    return again


def _next_version(content: SchemeContent, actor: User, at: datetime) -> Scheme:
    # The oldest version stands for the row of versions: two drafts at once get two numbers.
    list(Scheme.objects.select_for_update().order_by("version")[:1])
    last = Scheme.objects.aggregate(last=Max("version"))["last"] or 0
    scheme = Scheme(version=last + 1, drafted_by=actor, drafted_at=at)
    _fill(scheme, content)
    return scheme


@transaction.atomic
def update_draft(*, scheme: Scheme, content: SchemeContent, actor: User, at: datetime) -> Scheme:
    """Change a draft, or a rejected version, which becomes a draft again.

    Raises SchemeNotEditable, BandsRefused, BasisRefused.
    """
    _may_set(actor)
    scheme = Scheme.objects.select_for_update().get(pk=scheme.pk)
    if scheme.status not in EDITABLE:
        raise SchemeNotEditable()
    content = _checked(content)
    before = content_of(scheme)
    scheme.status, scheme.drafted_by, scheme.drafted_at = SchemeStatus.DRAFT, actor, at
    scheme.bands.all().delete()
    _fill(scheme, content)
    new, old = content.facts, before.facts
    changes = {field: [old[field], new[field]] for field in new if old[field] != new[field]}
    _record(scheme, "change", actor, at, changes=changes)
    return scheme


@transaction.atomic
def discard_scheme(*, scheme: Scheme, actor: User, at: datetime) -> None:
    """Throw a draft or a rejected version away; the trail keeps what it said. Raises SchemeNotEditable."""
    _may_set(actor)
    scheme = Scheme.objects.select_for_update().get(pk=scheme.pk)
    if scheme.status not in EDITABLE:
        raise SchemeNotEditable()
    _record(scheme, "discard", actor, at)
    scheme.delete()


@transaction.atomic
def submit_scheme(*, scheme: Scheme, actor: User, at: datetime) -> Approval:
    """Ask a second person to approve the draft as it stands.

    Raises SchemeNotEditable, EffectiveTooEarly, EffectiveTaken.
    """
    _may_set(actor)
    scheme = Scheme.objects.select_for_update().get(pk=scheme.pk)
    if scheme.status != SchemeStatus.DRAFT:
        raise SchemeNotEditable()
    content = content_of(scheme)
    _checked(content)
    _check_date(content.effective_on, at)
    _check_free(scheme)
    scheme.status = SchemeStatus.SUBMITTED
    scheme.save(update_fields=["status"])
    approval = request_approval(
        kind=APPROVAL_KIND,
        subject_id=scheme.pk,
        digest=content.digest,
        summary=str(scheme),
        requested_by=actor,
        at=at,
        details=_details(scheme, content),
    )
    url = reverse("tiers:scheme", args=[scheme.pk])
    notify_deciders(approval=approval, deciders=rule_setters(but=actor.pk), url=url, at=at)
    return approval


@transaction.atomic
def approve_scheme(*, scheme: Scheme, digest: str, actor: User, at: datetime, comment: str = "") -> Scheme:
    """Let the version take effect on its date. `digest` is of the content the approver saw.

    Raises SchemeNotSubmitted, SelfApproval, StaleApproval, EffectiveTooEarly, EffectiveTaken.
    """
    _may_set(actor)
    scheme, approval = _waiting(scheme)
    if scheme.drafted_by_id == actor.pk:
        raise SelfApproval()
    content = content_of(scheme)
    _check_date(content.effective_on, at)
    _check_free(scheme)
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
    decided = decide_approval(approval=approval, digest=seen, approve=approve, decided_by=actor, at=at, comment=comment)
    notify_asker(approval=decided, url=reverse("tiers:scheme", args=[decided.subject_id]), at=at)


def _may_set(actor: User) -> None:
    """Raises NotBankWide for a head-office role below the root of the bank."""
    if actor.role == Role.HEAD_OFFICE and actor.branch.parent_id is not None:
        raise NotBankWide()


def band_words(error: BandsError) -> str:
    """What is wrong with a set of bands, in the active language."""
    return str(BandsRefused(WORDS[error.code], rank=error.rank))


def basis_words(error: BasisError) -> str:
    """What is wrong with a way of measuring, in the active language."""
    return str(BASIS_WORDS[error.code])


def _checked(content: SchemeContent) -> SchemeContent:
    """The content without what its measure has no use for. Raises BandsRefused, BasisRefused."""
    if not _knows_its_choices(content):
        raise BasisRefused()
    try:
        validate_bands(content.bands)
        check_basis(content.basis)
    except BandsError as error:
        raise BandsRefused(WORDS[error.code], rank=error.rank) from error
    except BasisError as error:
        raise BasisRefused(BASIS_WORDS[error.code]) from error
    figures = content.basis.figures
    return replace(
        content,
        trailing_days=content.trailing_days if Measure.ADB_TRAILING in figures else DEFAULT_TRAILING,
        best_of=tuple(figures) if content.measure == Measure.BEST else (),
        counted=tuple(kind for kind in ProductKind.values if kind in content.counted),
    )


def _knows_its_choices(content: SchemeContent) -> bool:
    return (
        content.measure in Measure
        and set(content.best_of) <= set(FIGURES)
        and set(content.counted) <= set(ProductKind.values)
        and 0 <= content.watch_periods <= MAX_WATCH
    )


def _check_free(scheme: Scheme) -> None:
    """Raises EffectiveTaken when a later version is approved for the same day."""
    same_day = Scheme.objects.approved().filter(effective_on=scheme.effective_on, version__gt=scheme.version)
    later = same_day.order_by("-version").first()
    if later is not None:
        raise EffectiveTaken(version=later.version, day=scheme.effective_on.isoformat())


def _check_date(effective_on: date, at: datetime) -> None:
    earliest = first_free_day(at.astimezone(SHANGHAI).date())
    if effective_on < earliest:
        raise EffectiveTooEarly(day=earliest.isoformat())


def _fill(scheme: Scheme, content: SchemeContent) -> None:
    scheme.name, scheme.measure = content.name, content.measure
    scheme.effective_on, scheme.note = content.effective_on, content.note
    scheme.trailing_days, scheme.watch_periods = content.trailing_days, content.watch_periods
    scheme.best_of, scheme.counted = list(content.best_of), list(content.counted)
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

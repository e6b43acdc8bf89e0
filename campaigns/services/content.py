"""Versions of templates, offers and pieces of the library: submitted by one person, decided by another, put away."""

from datetime import date, datetime
from typing import Any, Final, TypeVar

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaigns.enums import ContentState
from campaigns.models import Article, Offer, Template
from campaigns.queries import content as queries
from campaigns.queries.content import KINDS
from core import trail
from core.clock import SHANGHAI
from core.errors import DomainError
from staff.access import has_role
from staff.models import Approval, User
from staff.services.approvals import StaleApproval, decide_approval, request_approval, withdraw_approval
from staff.services.notices import notify_asker, notify_deciders

Row = TypeVar("Row", Template, Offer, Article)
MIN_REASON: Final = 4


class ContentNotYours(DomainError):
    """Who made a draft works on it; heads and compliance decide."""

    code = "content_not_yours"
    message = _("Only who made it can change it, and only a second person can decide.")


class ContentMovedOn(DomainError):
    """The step does not fit the state."""

    code = "content_state"
    message = _("This is no longer possible: it has moved on. Load the page again.")


class WordsRefused(DomainError):
    """Banned words, missing disclosures, or what else keeps it from customers."""

    code = "words_refused"
    message = _("This cannot be submitted: %(flaws)s")


class ReasonMissing(DomainError):
    """Whoever reads it later must learn why."""

    code = "reason_missing"
    message = _("Say why, in at least %(least)s characters.")


@transaction.atomic
def submit_content(*, row: Row, actor: User, at: datetime) -> Row:
    """Ask a second person. Raises ContentNotYours, ContentMovedOn, WordsRefused with what is wrong."""
    row = locked(row, ContentState.DRAFT)
    if not queries.may_change(actor, row):
        raise ContentNotYours()
    _check_words(row, day_of(at))
    approval = request_approval(
        kind=KINDS[type(row)],
        subject_id=row.pk,
        digest=queries.digest_of(row),
        summary=str(row)[:200],
        requested_by=actor,
        at=at,
        details=queries.facts_of(row),
    )
    _set(row, ContentState.SUBMITTED)
    notify_deciders(approval=approval, deciders=queries.deciders_for(row), url=row.get_absolute_url(), at=at)
    return row


@transaction.atomic
def withdraw_content(*, row: Row, actor: User, at: datetime) -> Row:
    """Take one's own request back, to change it. Raises ContentMovedOn, StaleApproval."""
    row = locked(row, ContentState.SUBMITTED)
    withdraw_approval(approval=_waiting(row), by=actor, at=at)
    return _set(row, ContentState.DRAFT)


@transaction.atomic
def approve_content(*, row: Row, digest: str, actor: User, at: datetime, comment: str = "") -> Row:
    """Put a version to use; the one in use before it is no longer (an offer's goes on until somebody puts it away).

    `digest` is of what the second person saw. Raises ContentMovedOn, ContentNotYours, SelfApproval, StaleApproval,
    WordsRefused.
    """
    row = _decided(row, digest, actor, at, comment, approve=True)
    _replace(row)
    row.approved_by, row.approved_at = actor, at
    row.save(update_fields=["approved_by", "approved_at"])
    _set(row, ContentState.APPROVED)
    record(row, "publish", actor, at, queries.facts_of(row))
    return row


@transaction.atomic
def reject_content(*, row: Row, digest: str, actor: User, at: datetime, comment: str) -> Row:
    """Send a version back to who made it; `comment` says why.

    Raises ReasonMissing, ContentMovedOn, ContentNotYours, SelfApproval, StaleApproval.
    """
    check_reason(comment)
    return _set(_decided(row, digest, actor, at, comment, approve=False), ContentState.DRAFT)


@transaction.atomic
def retire_content(*, row: Row, reason: str, actor: User, at: datetime) -> Row:
    """Take a version out of use: no new campaign may have it, and of an offer or a piece nothing is sent any more.

    Raises ContentMovedOn, ContentNotYours, ReasonMissing.
    """
    row = locked(row, ContentState.APPROVED)
    if not queries.may_retire(actor, row):
        raise ContentNotYours()
    check_reason(reason)
    _set(row, ContentState.RETIRED)
    record(row, "retire", actor, at, {}, reason.strip())
    return row


@transaction.atomic
def discard_content(*, row: Row, actor: User, at: datetime) -> None:
    """Throw a draft away. Raises ContentMovedOn, ContentNotYours."""
    row = locked(row, ContentState.DRAFT)
    if not queries.may_change(actor, row):
        raise ContentNotYours()
    record(row, "discard", actor, at, queries.facts_of(row))
    row.delete()


def day_of(at: datetime) -> date:
    """The day in Shanghai."""
    return at.astimezone(SHANGHAI).date()


def check_maker(actor: User) -> None:
    """Raise ContentNotYours unless somebody may draw up content at all."""
    if not has_role(actor, *queries.MAKERS):
        raise ContentNotYours()


def check_reason(text: str) -> None:
    """Raise ReasonMissing unless something is said."""
    if len(text.strip()) < MIN_REASON:
        raise ReasonMissing(least=MIN_REASON)


def locked(row: Row, state: ContentState) -> Row:
    """The row as it is now, kept from others until the transaction ends. Raises ContentMovedOn in another state."""
    found = type(row).everything.select_for_update(of=("self",)).select_related("created_by__branch").get(pk=row.pk)
    if found.state != state:
        raise ContentMovedOn()
    return found


def record(row: Row, action: str, actor: User, at: datetime, changes: dict[str, Any], reason: str = "") -> None:
    """What was done to a version, on the trail."""
    subject = KINDS[type(row)]
    facts = {"name": str(row), **changes}
    trail.record(
        actor=actor.actor, action=action, subject=subject, subject_id=row.pk, at=at, changes=facts, reason=reason
    )


def _check_words(row: Row, day: date) -> None:
    flaws = queries.flaws_of(row, day)
    if flaws:
        raise WordsRefused(flaws=" ".join(flaws))


def _waiting(row: Row) -> Approval:
    found = queries.pending_approval(row)
    if found is None:
        raise StaleApproval()
    return found


def _decided(row: Row, digest: str, actor: User, at: datetime, comment: str, *, approve: bool) -> Row:
    row = locked(row, ContentState.SUBMITTED)
    approval = _waiting(row)
    if approval.requested_by_id != actor.pk and not queries.may_decide(actor, row):
        raise ContentNotYours()
    if digest != queries.digest_of(row):
        raise StaleApproval()
    decided = decide_approval(
        approval=approval, digest=digest, approve=approve, decided_by=actor, at=at, comment=comment
    )
    if approve:
        # The rules, or the days, may have changed while it waited.
        _check_words(row, day_of(at))
    notify_asker(approval=decided, url=row.get_absolute_url(), at=at)
    return row


def _replace(row: Row) -> None:
    """The version in use before this one is replaced by it."""
    if isinstance(row, Template):
        before = Template.everything.filter(name=row.name, channel=row.channel)
        before.filter(state=ContentState.APPROVED).update(state=ContentState.RETIRED)
    elif isinstance(row, Article):
        found = Article.everything.filter(title=row.title, state=ContentState.APPROVED)
        found.update(state=ContentState.RETIRED)


def _set(row: Row, state: ContentState) -> Row:
    row.state = state
    row.save(update_fields=["state"])
    return row

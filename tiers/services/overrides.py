"""Tiers given by people: asked for by one, decided on by another, for a while. The rule goes on underneath."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core import trail
from core.clock import SHANGHAI
from core.errors import DomainError
from core.trail import Actor
from customers.models import Customer
from staff.access import has_role
from staff.models import Approval, User
from staff.queries import heads_near
from staff.services import SelfApproval, StaleApproval, decide_approval, request_approval, withdraw_approval
from staff.services.notices import notify_asker, notify_deciders
from tiers.enums import OverrideStatus
from tiers.models import TierOverride
from tiers.queries import first_free_day
from tiers.queries import overrides as queries

SUBJECT: Final = "tiers.override"
# Short enough for "行长特批", long enough to keep out "ok".
MIN_REASON: Final = 4
# What should last longer than a year is no exception: it belongs into the policy, or is asked for anew.
MOST_DAYS: Final = 366


class MayNotOverride(DomainError):
    """Those who keep a book ask, and heads of branches, about customers in their sight."""

    code = "may_not_override"
    message = _("Only managers and the head of the branch ask for another tier, for customers in their sight.")


class OverrideReasonMissing(DomainError):
    """The second person, and whoever reads it later, must learn why."""

    code = "override_reason"
    message = _("Say why, in at least %(least)s characters.")


class OverrideTierRefused(DomainError):
    """The letter is not one of the policy's, or the customer is in that tier anyway."""

    code = "override_tier"
    message = _("This tier cannot be given.")


class OverrideDaysRefused(DomainError):
    """The days are past, tiered already, the wrong way round, or too many."""

    code = "override_days"
    message = _("These days cannot be used.")


class OverrideInTheWay(DomainError):
    """One override at a time, and no day under two of them."""

    code = "override_in_the_way"
    message = _("Another override of this customer waits or holds from %(start)s to %(end)s.")


class OverrideNotWaiting(DomainError):
    """It was decided on or taken back already."""

    code = "override_not_waiting"
    message = _("This request was decided on or taken back already. Load the page again.")


class OverrideNotRunning(DomainError):
    """Only an approved override whose days are not over can be ended."""

    code = "override_not_running"
    message = _("This override is not in force and cannot be ended. Load the page again.")


class NotYoursToDecide(DomainError):
    """The head of the customer's branch, or of a unit above it, decides."""

    code = "not_yours_to_decide"
    message = _("The head of the customer's branch or head office decides about this.")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: a tier by its letter, from one day to another, both included, and why."""

    letter: str
    starts_on: date
    ends_on: date
    reason: str


@transaction.atomic
def request_override(*, customer: Customer, asked: Asked, actor: User, at: datetime) -> TierOverride:
    """Ask a second person to give a customer another tier for a while; nothing changes until then.

    Raises MayNotOverride, OverrideReasonMissing, OverrideDaysRefused, OverrideTierRefused, OverrideInTheWay.
    """
    # Two requests at once: the second one sees the first.
    customer = Customer.everything.select_for_update(of=("self",)).select_related("position").get(pk=customer.pk)
    _may_ask(actor, customer)
    reason, today = _reason(asked.reason), _day(at)
    _check_days(asked.starts_on, asked.ends_on, today)
    _check_letter(asked.letter, queries.given_on(customer, asked.starts_on, today))
    _check_room(customer, asked)
    override = TierOverride.everything.create(
        customer=customer,
        letter=asked.letter,
        starts_on=asked.starts_on,
        ends_on=asked.ends_on,
        reason=reason,
        requested_by=actor,
        requested_at=at,
    )
    approval = request_approval(
        kind=queries.OVERRIDE_KIND,
        subject_id=override.pk,
        digest=queries.override_digest(override),
        summary=f"{customer.customer_no}: {asked.letter}, {asked.starts_on} – {asked.ends_on}",
        requested_by=actor,
        at=at,
        details=_facts(override),
    )
    deciders = heads_near(customer.branch, but=actor.pk)
    notify_deciders(approval=approval, deciders=deciders, url=_url(override), at=at)
    _record(override, "override_request", actor.actor, at, _facts(override), reason)
    return override


@transaction.atomic
def approve_override(
    *, override: TierOverride, digest: str, actor: User, at: datetime, comment: str = ""
) -> TierOverride:
    """Let it hold, from the first day that is not tiered yet on. `digest` is of what the second person saw.

    Raises OverrideNotWaiting, SelfApproval, NotYoursToDecide, StaleApproval, OverrideDaysRefused, OverrideTierRefused,
    OverrideInTheWay.
    """
    override, approval = _decidable(override, digest, actor)
    # Days that were tiered while it waited keep the tier they had.
    start = max(override.starts_on, first_free_day(_day(at)))
    if start > override.ends_on:
        raise OverrideDaysRefused(_("Its last day was tiered before anybody decided; it would not hold on any day."))
    given = queries.given_on(override.customer, start, _day(at))
    if override.letter not in {band.letter for band in given.bands}:
        raise OverrideTierRefused(_("The tier policy in force on its first day has no tier of this letter."))
    _check_held(override.customer_id, start, override.ends_on)
    approval = decide_approval(approval=approval, digest=digest, approve=True, decided_by=actor, at=at, comment=comment)
    notify_asker(approval=approval, url=_url(override), at=at)
    override.status, override.starts_on = OverrideStatus.APPROVED, start
    _decide(override, actor, at, comment)
    _record(override, "override", actor.actor, at, _facts(override), override.reason)
    return override


@transaction.atomic
def reject_override(*, override: TierOverride, digest: str, actor: User, at: datetime, comment: str) -> TierOverride:
    """Refuse the request; `comment` says why.

    Raises OverrideReasonMissing, OverrideNotWaiting, SelfApproval, NotYoursToDecide, StaleApproval.
    """
    if not comment.strip():
        raise OverrideReasonMissing(least=1)
    override, approval = _decidable(override, digest, actor)
    approval = decide_approval(
        approval=approval, digest=digest, approve=False, decided_by=actor, at=at, comment=comment
    )
    notify_asker(approval=approval, url=_url(override), at=at)
    override.status = OverrideStatus.REJECTED
    _decide(override, actor, at, comment)
    return override


@transaction.atomic
def withdraw_override(*, override: TierOverride, actor: User, at: datetime) -> TierOverride:
    """Take one's own request back before it is decided on. Raises OverrideNotWaiting, StaleApproval."""
    override, approval = _waiting(override)
    withdraw_approval(approval=approval, by=actor, at=at)
    override.status, override.ended_by, override.ended_at = OverrideStatus.WITHDRAWN, actor, at
    override.save(update_fields=["status", "ended_by", "ended_at"])
    return override


@transaction.atomic
def end_override(*, override: TierOverride, reason: str, actor: User, at: datetime) -> TierOverride:
    """End an approved override before its time: from the next re-tiering on the rule alone decides again.

    Days already tiered keep the tier given; one that has not begun is withdrawn. Raises NotYoursToDecide,
    OverrideNotRunning, OverrideReasonMissing.
    """
    override = _locked(override)
    why, last = _reason(reason), queries.last_run_day()
    if override.status != OverrideStatus.APPROVED or (last is not None and override.ends_on <= last):
        raise OverrideNotRunning()
    if not queries.may_end_override(actor, override):
        raise NotYoursToDecide()
    was = override.ends_on
    if last is None or last < override.starts_on:
        override.status = OverrideStatus.WITHDRAWN
    else:
        override.status, override.ends_on = OverrideStatus.ENDED, last
    override.ended_by, override.ended_at = actor, at
    override.save(update_fields=["status", "ends_on", "ended_by", "ended_at"])
    changes = {"customer": override.customer.customer_no, "until": [was.isoformat(), override.ends_on.isoformat()]}
    _record(override, "override_end", actor.actor, at, changes, why)
    return override


@transaction.atomic
def close_expired(*, on: date, actor: Actor, at: datetime) -> int:
    """Mark overrides as over whose last day lies before the business day `on`; how many. Call it after `on` was tiered.

    Safe twice. What runs make of them does not change: they go by the days.
    """
    past = TierOverride.everything.select_for_update(of=("self",)).select_related("customer")
    rows = list(past.filter(status=OverrideStatus.APPROVED, ends_on__lt=on).order_by("pk"))
    TierOverride.everything.filter(pk__in=[row.pk for row in rows]).update(status=OverrideStatus.ENDED, ended_at=at)
    for row in rows:
        _record(row, "override_expire", actor, at, _facts(row), "")
    return len(rows)


def _url(override: TierOverride) -> str:
    return reverse("tiers:override", args=[override.pk])


def _may_ask(actor: User, customer: Customer) -> None:
    if not has_role(actor, *queries.OVERRIDE_ASKERS):
        raise MayNotOverride()
    if not Customer.objects.visible_to(actor).filter(pk=customer.pk).exists():
        raise MayNotOverride()


def _reason(text: str) -> str:
    reason = text.strip()[:300]
    if len(reason) < MIN_REASON:
        raise OverrideReasonMissing(least=MIN_REASON)
    return reason


def _day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


def _check_days(start: date, end: date, today: date) -> None:
    earliest = first_free_day(today)
    if start < earliest:
        raise OverrideDaysRefused(
            _("It can begin on %(day)s at the earliest: the days before are past or tiered already."),
            day=earliest.isoformat(),
        )
    if end < start:
        raise OverrideDaysRefused(_("The last day lies before the first one."))
    latest = latest_end(start)
    if end > latest:
        raise OverrideDaysRefused(
            _("An override lasts a year at most, here until %(day)s; ask for it again when it is over."),
            day=latest.isoformat(),
        )


def latest_end(start: date) -> date:
    """The last day an override that begins on `start` may have."""
    return start + timedelta(days=MOST_DAYS - 1)


def _check_letter(letter: str, given: queries.Given) -> None:
    if letter not in {band.letter for band in given.bands}:
        raise OverrideTierRefused(_("The tier policy in force on its first day has no tier of this letter."))
    if letter == given.present:
        raise OverrideTierRefused(_("The customer is in this tier already."))


def _check_room(customer: Customer, asked: Asked) -> None:
    live = queries.live_override(customer.pk)
    if live is not None:
        raise OverrideInTheWay(start=live.starts_on.isoformat(), end=live.ends_on.isoformat())
    _check_held(customer.pk, asked.starts_on, asked.ends_on)


def _check_held(customer_id: int, start: date, end: date) -> None:
    other = queries.held_between(customer_id, start, end).first()
    if other is not None:
        raise OverrideInTheWay(start=other.starts_on.isoformat(), end=other.ends_on.isoformat())


def _locked(override: TierOverride) -> TierOverride:
    rows = TierOverride.everything.select_for_update(of=("self",))
    return rows.select_related("customer__branch", "customer__position").get(pk=override.pk)


def _waiting(override: TierOverride) -> tuple[TierOverride, Approval]:
    locked = _locked(override)
    asked = queries.pending_override_approval(locked)
    if locked.status != OverrideStatus.WAITING or asked is None:
        raise OverrideNotWaiting()
    return locked, asked


def _decidable(override: TierOverride, digest: str, actor: User) -> tuple[TierOverride, Approval]:
    locked, asked = _waiting(override)
    if actor.pk in (locked.requested_by_id, asked.requested_by_id):
        raise SelfApproval()
    if not queries.may_decide_override(actor, locked):
        raise NotYoursToDecide()
    if digest != queries.override_digest(locked) or digest != asked.digest:
        raise StaleApproval()
    return locked, asked


def _decide(override: TierOverride, actor: User, at: datetime, comment: str) -> None:
    override.decided_by, override.decided_at, override.comment = actor, at, comment.strip()
    override.save(update_fields=["status", "starts_on", "decided_by", "decided_at", "comment"])


def _facts(override: TierOverride) -> dict[str, Any]:
    return {
        "customer": override.customer.customer_no,
        "letter": override.letter,
        "from": override.starts_on.isoformat(),
        "until": override.ends_on.isoformat(),
    }


def _record(
    override: TierOverride, action: str, actor: Actor, at: datetime, changes: Mapping[str, Any], reason: str
) -> None:
    trail.record(
        actor=actor,
        action=action,
        subject=SUBJECT,
        subject_id=override.pk,
        at=at,
        changes=changes,
        reason=reason,
    )

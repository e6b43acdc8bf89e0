"""Campaigns as people draw them up, check them and lead them: what each move takes (M06)."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaigns.enums import CampaignMove, CampaignState, LeftOut, OutreachState
from campaigns.models import Campaign, Outreach
from campaigns.queries import approval as content
from campaigns.queries import campaigns as queries
from campaigns.queries.content import campaign_flaws
from campaigns.rules.moves import leads_to
from campaigns.services.calls import lift_calls, plan_calls
from campaigns.services.licences import check_recommending
from campaigns.services.states import MAX_NOTE, CampaignMovedOn, CampaignNotYours, day_of, locked, move
from core.errors import DomainError
from core.trail import NIGHT
from staff.enums import Role
from staff.models import Approval, User
from staff.queries import heads_near
from staff.services import StaleApproval, decide_approval, request_approval, withdraw_approval
from staff.services.notices import notify_asker, notify_deciders

MIN_REASON = 4


class CampaignIncomplete(DomainError):
    """Something is missing or does not go together; `faults` are sentences."""

    code = "campaign_incomplete"
    message = _("Before this can be submitted: %(faults)s")

    def __init__(self, faults: Iterable[str]) -> None:
        super().__init__(faults=" ".join(faults))


class ReasonMissing(DomainError):
    """What goes against somebody's work is said in words."""

    code = "campaign_reason"
    message = _("Say why, in at least %(least)s characters.")


@transaction.atomic
def submit(*, campaign: Campaign, actor: User, at: datetime, note: str = "") -> Campaign:
    """Ask the heads of the unit for a check. Raises CampaignNotYours, CampaignMovedOn, CampaignIncomplete,
    NotLicensed: who submits an offer recommends it."""
    campaign = _entered(campaign, CampaignMove.SUBMIT, actor)
    check_recommending(offer=campaign.offer, user=actor, day=day_of(at))
    if found := content.faults_of(campaign, day_of(at)):
        raise CampaignIncomplete([str(content.FAULTS[code]) for code in found.values()])
    if flaws := campaign_flaws(campaign, day_of(at)):
        raise CampaignIncomplete(flaws)
    made = _ask(campaign, queries.CHECK_KIND, at)
    deciders = heads_near(campaign.branch, but=actor.pk)
    notify_deciders(approval=made, deciders=deciders, url=_url(campaign), at=at)
    return move(campaign, CampaignMove.SUBMIT, actor, at, note)


@transaction.atomic
def withdraw(*, campaign: Campaign, actor: User, at: datetime, note: str = "") -> Campaign:
    """Take one's own campaign back to change it. Raises CampaignNotYours, CampaignMovedOn."""
    campaign = _entered(campaign, CampaignMove.WITHDRAW, actor)
    if asked := queries.pending_approval(campaign):
        withdraw_approval(approval=asked, by=actor, at=at)
    return move(campaign, CampaignMove.WITHDRAW, actor, at, note)


@transaction.atomic
def check(*, campaign: Campaign, actor: User, at: datetime, note: str = "", digest: str = "") -> Campaign:
    """Pass the check: it is approved, or goes on to compliance where that has a say. `digest` is of what was read.

    Raises CampaignNotYours, CampaignMovedOn, SelfApproval, StaleApproval.
    """
    campaign = _entered(campaign, CampaignMove.CHECK, actor)
    _decide(campaign, actor, at, note, digest, approve=True)
    if not content.needs_compliance(campaign, day_of(at)):
        return _approved(campaign, actor, at, note)
    asked = _ask(campaign, queries.COMPLIANCE_KIND, at)
    officers = [person for person in _officers() if queries.covers(person, campaign.branch_id)]
    url = _url(campaign)
    notify_deciders(approval=asked, deciders=[one for one in officers if one.pk != actor.pk], url=url, at=at)
    return move(campaign, CampaignMove.CHECK, actor, at, note)


@transaction.atomic
def approve(*, campaign: Campaign, actor: User, at: datetime, note: str = "", digest: str = "") -> Campaign:
    """Compliance lets it pass. Raises CampaignNotYours, CampaignMovedOn, SelfApproval, StaleApproval."""
    if locked(campaign).state == CampaignState.SUBMITTED:
        raise CampaignMovedOn(state=CampaignState.SUBMITTED.label)
    campaign = _entered(campaign, CampaignMove.APPROVE, actor)
    _decide(campaign, actor, at, note, digest, approve=True)
    return _approved(campaign, actor, at, note)


@transaction.atomic
def reject(*, campaign: Campaign, actor: User, at: datetime, note: str = "", digest: str = "") -> Campaign:
    """Send it back with a reason. Raises CampaignNotYours, CampaignMovedOn, ReasonMissing, SelfApproval."""
    campaign = _entered(campaign, CampaignMove.REJECT, actor)
    _check_reason(note)
    _decide(campaign, actor, at, note, digest, approve=False)
    return move(campaign, CampaignMove.REJECT, actor, at, note)


@transaction.atomic
def edit(*, campaign: Campaign, actor: User, at: datetime, note: str = "") -> Campaign:
    """Make an approved one a draft again: its approvals are lost, what was approved stays to compare with.

    Raises CampaignNotYours, CampaignMovedOn.
    """
    campaign = _entered(campaign, CampaignMove.EDIT, actor)
    return move(campaign, CampaignMove.EDIT, actor, at, note, approved_by=None, digest="")


@transaction.atomic
def pause(*, campaign: Campaign, actor: User, at: datetime, note: str = "") -> Campaign:
    """Nothing more is sent or called until it goes on; what waits goes on waiting.

    Raises CampaignNotYours, CampaignMovedOn.
    """
    campaign = move(_entered(campaign, CampaignMove.PAUSE, actor), CampaignMove.PAUSE, actor, at, note)
    lift_calls(campaign=campaign, at=at, actor=actor.actor)
    return campaign


@transaction.atomic
def resume(*, campaign: Campaign, actor: User, at: datetime, note: str = "") -> Campaign:
    """Go on where it was paused. Raises CampaignNotYours, CampaignMovedOn."""
    campaign = move(_entered(campaign, CampaignMove.RESUME, actor), CampaignMove.RESUME, actor, at, note)
    plan_calls(campaign=campaign, at=at, actor=actor.actor)
    return campaign


@transaction.atomic
def end(*, campaign: Campaign, actor: User, at: datetime, note: str = "") -> Campaign:
    """End it before its last day; what still waits is dropped. Raises CampaignNotYours, CampaignMovedOn."""
    return finish(_entered(campaign, CampaignMove.END, actor), CampaignMove.END, actor, at, note)


@transaction.atomic
def stop(*, campaign: Campaign, actor: User, at: datetime, note: str = "") -> Campaign:
    """Stop it for good, for a reason; what still waits is dropped at once.

    Raises CampaignNotYours, CampaignMovedOn, ReasonMissing.
    """
    campaign = _entered(campaign, CampaignMove.STOP, actor)
    _check_reason(note)
    return finish(campaign, CampaignMove.STOP, actor, at, note)


def finish(campaign: Campaign, way: CampaignMove, actor: User | None, at: datetime, note: str) -> Campaign:
    """End or stop a locked campaign, inside the caller's transaction: nothing that waits is sent or called any more."""
    lift_calls(campaign=campaign, at=at, actor=actor.actor if actor else NIGHT)
    waiting = Outreach.everything.filter(campaign=campaign, state__in=[OutreachState.QUEUED, OutreachState.FAILED])
    dropped = waiting.update(state=OutreachState.CANCELLED, reason=LeftOut.OVER, not_before=None)
    return move(campaign, way, actor, at, note, counts={"dropped": dropped}, ended_on=day_of(at))


def _entered(campaign: Campaign, way: CampaignMove, actor: User) -> Campaign:
    campaign = locked(campaign)
    if leads_to(way, CampaignState(campaign.state)) is None:
        raise CampaignMovedOn(state=campaign.get_state_display())
    if not queries.may_move(actor, campaign, way):
        raise CampaignNotYours()
    return campaign


def _approved(campaign: Campaign, actor: User, at: datetime, note: str) -> Campaign:
    frozen = content.content_of(campaign)
    digest = content.digest_of(frozen)
    return move(campaign, CampaignMove.APPROVE, actor, at, note, approved_by=actor, frozen=frozen, digest=digest)


def _ask(campaign: Campaign, kind: str, at: datetime) -> Approval:
    return request_approval(
        kind=kind,
        subject_id=campaign.pk,
        digest=content.digest_of(content.content_of(campaign)),
        summary=campaign.name,
        requested_by=campaign.created_by,
        at=at,
        details={"unit": campaign.branch.code, "until": campaign.ends_on.isoformat()},
    )


def _decide(campaign: Campaign, actor: User, at: datetime, note: str, digest: str, *, approve: bool) -> None:
    """Decide over what was asked for; a rule changed meanwhile makes a "yes" stale, never a "no"."""
    asked = queries.pending_approval(campaign)
    if asked is None:
        raise CampaignMovedOn(state=campaign.get_state_display())
    present = content.digest_of(content.content_of(campaign)) if approve else asked.digest
    if approve and digest and digest != present:
        raise StaleApproval()
    decided = decide_approval(
        approval=asked, digest=present, approve=approve, decided_by=actor, at=at, comment=note.strip()[:MAX_NOTE]
    )
    notify_asker(approval=decided, url=_url(campaign), at=at)


def _officers() -> list[User]:
    rows = User.objects.filter(role=Role.COMPLIANCE, is_active=True).select_related("branch")
    return list(rows.order_by("pk"))


def _check_reason(note: str) -> None:
    if len(note.strip()) < MIN_REASON:
        raise ReasonMissing(least=MIN_REASON)


def _url(campaign: Campaign) -> str:
    return reverse("campaigns:approval", args=[campaign.pk])

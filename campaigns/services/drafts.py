"""Drafts of campaigns: drawn up and changed by their makers."""

import secrets
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaigns.enums import CampaignState
from campaigns.models import Article, Campaign, Event, Offer, Segment, Template
from campaigns.queries import approval as content
from campaigns.queries import campaigns as queries
from campaigns.queries.events import open_for_campaigns
from campaigns.rules.campaigns import changes
from campaigns.services.states import CampaignMovedOn, CampaignNotYours, locked, record
from core.errors import DomainError
from staff.models import Branch, User


class CampaignChanged(DomainError):
    """Somebody, or the person in another window, changed the draft meanwhile."""

    code = "campaign_changed"
    message = _("The draft was changed since you opened it. Load the page again and enter your changes once more.")


@dataclass(frozen=True, slots=True)
class CampaignFacts:
    """What a campaign is about; days and amounts as the model keeps them."""

    name: str
    goal: str
    kind: str
    branch: Branch
    of_book: bool
    segment: Segment
    channel: str
    starts_on: date
    ends_on: date
    exclusions: list[int] = field(default_factory=list)
    template: Template | None = None
    offer: Offer | None = None
    article: Article | None = None
    script: str = ""
    capacity: int = 8
    holdout: int = 10
    occasion: str = ""
    days: int = 0
    amount: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    event: Event | None = None


@transaction.atomic
def draft_campaign(*, facts: CampaignFacts, actor: User, at: datetime, once: UUID | None = None) -> Campaign:
    """A campaign as a draft, with the seed its hold-out is drawn by. With `once`, sending it again finds the first.

    Raises CampaignNotYours.
    """
    if once is not None and (found := Campaign.everything.filter(once=once, created_by=actor).first()):
        return found
    _check_unit(facts, actor)
    campaign = Campaign(**_fields(facts), seed=secrets.randbits(62), once=once, created_by=actor)
    campaign.created_at = campaign.state_at = at
    campaign.save()
    _invites_to(campaign, facts, actor, at)
    record(campaign, "create", actor.actor, at, {"campaign": campaign.name, "seed": campaign.seed})
    return campaign


@transaction.atomic
def change_campaign(*, campaign: Campaign, facts: CampaignFacts, actor: User, at: datetime, read: str = "") -> Campaign:
    """Change a draft; `read` is the digest of what its form showed. Raises CampaignNotYours, CampaignMovedOn,
    CampaignChanged."""
    campaign = locked(campaign)
    if campaign.state != CampaignState.DRAFT:
        raise CampaignMovedOn(state=campaign.get_state_display())
    if not queries.may_change(actor, campaign):
        raise CampaignNotYours()
    _check_unit(facts, actor)
    before = content.content_of(campaign)
    if read and read != content.digest_of(before):
        raise CampaignChanged()
    for name, value in _fields(facts).items():
        setattr(campaign, name, value)
    campaign.save()
    _invites_to(campaign, facts, actor, at)
    changed = [change.name for change in changes(before, content.content_of(campaign))]
    record(campaign, "change", actor.actor, at, {"campaign": campaign.name, "fields": changed})
    return campaign


def _invites_to(campaign: Campaign, facts: CampaignFacts, actor: User, at: datetime) -> None:
    """Bind the event the campaign invites to, and let go of another one. Raises CampaignNotYours."""
    wanted = facts.event.pk if facts.event else None
    Event.everything.filter(campaign=campaign).exclude(pk=wanted or 0).update(campaign=None)
    if wanted is not None and not open_for_campaigns(actor, at, campaign).filter(pk=wanted).update(campaign=campaign):
        raise CampaignNotYours()


def _check_unit(facts: CampaignFacts, actor: User) -> None:
    of_book = facts.of_book or facts.segment.of_book
    if not queries.may_make_for(actor, facts.branch, of_book=of_book):
        raise CampaignNotYours()
    if not Segment.objects.visible_to(actor).filter(pk=facts.segment.pk).exists():
        raise CampaignNotYours()


def _fields(facts: CampaignFacts) -> dict[str, Any]:
    values = {name: getattr(facts, name) for name in CampaignFacts.__dataclass_fields__ if name != "event"}
    # A segment of one's own book makes a campaign of one's own book.
    return values | {"of_book": facts.of_book or facts.segment.of_book, "exclusions": sorted(set(facts.exclusions))}

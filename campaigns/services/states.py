"""The one place a campaign moves: by the table of moves, with its row of history and on the trail (M06)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from campaigns.enums import CampaignMove, CampaignState
from campaigns.models import Campaign, CampaignMoveMade
from campaigns.queries import campaigns as queries
from campaigns.rules.moves import leads_to
from core import trail
from core.clock import SHANGHAI
from core.errors import DomainError
from core.trail import Actor
from staff.models import User

MAX_NOTE = 300
# Of the moves whose names mean something else elsewhere on the trail.
ACTIONS: Mapping[CampaignMove, str] = {
    CampaignMove.EDIT: "edit_campaign",
    CampaignMove.PAUSE: "pause_campaign",
    CampaignMove.RESUME: "resume_campaign",
    CampaignMove.END: "end_campaign",
    CampaignMove.STOP: "stop_campaign",
}


class CampaignNotYours(DomainError):
    """Makers draw campaigns up for their own units; heads check; compliance judges."""

    code = "campaign_not_yours"
    message = _("This is not yours to do with this campaign.")


class CampaignMovedOn(DomainError):
    """The table of moves has none of this name from where the campaign stands: often somebody else was quicker."""

    code = "campaign_state"
    message = _("This is not possible while the campaign is “%(state)s”. Load the page again.")


def locked(campaign: Campaign) -> Campaign:
    """The campaign as it stands now, locked until the transaction ends."""
    rows = Campaign.everything.select_for_update(of=("self",))
    named = ("branch", "segment", "template", "offer", "article", "created_by__branch")
    return rows.select_related(*named).get(pk=campaign.pk)


def move(
    campaign: Campaign,
    way: CampaignMove,
    actor: User | None,
    at: datetime,
    note: str = "",
    counts: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Campaign:
    """Take one move of the table on a locked campaign, with its row of history and on the trail; `fields` change too.

    `actor` None = the night. Raises CampaignMovedOn.
    """
    before = CampaignState(campaign.state)
    after = leads_to(way, before)
    if after is None:
        raise CampaignMovedOn(state=before.label)
    changed = {**fields, "state": after, "state_at": at}
    for name, value in changed.items():
        setattr(campaign, name, value)
    campaign.save(update_fields=list(changed))
    said = note.strip()[:MAX_NOTE]
    CampaignMoveMade.objects.create(
        campaign=campaign, move=way, from_state=before, to_state=after, by=actor, at=at, note=said
    )
    who = actor.actor if actor else trail.NIGHT
    facts = {"campaign": campaign.name, "state": [before, after], **(counts or {})}
    record(campaign, ACTIONS.get(way, way), who, at, facts, said)
    return campaign


def day_of(at: datetime) -> date:
    """The bank's day of a moment."""
    return at.astimezone(SHANGHAI).date()


def record(
    campaign: Campaign, action: str, actor: Actor, at: datetime, changes: Mapping[str, Any], reason: str = ""
) -> None:
    """Write an act on a campaign to the trail."""
    trail.record(
        actor=actor,
        action=action,
        subject=queries.SUBJECT,
        subject_id=campaign.pk,
        at=at,
        changes=changes,
        reason=reason,
    )

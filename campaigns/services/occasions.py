"""Campaigns on an occasion: each night whoever has one is queued, once for each, or held out for comparison."""

from datetime import date, datetime

from campaigns.enums import CampaignKind, CampaignState
from campaigns.models import Campaign
from campaigns.queries.occasions import occasions_of
from campaigns.services.preparing import prepare_outreach
from core.trail import NIGHT, Actor


def run(*, business_day: date, actor: Actor = NIGHT, at: datetime) -> dict[str, int]:
    """Queue what the occasions of a business day bring, of the running campaigns; doing it again changes nothing.

    "rows" counts messages queued, "held_out" customers newly held out, "left_out" those who may not be contacted. A
    campaign that is paused or over finds nothing; what of it is queued already waits, or is dropped when it ends.
    """
    counts = {"campaigns": 0, "rows": 0, "held_out": 0, "left_out": 0}
    running = Campaign.everything.filter(kind=CampaignKind.TRIGGER, state=CampaignState.RUNNING)
    named = running.filter(ends_on__gt=business_day).select_related("segment", "branch", "created_by")
    for campaign in named.order_by("pk"):
        found = occasions_of(campaign, business_day)
        made = prepare_outreach(campaign=campaign, business_day=business_day, at=at, found=found)
        counts["campaigns"] += 1
        counts["rows"] += made["rows"]
        counts["held_out"] += made["held_out"]
        counts["left_out"] += sum(made["left_out"].values())
    return counts

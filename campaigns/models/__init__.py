"""Tables of campaigns, by noun."""

from campaigns.models.campaigns import Campaign, CampaignMoveMade, Member, Uplift
from campaigns.models.content import Article, ArticleUse, Offer, RiskTolerance, Template
from campaigns.models.events import Event, Seat
from campaigns.models.learning import TrainedModel
from campaigns.models.outreach import AppMessage, Outreach
from campaigns.models.segments import Segment, SegmentMember, of_units, units_around
from campaigns.models.win_back import WinBack

__all__ = [
    "AppMessage",
    "Article",
    "ArticleUse",
    "Campaign",
    "CampaignMoveMade",
    "Event",
    "Member",
    "Offer",
    "Outreach",
    "RiskTolerance",
    "Seat",
    "Segment",
    "SegmentMember",
    "Template",
    "TrainedModel",
    "Uplift",
    "WinBack",
    "of_units",
    "units_around",
]

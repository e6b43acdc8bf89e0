"""Named choices of campaigns, by noun."""

from campaigns.enums.calls import CallResult
from campaigns.enums.campaigns import Arm, CampaignKind, CampaignMove, CampaignState, Occasion, Verdict
from campaigns.enums.content import ContentState, Flaw, OfferFault, OfferKind, Outside, Subject
from campaigns.enums.events import EventKind, EventState, SeatState
from campaigns.enums.learning import CallFact, CallReason, ModelKind, ModelState
from campaigns.enums.segments import ExclusionUse, SegmentKind
from campaigns.enums.sending import LeftOut, OutreachState, Receipt
from campaigns.enums.win_back import WinBackCause, WinBackState

__all__ = [
    "Arm",
    "CallFact",
    "CallReason",
    "CallResult",
    "CampaignKind",
    "CampaignMove",
    "CampaignState",
    "ContentState",
    "EventKind",
    "EventState",
    "ExclusionUse",
    "Flaw",
    "LeftOut",
    "ModelKind",
    "ModelState",
    "Occasion",
    "OfferFault",
    "OfferKind",
    "OutreachState",
    "Outside",
    "Receipt",
    "SeatState",
    "SegmentKind",
    "Subject",
    "Verdict",
    "WinBackCause",
    "WinBackState",
]

"""What of this app follows a customer: when two records become one, and when another manager takes them over."""

from campaigns.enums import WinBackState
from campaigns.models import AppMessage, ArticleUse, Member, Outreach, RiskTolerance, Seat, SegmentMember, WinBack
from customers.services.merge_children import Child, How, Mover
from customers.services.moving import with_manager

MOVER = Mover(
    "campaigns",
    (
        Child(SegmentMember),
        # An audience is as it was at launch, whoever the record became since.
        Child(Member, How.HISTORY),
        Child(Outreach, is_record=True),
        Child(AppMessage, is_record=True),
        Child(ArticleUse, is_record=True),
        Child(RiskTolerance, is_record=True),
        Child(Seat, is_record=True),
        Child(WinBack, is_record=True),
    ),
)

HANDED_OVER = (with_manager("win_backs", lambda: WinBack.everything.filter(state=WinBackState.OPEN)),)

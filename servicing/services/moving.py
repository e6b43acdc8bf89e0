"""What of this app follows a customer: when two records become one, and when another manager takes them over."""

from customers.services.merge_children import Child, Mover
from customers.services.moving import with_manager
from servicing.enums import FeedbackState, FollowUpState, ReferralState
from servicing.models import (
    DayMark,
    Feedback,
    FollowUp,
    FraudCheck,
    Interaction,
    Invitation,
    Maturity,
    PlaybookRun,
    Quote,
    Referral,
    Series,
)

MOVER = Mover(
    "servicing",
    (
        Child(Interaction, is_record=True),
        Child(Series),
        Child(PlaybookRun, is_record=True),
        Child(FollowUp, is_record=True),
        Child(DayMark),
        Child(Maturity),
        Child(Referral, is_record=True),
        Child(FraudCheck, is_record=True),
        Child(Quote),
        Child(Invitation, is_record=True),
        Child(Feedback),
    ),
)

# What a manager owns of a customer passes on with them. A maturity nobody was named for is always the manager's.
HANDED_OVER = (
    with_manager("follow_ups", lambda: FollowUp.everything.filter(state=FollowUpState.OPEN)),
    with_manager("series", lambda: Series.everything.filter(ended_at=None)),
    with_manager("maturities", lambda: Maturity.everything.filter(measured_on=None)),
    with_manager(
        "feedback", lambda: Feedback.everything.filter(state__in=[FeedbackState.OPEN, FeedbackState.ANSWERED])
    ),
    with_manager(
        "referrals",
        lambda: Referral.everything.filter(state__in=[ReferralState.WAITING, ReferralState.ACCEPTED]),
        owner="to_user",
        but="from_user",
    ),
)

"""Tables of servicing, by noun."""

from servicing.models.contacts import Interaction, InteractionQuerySet
from servicing.models.desk import FraudCheck, FraudCheckQuerySet, Quote, QuoteQuerySet, Referral, ReferralQuerySet
from servicing.models.follow_ups import (
    DayMark,
    FollowUp,
    FollowUpQuerySet,
    PlaybookRun,
    PlaybookRunQuerySet,
    Series,
    SeriesQuerySet,
)
from servicing.models.ladder import LadderDay, LadderKept
from servicing.models.maturity import Maturity, MaturityQuerySet
from servicing.models.voice import (
    Feedback,
    FeedbackQuerySet,
    Invitation,
    InvitationQuerySet,
    SurveyAnswer,
    SurveyAnswerQuerySet,
    Wave,
    WaveQuerySet,
)

__all__ = [
    "DayMark",
    "Feedback",
    "FeedbackQuerySet",
    "FollowUp",
    "FollowUpQuerySet",
    "FraudCheck",
    "FraudCheckQuerySet",
    "Interaction",
    "InteractionQuerySet",
    "Invitation",
    "InvitationQuerySet",
    "LadderDay",
    "LadderKept",
    "Maturity",
    "MaturityQuerySet",
    "PlaybookRun",
    "PlaybookRunQuerySet",
    "Quote",
    "QuoteQuerySet",
    "Referral",
    "ReferralQuerySet",
    "Series",
    "SeriesQuerySet",
    "SurveyAnswer",
    "SurveyAnswerQuerySet",
    "Wave",
    "WaveQuerySet",
]

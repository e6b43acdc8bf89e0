"""Tables of staff, by noun."""

from staff.models.lists import Export, SavedView
from staff.models.notices import Absence, Notification, NotificationChoice, NotificationQuerySet
from staff.models.people import ApiToken, Approval, Branch, BranchQuerySet, User, UserManager
from staff.models.policies import Policy
from staff.models.supervision import CheckPlan, Draw, Finding, FindingMove, Score, SpotCheck
from staff.models.targets import Target
from staff.models.teams import Team, TeamMember
from staff.models.training import Attempt, Certificate, Course, Enrolment, Question, Session, Study

__all__ = [
    "Absence",
    "ApiToken",
    "Approval",
    "Attempt",
    "Branch",
    "BranchQuerySet",
    "Certificate",
    "CheckPlan",
    "Course",
    "Draw",
    "Enrolment",
    "Export",
    "Finding",
    "FindingMove",
    "Notification",
    "NotificationChoice",
    "NotificationQuerySet",
    "Policy",
    "Question",
    "SavedView",
    "Score",
    "Session",
    "SpotCheck",
    "Study",
    "Target",
    "Team",
    "TeamMember",
    "User",
    "UserManager",
]

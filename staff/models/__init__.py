"""Tables of staff, by noun."""

from staff.models.lists import Export, SavedView
from staff.models.notices import Absence, Notification, NotificationChoice, NotificationQuerySet
from staff.models.people import ApiToken, Approval, Branch, BranchQuerySet, User, UserManager
from staff.models.policies import Policy
from staff.models.teams import Team, TeamMember

__all__ = [
    "Absence",
    "ApiToken",
    "Approval",
    "Branch",
    "BranchQuerySet",
    "Export",
    "Notification",
    "NotificationChoice",
    "NotificationQuerySet",
    "Policy",
    "SavedView",
    "Team",
    "TeamMember",
    "User",
    "UserManager",
]

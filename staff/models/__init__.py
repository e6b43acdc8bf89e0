"""Tables of staff, by noun."""

from staff.models.lists import Export, SavedView
from staff.models.people import ApiToken, Approval, Branch, BranchQuerySet, User, UserManager
from staff.models.policies import Policy

__all__ = [
    "ApiToken",
    "Approval",
    "Branch",
    "BranchQuerySet",
    "Export",
    "Policy",
    "SavedView",
    "User",
    "UserManager",
]

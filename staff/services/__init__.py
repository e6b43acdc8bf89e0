"""Every write to people, units, tokens and approvals, by noun."""

from staff.services.approvals import (
    AlreadyPending,
    SelfApproval,
    StaleApproval,
    decide_approval,
    request_approval,
    withdraw_approval,
)
from staff.services.loading import BranchRow, MergeCounts, StaffRow, UnitCycle, load_branches, load_staff
from staff.services.people import (
    NumberTaken,
    OwnAccount,
    change_user,
    create_user,
    set_language,
    set_password,
)
from staff.services.tokens import ScopeNotAllowed, issue_token, revoke_token

__all__ = [
    "AlreadyPending",
    "BranchRow",
    "MergeCounts",
    "NumberTaken",
    "OwnAccount",
    "ScopeNotAllowed",
    "SelfApproval",
    "StaffRow",
    "StaleApproval",
    "UnitCycle",
    "change_user",
    "create_user",
    "decide_approval",
    "issue_token",
    "load_branches",
    "load_staff",
    "request_approval",
    "revoke_token",
    "set_language",
    "set_password",
    "withdraw_approval",
]

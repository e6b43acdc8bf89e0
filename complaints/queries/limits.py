"""The limits of evidence and of repeated causes in force."""

from datetime import date

from complaints.rules.limits import BUILT_IN, Limits, read_limits
from core.memo import once_a_request
from staff.queries import policy_on

KIND = "complaint_limits"


@once_a_request
def limits_on(day: date) -> Limits:
    """The limits in force on `day`."""
    return read_limits(policy_on(KIND, day, BUILT_IN).values)

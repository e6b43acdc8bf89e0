"""Files of lists across the apps: every list that can be taken, and the work of making a file of one."""

from collections.abc import Mapping

from campaigns.views.outreach import OUTREACH_LIST
from campaigns.views.segment_lists import MEMBER_LIST
from complaints.views.inbox import CASE_LIST
from core.clock import now
from core.exporting import ListSource
from core.jobs import Counts, Progress
from core.models import Job
from customers.views.exports import CUSTOMER_LIST
from insights.views.exports import (
    BRIDGE_LIST,
    CHECK_LIST,
    FINDING_LIST,
    LOSS_LIST,
    LOST_LIST,
    SPIKE_LIST,
    WARNING_LIST,
)
from insights.views.openings import OPENING_LIST
from servicing.views.follow_ups import FOLLOW_UP_LIST
from servicing.views.maturity import AHEAD_LIST, PAST_LIST
from staff.services import exports
from tiers.views.exports import FLOW_LIST, OVERRIDE_LIST

# An app whose list can be taken adds it here.
TAKEN = (
    CUSTOMER_LIST,
    FLOW_LIST,
    OVERRIDE_LIST,
    FOLLOW_UP_LIST,
    AHEAD_LIST,
    PAST_LIST,
    CASE_LIST,
    OUTREACH_LIST,
    MEMBER_LIST,
    BRIDGE_LIST,
    LOST_LIST,
    SPIKE_LIST,
    WARNING_LIST,
    LOSS_LIST,
    FINDING_LIST,
    CHECK_LIST,
    OPENING_LIST,
)
LISTS: Mapping[str, ListSource] = {source.key: source for source in TAKEN}


def export_list(job: Job, progress: Progress) -> Counts:
    """Make the file of the job's export."""
    return exports.run_export(job=job, sources=LISTS, progress=progress, at=now())

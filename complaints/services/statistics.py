"""The one write of the statistics: that a file of them left the bank."""

from datetime import datetime

from django.db import transaction

from core import trail
from staff.models import User

SUBJECT = "complaints.statistics"


@transaction.atomic
def record_file(*, actor: User, at: datetime, query: str, file_format: str, cases: int) -> None:
    """Write on the trail who took the figures of which filters, and of how many cases."""
    trail.record(
        actor=actor.actor,
        action="export",
        subject=SUBJECT,
        at=at,
        changes={"query": query[:1000], "format": file_format, "cases": cases},
    )

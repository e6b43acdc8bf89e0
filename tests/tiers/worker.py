"""A process of its own that leads or helps a re-tiering: `python -m tests.tiers.worker lead|help JOB_ID CHUNK_SIZE`."""

import sys

import django

django.setup()

from core import jobs  # noqa: E402  after setup
from core.models import Job  # noqa: E402
from tests.tiers.ledgers import OPERATOR, at_night  # noqa: E402
from tiers.services import help_retier, retier  # noqa: E402


def lead(job: Job, progress: jobs.Progress, chunk_size: int) -> jobs.Counts:
    """Re-tier the job's day."""
    day = job.business_day
    assert day is not None
    return retier(business_day=day, actor=OPERATOR, at=at_night(day), progress=progress, chunk_size=chunk_size)


def main(part: str, job_id: int, chunk_size: int) -> None:
    """Do one part of the job."""
    if part == "lead":
        jobs.execute(job_id, lambda job, progress: lead(job, progress, chunk_size))
    else:
        help_retier(job_id=job_id)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))

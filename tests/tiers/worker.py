"""A process of its own that leads or helps a re-tiering: `python -m tests.tiers.worker lead|help JOB_ID CHUNK_SIZE`.

As a `nursery` it starts such processes by the dozen, for tests that kill them: forked, they are there at once.
"""

import contextlib
import os
import signal
import sys
import time

import django

django.setup()

from django.db import connection  # noqa: E402  after setup

from core import jobs  # noqa: E402
from core.enums import JobState  # noqa: E402
from core.models import Job  # noqa: E402
from tests.tiers.ledgers import lead  # noqa: E402
from tiers.services import help_retier  # noqa: E402


def main(part: str, job_id: int, chunk_size: int) -> None:
    """Do one part of the job."""
    if part == "lead":
        jobs.execute(job_id, lambda job, progress: lead(job, progress, chunk_size))
    else:
        help_retier(job_id=job_id)


def persist(part: str, job_id: int, chunk_size: int) -> None:
    """Do one part of the job, as often as it takes: a killed leader's connection may need a moment to be noticed."""
    while Job.objects.get(pk=job_id).state != JobState.DONE:
        with contextlib.suppress(jobs.JobBusy):
            main(part, job_id, chunk_size)
        time.sleep(0.002)


def nursery() -> None:
    """Obey lines: `lead|help JOB_ID CHUNK_SIZE` starts a worker and says its number, `kill NUMBER` ends it and says
    whether that was what ended it."""
    for line in sys.stdin:
        words = line.split()
        if words[0] == "kill":
            os.kill(int(words[1]), signal.SIGKILL)
            _pid, status = os.waitpid(int(words[1]), 0)
            print(int(os.WIFSIGNALED(status)), flush=True)
            continue
        assert connection.connection is None, "children would share it"
        pid = os.fork()
        if pid == 0:
            persist(words[0], int(words[1]), int(words[2]))
            os._exit(0)
        print(pid, flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "nursery":
        nursery()
    else:
        main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))

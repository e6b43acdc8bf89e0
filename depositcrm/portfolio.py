"""Hand-overs across the apps: whatever passes on with a customer, called from here top down.

`MOVERS` lists the movers of all apps; one that comes to have rows with an owner (cases of complaints) adds its own.
"""

from collections.abc import Callable

from campaigns.services.moving import HANDED_OVER as CAMPAIGNS
from core.clock import now
from core.jobs import Counts, Progress
from core.models import Job
from customers.services import moving
from servicing.services.moving import HANDED_OVER

MOVERS = (moving.PROMISES, *HANDED_OVER, *CAMPAIGNS)


def hand_over(job: Job, progress: Progress) -> Counts:
    """Do the hand-over of the job, chunk by chunk; what an earlier attempt did is not done again."""
    pk = job.args["handover"]
    _work(lambda: moving.hand_over_chunk(handover_id=pk, movers=MOVERS, at=now()), job, progress)
    done = moving.finish_handover(handover_id=pk, at=now())
    return {"rows": done.moved_count, "refused": done.refused_count}


def hand_back(job: Job, progress: Progress) -> Counts:
    """Take the hand-over of the job back, chunk by chunk."""
    pk = job.args["handover"]
    rows = _work(lambda: moving.hand_back_chunk(handover_id=pk, movers=MOVERS, at=now()), job, progress)
    moving.finish_undo(handover_id=pk, at=now())
    return {"rows": rows}


def _work(chunk: Callable[[], int], job: Job, progress: Progress) -> int:
    done, total = 0, job.args["customers"]
    progress.report(done, total)
    while judged := chunk():
        done += judged
        progress.report(min(done, total))
    return done

"""Every app's part in merging two customers, lowest first, and the two jobs that run them."""

from collections.abc import Callable

from campaigns.services.moving import MOVER as CAMPAIGNS
from complaints.services.moving import MOVER as COMPLAINTS
from core import jobs
from core.clock import now
from core.errors import DomainError
from core.history import signed
from core.jobs import Counts, Progress
from core.models import Job
from customers.models import Merge
from customers.services.merge_parts import CUSTOMERS
from customers.services.merge_records import merge, unmerge
from customers.services.merge_requests import give_up
from insights.services.moving import MOVER as INSIGHTS
from servicing.services.moving import MOVER as SERVICING
from tiers.services.moving import MOVER as TIERS

# A new app with a key to Customer offers a mover of its own and joins here; a test finds the ones that do not.
MOVERS = (CUSTOMERS, TIERS, SERVICING, COMPLAINTS, CAMPAIGNS, INSIGHTS)


def do_merge(job: Job, progress: Progress) -> Counts:
    """Run a merge that was asked for."""
    return _run(job, lambda found: merge(merge=found, movers=MOVERS, at=now()))


def do_undo(job: Job, progress: Progress) -> Counts:
    """Take a merge back."""
    return _run(job, lambda found: unmerge(merge=found, movers=MOVERS, at=now()))


def _run(job: Job, work: Callable[[Merge], Merge]) -> Counts:
    found = Merge.everything.get(pk=job.args["merge"])
    try:
        with signed(source=job.name, actor=job.actor_no):
            done = work(found)
    except DomainError:
        give_up(merge=found)
        raise
    except Exception:
        if job.attempts >= jobs.MAX_ATTEMPTS:
            give_up(merge=found)
        raise
    parts = [tables for tables in done.moved.values() if isinstance(tables, dict)]
    return {"rows": len(done.accounts) + sum(len(keys) for tables in parts for keys in tables.values())}

"""Making spreads, from which simulations answer at once. They are copies of what stands elsewhere: nothing of them goes
on the trail."""

import time
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction

from core import jobs
from core.enums import JobState
from core.models import Job
from core.trail import Actor
from customers.models import CustomerPosition
from customers.services.feeds import IMPORT_LOCK
from tiers.models import Scheme, Spread, SpreadRow
from tiers.queries.measures import sql
from tiers.queries.schemes import content_of
from tiers.queries.spreads import NAME, basis_facts, digest_of, ready_spread, source_digest, sourced
from tiers.rules import Basis

KEPT: Final = timedelta(days=7)
AT_ONCE: Final = 50_000
# Customers a row: two arrays of eight bytes each fill half a page.
PART: Final = 240
LOCK_CLASS = 0x737072  # "spr"


def may_wait_for() -> bool:
    """Whether a spread of everybody is made so fast that a person may wait for it."""
    return CustomerPosition.everything.order_by()[: AT_ONCE + 1].count() <= AT_ONCE


@transaction.atomic
def prepare_spread(*, basis: Basis, day: date, actor: Actor, at: datetime) -> Job | None:
    """Have a worker make the spread of the basis on the day; None when it is ready. Asking twice asks once."""
    if ready_spread(basis, day):
        return None
    facts = basis_facts(basis)
    key = f"{day} {digest_of(facts)[:16]} {source_digest()[:16]}"
    job = jobs.enqueue(name=NAME, key=key, actor=actor, at=at, args={"day": day.isoformat(), "basis": facts})
    if job.state == JobState.DONE:  # made once and thrown away since
        jobs.rearm(job, at=at)
        transaction.on_commit(lambda: jobs.publish_job(job, at=at))
    return job


def spread_from(args: dict[str, Any], at: datetime) -> Spread:
    """Make the spread that a job's arguments ask for."""
    facts = args["basis"]
    basis = Basis(facts["measure"], facts["trailing_days"], tuple(facts["best_of"]), tuple(facts["counted"]))
    return make_spread(basis=basis, day=date.fromisoformat(args["day"]), at=at)


@transaction.atomic
def make_spread(*, basis: Basis, day: date, at: datetime) -> Spread:
    """The spread of the basis on the day: as it stands when it is ready, else made anew in one statement.

    What changes meanwhile makes it stale, never wrong: the source is noted before the customers are read.
    """
    facts = basis_facts(basis)
    with connection.cursor() as cursor:
        # Never while an import is posting; and whoever wants the same spread waits for the one who is making it.
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [IMPORT_LOCK])
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCK_CLASS, f"{day} {digest_of(facts)}"])
    ready = ready_spread(basis, day)
    if ready:
        return ready
    Spread.objects.filter(on=day, basis_digest=digest_of(facts)).delete()
    spread = Spread.objects.create(
        on=day, basis=facts, basis_digest=digest_of(facts), source=source_digest(), made_at=at
    )
    began = time.perf_counter()
    text, params = sourced(basis, day)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off; SET LOCAL work_mem = '128MB'; SET LOCAL enable_nestloop = off")
        cursor.execute(sql("spread", sourced=text, size=str(PART)), {**params, "spread": spread.pk})
        cursor.execute("SET LOCAL work_mem TO DEFAULT; SET LOCAL enable_nestloop TO DEFAULT")
        cursor.execute(
            "SELECT coalesce(sum(cardinality(values)), 0) FROM tiers_spreadrow WHERE spread_id = %s", [spread.pk]
        )
        spread.customers = cursor.fetchone()[0]
        # Without statistics every answer would read all spreads there are.
        cursor.execute("ANALYZE tiers_spreadrow")
    spread.seconds = round(time.perf_counter() - began, 3)
    spread.save(update_fields=["customers", "seconds"])
    return spread


@transaction.atomic
def tidy_spreads(*, at: datetime) -> int:
    """Throw away spreads that no longer stand for the data, and those older than a week; returns how many."""
    gone = Spread.objects.exclude(source=source_digest()) | Spread.objects.filter(made_at__lt=at - KEPT)
    ids = list(gone.values_list("pk", flat=True))
    SpreadRow.everything.filter(spread_id__in=ids).delete()
    return Spread.objects.filter(pk__in=ids).delete()[0]


def prepare_night(*, business_day: date, at: datetime) -> dict[str, Any]:
    """After a day's re-tiering: the spread of the rule in force, so that the first simulation answers at once."""
    dropped = tidy_spreads(at=at)
    scheme = Scheme.objects.in_force_on(business_day)
    if scheme is None:
        return {"rows": 0, "dropped": dropped}
    spread = make_spread(basis=content_of(scheme).basis, day=business_day, at=at)
    return {"rows": spread.customers, "dropped": dropped, "seconds": spread.seconds}

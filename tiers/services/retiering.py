"""Re-tiering: everybody's tier on a business day, with its history, in chunks that any number of workers share.

The history is what one would get by re-tiering each run day in order from the balances as they stand. A run of a day
that later runs follow therefore re-does these too, chunk by chunk: a chunk's transaction leaves its customers with a
consistent history whatever dies before or after it.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Min
from django.utils.translation import gettext_lazy as _

from core import jobs, trail
from core.errors import DomainError
from core.jobs import Progress
from core.models import Job, JobChunk
from core.trail import Actor
from customers.models import CustomerPosition
from customers.services.feeds import IMPORT_LOCK
from tiers.models import RetierRun, Scheme
from tiers.queries import heads
from tiers.queries.measures import measured, rows, sql
from tiers.queries.schemes import bands_of, content_of
from tiers.rules import MAX_BANDS, renumbering, watch_limit, zones

CHUNK_SIZE = 50_000
MOST_HELPERS = 7
LOCK_CLASS = 0x746965  # "tie"
POLL_SECONDS = 0.5

# A chunk's counts: for each day, how many went from which tier to which, and how many of these are watched, overridden.
Moves = list[list[int]]


class NoScheme(DomainError):
    """No approved version of the tier policy covers the day."""

    code = "no_scheme"
    message = _("No approved tier scheme is in force on %(day)s.")


class Superseded(Exception):
    """Another job has taken over the days this chunk belongs to."""


@dataclass(frozen=True, slots=True)
class Day:
    """A business day to re-tier, the version that holds on it, and the one the run before it went by (None = first)."""

    on: date
    scheme: Scheme
    before: Scheme | None = None


def retier(
    *, business_day: date, actor: Actor, at: datetime, progress: Progress, chunk_size: int = CHUNK_SIZE
) -> dict[str, Any]:
    """Re-tier the day, and after it the run days that follow; the totals under the keys of interfaces.md 2.

    Raises NoScheme. A second run changes nothing unless balances or schemes did; one run at a time, others wait.
    """
    with _alone(progress):
        if _begin(business_day, progress.job_id, chunk_size):
            progress.report(0)
        _wake_helpers(progress.job_id)
        jobs.work_chunks(progress.job_id, do_chunk, until_all_done=True)
        return _finish(business_day, progress.job_id, actor, at)


def help_retier(*, job_id: int) -> int:
    """Do chunks of a re-tiering somebody else leads until none is left; returns how many."""
    try:
        return jobs.work_chunks(job_id, do_chunk, until_all_done=False)
    except Superseded:
        return 0


def foretell_retier(*, business_day: date) -> dict[str, Any]:
    """What `retier` would answer, written nowhere, when all days before are done; later ones are left out of account.

    Raises NoScheme.
    """
    day = Day(business_day, _scheme_on(business_day), _scheme_before(business_day))
    low, high = _id_range()
    is_latest = not RetierRun.objects.filter(on__gt=business_day).exists()
    judged, params = _judged(day, is_latest=is_latest)
    counts = "was, after_tier, count(*), count(after_watch), count(after_ruled)"
    found = rows(
        f"WITH {judged} SELECT {counts} FROM judged GROUP BY was, after_tier", {**params, "low": low, "high": high}
    )
    return _result(day, [list(row) for row in found], redone=[])


@contextmanager
def _alone(progress: Progress) -> Iterator[None]:
    """Hold the lock of all re-tiering; PostgreSQL frees it the moment its holder dies."""
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT pg_try_advisory_lock(%s, 0)", [LOCK_CLASS])
            if cursor.fetchone()[0]:
                break
            progress.report(0)
            time.sleep(POLL_SECONDS)
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s, 0)", [LOCK_CLASS])


@transaction.atomic
def _begin(business_day: date, job_id: int, chunk_size: int) -> bool:
    """Write down which days the job does and cut the customers into chunks; False = a killed worker's plan goes on.

    The run rows are the plan every worker reads, so only the holder of the lock may write them.
    """
    job = Job.objects.get(pk=job_id)
    runs = list(RetierRun.objects.filter(on__gte=_first_to_do(business_day)).order_by("on"))
    is_planned = business_day in {run.on for run in runs} and all(run.is_open and run.job_id == job.pk for run in runs)
    if is_planned and job.chunks.exists():
        return False
    # Before the run rows: a worker that outlived its leader holds its chunk first and asks for these then.
    job.chunks.all().delete()
    _take_over(job)
    days = sorted({business_day, *(run.on for run in runs)})
    for day in days:
        RetierRun.objects.update_or_create(on=day, defaults={"scheme": _scheme_on(day), "job": job, "is_open": True})
    low, high = _id_range()
    # A chunk does all its days in one transaction: the more days, the fewer customers.
    jobs.plan_chunks(job, low=low, high=high, size=max(1, chunk_size // len(days)))
    return True


def _first_to_do(day: date) -> date:
    """The day itself, or an earlier one whose run somebody left half done: it left some customers by its scheme and
    some by the one before, so it comes first."""
    left: date | None = RetierRun.objects.filter(is_open=True, on__lt=day).aggregate(first=Min("on"))["first"]
    return left or day


def _take_over(job: Job) -> None:
    """Leave runs whose leader died to nobody: their workers finish the chunk in hand (waited for here) and no other."""
    left = RetierRun.objects.select_for_update().filter(is_open=True).exclude(job=job).order_by("on")
    RetierRun.objects.filter(pk__in=[run.pk for run in left]).update(job=None)


def _scheme_on(day: date) -> Scheme:
    scheme = Scheme.objects.in_force_on(day)
    if scheme is None:
        raise NoScheme(day=day.isoformat())
    return scheme


def _id_range() -> tuple[int, int]:
    found = CustomerPosition.everything.aggregate(low=Min("pk"), high=Max("pk"))
    return (found["low"], found["high"]) if found["low"] else (1, 0)


def _wake_helpers(job_id: int) -> None:
    waiting = JobChunk.objects.filter(job_id=job_id, is_done=False).count()
    for _n in range(min(MOST_HELPERS, waiting - 1)):
        if not jobs.send("tiers.retier_help", job_id):
            return


def do_chunk(chunk: JobChunk) -> dict[str, Moves]:
    """Re-tier the chunk's customers on every day of its job's plan. Raises Superseded when the plan is gone."""
    # Shared among the workers of one job; `_take_over` by another waits until they are through.
    plan = 'SELECT * FROM tiers_retierrun WHERE job_id = %s AND is_open ORDER BY "on" FOR SHARE'
    runs = RetierRun.objects.raw(plan, [chunk.job_id]).prefetch_related("scheme__bands")
    days = _days(runs)
    if not days:
        raise Superseded(str(chunk))
    ids = {"low": chunk.low, "high": chunk.high}
    with connection.cursor() as cursor:
        # Never while an import is posting: both write positions, each in its own order.
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [IMPORT_LOCK])
        # The chunk's moves wait in memory between the parts of the statement. A day just begun has no statistics:
        # expecting one change row of it, the planner would loop over tens of thousands.
        cursor.execute("SET LOCAL work_mem = '32MB'; SET LOCAL enable_nestloop = off")
    if len(days) == 1:
        return {days[0].on.isoformat(): _run("retier_chunk", days[0], chunk.job_id, ids, is_latest=True)}
    done = {day.on.isoformat(): _run("retier_chunk_past", day, chunk.job_id, ids, is_latest=False) for day in days}
    _settle(days[-1], ids)
    return done


def _days(runs: Iterable[RetierRun]) -> list[Day]:
    """The days of these runs in order, each with the version of the run before it."""
    days: list[Day] = []
    for run in runs:
        days.append(Day(run.on, run.scheme, days[-1].scheme if days else _scheme_before(run.on)))
    return days


def _scheme_before(day: date) -> Scheme | None:
    run = RetierRun.objects.filter(on__lt=day).select_related("scheme").prefetch_related("scheme__bands")
    found = run.order_by("-on").first()
    return found.scheme if found else None


def _settle(last: Day, ids: Mapping[str, int]) -> None:
    """The positions after days of the past were done again, `last` the latest of them."""
    judged, params = _judged(last, is_latest=False)
    with connection.cursor() as cursor:
        cursor.execute(sql("settle_positions"), ids)
        cursor.execute(sql("settle_near", judged=judged), {**params, **ids})


def retier_customer(*, customer_id: int, since: date) -> None:
    """Do the run days from `since` on again for one customer, whose history before stands.

    Call it while no chunk of a re-tiering and no import runs (IMPORT_LOCK). The runs' own totals stay what they were.
    A run that is not through yet is done for this customer now, and once more with everybody.
    """
    runs = RetierRun.objects.filter(on__gte=_first_to_do(since)).select_related("scheme").order_by("on")
    days, ids = _days(runs.prefetch_related("scheme__bands")), {"low": customer_id, "high": customer_id}
    if len(days) == 1:
        _run("retier_chunk", days[0], None, ids, is_latest=True)
        return
    for day in days:
        _run("retier_chunk_past", day, None, ids, is_latest=False)
    if days:
        _settle(days[-1], ids)


def _run(name: str, day: Day, job_id: int | None, ids: Mapping[str, int], *, is_latest: bool) -> Moves:
    judged, params = _judged(day, is_latest=is_latest)
    text = sql(name, judged=judged, changed=sql("changed"), history=sql("history"))
    return [list(row) for row in rows(text, {**params, **ids, "scheme": day.scheme.pk, "job": job_id})]


def _stayed(moves: Moves) -> Moves:
    """Who stayed in which tier: everybody in it now, less who came; counted once, not chunk by chunk."""
    text = (
        "SELECT tier, count(*), count(watch_since), count(ruled_tier) FROM customers_customerposition"
        " WHERE tier > 0 GROUP BY tier"
    )
    came: Counter[int] = Counter()
    for _was, after, n, *_others in moves:
        came[after] += n
    return [[tier, tier, n - came[tier], watched, given] for tier, n, watched, given in rows(text, {})]


def _judged(day: Day, *, is_latest: bool) -> tuple[str, dict[str, Any]]:
    """The shared part of all statements, and its parameters. The standing before the day: the position's, unless later
    days were run."""
    content = content_of(day.scheme)
    found = measured(content.basis, day.on)
    bands, cut = content.bands, zones(content.floors)
    before, earlier = ("before_latest", "") if is_latest else ("before_past", sql("earlier"))
    text = sql(
        "judged",
        value=found.value,
        pick=found.pick,
        counted=found.counted,
        before=sql(before),
        earlier=earlier,
    )
    return text, {
        **found.params,
        "zone_bounds": list(cut.bounds),
        "zone_bands": list(cut.bands),
        "zone_near": list(cut.near),
        "ranks": list(renumbering(bands_of(day.before), bands) if day.before else range(1, MAX_BANDS + 1)),
        "letters": [band.letter for band in bands],
        "watch_limit": watch_limit(content.measure, content.watch_periods, day.on),
    }


@transaction.atomic
def _finish(business_day: date, job_id: int, actor: Actor, at: datetime) -> dict[str, Any]:
    """Close the job's runs with their totals, and record the one that was asked for."""
    counts = list(JobChunk.objects.filter(job_id=job_id).values_list("counts", flat=True))
    runs = list(RetierRun.objects.filter(job_id=job_id, is_open=True).select_related("scheme").order_by("on"))
    redone = [run.on.isoformat() for run in runs if run.on != business_day]
    moves = {run.on: [move for chunk in counts for move in chunk.get(run.on.isoformat(), [])] for run in runs}
    if len(runs) == 1:  # `retier_chunk` tells who moved, `retier_chunk_past` of everybody
        moves[runs[0].on] += _stayed(moves[runs[0].on])
    results = {run.on: _close(run, moves[run.on], redone if run.on == business_day else [], at) for run in runs}
    if business_day not in results:
        raise Superseded(str(job_id))
    asked = results[business_day]
    trail.record(actor=actor, action="run", subject="tiers.retierrun", subject_id=business_day, at=at, changes=asked)
    return asked


def _close(run: RetierRun, moves: Moves, redone: list[str], at: datetime) -> dict[str, Any]:
    result = _result(Day(run.on, run.scheme), moves, redone)
    run.customers, run.first_count = result["customers"], result["first"]
    run.up, run.down, run.by_tier = result["up"], result["down"], result["by_tier"]
    run.watched, run.overridden = result["watch"], result["overridden"]
    run.is_open, run.finished_at = False, at
    run.save()
    return result


def _result(day: Day, moves: Moves, redone: list[str]) -> dict[str, Any]:
    matrix: Counter[tuple[int, int]] = Counter()
    for before, after, n, *_others in moves:
        matrix[before, after] += n
    customers = sum(matrix.values())
    up = sum(n for (before, after), n in matrix.items() if 0 < before < after)
    down = sum(n for (before, after), n in matrix.items() if before > after)
    ranks = [band.rank for band in bands_of(day.scheme)]
    return {
        "business_date": day.on.isoformat(),
        "scheme": day.scheme.version,
        "customers": customers,
        "up": up,
        "down": down,
        "watch": sum(move[3] for move in moves),
        "unchanged": customers - up - down,
        "overridden": sum(move[4] for move in moves),
        "by_tier": {str(rank): n for rank, n in heads(matrix, ranks).items()},
        "first": sum(n for (before, _after), n in matrix.items() if not before),
        "redone": redone,
        "rows": customers,
    }

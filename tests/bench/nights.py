"""The night's jobs beside their floors: re-tiering alone and by workers, the roll-up of a day, the simulator."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

from django.db import connection, transaction

from core import jobs
from core.clock import now
from core.models import Job
from customers.models import Account, Customer, CustomerPosition, FedDay
from customers.services import kyc, lifecycle, quality
from insights.services import roll_up_day
from tests.bench import floors, servers
from tests.bench.feeds import BENCH, Say
from tests.bench.measuring import Figure, against_floor, interleaved, percentile, timed
from tiers.models import Scheme, TierChange
from tiers.queries.simulation import simulate
from tiers.rules import Basis
from tiers.services import retier
from tiers.services.simulating import make_spread

RETIER_TIMES, RETIER_PLUS = 1.3, 0.5
SIMULATOR_MS = 100
SAMPLE = 2000
DAY = timedelta(days=1)
NAMES = (("普通", "Standard"), ("潜力", "Rising"), ("优质", "Prime"), ("高端", "Premier"))


@dataclass(slots=True)
class Nights:
    """The ledger day, which is the last one re-tiered, and the share of customers that are in the lowest tier."""

    day: date
    lowest: float = 0.62

    def next_day(self, moving: float, rising: float = 0) -> tuple[date, list[Decimal]]:
        """A new day with a policy of its own by which this share of the customers move, up and down in turns; others
        rise into the third tier."""
        self.day += DAY
        FedDay.objects.create(on=self.day, is_full=True)  # all that a feed without changes leaves behind
        self.lowest += moving if self.lowest < 0.7 else -moving
        shares = [self.lowest, 0.9 - rising, 0.985]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT percentile_disc(%s::float8[]) WITHIN GROUP (ORDER BY total) FROM customers_customerposition",
                [shares],
            )
            bounds = [Decimal(0), *cursor.fetchone()[0]]
        _approve(self.day, bounds)
        return self.day, bounds


@transaction.atomic
def _approve(day: date, bounds: Sequence[Decimal]) -> None:
    """A version in force from a day; the database looks at its bands when all of them are there."""
    scheme = Scheme.objects.create(
        version=1000 + Scheme.objects.count(),
        name="定级方案",
        effective_on=day,
        drafted_at=now(),
    )
    for rank, (bound, (chinese, english)) in enumerate(zip(bounds, NAMES, strict=True), start=1):
        scheme.bands.create(rank=rank, floor=bound, letter="DCBA"[rank - 1], name_zh=chinese, name_en=english)
    scheme.status = "approved"
    scheme.save(update_fields=["status"])


def measure_retier(nights: Nights, movers: dict[float, int], folder: Path, say: Say) -> list[Figure]:
    """Re-tiering with history, in this process and by workers, as the thresholds move to and fro."""
    say("first tiers")
    day, bounds = nights.next_day(0)
    retier_alone(day)
    floors.retier(day, bounds)
    figures = []
    for share, runs in movers.items():
        say(f"re-tier, {share:.0%} move, {runs} runs")
        figures.append(_measure(nights, share, runs, f"re-tier with history, {share:.0%} move", retier_alone))
    if not movers:
        return []
    if not servers.broker_answers():
        say("no broker: re-tiering by workers is left out")
        return figures
    with servers.workers(folder):
        for share, runs in movers.items():
            say(f"re-tier by workers, {share:.0%} move, {runs} runs")
            figures.append(_measure(nights, share, runs, f"re-tier by Celery workers, {share:.0%} move", _by_workers))
    _compare()
    return figures


def _measure(nights: Nights, share: float, runs: int, job: str, product: Callable[[date], float]) -> Figure:
    ready: dict[int, tuple[date, list[Decimal]]] = {}

    def day_of(n: int) -> tuple[date, list[Decimal]]:
        if n not in ready:
            ready[n] = nights.next_day(share)
        return ready[n]

    def ours(n: int) -> float:
        day, _bounds = day_of(n)
        return product(day)

    def plain(n: int) -> float:
        day, bounds = day_of(n)
        return timed(lambda: floors.retier(day, bounds))

    seconds = interleaved(runs, ours, plain)
    return against_floor(job, *seconds, RETIER_TIMES, RETIER_PLUS)


def _job(day: date) -> Job:
    return jobs.enqueue(name="tiers.retier", key=f"bench {day}", business_day=day, actor=BENCH, at=now(), publish=False)


def measure_record(day: date, say: Say) -> list[Figure]:
    """Life-cycle stages, data quality and KYC of a day: the first night, and the same night again."""
    steps: dict[str, Callable[[], object]] = {
        "life-cycle stages": lambda: lifecycle.run(business_day=day, actor=BENCH, at=now()),
        "data quality": lambda: quality.run(business_day=day, actor=BENCH, at=now()),
        "KYC": lambda: kyc.run(business_day=day, actor=BENCH, at=now()),
    }
    figures = []
    for name, step in steps.items():
        say(name)
        figures += [Figure(f"{name}, {which}", "s", timed(step)) for which in ("first night", "nothing new")]
    return figures


def retier_alone(day: date) -> float:
    """Seconds of a day's re-tiering in this process."""
    job = _job(day)

    def lead(_job: Job, progress: jobs.Progress) -> jobs.Counts:
        return retier(business_day=day, actor=BENCH, at=now(), progress=progress)

    seconds = timed(lambda: jobs.execute(job.pk, lead))
    return _checked(job, seconds)


def _by_workers(day: date) -> float:
    """From the message to the last row, as the night waits for it."""
    job = _job(day)
    began = time.perf_counter()
    jobs.publish_job(job, at=now())
    jobs.wait(job, seconds=600, poll=0.01)
    return _checked(job, time.perf_counter() - began)


def _checked(job: Job, seconds: float) -> float:
    job.refresh_from_db()
    if job.state != "done":
        raise RuntimeError(f"{job}: {job.state} {job.error}")
    return seconds


def _compare() -> None:
    """Both sides must have written the same history, and left everybody standing the same."""
    history = "count(*), sum(value), sum(to_tier - from_tier), sum(to_tier * (hashint8(customer_id) % 1000))"
    standing = "sum(tier), sum(near * (hashint8(customer_id) % 1000)), count(watch_since), count(ruled_tier)"
    with connection.cursor() as cursor:
        found: list[list[object]] = [[], []]
        for place, schema in enumerate(("public", "floor")):
            for columns, table in ((history, "tiers_tierchange"), (standing, "customers_customerposition")):
                cursor.execute(f"SELECT {columns} FROM {schema}.{table}")
                found[place].append(cursor.fetchone())
    if found[0] != found[1]:
        raise RuntimeError(f"the product's tier history and the floor's differ: {found}")


def measure_naive(nights: Nights, say: Say) -> list[Figure]:
    """A loop over customers that sums, compares and saves, on a sample that is taken back."""
    say(f"naive re-tier of {SAMPLE:,} customers")
    _day, bounds = nights.next_day(0.1)
    everybody = CustomerPosition.everything.count()
    sample = min(SAMPLE, everybody)
    with transaction.atomic():
        seconds = timed(lambda: _naive(nights.day, bounds, sample))
        transaction.set_rollback(True)
    seconds *= everybody / sample
    return [
        Figure("naive re-tier: a loop with save()", "s", seconds, note=f"from a sample of {sample:,}, about 10% move")
    ]


def _naive(day: date, bounds: Sequence[Decimal], sample: int) -> None:
    scheme = Scheme.objects.in_force_on(day)
    for customer in Customer.everything.order_by("pk")[:sample]:
        accounts = Account.everything.filter(customer=customer).select_related("balance")
        total = sum((account.balance.value for account in accounts), Decimal(0))
        position = CustomerPosition.everything.get(customer=customer)
        after = max(rank for rank, bound in enumerate(bounds, start=1) if bound <= total)
        if after == position.tier:
            continue
        TierChange.everything.create(
            customer=customer,
            on=day,
            event="up" if after > position.tier else "down",
            from_tier=position.tier,
            to_tier=after,
            scheme=scheme,
            measure="balance",
            value=total,
            window_from=day,
            window_to=day,
            branch=customer.branch,
            manager=customer.manager,
        )
        position.tier, position.tier_since = after, day
        position.save()


def measure_roll_up(day: date, runs: int, say: Say) -> list[Figure]:
    """The figures of a day per branch, manager and tier; as often as one likes, so the floor starts clean too."""
    say("roll-up of a day")

    def plain(_n: int) -> float:
        floors.run("TRUNCATE floor.insights_depositday, floor.insights_branchday")
        return timed(lambda: floors.run(floors.ROLL_UP, day=day))

    ours, floor = interleaved(runs, lambda _n: timed(lambda: roll_up_day(day)), plain)
    return [against_floor("roll-up of a day", ours, floor)]


def measure_simulator(day: date, runs: int, say: Say) -> list[Figure]:
    """What other bounds would do to everybody: making the spread, and answers while a bound is dragged."""
    figures = []
    bounds = [Decimal(0), Decimal(60_000), Decimal(600_000), Decimal(2_500_000)]
    for measure in ("balance", "adb_month"):
        say(f"simulator, {measure}")
        basis = Basis(measure)
        scan, seconds = simulate(bounds, measure, day), timed(partial(make_spread, basis=basis, day=day, at=now()))
        figures.append(Figure(f"spread of the simulator, {measure}", "s", seconds, note="made once for a day's data"))
        if simulate(bounds, measure, day).cells != scan.cells:
            raise RuntimeError(f"the spread and the positions simulate differently: {measure} on {day}")
        ours, floor = interleaved(
            runs,
            partial(_dragged, bounds, measure, day),
            lambda _n: timed(partial(floors.run, floors.SIMULATE, floors=bounds)),
        )
        figures.append(
            Figure(
                f"simulator, {measure}, p95",
                "ms",
                percentile(ours, 0.95) * 1000,
                percentile(floor, 0.95) * 1000,
                SIMULATOR_MS,
                f"≤ {SIMULATOR_MS} ms",
                note=f"p50 {percentile(ours, 0.5) * 1000:.1f} ms",
            )
        )
    return figures


def _dragged(bounds: Sequence[Decimal], measure: str, day: date, n: int) -> float:
    """Seconds of an answer to bounds nobody has asked for yet."""
    moved = [bounds[0], *(bound + 1_000 * (n + 1) for bound in bounds[1:])]
    return timed(lambda: simulate(moved, measure, day))

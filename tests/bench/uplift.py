"""What campaigns brought, beside what they were made to bring: does the interval hold the truth as often as it says,
and how long does a comparison of 200,000 customers take.

Simulated customers come in four tiers whose balances are spread as a branch's are: most small, a few very large. A
third keep theirs still, most drift by a share of it, some leave with most of it and some bring a multiple. The draw
and the comparison are the product's own; of those contacted some bring more, so that the true mean is known by tier.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean, variance

from django.db import connection, transaction

from campaigns.enums import Arm, Verdict
from campaigns.queries.uplift import Ask, strata_of
from campaigns.rules.holdout import split
from campaigns.rules.uplift import Part, Result, Stratum, compare
from campaigns.services.splitting import split_sql
from tests.bench.feeds import Say
from tests.bench.measuring import Figure, timed

CAMPAIGNS = 2_000
MEMBERS = 200_000
SECONDS = 3.0
RUNS = 3
LOWEST, HIGHEST = 0.93, 0.97
# By tier: how many of a hundred customers, the middle balance in yuan, and how far the others lie from it.
TIERS = {1: (60, 15_000, 1.1), 2: (25, 150_000, 0.7), 3: (12, 900_000, 0.6), 4: (3, 5_000_000, 0.9)}
ANSWERING, SPREAD = 0.08, 0.8


@dataclass(frozen=True, slots=True)
class Scene:
    """Campaigns of one sort: how few and how many customers (any size on a logarithmic scale between), held out in per
    cent, and the share of the middle balance of their tier that those who answer bring."""

    name: str
    fewest: int
    most: int
    percent: int
    brings: float

    def truth(self, tier: int) -> float:
        """What being contacted brings a customer of the tier on average, yuan."""
        return ANSWERING * self.brings * TIERS[tier][1] * math.exp(SPREAD**2 / 2)


SCENES = (
    Scene("2,000 to 20,000 customers, 10 % held out", 2_000, 20_000, 10, 0.5),
    Scene("the same, brings nothing", 2_000, 20_000, 10, 0.0),
    Scene("2,000 customers, 20 % held out", 2_000, 2_000, 20, 0.5),
)


@dataclass(frozen=True, slots=True)
class Simulated:
    """A campaign's result and what it was made to bring, yuan a customer."""

    result: Result
    truth: float

    @property
    def is_covered(self) -> bool:
        """The interval holds the truth."""
        found = self.result.interval
        return found is not None and float(found.low) <= self.truth <= float(found.high)


def simulate(scene: Scene, campaigns: int, seed: int) -> Iterator[Simulated]:
    """So many campaigns of a sort, one after the other; the same seed gives the same."""
    rng = random.Random(seed)
    ranks, shares = list(TIERS), [share for share, _middle, _spread in TIERS.values()]
    for _n in range(campaigns):
        size = round(scene.fewest * (scene.most / scene.fewest) ** rng.random())
        tiers = rng.choices(ranks, shares, k=size)
        arms = split(enumerate(tiers), seed=rng.getrandbits(62), percent=scene.percent)
        changes: dict[tuple[int, Arm], list[float]] = {(tier, arm): [] for tier in ranks for arm in Arm}
        for customer, tier in enumerate(tiers):
            arm = arms[customer]
            changes[tier, arm].append(_change(rng, tier) + (_answer(rng, scene, tier) if arm == Arm.TREATED else 0))
        result = compare(Stratum(tier, *(_part(changes[tier, arm]) for arm in Arm)) for tier in ranks)
        used = [stratum for stratum in result.strata if stratum.is_compared]
        truth = sum(stratum.treated.count * scene.truth(stratum.tier) for stratum in used) / result.compared
        yield Simulated(result, truth)


def _change(rng: random.Random, tier: int) -> float:
    """What happens to a balance anyway."""
    _share, middle, spread = TIERS[tier]
    balance, fate = middle * rng.lognormvariate(0, spread), rng.random()
    if fate < 0.35:
        return 0.0
    if fate < 0.95:
        return balance * rng.gauss(0.01, 0.15)
    return -balance * rng.uniform(0.5, 1) if fate < 0.97 else balance * rng.expovariate(1.5)


def _answer(rng: random.Random, scene: Scene, tier: int) -> float:
    if rng.random() >= ANSWERING:
        return 0.0
    return scene.brings * TIERS[tier][1] * rng.lognormvariate(0, SPREAD)


def _part(changes: list[float]) -> Part:
    if not changes:
        return Part()
    return Part(len(changes), 0.0, fmean(changes), variance(changes) if len(changes) > 1 else 0.0)


def measure_uplift(day: date, seed: int, say: Say) -> list[Figure]:
    """Coverage of the interval, scene by scene, and the seconds of one comparison."""
    figures = []
    for scene in SCENES:
        say(f"{CAMPAIGNS:,} campaigns: {scene.name}")
        found = list(simulate(scene, CAMPAIGNS, seed))
        figures.append(_coverage(scene, found))
    say(f"result of {MEMBERS:,} customers")
    return [*figures, _speed(day)]


def _coverage(scene: Scene, found: list[Simulated]) -> Figure:
    covered = sum(one.is_covered for one in found) / len(found)
    clear = sum(one.result.verdict != Verdict.UNCLEAR for one in found) / len(found)
    off = abs(covered - (LOWEST + HIGHEST) / 2)
    return Figure(
        f"uplift, distance of coverage from 95 %: {scene.name}",
        "",
        off,
        bound=(HIGHEST - LOWEST) / 2,
        goal="coverage 93–97 %",
        note=f"{covered:.1%} of {len(found):,} intervals hold the truth; {clear:.1%} say more than “cannot tell”",
    )


def _speed(day: date) -> Figure:
    """A campaign over the first customers of the bank, launched so that its days are full; taken back afterwards."""
    with transaction.atomic():
        campaign = _campaign(day - timedelta(days=31))
        seconds = [timed(lambda: strata_of([Ask(campaign, 30)], until=day)) for _n in range(RUNS)]
        transaction.set_rollback(True)
    return Figure("result of a campaign, 30 days", "s", min(seconds), bound=SECONDS, goal=f"≤ {SECONDS:g} s")


def _campaign(launched_on: date) -> int:
    """The id of a campaign that only its members know."""
    columns = "customer_id, tier, branch_id, manager_id"
    audience = f"SELECT {columns} FROM customers_customerposition ORDER BY customer_id LIMIT %(most)s"
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(
            "INSERT INTO campaigns_member (campaign_id, customer_id, branch_id, manager_id, tier, arm, joined_on)"
            f" SELECT 0, customer_id, branch_id, manager_id, tier, arm, %(day)s FROM ({split_sql(audience)}) s",
            {"most": MEMBERS, "seed": 1, "holdout": 10, "day": launched_on},
        )
        cursor.execute("ANALYZE campaigns_member")
    return 0

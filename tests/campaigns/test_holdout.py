"""Who is held out: the same seed draws the same customers, in Python and in SQL."""

import random
from collections import Counter
from math import ceil

import pytest
from django.db import connection

from campaigns.enums import Arm
from campaigns.rules.holdout import arm_on_joining, held_out_count, split
from campaigns.services.splitting import arm_on_joining_sql, split_sql


@pytest.mark.parametrize(
    ("customers", "percent", "held"),
    [
        (0, 10, 0),
        (1, 0, 0),
        (100, 0, 0),
        (1, 10, 1),
        (10, 10, 1),
        (11, 10, 2),
        (100, 10, 10),
        (101, 10, 11),
        (3, 50, 2),
    ],
)
def test_a_share_of_each_tier_is_held_out_rounded_up(customers: int, percent: int, held: int) -> None:
    assert held_out_count(customers, percent) == held == ceil(customers * percent / 100)


def test_the_same_seed_holds_out_the_same_customers_of_every_tier() -> None:
    rng = random.Random(5)
    tiers = [(customer, rng.choice((1, 1, 1, 2, 2, 3, 4))) for customer in rng.sample(range(10**6), 1_500)]
    arms = split(tiers, seed=42, percent=10)
    sizes, held = Counter(tier for _id, tier in tiers), Counter(tier for pk, tier in tiers if arms[pk] == Arm.HELD_OUT)
    assert held == {tier: held_out_count(size, 10) for tier, size in sizes.items()}
    rng.shuffle(tiers)
    assert split(tiers, seed=42, percent=10) == arms
    assert split(tiers, seed=43, percent=10) != arms
    # A larger share holds out the same customers and more.
    more = split(tiers, seed=42, percent=25)
    assert {pk for pk, arm in arms.items() if arm == Arm.HELD_OUT} < {
        pk for pk, arm in more.items() if arm == Arm.HELD_OUT
    }
    # Over many seeds everybody is held out as often as the share says.
    seeds = [split([(pk, 1) for pk in range(50)], seed=seed, percent=20) for seed in range(400)]
    often = Counter(pk for arms in seeds for pk, arm in arms.items() if arm == Arm.HELD_OUT)
    assert 50 < min(often.values()) <= max(often.values()) < 115


@pytest.mark.django_db
@pytest.mark.parametrize(("seed", "percent"), [(7, 10), (2**62, 33), (-1, 0)])
def test_the_database_draws_as_the_rule_does(seed: int, percent: int) -> None:
    rng = random.Random(seed)
    ids = rng.sample(range(1, 10**9), 700)
    tiers = [(customer, rng.randrange(1, 5)) for customer in ids]
    audience = "SELECT * FROM unnest(%(ids)s::bigint[], %(tiers)s::int[]) AS t (customer_id, tier)"
    values = {"ids": ids, "tiers": [tier for _id, tier in tiers], "seed": seed, "holdout": percent}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT customer_id, arm FROM ({split_sql(audience)}) s", values)
        assert dict(cursor.fetchall()) == split(tiers, seed=seed, percent=percent)
        cursor.execute(f"SELECT id, {arm_on_joining_sql('id')} FROM unnest(%(ids)s::bigint[]) AS t (id)", values)
        assert dict(cursor.fetchall()) == {pk: arm_on_joining(pk, seed=seed, percent=percent) for pk in ids}

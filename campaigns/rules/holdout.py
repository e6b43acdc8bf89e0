"""Who is held out of a campaign for comparison (M13): the same seed always holds out the same customers.

`campaigns.services.splitting` draws the same arms in SQL; tests compare the two.
"""

from collections import defaultdict
from collections.abc import Iterable
from hashlib import md5
from typing import Final

from campaigns.enums import Arm

# Of the seven hex digits an arm is drawn from where customers join one by one.
_DRAWN: Final = 7


def place(seed: int, customer_id: int) -> str:
    """The customer's place in the draw: lower places are held out first. Unrelated to anything about the customer."""
    return md5(f"{seed}:{customer_id}".encode(), usedforsecurity=False).hexdigest()


def held_out_count(customers: int, percent: int) -> int:
    """How many of a tier's customers are held out: that share of them, rounded up; none at 0 %."""
    return -(-customers * percent // 100)


def split(tiers: Iterable[tuple[int, int]], *, seed: int, percent: int) -> dict[int, Arm]:
    """The arm of every customer of a frozen audience; `tiers` are (customer id, tier), `percent` is held out of each.

    Within a tier customers stand by their place in the draw, and the first `held_out_count` are held out.
    """
    by_tier: dict[int, list[int]] = defaultdict(list)
    for customer_id, tier in tiers:
        by_tier[tier].append(customer_id)
    arms: dict[int, Arm] = {}
    for ids in by_tier.values():
        held = held_out_count(len(ids), percent)
        drawn = sorted(ids, key=lambda one: (place(seed, one), one))
        arms |= {one: Arm.HELD_OUT if rank < held else Arm.TREATED for rank, one in enumerate(drawn)}
    return arms


def arm_on_joining(customer_id: int, *, seed: int, percent: int) -> Arm:
    """The arm of a customer who joins on an occasion, when nobody knows yet who else will: drawn for each alone."""
    return Arm.HELD_OUT if int(place(seed, customer_id)[:_DRAWN], 16) % 100 < percent else Arm.TREATED

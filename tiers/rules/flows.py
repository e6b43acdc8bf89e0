"""What became of a customer between two days, from the tier at either close."""

from collections.abc import Sequence

from tiers.enums import Way
from tiers.rules.deciding import renumbered


def way(before: int, after: int, ranks: Sequence[int]) -> Way:
    """The way from one rank to the other; `ranks` as by `renumbering` from the first day's bands to the last day's.

    A tier is the same tier as long as it keeps its letter; of one that is gone its former number stands for it.
    """
    if not before:
        return Way.NEW
    was = renumbered(before, ranks) or before
    if after == was:
        return Way.STAYED
    return Way.UP if after > was else Way.DOWN

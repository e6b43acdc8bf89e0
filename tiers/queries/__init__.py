"""Reads of tiers: schemes, standing, moves, simulation."""

from tiers.models import DOWN, UP
from tiers.queries.display import bands_for_display, tier_name
from tiers.queries.moves import (
    TierHeads,
    branches_of,
    heads_by_tier,
    lately,
    latest_run_day,
    managers_of,
    movers,
    moves_of,
    tier_history,
)
from tiers.queries.schemes import (
    APPROVAL_KIND,
    Difference,
    bands_of,
    content_of,
    differences,
    first_free_day,
    pending_approval,
    previous_version,
    versions,
)
from tiers.queries.simulation import Simulation, TierShift, heads, shifts, simulate
from tiers.queries.standing import Explanation, explain, tier_on

__all__ = [
    "APPROVAL_KIND",
    "DOWN",
    "UP",
    "Difference",
    "Explanation",
    "Simulation",
    "TierHeads",
    "TierShift",
    "bands_for_display",
    "bands_of",
    "branches_of",
    "content_of",
    "differences",
    "explain",
    "first_free_day",
    "heads",
    "heads_by_tier",
    "lately",
    "latest_run_day",
    "managers_of",
    "movers",
    "moves_of",
    "pending_approval",
    "previous_version",
    "shifts",
    "simulate",
    "tier_history",
    "tier_name",
    "tier_on",
    "versions",
]

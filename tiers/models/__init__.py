"""Tier policy as versioned data, the history it produced, and what people decided beside it."""

from tiers.models.backtests import Backtest
from tiers.models.changes import DOWN, UP, RetierRun, TierChange, TierChangeQuerySet
from tiers.models.overrides import TierOverride
from tiers.models.schemes import Band, Scheme, SchemeQuerySet
from tiers.models.spreads import Spread, SpreadRow

__all__ = [
    "DOWN",
    "UP",
    "Backtest",
    "Band",
    "RetierRun",
    "Scheme",
    "SchemeQuerySet",
    "Spread",
    "SpreadRow",
    "TierChange",
    "TierChangeQuerySet",
    "TierOverride",
]

"""The lists of tiers: movers, customers on watch, re-tierings, overrides, scheme versions, flows between tiers."""

from tiers.filters.flows import FLOWS
from tiers.filters.moves import MOVERS
from tiers.filters.overrides import OVERRIDES, STAGE_WORDS, letter_cell, stage_cell
from tiers.filters.runs import RUNS
from tiers.filters.schemes import SCHEME_TONES, SCHEMES
from tiers.filters.watch import WATCH

__all__ = [
    "FLOWS",
    "MOVERS",
    "OVERRIDES",
    "RUNS",
    "SCHEMES",
    "SCHEME_TONES",
    "STAGE_WORDS",
    "WATCH",
    "letter_cell",
    "stage_cell",
]

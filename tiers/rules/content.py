"""A scheme version as one value, and the digest that stands for it."""

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any

from tiers.rules.bands import Band
from tiers.rules.measures import DEFAULT_TRAILING, Basis


@dataclass(frozen=True, slots=True)
class SchemeContent:
    """Everything a scheme version decides. `note` says why it was drawn up; other fields as in `Basis`."""

    name: str
    measure: str
    effective_on: date
    note: str
    bands: tuple[Band, ...]
    trailing_days: int = DEFAULT_TRAILING
    best_of: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()
    watch_periods: int = 0

    @property
    def basis(self) -> Basis:
        """How it measures."""
        return Basis(self.measure, self.trailing_days, self.best_of, self.counted)

    @property
    def floors(self) -> list[Decimal]:
        """The floors of its bands in yuan, lowest first."""
        return [band.floor for band in self.bands]

    @property
    def facts(self) -> dict[str, Any]:
        """The content as plain JSON values."""
        bands = [[b.rank, f"{b.floor:.2f}", b.letter, b.name_zh, b.name_en] for b in self.bands]
        return {
            "name": self.name,
            "measure": str(self.measure),
            "trailing_days": self.trailing_days,
            "best_of": sorted(map(str, self.best_of)),
            "counted": sorted(map(str, self.counted)),
            "watch_periods": self.watch_periods,
            "effective_on": self.effective_on.isoformat(),
            "note": self.note,
            "bands": bands,
        }

    @property
    def digest(self) -> str:
        """64 hexadecimal digits that stand for exactly this content."""
        return sha256(json.dumps(self.facts, sort_keys=True).encode()).hexdigest()

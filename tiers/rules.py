"""Tier policy as decisions over plain values: which band a value falls in, which days it is measured over."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from itertools import pairwise
from typing import Any, ClassVar, Final

from tiers.enums import Measure

MIN_BANDS: Final = 2
MAX_BANDS: Final = 8
MAX_WHOLE_DIGITS: Final = 16

MONTHS_OF_WINDOW: Final[dict[str, int]] = {Measure.ADB_MONTH: 1, Measure.ADB_QUARTER: 3}


class BandsError(ValueError):
    """Floors that make no set of bands; `code` says why, `rank` where (0 = the set as a whole)."""

    code: ClassVar[str]

    def __init__(self, rank: int = 0) -> None:
        super().__init__(self.code)
        self.rank = rank


class BandCountOutOfRange(BandsError):
    code = "band_count"


class FirstFloorNotZero(BandsError):
    code = "first_floor_not_zero"


class FloorsNotAscending(BandsError):
    code = "floors_not_ascending"


class FloorNotAnAmount(BandsError):
    code = "floor_not_an_amount"


class LetterTwice(BandsError):
    code = "letter_twice"


class RankOutOfOrder(BandsError):
    code = "rank_out_of_order"


@dataclass(frozen=True, slots=True)
class Band:
    """A tier: from `floor` yuan (inclusive) up to the next band's floor; rank 1 is the lowest."""

    rank: int
    floor: Decimal
    letter: str = ""
    name_zh: str = ""
    name_en: str = ""

    def name(self, language: str) -> str:
        """The tier's name in Chinese for zh languages, else in English."""
        return self.name_zh if language.startswith("zh") else self.name_en


@dataclass(frozen=True, slots=True)
class Window:
    """The days start..end, both included, over which a measure is taken."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """Calendar days in the window."""
        return (self.end - self.start).days + 1


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a value stands: its band, and the floor of the band above (None at the top)."""

    band: Band
    ceiling: Decimal | None


def bands_from(floors: Sequence[Decimal]) -> list[Band]:
    """Bands without names from floors in yuan, lowest first. Raises BandsError."""
    check_floors(floors)
    return [Band(rank, floor) for rank, floor in enumerate(floors, start=1)]


def check_floors(floors: Sequence[Decimal]) -> None:
    """Raise BandsError unless the floors make 2 to 8 bands from zero upwards, each above the last, in whole fen.

    A band ends where the next begins, so gaps and overlaps cannot be written down at all.
    """
    if not MIN_BANDS <= len(floors) <= MAX_BANDS:
        raise BandCountOutOfRange()
    for rank, floor in enumerate(floors, start=1):
        if not _is_amount(floor):
            raise FloorNotAnAmount(rank)
    if floors[0] != 0:
        raise FirstFloorNotZero(1)
    for rank, (lower, upper) in enumerate(pairwise(floors), start=2):
        if upper <= lower:
            raise FloorsNotAscending(rank)


def _is_amount(floor: Decimal) -> bool:
    if not floor.is_finite() or abs(floor) >= 10**MAX_WHOLE_DIGITS:
        return False
    return floor == floor.quantize(Decimal("0.01"))


def validate_bands(bands: Sequence[Band]) -> None:
    """Raise BandsError unless the bands, lowest first, make a policy: floors as in `check_floors`, no letter twice.

    Ranks count from 1 without gaps: the database finds a value's rank by its place among the floors.
    """
    check_floors([band.floor for band in bands])
    seen: set[str] = set()
    for rank, band in enumerate(bands, start=1):
        if band.rank != rank:
            raise RankOutOfOrder(rank)
        if band.letter in seen:
            raise LetterTwice(band.rank)
        seen.add(band.letter)


def classify(value: Decimal, bands: Sequence[Band]) -> Band:
    """The band with the highest floor not above `value` (yuan); the first band when all floors are above it."""
    return max((b for b in bands if b.floor <= value), key=lambda b: b.floor, default=bands[0])


def standing(value: Decimal, bands: Sequence[Band]) -> Standing:
    """The band of `value` (yuan) and where the next one begins."""
    band = classify(value, bands)
    return Standing(band, min((b.floor for b in bands if b.floor > band.floor), default=None))


def window_for(measure: str, day: date) -> Window:
    """The days a measure covers on `day`: the day alone, or its calendar month or quarter so far."""
    months = MONTHS_OF_WINDOW.get(measure)
    if months is None:
        return Window(day, day)
    return Window(day.replace(month=(day.month - 1) // months * months + 1, day=1), day)


def is_in_same_period(measure: str, one: date, other: date) -> bool:
    """True when the windows of both days begin on the same day."""
    return window_for(measure, one).start == window_for(measure, other).start


@dataclass(frozen=True, slots=True)
class SchemeContent:
    """Everything a scheme version decides. `note` says why it was drawn up."""

    name: str
    measure: str
    effective_on: date
    note: str
    bands: tuple[Band, ...]

    @property
    def facts(self) -> dict[str, Any]:
        """The content as plain JSON values."""
        bands = [[b.rank, f"{b.floor:.2f}", b.letter, b.name_zh, b.name_en] for b in self.bands]
        return {
            "name": self.name,
            "measure": str(self.measure),
            "effective_on": self.effective_on.isoformat(),
            "note": self.note,
            "bands": bands,
        }

    @property
    def digest(self) -> str:
        """64 hexadecimal digits that stand for exactly this content."""
        return sha256(json.dumps(self.facts, sort_keys=True).encode()).hexdigest()

"""Bands of a tier scheme: which sets make a policy, and which band a value falls in."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import ClassVar, Final

MIN_BANDS: Final = 2
MAX_BANDS: Final = 8
MAX_WHOLE_DIGITS: Final = 16


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

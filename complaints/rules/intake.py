"""How a complaint comes in: its number, what it must say, and the unit that decides it (product.md P01, P04, P17)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from complaints.enums import Complainant, Source

MIN_TEXT: Final = 4
# What came longer ago is no complaint of now; a letter may have lain somewhere.
OLDEST: Final = timedelta(days=366)
# Ways in on which the sender gives the complaint a number and a day of its own.
FORWARDED: Final = (Source.REGULATOR, Source.HOTLINE)
# Who speaks for somebody else, and shows a paper for it.
WITH_AUTHORITY: Final = (Complainant.AGENT, Complainant.HEIR)

Fault = Literal[
    "", "text", "received_on", "source_no", "source_on", "source_day", "authority", "anonymous_customer", "customer"
]


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as far as deciding goes: its key, and the keys of its active heads."""

    pk: int
    heads: frozenset[int]


def case_number(year: int, serial: int) -> str:
    """The number of a case: TS2026-000123; past a million it grows longer."""
    return f"TS{year}-{serial:06}"


def intake_fault(
    *,
    source: str,
    complainant: str,
    has_customer: bool,
    texts: Iterable[str],
    authority: str,
    received_on: date,
    source_no: str,
    source_on: date | None,
    day: date,
) -> Fault:
    """Why a complaint cannot be registered on `day` as it stands, "" when it can."""
    checks: tuple[tuple[bool, Fault], ...] = (
        (any(len(text.strip()) < MIN_TEXT for text in texts), "text"),
        (not day - OLDEST <= received_on <= day, "received_on"),
        (source == Source.REGULATOR and not source_no, "source_no"),
        (source == Source.REGULATOR and source_on is None, "source_on"),
        (source_on is not None and source_on > received_on, "source_day"),
        (complainant in WITH_AUTHORITY and not authority.strip(), "authority"),
        (complainant == Complainant.ANONYMOUS and has_customer, "anonymous_customer"),
    )
    return next((fault for is_wrong, fault in checks if is_wrong), "")


def desk_of(units: Sequence[Unit], apart: frozenset[int]) -> int:
    """The unit that decides, of the one complained of and those above it, nearest first; `apart` are kept away.

    The nearest one with heads none of whom is kept away: nobody judges whom they sit beside. Where there is none, the
    nearest with any head left, else the topmost.
    """
    free = (unit.pk for unit in units if unit.heads and not unit.heads & apart)
    left = (unit.pk for unit in units if unit.heads - apart)
    return next(free, 0) or next(left, 0) or units[-1].pk

"""What an offer may be made up of, and what risk it carries (M16)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from campaigns.enums import OfferFault, OfferKind, Outside
from customers.enums import CustomerKind
from servicing.enums import Buyer, RiskGrade, SavingKind

MOST_PIECES: Final = 6
MOST_MONTHS: Final = 120
# What is sold beside deposits: kept here only by kind, with the lowest risk such a thing carries.
RISK_OUTSIDE: Final[Mapping[str, str]] = {Outside.BOND: RiskGrade.R1.value, Outside.WEALTH: RiskGrade.R2.value}
LOWEST: Final = RiskGrade.R1.value
_TIME: Final = frozenset({SavingKind.LUMP_SUM.value, SavingKind.CD.value})
# From where a deposit is large: what a certificate begins with for persons (domain.md 1).
LARGE: Final = Decimal(200_000)


@dataclass(frozen=True, slots=True)
class Piece:
    """A product of an offer: its code in the library or of `Outside`, months of its term, per cent of the money."""

    product: str
    months: int | None
    share: int


@dataclass(frozen=True, slots=True)
class Sort:
    """What is known of a product by its code: its kind (or that of `Outside`), risk grade, and who may hold it."""

    kind: str
    risk: str
    buyers: frozenset[str]
    months: int | None = None


class OfferError(ValueError):
    """Pieces that make no offer; `fault` says why."""

    def __init__(self, fault: OfferFault) -> None:
        super().__init__(str(fault.value))
        self.fault = fault


def read_pieces(values: Sequence[Mapping[str, Any]]) -> tuple[Piece, ...]:
    """The pieces as they are kept. Raises OfferError: none, too many, or shares that are not 100 together."""
    if not 1 <= len(values) <= MOST_PIECES:
        raise OfferError(OfferFault.COUNT)
    pieces = tuple(_piece(value) for value in values)
    if sum(piece.share for piece in pieces) != 100:
        raise OfferError(OfferFault.SHARES)
    return pieces


def _piece(value: Mapping[str, Any]) -> Piece:
    product, months, share = value.get("product"), value.get("months"), value.get("share")
    if not isinstance(product, str) or not product:
        raise OfferError(OfferFault.PRODUCT)
    if not isinstance(share, int) or isinstance(share, bool) or not 1 <= share <= 100:
        raise OfferError(OfferFault.SHARES)
    if months is not None and (not isinstance(months, int) or not 1 <= months <= MOST_MONTHS):
        raise OfferError(OfferFault.MONTHS)
    return Piece(product, months, share)


def check_pieces(kind: str, pieces: Sequence[Piece], sorts: Mapping[str, Sort], least: Decimal) -> None:
    """Raise OfferError unless the pieces make an offer of its kind: every product is on offer, and what it takes is in
    it."""
    if any(piece.product not in sorts for piece in pieces):
        raise OfferError(OfferFault.PRODUCT)
    kinds = [sorts[piece.product].kind for piece in pieces]
    terms = {sorts[p.product].months or p.months for p in pieces if sorts[p.product].kind in _TIME}
    is_made = {
        OfferKind.SINGLE: len(pieces) == 1,
        OfferKind.TERM_BOND: bool(_TIME & set(kinds)) and Outside.BOND in kinds,
        OfferKind.NOTICE_WEALTH: SavingKind.NOTICE in kinds and Outside.WEALTH in kinds,
        OfferKind.LADDER: len(terms - {None}) >= 2 and set(kinds) <= _TIME,
        OfferKind.LARGE: bool(_TIME & set(kinds)) and least >= LARGE,
    }
    if not is_made[OfferKind(kind)]:
        raise OfferError(OfferFault(f"kind_{kind}"))
    if not buyers_of(pieces, sorts):
        raise OfferError(OfferFault.BUYERS)


def risk_of(pieces: Iterable[Piece], sorts: Mapping[str, Sort], said: str = "") -> str:
    """The highest risk grade of an offer: that of its pieces, or what was `said` where that is higher."""
    grades = [sorts[piece.product].risk for piece in pieces if piece.product in sorts]
    return max([LOWEST, said, *grades])


def buyers_of(pieces: Iterable[Piece], sorts: Mapping[str, Sort]) -> frozenset[str]:
    """Kinds of customers that may hold every piece."""
    found = frozenset(Buyer.values)
    for piece in pieces:
        found &= sorts[piece.product].buyers if piece.product in sorts else frozenset()
    return frozenset(kind for kind in CustomerKind.values if kind in found)


def suits(risk: str, grade: str, valid_until: date | None, day: date) -> bool:
    """Whether a customer who bears risks up to `grade` until a day may be offered such a risk; nobody has to say
    anything about the lowest one."""
    return risk <= LOWEST or (grade >= risk and valid_until is not None and valid_until >= day)

"""Referrals: what may follow what, and what they are worth (product.md V12)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from servicing.enums import ReferralState

MIN_REASON: Final = 2
FIGURES: Final[Mapping[str, tuple[int, int]]] = {
    "accepted": (0, 100),
    "succeeded": (0, 100),
    "contact_days": (0, 30),
}
# Points are no money and depend on no amount. Until a policy of kind "referral_points" says otherwise.
BUILT_IN: Final[Mapping[str, int]] = {"accepted": 1, "succeeded": 3, "contact_days": 2}
_MOVES: Final[Mapping[str, frozenset[str]]] = {
    ReferralState.WAITING: frozenset({ReferralState.ACCEPTED, ReferralState.DECLINED}),
    ReferralState.ACCEPTED: frozenset({ReferralState.SUCCEEDED, ReferralState.FAILED}),
}
OPEN: Final = (ReferralState.WAITING, ReferralState.ACCEPTED)


@dataclass(frozen=True, slots=True)
class Points:
    """What a referral earns whoever made it: once it is taken, and in addition once it has a result; and in how many
    days whoever took it contacts the customer."""

    accepted: int
    succeeded: int
    contact_days: int


def read_points(values: Mapping[str, Any]) -> Points:
    """The points of a policy of kind "referral_points". Raises ValueError with the name of the figure."""
    for name, (least, most) in FIGURES.items():
        value = values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(name)
    return Points(**{name: values[name] for name in FIGURES})


def may_move(state: str, to: str) -> bool:
    """Whether a referral that stands so may next stand so."""
    return to in _MOVES.get(state, frozenset())


def points_for(
    state: str, decided_on: date | None, closed_on: date | None, versions: Sequence[tuple[date, Points]]
) -> tuple[int, int]:
    """(credit, bonus) of a referral: credit by the rules of the day it was taken, bonus by those of its result.

    `versions` are the rules with the days they took over, the earliest first.
    """
    taken = state in (ReferralState.ACCEPTED, ReferralState.SUCCEEDED, ReferralState.FAILED)
    credit = _on(decided_on, versions).accepted if taken and decided_on else 0
    bonus = _on(closed_on, versions).succeeded if state == ReferralState.SUCCEEDED and closed_on else 0
    return credit, bonus


def _on(day: date, versions: Sequence[tuple[date, Points]]) -> Points:
    return next((points for since, points in reversed(versions) if since <= day), Points(**BUILT_IN))

"""What may be done to a campaign in which state: the one table the service, the API and the database go by (M06)."""

from collections.abc import Mapping
from typing import Final

from campaigns.enums import CampaignMove, CampaignState

# From which states a move is allowed, and where it leads. CHECK leads on to APPROVED where compliance has no say.
MOVES: Final[Mapping[CampaignMove, tuple[tuple[CampaignState, ...], CampaignState]]] = {
    CampaignMove.SUBMIT: ((CampaignState.DRAFT,), CampaignState.SUBMITTED),
    CampaignMove.WITHDRAW: ((CampaignState.SUBMITTED, CampaignState.CHECKED), CampaignState.DRAFT),
    CampaignMove.CHECK: ((CampaignState.SUBMITTED,), CampaignState.CHECKED),
    CampaignMove.APPROVE: ((CampaignState.SUBMITTED, CampaignState.CHECKED), CampaignState.APPROVED),
    CampaignMove.REJECT: ((CampaignState.SUBMITTED, CampaignState.CHECKED), CampaignState.DRAFT),
    CampaignMove.EDIT: ((CampaignState.APPROVED,), CampaignState.DRAFT),
    CampaignMove.LAUNCH: ((CampaignState.APPROVED,), CampaignState.RUNNING),
    CampaignMove.PAUSE: ((CampaignState.RUNNING,), CampaignState.PAUSED),
    CampaignMove.RESUME: ((CampaignState.PAUSED,), CampaignState.RUNNING),
    CampaignMove.END: ((CampaignState.RUNNING, CampaignState.PAUSED), CampaignState.ENDED),
    CampaignMove.STOP: (
        (CampaignState.APPROVED, CampaignState.RUNNING, CampaignState.PAUSED),
        CampaignState.STOPPED,
    ),
}
# Its content may be changed.
CHANGEABLE: Final = (CampaignState.DRAFT,)
# Its audience is frozen and its outreach exists.
LAUNCHED: Final = (CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.ENDED, CampaignState.STOPPED)
OVER: Final = (CampaignState.ENDED, CampaignState.STOPPED)


def leads_to(move: CampaignMove, state: CampaignState) -> CampaignState | None:
    """The state a move leads to from `state`; None where it is not allowed."""
    before, after = MOVES.get(move, ((), None))
    return after if state in before else None


def moves_from(state: CampaignState) -> tuple[CampaignMove, ...]:
    """The moves allowed in a state, in the order of the table."""
    return tuple(move for move, (before, _after) in MOVES.items() if state in before)


def steps() -> frozenset[tuple[CampaignState, CampaignState]]:
    """Every allowed pair of states, from and to."""
    return frozenset((state, after) for before, after in MOVES.values() for state in before)

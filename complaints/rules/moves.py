"""What may be done to a case in which state: the one table the service, the API and the database go by."""

from collections.abc import Mapping
from typing import Final

from complaints.enums import CaseState, Move

# From which states a move is allowed, and where it leads.
MOVES: Final[Mapping[Move, tuple[tuple[CaseState, ...], CaseState]]] = {
    Move.ACCEPT: ((CaseState.REGISTERED,), CaseState.ACCEPTED),
    Move.INVESTIGATE: ((CaseState.ACCEPTED, CaseState.REOPENED), CaseState.INVESTIGATING),
    Move.PROPOSE: ((CaseState.INVESTIGATING,), CaseState.PROPOSED),
    Move.ANSWER: ((CaseState.PROPOSED,), CaseState.ANSWERED),
    Move.SEND_BACK: ((CaseState.PROPOSED,), CaseState.INVESTIGATING),
    Move.CLOSE: ((CaseState.ANSWERED,), CaseState.CLOSED),
    Move.WITHDRAW: (
        (
            CaseState.REGISTERED,
            CaseState.ACCEPTED,
            CaseState.INVESTIGATING,
            CaseState.PROPOSED,
            CaseState.REOPENED,
        ),
        CaseState.WITHDRAWN,
    ),
    Move.REOPEN: ((CaseState.ANSWERED, CaseState.CLOSED, CaseState.WITHDRAWN), CaseState.REOPENED),
}
# Still to be decided: the clocks run.
OPEN: Final = (
    CaseState.REGISTERED,
    CaseState.ACCEPTED,
    CaseState.INVESTIGATING,
    CaseState.PROPOSED,
    CaseState.REOPENED,
)
# Not ended: what is left to do on an answered case is to close it.
LIVE: Final = (*OPEN, CaseState.ANSWERED)
# Over, unless it is opened again: the file stays as it is.
ENDED: Final = (CaseState.CLOSED, CaseState.WITHDRAWN)
# The complainant has the decision.
DECIDED: Final = (CaseState.ANSWERED, CaseState.CLOSED)


def leads_to(move: Move, state: CaseState) -> CaseState | None:
    """The state a move leads to from `state`; None where it is not allowed."""
    before, after = MOVES.get(move, ((), None))
    return after if state in before else None


def moves_from(state: CaseState) -> tuple[Move, ...]:
    """The moves allowed in a state, in the order of the table."""
    return tuple(move for move, (before, _after) in MOVES.items() if state in before)


def steps() -> frozenset[tuple[CaseState, CaseState]]:
    """Every allowed pair of states, from and to."""
    return frozenset((state, after) for before, after in MOVES.values() for state in before)

"""Named choices of complaints, by noun."""

from complaints.enums.cases import CaseState, Complainant, Grade, Move, Source
from complaints.enums.clocks import AttemptResult, Clock, ExtensionKind, ExtensionState, PauseReason, Rung
from complaints.enums.findings import (
    ActionState,
    Delivery,
    Finding,
    ProblemState,
    RemedyKind,
    ReviewOutcome,
    ReviewState,
)

__all__ = [
    "ActionState",
    "AttemptResult",
    "CaseState",
    "Clock",
    "Complainant",
    "Delivery",
    "ExtensionKind",
    "ExtensionState",
    "Finding",
    "Grade",
    "Move",
    "PauseReason",
    "ProblemState",
    "RemedyKind",
    "ReviewOutcome",
    "ReviewState",
    "Rung",
    "Source",
]

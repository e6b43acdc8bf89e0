"""What a statement of consent needs before it may stand in the ledger (PIPL 13-17)."""

from datetime import datetime
from typing import Final, Literal

from customers.enums import ConsentDecision, ConsentProof

# What was said at the counter is proved by who wrote it down; everything else leaves something to point at.
NEEDS_REFERENCE: Final = frozenset(
    {
        ConsentProof.SIGNED_FORM,
        ConsentProof.RECORDED_CALL,
        ConsentProof.ONLINE_FORM,
        ConsentProof.SMS_REPLY,
        ConsentProof.IMPORTED,
    }
)

Fault = Literal["", "stated_in_the_future", "no_wording_in_force", "proof_reference_needed"]


def fault(
    *, decision: str, proof: str, has_reference: bool, has_wording: bool, stated_at: datetime, at: datetime
) -> Fault:
    """Why the statement cannot be recorded at `at`, "" when it can. A withdrawal needs nothing but the act."""
    if stated_at > at:
        return "stated_in_the_future"
    if decision == ConsentDecision.WITHDRAWN:
        return ""
    if not has_wording:
        return "no_wording_in_force"
    return "proof_reference_needed" if proof in NEEDS_REFERENCE and not has_reference else ""

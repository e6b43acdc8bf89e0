"""Where outreach may go from where, when it is tried again, and what a carrier knows it by."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from campaigns.enums import OutreachState as S

# The database repeats these pairs (migration 0002); what was sent, left out or cancelled stays so.
STEPS: Final[Mapping[S, tuple[S, ...]]] = {
    S.QUEUED: (S.SENDING, S.SUPPRESSED, S.CANCELLED, S.SENT, S.FAILED),
    S.SENDING: (S.SENT, S.UNKNOWN, S.FAILED, S.QUEUED, S.SUPPRESSED, S.CANCELLED),
    S.UNKNOWN: (S.SENT, S.FAILED, S.QUEUED),
    S.FAILED: (S.QUEUED, S.CANCELLED),
    S.SENT: (),
    S.SUPPRESSED: (),
    S.CANCELLED: (),
}


def may_become(state: S, after: S) -> bool:
    """Whether outreach may go from one state to the other."""
    return after in STEPS[state]


# Minutes to wait after each attempt that certainly did not leave; after the last one it has failed.
WAITS: Final = (1, 5, 15, 60)


def retry_at(attempts: int, at: datetime) -> datetime | None:
    """When to try again what did not leave at the `attempts`-th attempt (from 1); None = not any more."""
    return at + timedelta(minutes=WAITS[attempts - 1]) if attempts <= len(WAITS) else None


def key_of(pk: int, created_at: datetime) -> str:
    """What a carrier knows a contact by: the same at every attempt, another in a database made anew."""
    return f"o{pk}-{int(created_at.timestamp() * 1_000_000):x}"


def pk_of(key: str) -> int | None:
    """The number of the contact with this key, still to be compared; None for what is no key."""
    number = key.partition("-")[0][1:]
    return int(number) if key[:1] == "o" and number.isdecimal() and len(number) < 19 else None

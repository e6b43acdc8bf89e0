"""What whoever serves a customer should know first."""

from datetime import date, timedelta
from typing import Final, Literal

from customers.enums import AlertKind, FlagKind, Severity

ID_NOTICE: Final = timedelta(days=90)
MIN_REASON: Final = 4

IdentityAlert = Literal["", "id_expired", "id_expires_soon"]
AlertFault = Literal["", "ends_in_the_past", "text_needed"]

TONES: Final = {Severity.INFO: "info", Severity.WARN: "warn", Severity.CRITICAL: "bad"}
# Said first and quietly, whatever their severity: these change how, or whether, one speaks to the customer at all.
GRAVE: Final = frozenset({AlertKind.BEREAVEMENT, AlertKind.DO_NOT_CONTACT})
# Findings that matter to a person across the counter; the others are work for the data-quality queue.
SERVING_FLAGS: Final = frozenset({FlagKind.DUPLICATE_IDENTITY, FlagKind.SHARED_PHONE})
_RANKS: Final = {Severity.CRITICAL: 1, Severity.WARN: 2, Severity.INFO: 3}


def identity_alert(expires_on: date | None, is_long_term: bool, day: date) -> IdentityAlert:
    """Whether the identity document has run out on `day`, or will within 90 days; it is still good on its last day."""
    if is_long_term or expires_on is None:
        return ""
    if expires_on < day:
        return "id_expired"
    return "id_expires_soon" if expires_on - day <= ID_NOTICE else ""


def alert_fault(kind: str, text: str, ends_on: date | None, day: date) -> AlertFault:
    """Why an alert cannot begin on `day`, "" when it can; its end date is still a day of the alert."""
    if ends_on is not None and ends_on < day:
        return "ends_in_the_past"
    return "text_needed" if kind == AlertKind.OTHER and not text.strip() else ""


def loudness(kind: str, severity: str) -> int:
    """The place of an alert among others: grave kinds first, then by severity; smaller is earlier."""
    return 0 if kind in GRAVE else _RANKS[Severity(severity)]

"""What whoever serves a customer should know first."""

from datetime import date, timedelta
from typing import Final, Literal

ID_NOTICE: Final = timedelta(days=90)

IdentityAlert = Literal["", "id_expired", "id_expires_soon"]


def identity_alert(expires_on: date | None, is_long_term: bool, day: date) -> IdentityAlert:
    """Whether the identity document has run out on `day`, or will within 90 days; it is still good on its last day."""
    if is_long_term or expires_on is None:
        return ""
    if expires_on < day:
        return "id_expired"
    return "id_expires_soon" if expires_on - day <= ID_NOTICE else ""

"""Who opened which customer's page (product.md F09, domain.md 9): what counts as outside, and how long it is kept."""

from collections.abc import Collection
from datetime import date
from typing import Final

from customers.rules.kyc import add_months

# Looks so few minutes apart are one: tabs, a page asked for again, and the way back to it.
SAME_LOOK_MINUTES: Final = 5


def is_outside(*, keeps_book: bool, units: Collection[int], customer_unit: int) -> bool:
    """Whether a customer is neither of the person's own book nor of the units they serve.

    Who keeps a book sees nothing outside of it: what is theirs, a colleague's they stand in for, or shared with them
    for a reason.
    """
    return not keeps_book and customer_unit not in units


def kept_from(day: date, months: int) -> date:
    """The first day whose openings are still kept on a day."""
    return add_months(day, -months)

"""Who may hand which customers to whom, and what the numbers of a hand-over come to. Branches are paths as "/1/5/"."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from customers.enums import HandoverRefusal

UNDO_DAYS = 7
KEPT_DAYS = 90


@dataclass(frozen=True, slots=True)
class Owned:
    """A customer as it stands: `expected_id` was its manager when the hand-over was asked for."""

    manager_id: int | None
    backup_id: int | None
    expected_id: int | None
    branch_path: str
    is_merged: bool


@dataclass(frozen=True, slots=True)
class Mandate:
    """What somebody may hand over: their own book (`book_of`), or whatever belongs to units below `below`."""

    book_of: int | None = None
    below: str | None = None

    def covers(self, customer: Owned) -> bool:
        """True when the customer is theirs to hand over."""
        if self.book_of is not None:
            return customer.manager_id == self.book_of
        return self.below is not None and customer.branch_path.startswith(self.below)


@dataclass(frozen=True, slots=True)
class Aim:
    """Who gets the customers, with the paths of the units they work in."""

    to_id: int
    to_path: str
    backup_id: int | None = None
    backup_path: str = ""


def refusal(customer: Owned, aim: Aim, mandates: tuple[Mandate, ...]) -> HandoverRefusal | None:
    """Why this customer cannot be handed over; None when it can. Everybody who asked or decided needs the mandate."""
    if customer.is_merged:
        return HandoverRefusal.MERGED
    if customer.manager_id == aim.to_id:
        return HandoverRefusal.ALREADY_THEIRS
    if customer.manager_id != customer.expected_id:
        return HandoverRefusal.CHANGED
    if not all(mandate.covers(customer) for mandate in mandates):
        return HandoverRefusal.NOT_YOURS
    if not customer.branch_path.startswith(aim.to_path):
        return HandoverRefusal.OTHER_UNIT
    if aim.backup_id is not None and not customer.branch_path.startswith(aim.backup_path):
        return HandoverRefusal.BACKUP_UNIT
    return None


def backup_after(customer: Owned, aim: Aim) -> int | None:
    """The backup a customer has after the hand-over: the one chosen, else its own, but never its manager."""
    if aim.backup_id is not None:
        return aim.backup_id
    return None if customer.backup_id == aim.to_id else customer.backup_id


def keeps(customer: Owned, to_id: int, *, owner_left: bool) -> HandoverRefusal | None:
    """Why an undo leaves this customer as it is; None when it goes back."""
    if customer.is_merged:
        return HandoverRefusal.MERGED
    if customer.manager_id != to_id:
        return HandoverRefusal.CHANGED
    return HandoverRefusal.OWNER_LEFT if owner_left else None


@dataclass(frozen=True, slots=True)
class KeptWindow:
    """The days before a hand-over and since, both ends included, whose averages are held against each other."""

    before_start: date
    before_end: date
    since_start: date
    since_end: date


def kept_window(done_on: date, day: date) -> KeptWindow | None:
    """90 days before against up to 90 since, as known on `day`; None on the day of the hand-over itself."""
    if day <= done_on:
        return None
    first = done_on + timedelta(days=1)
    last = min(day, done_on + timedelta(days=KEPT_DAYS))
    return KeptWindow(done_on - timedelta(days=KEPT_DAYS - 1), done_on, first, last)


def kept_share(before: Decimal, since: Decimal) -> Decimal | None:
    """Per cent of the earlier average that is still there, one place; None when there was nothing."""
    if before <= 0:
        return None
    return (since * 100 / before).quantize(Decimal("0.1"), ROUND_HALF_UP)

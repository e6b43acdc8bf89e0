"""A customer's timeline: contacts, tier changes, balance jumps, complaints and what else was done, page by page."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import partial

from django.db.models import F, Min, Value, Window
from django.db.models.functions import Coalesce, Lag

from complaints.enums import Move
from complaints.models import CaseMove
from complaints.queries.cases import moves_of_customer
from core.clock import SHANGHAI
from core.money import ZERO
from core.pages import BadQuery
from customers.models import Customer, FedDay, PositionChange
from insights.enums import EntryKind
from insights.queries.deeds import SOURCES, Deed
from insights.rules import moves as rules
from servicing.models import Interaction
from servicing.queries import contacts as servicing
from staff.access import scope_of
from staff.models import User
from tiers.enums import Event
from tiers.models import TierChange
from tiers.queries import bands_of, bands_of_run, tier_name

PAGE = 20
# At one moment, higher comes first; what is known at the close of a day follows on the day's contacts.
ORDER = {
    EntryKind.CONSENT: 8,
    EntryKind.FEEDBACK: 7,
    EntryKind.REFERRAL: 6,
    EntryKind.QUOTE: 5,
    EntryKind.FOLLOW_UP: 4,
    EntryKind.COMPLAINT: 3,
    EntryKind.BALANCE: 2,
    EntryKind.TIER: 1,
    EntryKind.CONTACT: 0,
}
# What of a complaint is news for whoever serves the customer.
TOLD_MOVES = (Move.REGISTER, Move.ANSWER, Move.CLOSE, Move.WITHDRAW, Move.REOPEN)


@dataclass(frozen=True, slots=True)
class Jump:
    """A change of the customer's total that stands out, in yuan."""

    on: date
    before: Decimal
    after: Decimal

    @property
    def difference(self) -> Decimal:
        """After less before."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; exactly one of contact (with `readable_note`), change (with tiers' names), jump, move, deed is set."""

    kind: EntryKind
    at: datetime
    key: int
    contact: Interaction | None = None
    change: TierChange | None = None
    jump: Jump | None = None
    move: CaseMove | None = None
    deed: Deed | None = None
    from_name: str = ""
    to_name: str = ""

    @property
    def is_move(self) -> bool:
        """Whether the tier in effect is another one now, or has another number."""
        return self.change is not None and self.change.event in (Event.UP, Event.DOWN, Event.RENUMBERED)

    @property
    def sort_key(self) -> tuple[datetime, int, int]:
        """Its place; the latest has the largest."""
        return self.at, ORDER[self.kind], self.key


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """Entries, latest first, and the mark the next page begins after ("" at the end)."""

    entries: list[Entry]
    next: str


@dataclass(frozen=True, slots=True)
class Mark:
    """The last entry already shown."""

    at: datetime
    order: int
    key: int

    @classmethod
    def read(cls, text: str) -> "Mark":
        """Raises BadQuery for what no page has handed out."""
        try:
            at, order, key = map(int, text.split("_"))
            seconds, microseconds = divmod(at, 1_000_000)
            return cls(datetime.fromtimestamp(seconds, SHANGHAI).replace(microsecond=microseconds), order, key)
        except (ValueError, OverflowError, OSError):
            raise BadQuery() from None

    @classmethod
    def of(cls, entry: Entry) -> str:
        """The mark as it stands in an address."""
        at, order, key = entry.sort_key
        return f"{int(at.timestamp()) * 1_000_000 + at.microsecond}_{order}_{key}"


def timeline(customer: Customer, viewer: User, *, kind: str = "", after: str = "", size: int = PAGE) -> TimelinePage:
    """A page of the customer's timeline as far as the viewer may see it; jumps only for people who see amounts."""
    mark = Mark.read(after) if after else None
    wanted = [EntryKind(kind)] if kind in EntryKind.values else list(EntryKind)
    sources: dict[EntryKind, Callable[..., Iterator[Entry]]] = {
        EntryKind.CONTACT: _contacts,
        EntryKind.TIER: _changes,
        EntryKind.BALANCE: _jumps,
        EntryKind.COMPLAINT: _moves,
        **{one: partial(_deeds, one) for one in SOURCES},
    }
    found = [entry for one in wanted for entry in sources[one](customer, viewer, mark, size + 1)]
    found.sort(key=lambda entry: entry.sort_key, reverse=True)
    shown = found[:size]
    return TimelinePage(shown, Mark.of(shown[-1]) if len(found) > size else "")


def _close(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59), SHANGHAI)


def _day_bound(mark: Mark, kind: EntryKind) -> dict[str, date]:
    """The days whose entry of this kind comes after the mark."""
    day = mark.at.date()
    if mark.at > _close(day) or (mark.at == _close(day) and ORDER[kind] < mark.order):
        return {"on__lte": day}
    return {"on__lt": day}


def _contacts(customer: Customer, viewer: User, mark: Mark | None, limit: int) -> Iterator[Entry]:
    rows = servicing.contacts_of(customer, viewer)
    if mark is not None:
        rows = rows.filter(happened_at__lte=mark.at)
        if mark.order == ORDER[EntryKind.CONTACT]:
            rows = rows.exclude(happened_at=mark.at, pk__gte=mark.key)
    for row in rows[:limit]:
        yield Entry(EntryKind.CONTACT, row.happened_at.astimezone(SHANGHAI), row.pk, contact=row)


def _moves(customer: Customer, viewer: User, mark: Mark | None, limit: int) -> Iterator[Entry]:
    rows = moves_of_customer(customer.pk, viewer, TOLD_MOVES)
    if mark is not None and mark.order == ORDER[EntryKind.COMPLAINT]:
        rows = rows.filter(at__lte=mark.at).exclude(at=mark.at, pk__gte=mark.key)
    elif mark is not None:
        rows = rows.filter(at__lt=mark.at)
    for row in rows[:limit]:
        yield Entry(EntryKind.COMPLAINT, row.at.astimezone(SHANGHAI), row.pk, move=row)


def _deeds(kind: EntryKind, customer: Customer, viewer: User, mark: Mark | None, limit: int) -> Iterator[Entry]:
    source = SOURCES[kind]
    rows, moment = source.rows(customer, viewer), source.moment
    if mark is not None:
        rows = rows.filter(**{f"{moment}__lte": mark.at})
        if ORDER[kind] > mark.order:
            rows = rows.exclude(**{moment: mark.at})
        elif ORDER[kind] == mark.order:
            rows = rows.exclude(**{moment: mark.at, "pk__gte": mark.key})
    for row in rows.order_by(f"-{moment}", "-pk")[:limit]:
        yield Entry(kind, getattr(row, moment).astimezone(SHANGHAI), row.pk, deed=source.tell(row))


def _changes(customer: Customer, viewer: User, mark: Mark | None, limit: int) -> Iterator[Entry]:
    rows = TierChange.objects.visible_to(viewer).filter(customer=customer).order_by("-on")
    if mark is not None:
        rows = rows.filter(**_day_bound(mark, EntryKind.TIER))
    rows = rows.select_related("scheme", "override").prefetch_related("scheme__bands")
    for row in rows[:limit]:
        before = tier_name(row.from_tier, bands_of_run(row.on, before=True))
        after = tier_name(row.to_tier, bands_of(row.scheme))
        yield Entry(EntryKind.TIER, _close(row.on), row.pk, change=row, from_name=before, to_name=after)


def _jumps(customer: Customer, viewer: User, mark: Mark | None, limit: int) -> Iterator[Entry]:
    if not scope_of(viewer).amounts or not Customer.objects.visible_to(viewer).filter(pk=customer.pk).exists():
        return
    history = PositionChange.objects.filter(customer=customer)
    if mark is not None:
        history = history.filter(**_day_bound(mark, EntryKind.BALANCE))
    # The first day ever fed shows what was there before, not a movement.
    began = FedDay.objects.aggregate(first=Min("on"))["first"]
    previous = Coalesce(Window(Lag("total"), order_by="on"), Value(ZERO))
    rows = history.annotate(before=previous).values_list("on", "before", "total").order_by(F("on").desc())
    left = limit
    for on, before, after in rows.iterator(chunk_size=500):
        if left == 0:
            return
        if on != began and rules.is_jump(before, after):
            left -= 1
            yield Entry(EntryKind.BALANCE, _close(on), 0, jump=Jump(on, before, after))

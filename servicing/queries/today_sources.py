"""What speaks for talking to whom today: each source reads its table once for a whole book, whatever its size."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Case, DecimalField, Func, OuterRef, Q, QuerySet, Subquery, When

from core.clock import SHANGHAI
from core.money import ZERO
from core.sql import any_of
from customers.enums import AccountStatus, CustomerKind, PromiseState
from customers.models import Account, Customer, CustomerPosition, PositionChange, Promise, in_scope
from customers.queries import ledger_day
from servicing.enums import FeedbackState, FollowUpKind, FollowUpState, Proposal, ReferralState
from servicing.models import Feedback, FollowUp, Maturity, Referral
from servicing.rules.today import DayRules, Signal, birthdays, is_move
from staff.access import scope_of
from staff.models import Absence, User
from tiers.queries.display import bands_for_display
from tiers.queries.standards import standards_on
from tiers.rules import Band
from tiers.rules.deciding import NEAR_DOWN, NEAR_UP
from tiers.rules.standards import due_on

Found = Iterator[tuple[int, Signal]]
AMOUNT: Any = DecimalField(max_digits=18, decimal_places=2)
KINDS: Mapping[str, Proposal] = {kind.value: kind for kind in Proposal}


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose day it is: the person, those whose deputy they are, and customers they look after for somebody away.

    `own` is the person's own absence of the day. Customers count as far as the viewer sees them; `only` narrows
    everything to one.
    """

    person: User
    viewer: User
    day: date
    deputised: tuple[int, ...] = ()
    backed: tuple[int, ...] = ()
    away: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    own: Absence | None = None
    only: int | None = None
    seen: Q = field(default_factory=Q)

    def positions(self) -> QuerySet[CustomerPosition]:
        """The narrow rows of the book and of those stood in for."""
        mine = Q(manager_id__in=[self.person.pk, *self.deputised])
        if self.backed:
            mine |= Q(pk__in=self.backed)
        rows = CustomerPosition.everything.filter(mine).filter(self.seen, customer__merged_into=None)
        return rows if self.only is None else rows.filter(pk=self.only)

    def owned(self, rows: QuerySet[Any], owner: str = "owner_id") -> QuerySet[Any]:
        """Rows with an owner that fall to the person."""
        theirs = Q(**{f"{owner}__in": [self.person.pk, *self.deputised]})
        if self.backed:
            theirs |= Q(**{f"{owner}__in": self.away}, customer_id__in=self.backed)
        rows = rows.filter(theirs)
        return rows if self.only is None else rows.filter(customer_id=self.only)


def whose(person: User, viewer: User, day: date, only: int | None = None) -> Whose:
    """Whose work falls to a person on a day: their own, that of those who named them deputy, and, of colleagues away
    without a deputy, the customers whose backup they are."""
    mine = Q(user=person) | Q(deputy=person) | Q(deputy=None, user__branch_id=person.branch_id)
    rows = list(Absence.objects.on(day).filter(mine).select_related("user", "deputy").order_by("user", "ends_on"))
    own = [row for row in rows if row.user_id == person.pk]
    deputised = [row for row in rows if row.deputy_id == person.pk]
    away = [row for row in rows if not row.deputy_id and row.user_id != person.pk]
    backed: list[int] = []
    if away:
        kept = Customer.everything.filter(backup=person, manager_id__in=[row.user_id for row in away])
        backed = list(kept.values_list("pk", flat=True))
    stood_for = [*deputised, *away] if backed else deputised
    return Whose(
        person=person,
        viewer=viewer,
        day=day,
        deputised=tuple(row.user_id for row in deputised),
        backed=tuple(backed),
        away=tuple(row.user_id for row in away),
        names=tuple(dict.fromkeys(row.user.name for row in stood_for)),
        own=own[-1] if own else None,
        only=only,
        seen=in_scope(scope_of(viewer), "customer__"),
    )


@dataclass(frozen=True, slots=True)
class Book:
    """What the narrow rows of a book say, by customer: signals, numbers, totals in yuan, days of the last talk."""

    whose: Whose
    signals: list[tuple[int, Signal]] = field(default_factory=list)
    numbers: dict[int, str] = field(default_factory=dict)
    totals: dict[int, Decimal] = field(default_factory=dict)
    contacted: dict[int, date | None] = field(default_factory=dict)

    def of_customers(self) -> Func:
        """The condition that a row is of a customer of the book: by their keys, which were read already."""
        return any_of("customer_id", self.numbers)


def all_signals(whose: Whose, rules: DayRules) -> tuple[list[tuple[int, Signal]], Book]:
    """Every signal with its customer, and the book; nine queries for any book."""
    book = _book(whose, rules)
    found = [
        *book.signals,
        *_maturities(whose, rules, book),
        *_promises(whose, rules, book),
        *_referrals(whose, book),
        *_feedback(whose, book),
        *_follow_ups(whose, book),
    ]
    return found, book


def follow_ups_behind(signals: Iterable[Signal]) -> dict[int, FollowUp]:
    """The follow-ups that signals stand for, by id."""
    return FollowUp.everything.in_bulk([pk for signal in signals for pk in signal.follow_ups])


def _follow_ups(whose: Whose, book: Book) -> Found:
    rows = whose.owned(FollowUp.everything.filter(state=FollowUpState.OPEN, due_on__lte=whose.day))
    found = rows.order_by("due_on", "pk").values_list("pk", "customer_id", "kind", "due_on", "priority", "title")
    for pk, customer_id, kind, due, priority, title in found:
        yield (
            customer_id,
            Signal(
                kind=KINDS[kind],
                keys=(f"follow_up:{pk}",),
                amount=book.totals.get(customer_id, ZERO),
                late=(whose.day - due).days,
                priority=priority,
                on=due,
                title=title,
                follow_ups=(pk,),
            ),
        )


def _book(whose: Whose, rules: DayRules) -> Book:
    """Moves of deposits, tiers about to change, rhythms overdue and birthdays, from one pass over the book."""
    day = whose.day
    money_day = ledger_day() or day
    since = money_day - timedelta(days=rules["moves_days"])
    earlier = PositionChange.objects.filter(customer_id=OuterRef("pk"), on__lte=since).order_by("-on")
    rows = whose.positions().annotate(
        before=Case(When(on__gt=since, then=Subquery(earlier.values("total")[:1])), output_field=AMOUNT)
    )
    names = ("pk", "tier", "tier_since", "near", "watch_since", "total", "last_contact_on", "before")
    found = rows.values_list(*names, "customer__customer_no", "customer__birth_date", "customer__kind")
    reader, book = _Reader(rules, day, since), Book(whose)
    late: list[tuple[int, Signal]] = []
    for pk, tier, tier_since, near, watch_since, total, last, before, number, born, kind in found:
        book.numbers[pk], book.totals[pk], book.contacted[pk] = number, total, last
        # A book has thousands of rows and most say nothing: only what may speak is asked.
        told: list[Signal | None] = []
        if (near or watch_since or before is not None) and not reader.is_quiet(last):
            told = [reader.money(pk, total, before), reader.tier(pk, tier, near, watch_since, total)]
        if born and (born.month, born.day) in reader.birthdays and kind == CustomerKind.PERSON:
            told.append(reader.birthday(pk, tier, born))
        book.signals.extend((pk, signal) for signal in told if signal)
        if overdue := reader.rhythm(pk, tier, last or tier_since, total):
            late.append((pk, overdue))
    book.signals.extend(_not_planned(book, late))
    return book


class _Reader:
    """Reads one narrow row after the other by the rules of the day."""

    def __init__(self, rules: DayRules, day: date, since: date) -> None:
        self.rules, self.day, self.since = rules, day, since
        self.birthdays = birthdays(day, rules["birthday_days"])
        self.quiet_from = day - timedelta(days=rules["quiet_days"])
        bands = bands_for_display(day)
        self.bands: Mapping[int, Band] = {band.rank: band for band in bands}
        standards = standards_on(day)
        days = {band.rank: standards[band.letter].contact_days for band in bands if band.letter in standards}
        self.every = {rank: every for rank, every in days.items() if every}

    def is_quiet(self, last: date | None) -> bool:
        """Whether the customer was spoken to lately; a talk of today still has its proposal in sight."""
        return last is not None and self.quiet_from <= last < self.day

    def money(self, pk: int, total: Decimal, before: Decimal | None) -> Signal | None:
        """A fall or rise of deposits worth a talk."""
        if before is None or not is_move(before, total, self.rules):
            return None
        kind = Proposal.DROP if total < before else Proposal.GAIN
        return Signal(kind, (f"{kind}:{pk}",), abs(total - before), on=self.since, before=before, now=total)

    def tier(self, pk: int, tier: int, near: int, watch_since: date | None, total: Decimal) -> Signal | None:
        """Close below the next tier, or about to lose the present one; the amount is what is missing to its floor."""
        above, own = self.bands.get(tier + 1), self.bands.get(tier)
        if own and (watch_since or near & NEAR_DOWN) and own.floor > 0:
            missing, kind = max(own.floor - total, ZERO), Proposal.TIER_WATCH
            return Signal(kind, (f"{kind}:{pk}",), missing, on=watch_since, now=total, before=own.floor, tier=tier)
        if above and near & NEAR_UP:
            missing, kind = max(above.floor - total, ZERO), Proposal.NEAR_UP
            return Signal(kind, (f"{kind}:{pk}",), missing, now=total, before=above.floor, tier=tier + 1)
        return None

    def rhythm(self, pk: int, tier: int, counted: date | None, total: Decimal) -> Signal | None:
        """A contact overdue by the standard of the tier."""
        every = self.every.get(tier)
        due = due_on(counted, None, every) if every else None
        if due is None or due >= self.day:
            return None
        late = (self.day - due).days
        return Signal(Proposal.CADENCE, (f"cadence:{pk}",), total, late=late, on=due, tier=tier)

    def birthday(self, pk: int, tier: int, born: date) -> Signal | None:
        """A birthday of these days."""
        on = self.birthdays.get((born.month, born.day))
        if on is None or tier < self.rules["birthday_tier"] or born.year >= on.year:
            return None
        return Signal(Proposal.BIRTHDAY, (f"birthday:{pk}:{on.year}",), on=on)


def _not_planned(book: Book, late: list[tuple[int, Signal]]) -> list[tuple[int, Signal]]:
    """Overdue rhythms nobody has a follow-up for yet."""
    open_ = FollowUp.everything.filter(book.of_customers(), kind=FollowUpKind.CADENCE, state=FollowUpState.OPEN)
    planned = set(open_.values_list("customer_id", flat=True))
    return [(pk, signal) for pk, signal in late if pk not in planned]


def _maturities(whose: Whose, rules: DayRules, book: Book) -> Found:
    """Deposits that mature within the days ahead and nobody has talked about yet: those of the book no colleague was
    named for, and those the person was."""
    ahead = timedelta(days=rules["maturity_days"])
    span = (whose.day, whose.day + ahead)
    rows = Account.everything.filter(
        matures_on__range=span, status__in=[AccountStatus.OPEN, AccountStatus.FROZEN], balance__value__gt=0
    )
    names = ("pk", "customer_id", "matures_on", "balance__value", "product__name")
    mine = rows.filter(book.of_customers()).order_by().values_list(*names)
    named = whose.owned(Maturity.everything.filter(matures_on__range=span)).order_by().values("account")
    theirs = rows.filter(whose.seen, pk__in=named, customer__merged_into=None).order_by().values_list(*names)
    found: list[tuple[Any, ...]] = list(mine.union(theirs).order_by("matures_on", "pk"))
    settled = _settled(whose, [row[0] for row in found], span)
    for pk, customer_id, on, value, product in found:
        last = book.contacted.get(customer_id)
        if (pk, on) in settled or (last and on - ahead <= last < whose.day):
            continue
        keys = (f"maturity:{pk}:{on:%Y%m%d}",)
        starts_in = (on - whose.day).days
        yield customer_id, Signal(Proposal.MATURITY, keys, value, starts_in=starts_in, on=on, title=product)


def _settled(whose: Whose, accounts: Iterable[int], span: tuple[date, date]) -> set[tuple[int, date]]:
    """Maturities that were talked about, and those a colleague was named for who can see to them."""
    rows = Maturity.everything.filter(account_id__in=list(accounts), matures_on__range=span)
    others = Q(owner__is_active=True) & ~Q(pk__in=whose.owned(rows).order_by().values("pk"))
    return set(rows.filter(Q(talk__isnull=False) | others).values_list("account_id", "matures_on"))


def _promises(whose: Whose, rules: DayRules, book: Book) -> Found:
    until = whose.day + timedelta(days=rules["promise_days"])
    rows = whose.owned(Promise.everything.filter(state=PromiseState.OPEN, due_on__lte=until))
    for pk, customer_id, due, text in rows.order_by("pk").values_list("pk", "customer_id", "due_on", "text"):
        yield _owed(Proposal.PROMISE, whose, book, pk, customer_id, due, text)


def _referrals(whose: Whose, book: Book) -> Found:
    """Customers colleagues sent, not taken yet or taken and not spoken to."""
    waiting = Q(state=ReferralState.WAITING) | Q(state=ReferralState.ACCEPTED, first_contact_at=None)
    rows = whose.owned(Referral.everything.filter(waiting), "to_user_id").order_by("pk")
    for pk, customer_id, made_at, sender in rows.values_list("pk", "customer_id", "made_at", "from_user__name"):
        yield _owed(Proposal.REFERRAL, whose, book, pk, customer_id, made_at.astimezone(SHANGHAI).date(), sender)


def _feedback(whose: Whose, book: Book) -> Found:
    open_ = Feedback.objects.filter(customer__isnull=False, state__in=[FeedbackState.OPEN, FeedbackState.ANSWERED])
    rows = whose.owned(open_).order_by("pk")
    for pk, customer_id, due, state in rows.values_list("pk", "customer_id", "due_on", "state"):
        yield _owed(Proposal.FEEDBACK, whose, book, pk, customer_id, due, state)


def _owed(
    kind: Proposal, whose: Whose, book: Book, pk: int, customer_id: int, on: date, title: str
) -> tuple[int, Signal]:
    amount, late = book.totals.get(customer_id, ZERO), max(0, (whose.day - on).days)
    return customer_id, Signal(kind, (f"{kind}:{pk}",), amount, late=late, on=on, title=title)

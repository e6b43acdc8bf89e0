"""The manager's day: who first, why, what is at stake, and whether they may be called (product.md V06)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Q, QuerySet

from core.memo import once_a_request
from customers.enums import AlertKind
from customers.models import Customer, CustomerAlert
from servicing.enums import Proposal, SkipReason, Use, Verdict
from servicing.models import DayMark
from servicing.queries.permission import Permits, permits_for
from servicing.queries.today_sources import Book, all_signals, follow_ups_behind, whose
from servicing.queries.today_words import say
from servicing.rules.permission import Permit, use_for
from servicing.rules.today import (
    BUILT_IN,
    Candidate,
    DayRules,
    Mark,
    Ranked,
    Score,
    Signal,
    Verdicts,
    lessons_from,
    rank,
    read_today,
)
from staff.access import BOOK_KEEPERS, HEADS, has_role
from staff.models import Absence, User
from staff.queries import people_offered, policy_on
from tiers.queries.display import bands_for_display

KIND = "today"
# Alerts that change what is proposed, or how it is shown.
TELLING = (AlertKind.BEREAVEMENT, AlertKind.DO_NOT_CONTACT, AlertKind.COMPLAINT, AlertKind.VULNERABLE)

# What an entry shows of a customer; the rest of the wide row stays where it is.
SHOWN = ("customer_no", "name", "position__tier", "position__last_contact_on")


@once_a_request
def rules_on(day: date) -> DayRules:
    """The rules of the day's list in force on a day."""
    return read_today(policy_on(KIND, day, BUILT_IN).values)


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that speaks for the talk, in words, with how its points came about."""

    words: str
    score: Score

    @property
    def kind(self) -> Proposal:
        """What sort of reason it is."""
        return self.score.signal.kind

    @property
    def label(self) -> str:
        """The sort in words."""
        return str(self.kind.label)


@dataclass(frozen=True, slots=True)
class Entry:
    """A customer on the list. `benefit` is yuan of average daily balance at stake over the horizon."""

    place: int
    customer: Customer
    tier: int
    reasons: tuple[Reason, ...]
    benefit: Decimal
    points: Decimal
    alerts: tuple[str, ...]
    permits: Permits | None
    is_spoken_to: bool

    @property
    def keys(self) -> list[str]:
        """What a verdict on the entry is about."""
        return [key for reason in self.reasons for key in reason.score.signal.keys]

    @property
    def use(self) -> Use:
        """What a talk about it is for."""
        return use_for(reason.kind for reason in self.reasons)

    @property
    def call(self) -> Permit | None:
        """Whether the customer may be called about it."""
        return self.permits.of("phone", self.use) if self.permits else None


@dataclass(frozen=True, slots=True)
class Today:
    """A person's list of a day: the entries shown, how many there are in all, and what was done of it already."""

    person: User
    day: date
    entries: tuple[Entry, ...]
    count: int
    benefit: Decimal
    horizon: int
    done: int
    skipped: int
    lessons: Mapping[str, Verdicts]
    rules: DayRules
    stands_in_for: tuple[str, ...]
    away: Absence | None

    @property
    def more(self) -> int:
        """Entries not shown."""
        return self.count - len(self.entries)


def today_of(person: User, viewer: User, at: datetime, *, shown: int = 0, only: int | None = None) -> Today:
    """The list of the day of a person, as far as the viewer sees the customers; the first `shown` entries in full.

    The number of queries does not depend on the book. `only` asks about one customer.
    """
    day = at.date()
    rules, theirs = rules_on(day), whose(person, viewer, day, only)
    signals, book = all_signals(theirs, rules)
    by_customer: defaultdict[int, list[Signal]] = defaultdict(list)
    for customer_id, signal in signals:
        by_customer[customer_id].append(signal)
    others = _others(by_customer, book)
    alerts, told = _alerts(book, others, day)
    marks, lessons, counts = _verdicts(person, day, rules)
    candidates = (
        Candidate(pk, customer_no, tuple(by_customer[pk]), frozenset(alerts.get(pk, ())))
        for pk, customer_no in (*book.numbers.items(), *others.items())
        if pk in by_customer
    )
    ranked = rank(candidates, rules, lessons, marks, day)
    entries = _entries(ranked[: shown or rules["shown"]], told, viewer, at)
    return Today(
        person=person,
        day=day,
        entries=entries,
        count=len(ranked),
        benefit=sum((each.benefit for each in ranked), Decimal(0)),
        horizon=rules["horizon_days"],
        done=counts[Verdict.DONE],
        skipped=counts[Verdict.SKIPPED],
        lessons=lessons,
        rules=rules,
        stands_in_for=theirs.names,
        away=theirs.own,
    )


def _others(ids: Iterable[int], book: Book) -> dict[int, str]:
    """Customers outside the book that something is owed to, as far as the viewer sees them, with their numbers."""
    outside = [pk for pk in ids if pk not in book.numbers]
    if not outside:
        return {}
    rows = Customer.objects.visible_to(book.whose.viewer).filter(pk__in=outside)
    return dict(rows.order_by().values_list("pk", "customer_no"))


def _alerts(book: Book, others: Iterable[int], day: date) -> tuple[Mapping[int, list[str]], Mapping[int, list[str]]]:
    """Kinds of the alerts that stand for each customer, and those of them the viewer may read."""
    rows = CustomerAlert.everything.filter(
        Q(ends_on=None) | Q(ends_on__gte=day),
        Q(book.of_customers()) | Q(customer__in=list(others)),
        starts_on__lte=day,
        dismissed_at=None,
        kind__in=TELLING,
    )
    found: defaultdict[int, list[str]] = defaultdict(list)
    told: defaultdict[int, list[str]] = defaultdict(list)
    for customer_id, kind, hidden_from in rows.order_by("pk").values_list("customer_id", "kind", "hidden_from"):
        found[customer_id].append(kind)
        if book.whose.viewer.pk not in hidden_from:
            told[customer_id].append(kind)
    return found, told


def _verdicts(person: User, day: date, rules: DayRules) -> tuple[list[Mark], dict[str, Verdicts], dict[str, int]]:
    """What the person said lately: marks that may still silence, lessons by kind, and verdicts of the day itself."""
    rows = DayMark.objects.filter(user=person, on__lte=day)
    learned = rows.filter(on__gt=day - timedelta(days=rules["learn_days"])).order_by()
    counts = learned.values_list("kind", "verdict", "why").annotate(n=Count("pk"))
    marks: list[Mark] = []
    of_day: dict[str, set[int]] = {Verdict.DONE: set(), Verdict.SKIPPED: set()}
    # Every verdict silences for its own day at least, so those of the day are among them.
    fields = ("key", "on", "verdict", "why", "customer_id")
    for key, on, verdict, why, customer_id in rows.filter(_still(day, rules)).values_list(*fields):
        marks.append(Mark(key, on, verdict, why))
        if on == day:
            of_day[verdict].add(customer_id)
    return marks, lessons_from(counts), {verdict: len(customers) for verdict, customers in of_day.items()}


def _still(day: date, rules: DayRules) -> Q:
    """Marks young enough to silence anything."""
    still = Q(verdict=Verdict.DONE, on__gt=day - timedelta(days=rules["done_days"]))
    for why in SkipReason.values:
        still |= Q(why=why, on__gt=day - timedelta(days=rules[f"{why}_days"]))
    return still


def _entries(
    ranked: Sequence[Ranked], alerts: Mapping[int, list[str]], viewer: User, at: datetime
) -> tuple[Entry, ...]:
    """Places as they are shown: only for these are words, permits and wide rows read."""
    ids = [each.customer_id for each in ranked]
    customers = Customer.everything.select_related("position").only(*SHOWN).in_bulk(ids)
    permits, bands = permits_for(ids, at, viewer), bands_for_display(at.date())
    follow_ups = follow_ups_behind(score.signal for each in ranked for score in each.scores)
    found = []
    for place, each in enumerate(ranked, start=1):
        customer = customers[each.customer_id]
        reasons = tuple(Reason(say(score.signal, follow_ups, at.date(), bands), score) for score in each.scores)
        found.append(
            Entry(
                place=place,
                customer=customer,
                tier=customer.position.tier,
                reasons=reasons,
                benefit=each.benefit,
                points=each.points,
                alerts=tuple(str(AlertKind(kind).label) for kind in alerts.get(each.customer_id, ())),
                permits=permits.get(each.customer_id),
                is_spoken_to=customer.position.last_contact_on == at.date(),
            )
        )
    return tuple(found)


def entry_of(customer: Customer, person: User, at: datetime, *, viewer: User | None = None) -> Entry | None:
    """One customer's entry on the person's list; None when nothing is proposed (any more)."""
    found = today_of(person, viewer or person, at, only=customer.pk)
    return found.entries[0] if found.entries else None


def may_look_at(viewer: User, unit_code: str = "", staff_no: str = "") -> QuerySet[User]:
    """Whose list a head may open: everybody at the units below who keeps a book."""
    if not has_role(viewer, *HEADS):
        return User.objects.none()
    people = User.objects.filter(is_active=True, role__in=BOOK_KEEPERS, branch__path__startswith=viewer.branch.path)
    people = people_offered(people.select_related("branch"), viewer, unit_code, staff_no)
    return people.order_by("branch__code", "name", "pk")

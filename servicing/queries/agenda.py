"""The calendar of the work: follow-ups due and deposits maturing, by day, for a person, a unit or one's own book."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet, Sum

from core.calendar import bank_calendar
from core.money import ZERO
from servicing.models import FollowUp
from servicing.queries.follow_ups import readable_by, title_of
from servicing.queries.maturity import ahead, book_day, past
from staff.access import HEADS, has_role, scope_of
from staff.enums import Reach
from staff.models import ApiToken, Branch, User
from staff.rules import token_digest

DAY = timedelta(days=1)
FEED_SCOPE = "agenda:read"
FEED_PAST, FEED_AHEAD = timedelta(days=7), timedelta(days=60)
# Of a day in the week's list; the rest stands behind the count.
ITEMS = 12


@dataclass(frozen=True, slots=True)
class Choice:
    """Whose work is shown: the viewer's own, or for heads that of a person or of a unit they chose."""

    viewer: User
    person: User | None = None
    unit: Branch | None = None

    @property
    def is_needed(self) -> bool:
        """True for a head of the whole bank who has chosen nobody: a million customers make no calendar."""
        return scope_of(self.viewer).reach == Reach.BANK and not (self.person or self.unit)

    @property
    def amounts(self) -> bool:
        """Whether the viewer may see amounts of money."""
        return scope_of(self.viewer).amounts


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a day: a follow-up with what is to be done, or a deposit with its product and amount."""

    customer_no: str
    name: str
    words: str
    time: str = ""
    amount: Decimal | None = None
    key: int = 0


@dataclass(frozen=True, slots=True)
class AgendaDay:
    """A day: open follow-ups due, `late` ones on the present day, deposits that mature with their yuan (None = not for
    this person); `is_special` when it departs from Monday to Friday."""

    on: date
    is_workday: bool
    is_special: bool
    follow_ups: int = 0
    late: int = 0
    maturities: int = 0
    amount: Decimal | None = None
    tasks: tuple[Item, ...] = ()
    deposits: tuple[Item, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is due."""
        return not (self.follow_ups or self.late or self.maturities)


def weeks(days: list[Any]) -> list[list[Any]]:
    """The days in rows of seven."""
    return [days[n : n + 7] for n in range(0, len(days), 7)]


def month_span(first: date) -> tuple[date, date]:
    """From the Monday of the month's first week to the Sunday of its last."""
    start = first - first.weekday() * DAY
    last = (first.replace(day=28) + 4 * DAY).replace(day=1) - DAY
    return start, last + (6 - last.weekday()) * DAY


def agenda(choice: Choice, start: date, end: date, today: date, *, detailed: bool = False) -> list[AgendaDay]:
    """Every day from `start` to `end` with its counts; the number of queries does not depend on how much there is.

    `detailed` adds the first lines of each day.
    """
    calendar, money = bank_calendar(), _maturing(choice, start, end, today)
    due, late = _due(choice, start, end), _late(choice, today) if start <= today <= end else 0
    tasks = _tasks(choice, start, end) if detailed else {}
    deposits = _deposits(choice, start, end, today) if detailed else {}
    found = []
    for n in range((end - start).days + 1):
        on = start + n * DAY
        works, (count, amount) = calendar.is_workday(on), money.get(on, (0, ZERO))
        found.append(
            AgendaDay(
                on=on,
                is_workday=works,
                is_special=works != (on.weekday() < 5),
                follow_ups=due.get(on, 0),
                late=late if on == today else 0,
                maturities=count,
                amount=amount if choice.amounts else None,
                tasks=tuple(tasks.get(on, ())),
                deposits=tuple(deposits.get(on, ())),
            )
        )
    return found


def _follow_ups(choice: Choice) -> Any:
    rows = readable_by(FollowUp.objects.visible_to(choice.viewer).open(), choice.viewer)
    if choice.person:
        return rows.filter(owner=choice.person)
    if not has_role(choice.viewer, *HEADS):
        return rows.filter(owner=choice.viewer)
    return rows.filter(customer__branch=choice.unit) if choice.unit else rows


def _due(choice: Choice, start: date, end: date) -> dict[date, int]:
    rows = _follow_ups(choice).filter(due_on__range=(start, end)).order_by()
    return dict(rows.values_list("due_on").annotate(n=Count("pk")))


def _late(choice: Choice, today: date) -> int:
    count: int = _follow_ups(choice).filter(due_on__lt=today).count()
    return count


def _tasks(choice: Choice, start: date, end: date) -> Mapping[date, list[Item]]:
    rows = _follow_ups(choice).filter(due_on__range=(start, end)).select_related("customer")
    found: defaultdict[date, list[Item]] = defaultdict(list)
    for row in _first_of_days(rows.order_by("due_on", "due_time", "priority", "pk"), "due_on"):
        time = row.due_time.strftime("%H:%M") if row.due_time else ""
        found[row.due_on].append(Item(row.customer.customer_no, row.customer.name, title_of(row), time))
    return found


def _first_of_days(rows: QuerySet[Any], field: str) -> Iterator[Any]:
    """The first rows of each day."""
    seen: defaultdict[date, int] = defaultdict(int)
    for row in rows[: ITEMS * 20]:
        day = getattr(row, field)
        seen[day] += 1
        if seen[day] <= ITEMS:
            yield row


def _accounts(choice: Choice, today: date) -> tuple[Any, Any, date]:
    """Deposits ahead, deposits that matured, and the day between them."""
    as_of = book_day(today)
    rows = [ahead(choice.viewer, as_of), past(choice.viewer, as_of)]
    if choice.person:
        rows = [each.filter(customer__manager=choice.person) for each in rows]
    elif choice.unit:
        rows = [each.filter(customer__branch=choice.unit) for each in rows]
    return rows[0], rows[1], as_of


def _maturing(choice: Choice, start: date, end: date, today: date) -> dict[date, tuple[int, Decimal]]:
    later, over, as_of = _accounts(choice, today)
    found: dict[date, tuple[int, Decimal]] = {}
    for rows, amount, first, last in (
        (over, "amount", start, min(end, as_of)),
        (later, "balance__value", max(start, as_of + DAY), end),
    ):
        if first <= last:
            counted = rows.filter(matures_on__range=(first, last)).order_by().values_list("matures_on")
            found |= {on: (n, total or ZERO) for on, n, total in counted.annotate(n=Count("pk"), total=Sum(amount))}
    return found


def _deposits(choice: Choice, start: date, end: date, today: date) -> Mapping[date, list[Item]]:
    """Deposits ahead; what matured already stands behind its count."""
    later, _over, as_of = _accounts(choice, today)
    found: defaultdict[date, list[Item]] = defaultdict(list)
    rows = later.filter(matures_on__range=(max(start, as_of + DAY), end)).order_by("matures_on", "pk")
    for row in _first_of_days(rows, "matures_on"):
        amount = row.balance.value if choice.amounts else None
        item = Item(row.customer.customer_no, row.customer.name, row.product.name, amount=amount, key=row.pk)
        found[row.matures_on].append(item)
    return found


def feed_token(text: str, day: date) -> ApiToken | None:
    """The token of a feed's address on a day; None when it is unknown, expired, revoked or for something else."""
    tokens = ApiToken.objects.valid_on(day).filter(digest=token_digest(text), scopes__contains=[FEED_SCOPE])
    return tokens.select_related("user__branch").first()


def feeds_of(user: User, day: date) -> QuerySet[ApiToken]:
    """The addresses of a person's feeds that open on a day, the latest first."""
    return ApiToken.objects.valid_on(day).filter(user=user, scopes=[FEED_SCOPE]).order_by("-created_at", "-pk")


def feed_days(owner: User, today: date) -> list[AgendaDay]:
    """The days of a feed that have anything: counts only, no names and no amounts."""
    choice = Choice(owner)
    if choice.is_needed:
        return []
    return [day for day in agenda(choice, today - FEED_PAST, today + FEED_AHEAD, today) if not day.is_empty]

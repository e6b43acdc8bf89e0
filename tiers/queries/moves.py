"""Who moved between tiers, and how many are where; always within what the asking person may see."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Count, DateField, ExpressionWrapper, F, Max, QuerySet, Value
from django.db.models.functions import Coalesce

from core.money import ZERO
from customers.models import Customer, CustomerPosition
from staff.access import BOOK_KEEPERS, scope_of
from staff.enums import Reach, Role
from staff.models import Branch, User
from tiers.enums import Measure
from tiers.models import RetierRun, TierChange, TierChangeQuerySet
from tiers.queries.measures import value_column
from tiers.queries.schemes import bands_of, content_of
from tiers.rules import watch_over

RECENT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class TierHeads:
    """How many customers stand in a tier; rank 0 = not tiered yet."""

    rank: int
    heads: int


def movers(user: User, since: date, until: date, direction: str = "") -> TierChangeQuerySet:
    """Moves on the days since..until, both included, `direction` UP, DOWN or "" (both). First tierings are none."""
    return moves_of(user).moved(direction).filter(on__gte=since, on__lte=until)


def moves_of(user: User) -> TierChangeQuerySet:
    """Every move of customers this person may see, with customer, branch and manager; sort by `day`.

    For the whole bank `day` is the column, whose index gives the latest at once. For a branch or a book it is a sum,
    which has none: looking for their few moves among all of the latest days, PostgreSQL took a second.
    """
    is_bank = scope_of(user).reach == Reach.BANK
    day = F("on") if is_bank else ExpressionWrapper(F("on") + Value(0), output_field=DateField())
    moves = TierChange.objects.visible_to(user).moved().annotate(day=day)
    return moves.select_related("customer", "branch", "manager")


def watched(user: User) -> QuerySet[CustomerPosition]:
    """Customers in sight who are held below the floor of their tier, with the tier that is `held` and their `value`
    (yuan) of the latest re-tiered day."""
    rows = CustomerPosition.objects.visible_to(user).filter(watch_since__isnull=False)
    rows = rows.select_related("customer", "branch", "manager").annotate(held=Coalesce("ruled_tier", "tier"))
    run = _latest_run()
    value = value_column(content_of(run.scheme).basis, run.on) if run else Value(ZERO)
    return rows.annotate(value=value)


@dataclass(frozen=True, slots=True)
class WatchTerms:
    """What ends a watch by the scheme of the latest run: floors by rank in yuan, and how its periods are counted."""

    floors: dict[int, Decimal]
    measure: str
    periods: int

    def down_on(self, since: date) -> date:
        """The first day whose run takes somebody down who is watched since this one."""
        return watch_over(self.measure, self.periods, since)


def watch_terms() -> WatchTerms:
    """The terms of the latest run."""
    run = _latest_run()
    if run is None:
        return WatchTerms({}, Measure.BALANCE, 0)
    floors = {band.rank: band.floor for band in bands_of(run.scheme)}
    return WatchTerms(floors, run.scheme.measure, run.scheme.watch_periods)


def _latest_run() -> RetierRun | None:
    runs = RetierRun.objects.finished().select_related("scheme").prefetch_related("scheme__bands")
    return runs.order_by("-on").first()


def lately(changes: TierChangeQuerySet) -> TierChangeQuerySet:
    """Of these changes the ones of the month up to the latest re-tiering."""
    last = latest_run_day()
    return changes.filter(on__gt=last - RECENT, on__lte=last) if last else changes.none()


def tier_history(user: User, customer: Customer) -> TierChangeQuerySet:
    """The customer's tier changes with the bands they were decided by, newest first."""
    changes = TierChange.objects.visible_to(user).filter(customer=customer)
    return changes.select_related("scheme", "override").prefetch_related("scheme__bands").order_by("-on")


def heads_by_tier(user: User) -> list[TierHeads]:
    """Customers of each tier that has any, highest tier first."""
    positions = CustomerPosition.objects.visible_to(user).order_by()
    found = positions.values_list("tier").annotate(heads=Count("pk")).order_by("-tier")
    return [TierHeads(rank, heads) for rank, heads in found]


def latest_run_day() -> date | None:
    """The latest re-tiered business day; None before the first."""
    found: date | None = RetierRun.objects.finished().aggregate(last=Max("on"))["last"]
    return found


def branches_of(user: User) -> QuerySet[Branch]:
    """Units whose customers this person may see, by code."""
    scope, units = scope_of(user), Branch.objects.order_by("code")
    return units if scope.reach == Reach.BANK else units.filter(pk__in=scope.branch_ids)


def managers_of(user: User) -> QuerySet[User]:
    """People who may own customers this person may see, by name."""
    scope, people = scope_of(user), User.objects.filter(role__in=[*BOOK_KEEPERS, Role.BRANCH_HEAD])
    return (people if scope.reach == Reach.BANK else people.filter(branch_id__in=scope.branch_ids)).order_by(
        "name", "pk"
    )

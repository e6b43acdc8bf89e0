"""Reads of win-backs: whom to win back, what each attempt is about, and what came of them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import Count, F, Q, QuerySet, Sum

from campaigns.enums import WinBackCause, WinBackState
from campaigns.models import WinBack
from campaigns.rules.win_back import BUILT_IN, STAGES, WinBackRules, month_ends, read_win_back, window_before
from core.memo import once_a_request
from core.money import ZERO, yuan
from core.sql import statement
from customers.models import CustomerPosition
from staff.access import AMOUNT_ROLES
from staff.models import User
from staff.queries import policy_on

KIND = "win_back"
# Win-backs are about amounts: whoever sees none works none.
WORKERS = AMOUNT_ROLES


@once_a_request
def rules_on(day: date) -> WinBackRules:
    """The rules of winning back in force on a day."""
    return read_win_back(policy_on(KIND, day, BUILT_IN).values)


def win_backs_of(viewer: User | AnonymousUser) -> QuerySet[WinBack]:
    """Attempts about customers in sight, with their people."""
    named = ("customer__position", "customer__branch", "owner", "offer", "closed_by")
    return WinBack.objects.visible_to(viewer).select_related(*named)


def to_win_back(viewer: User | AnonymousUser, day: date) -> QuerySet[CustomerPosition]:
    """Customers in sight whose deposits fell or left and whom nobody works on, nor did lately."""
    since = day - timedelta(days=rules_on(day).again_days)
    worked = WinBack.everything.filter(Q(state=WinBackState.OPEN) | Q(closed_on__gt=since)).values("customer")
    rows = CustomerPosition.objects.visible_to(viewer).filter(stage__in=STAGES, customer__merged_into=None)
    return rows.exclude(pk__in=worked).select_related("customer__manager", "branch")


@dataclass(frozen=True, slots=True)
class Figures:
    """Yuan: the highest month ADB of the year before a day, and the ADB of the 30 days before it."""

    peak: Decimal = ZERO
    before: Decimal = ZERO


def figures_of(customers: Collection[int], day: date) -> dict[int, Figures]:
    """What was lost, by customer id; one statement."""
    ends = month_ends(day)
    first, last = window_before(day)
    values: dict[str, Any] = {
        "customers": list(customers),
        "ends": ends[:-1],
        "begins": ends[1:],
        "first": first - timedelta(days=1),
        "last": last,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement("campaigns", "win_back_figures"), values)
        return {pk: Figures(yuan(peak), yuan(before)) for pk, peak, before in cursor.fetchall()}


@dataclass(frozen=True, slots=True)
class CauseResult:
    """What came of attempts with one cause: how many were closed and measured, how many customers hold more than
    before, and the ADB regained over all of them, in yuan."""

    cause: str
    closed: int
    measured: int
    gained: int
    before: Decimal
    after: Decimal

    @property
    def label(self) -> str:
        """The cause in words."""
        return str(WinBackCause(self.cause).label)

    @property
    def regained(self) -> Decimal:
        """Yuan of average daily balance, after less before."""
        return self.after - self.before


def results_by_cause(rows: QuerySet[WinBack]) -> list[CauseResult]:
    """Results of the closed attempts by cause, the most frequent first; one query."""
    measured = Q(after__isnull=False)
    aggregates: dict[str, Any] = {
        "closed": Count("pk"),
        "measured": Count("pk", filter=measured),
        "gained": Count("pk", filter=Q(after__gt=F("before"))),
        "sum_before": Sum("before", filter=measured),
        "sum_after": Sum("after", filter=measured),
    }
    by_cause = rows.filter(state=WinBackState.CLOSED).order_by().values("cause").annotate(**aggregates)
    found = list(by_cause.values_list("cause", *aggregates))
    listed = [
        CauseResult(cause, closed, number, gained, before or ZERO, after or ZERO)
        for cause, closed, number, gained, before, after in found
    ]
    return sorted(listed, key=lambda one: (-one.closed, one.cause))

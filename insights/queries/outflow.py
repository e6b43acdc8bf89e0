"""Reads of outflow warnings: the rules in force, what the signs find, the warnings in sight, who was lost."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import Max

from core.memo import once_a_request
from core.sql import statement
from customers.models import FedDay
from insights.models import OutflowLoss, OutflowWarning
from insights.models.outflow import OutflowLossQuerySet, OutflowWarningQuerySet
from insights.rules.outflow import BUILT_IN, LAST_DAYS, MONTHS, SALARY_UNTIL, WEEKS, Found, OutflowRules, read_outflow
from servicing.queries.planning import standards_by_rank
from staff.access import AMOUNT_ROLES
from staff.models import User
from staff.queries import policy_on
from tiers.queries import bands_for_display

KIND = "outflow"
# Warnings are about amounts: whoever sees none sees no warning.
WORKERS = AMOUNT_ROLES
SLICES = 7
DAY = timedelta(days=1)


@once_a_request
def rules_on(day: date) -> OutflowRules:
    """The rules of outflow warnings in force on a day."""
    return read_outflow(policy_on(KIND, day, BUILT_IN).values)


def version_on(day: date) -> int:
    """The version of those rules; 0 = built in."""
    return policy_on(KIND, day, BUILT_IN).version


def warnings_of(viewer: User | AnonymousUser) -> OutflowWarningQuerySet:
    """Warnings about customers in sight, with all that a list says of them."""
    named = ("customer__manager", "customer__branch", "judged_by", "follow_up")
    return OutflowWarning.objects.visible_to(viewer).select_related(*named)


def candidates(day: date) -> list[int]:
    """Keys of the customers a night looks at: whatever changed or happened lately, and a seventh of the rest."""
    fed_before = FedDay.objects.filter(on__lt=day).aggregate(last=Max("on"))["last"]
    values = {
        "day": day,
        "since": fed_before or day - DAY,
        "slice": day.toordinal() % SLICES,
        "salary_until": SALARY_UNTIL,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement("insights", "outflow_candidates"), values)
        return [pk for (pk,) in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class Frame:
    """What the signs of a day go by beside the rules: letters of the ranks, and days a tier may go without a contact,
    by rank from 1 on (None = not promised)."""

    letters: dict[int, str]
    everys: tuple[int | None, ...]


def frame_on(day: date) -> Frame:
    """The tiers of a day and their contact rhythm."""
    letters = {band.rank: band.letter for band in bands_for_display(day)}
    by_rank = standards_by_rank(day)
    highest = max(letters, default=0)
    everys = (by_rank[rank].contact_days if rank in by_rank else None for rank in range(1, highest + 1))
    return Frame(letters, tuple(everys))


def found_on(
    customers: Sequence[int], day: date, rules: OutflowRules, frame: Frame, *, is_past: bool = False
) -> list[Found]:
    """What the signs find of these customers at the close of a day; only those with a sign. One statement.

    With `is_past` a past day is replayed: what is only known of today is left out.
    """
    last = day - timedelta(days=LAST_DAYS)
    values: dict[str, Any] = {
        **rules.figures,
        "customers": list(customers),
        "day": day,
        "last": last,
        "first": last - timedelta(weeks=WEEKS),
        "weeks": [last - timedelta(weeks=n) for n in range(WEEKS)],
        "months": MONTHS,
        "salary_until": SALARY_UNTIL,
        "everys": list(frame.everys),
        "is_past": is_past,
    }
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(statement("insights", "outflow_facts"), values)
        found = cursor.fetchall()
    letters = frame.letters
    return [
        Found(pk, tier, letters.get(tier, ""), now, gone, json.loads(signals)) for pk, tier, now, gone, signals in found
    ]


@dataclass(frozen=True, slots=True)
class Lost:
    """A customer whose 30-day average halved within 60 days: tier held before, both averages in yuan."""

    customer_id: int
    on: date
    tier: int
    before: Decimal
    after: Decimal


def lost_on(customers: Sequence[int], day: date, rules: OutflowRules) -> list[Lost]:
    """Of these customers those whose deposits were halved at the close of a day; one statement."""
    values: dict[str, Any] = {"customers": list(customers), "day": day, "least": rules.figures["least"]}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(statement("insights", "outflow_losses"), values)
        return [Lost(pk, day, tier, before, after) for pk, tier, before, after in cursor.fetchall()]


def losses_of(viewer: User | AnonymousUser) -> OutflowLossQuerySet:
    """Losses of customers in sight, with all that a list says of them."""
    return OutflowLoss.objects.visible_to(viewer).select_related("customer__manager")

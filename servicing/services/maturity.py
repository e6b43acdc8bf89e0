"""The maturity desk's night: rows for what matures, what matured, and what of it stayed (servicing.rules.maturity).

Nothing here is typed by anybody. Every step may run again: it writes only what differs.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from core import trail
from core.sql import statement
from core.trail import Actor
from customers.enums import FeedKind, FeedStatus
from customers.models import Feed
from customers.queries import ledger_day
from servicing.models import LadderDay, LadderKept, Maturity
from servicing.queries.ladder_kept import KEPT_DAYS, stamp_now
from servicing.queries.maturity import terms_on
from servicing.rules.maturity import Matured, Terms, outcome_of, stayed

SUBJECT = "servicing.maturity"
CHUNK = 2_000
# How far back the first run goes, so that the desk does not begin without a past.
FIRST_DAYS = 120
STRETCH_DAYS = 50
TELLING = (FeedKind.BALANCES, FeedKind.ACCOUNTS, FeedKind.RATES)
# A maturity's id with what stayed, what it counts as, and its day of measure.
Outcome = tuple[int, Decimal, str, date]


def run(*, business_day: date, actor: Actor, at: datetime, chunk: int = CHUNK) -> dict[str, int]:
    """Make rows for what matures within the horizon, note what matured, and measure what is due.

    Counts "recorded", "matured", "measured" and "rows". After a feed that came late, outcomes it may have changed are
    measured again, as far back as the rules in force say. Chunks are transactions of their own; safe after a kill.
    """
    terms = terms_on(business_day)
    late = _late_since(at, terms)
    oldest = business_day - timedelta(days=terms.measure_days + terms.late_days)
    again = max(late, oldest) if late else None
    last = business_day + timedelta(days=terms.horizon_days)
    _move(business_day)
    recorded = sum(_record(business_day, *stretch) for stretch in _stretches(_first(business_day, terms), last))
    matured = _amounts(business_day, again or business_day + timedelta(days=1))
    measured = sum(_measure(ids, terms) for ids in _due(business_day, terms, late, oldest, chunk))
    _keep_ladder(at=at)
    counts = {"recorded": recorded, "matured": matured, "measured": measured, "rows": recorded + measured}
    if counts["rows"]:
        trail.record(actor=actor, action="run", subject=SUBJECT, subject_id=business_day, at=at, changes=counts)
    return counts


@transaction.atomic
def _keep_ladder(*, at: datetime) -> int:
    """Add the whole bank's ladder up, in place of the one before; returns its rows."""
    day = ledger_day()
    if day is None:
        return 0
    LadderKept.objects.all().delete()
    LadderDay.objects.all().delete()
    values = {"day": day, "first": day - timedelta(days=KEPT_DAYS - 1), "last": day + timedelta(days=KEPT_DAYS)}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off; SET LOCAL work_mem = '64MB'")
        cursor.execute(statement("servicing", "maturity_ladder_keep"), values)
        rows = int(cursor.rowcount)
    LadderKept.objects.create(as_of=day, stamp=stamp_now(), made_at=at)
    return rows


def _first(day: date, terms: Terms) -> date:
    """From which maturities on rows may be missing: a late feed's few days; much more when the desk is new."""
    usual = day - timedelta(days=terms.late_days)
    return usual if Maturity.everything.filter(matures_on__lt=usual).exists() else day - timedelta(days=FIRST_DAYS)


def _late_since(at: datetime, terms: Terms) -> date | None:
    """The earliest day that a feed of the last days told about after a later day was known; None when none did."""
    told = Feed.objects.filter(status=FeedStatus.COMMITTED, kind__in=TELLING)
    recent = told.filter(finished_at__gte=at - timedelta(days=max(terms.late_days, 1)))
    found = [
        feed.business_date
        for feed in recent
        if told.filter(Q(business_date__gt=feed.business_date), finished_at__lt=feed.finished_at).exists()
    ]
    return min(found, default=None)


def _stretches(first: date, last: date) -> Iterator[tuple[date, date]]:
    """The days first..last in pieces, each a transaction of its own."""
    while first <= last:
        end = min(first + timedelta(days=STRETCH_DAYS - 1), last)
        yield first, end
        first = end + timedelta(days=1)


@transaction.atomic
def _move(day: date) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement("servicing", "maturity_moved"), {"day": day})


@transaction.atomic
def _record(day: date, first: date, last: date) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(statement("servicing", "maturity_record"), {"day": day, "first": first, "last": last})
        return int(cursor.rowcount)


@transaction.atomic
def _amounts(day: date, since: date) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(statement("servicing", "maturity_amounts"), {"day": day, "since": since})
        return int(cursor.rowcount)


def _due(day: date, terms: Terms, late: date | None, oldest: date, chunk: int) -> Iterator[list[int]]:
    """What is to be measured: all that never was, and, after a late feed, what its day may have changed."""
    ripe = Maturity.everything.filter(matures_on__lte=day - timedelta(days=terms.measure_days), amount__isnull=False)
    wanted = Q(measured_on=None)
    if late:
        wanted |= Q(measured_on__gte=late, matures_on__gte=oldest)
    ids = list(ripe.filter(wanted).order_by("customer_id", "pk").values_list("pk", flat=True))
    for start in range(0, len(ids), chunk):
        yield ids[start : start + chunk]


@transaction.atomic
def _measure(ids: Sequence[int], terms: Terms) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement("servicing", "maturity_windows"), {"ids": list(ids), "days": terms.measure_days})
        found = list(_outcomes(cursor.fetchall(), terms))
        keys, parts, outcomes, days = (list(column) for column in zip(*found, strict=True)) if found else ([],) * 4
        cursor.execute(
            statement("servicing", "maturity_measured"),
            {"ids": keys, "stayed": parts, "outcomes": outcomes, "days": days},
        )
        return int(cursor.rowcount)


def _outcomes(rows: Sequence[tuple[Any, ...]], terms: Terms) -> Iterator[Outcome]:
    for key, group in groupby(rows, key=lambda row: row[0]):
        pairs = list(group)
        _id, amount, total, until = pairs[0][:4]
        part = stayed(key, [Matured(*pair[4:]) for pair in pairs], total)
        yield key, part, outcome_of(amount, part, terms) or "", until

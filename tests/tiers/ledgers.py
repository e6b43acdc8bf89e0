"""Balance histories written straight into the ledger's tables, and the slow oracle of what re-tiering makes of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import connection

from core import jobs
from core.clock import SHANGHAI
from core.money import yuan
from core.trail import Actor
from customers.models import CustomerPosition, FedDay, PositionChange
from tests.factories import make_user, number
from tiers.models import RetierRun, Scheme, TierChange
from tiers.rules import Band, SchemeContent
from tiers.services import retier

OPERATOR = Actor(None, "tester")
ONE_DAY = timedelta(days=1)
FLOORS = ("0", "50000", "500000", "3000000")
NAMES = ["普通", "潜力", "优质", "高端", "卓越", "至臻", "尊享", "鼎级"]

Histories = dict[int, dict[date, Decimal]]


def at_night(day: date) -> datetime:
    """The small hours after a business day."""
    return datetime(day.year, day.month, day.day, 2, tzinfo=SHANGHAI) + ONE_DAY


def bands(*floors: str) -> tuple[Band, ...]:
    """Named bands from floors in yuan."""
    return tuple(
        Band(rank, Decimal(floor), "HGFEDCBA"[-rank], NAMES[rank - 1], f"Band {rank}")
        for rank, floor in enumerate(floors or FLOORS, start=1)
    )


def content(*floors: str, effective_on: date, measure: str = "balance", **fields: str) -> SchemeContent:
    """What a scheme version says."""
    return SchemeContent(fields.get("name", "定级方案"), measure, effective_on, fields.get("note", ""), bands(*floors))


def approved(*floors: str, effective_on: date, measure: str = "balance") -> Scheme:
    """A version in force from a day, past the workflow."""
    scheme = Scheme.objects.create(
        version=100 + number(),
        name="定级方案",
        measure=measure,
        effective_on=effective_on,
        status="approved",
        drafted_by=make_user(role="admin"),
        drafted_at=at_night(effective_on),
    )
    for band in bands(*floors):
        scheme.bands.create(
            rank=band.rank, floor=band.floor, letter=band.letter, name_zh=band.name_zh, name_en=band.name_en
        )
    return scheme


def total_on(history: Mapping[date, Decimal], day: date) -> Decimal:
    """The total at the end of a day; zero before the first."""
    known = [on for on in history if on <= day]
    return history[max(known)] if known else Decimal(0)


def sum_until(history: Mapping[date, Decimal], day: date) -> Decimal:
    """The sum of end-of-day totals up to and including a day, day by day."""
    if not history:
        return Decimal(0)
    days = (day - min(history)).days + 1
    return sum((total_on(history, min(history) + ONE_DAY * n) for n in range(days)), Decimal(0))


def write_ledger(histories: Histories, ledger_day: date) -> None:
    """The ledger's rows of these customers as an import leaves them; `ledger_day` is the latest fed day."""
    with connection.cursor() as cursor:
        for day in {on.replace(day=1) for history in histories.values() for on in history}:
            cursor.execute("SELECT customers_ensure_month(%s)", [day])
    FedDay.objects.get_or_create(on=ledger_day, defaults={"is_full": True})
    PositionChange.objects.filter(customer_id__in=histories).delete()
    quarter = ledger_day.replace(month=(ledger_day.month - 1) // 3 * 3 + 1, day=1)
    for customer_id, history in histories.items():
        PositionChange.objects.bulk_create(
            PositionChange(customer_id=customer_id, on=on, total=total, day_sum=sum_until(history, on))
            for on, total in history.items()
        )
        last = max(history, default=None)
        CustomerPosition.everything.filter(pk=customer_id).update(
            on=last,
            total=history[last] if last else 0,
            day_sum=sum_until(history, last) if last else 0,
            month_mark=sum_until(history, ledger_day.replace(day=1) - ONE_DAY),
            quarter_mark=sum_until(history, quarter - ONE_DAY),
        )


def start_job(day: date) -> jobs.Progress:
    """A job of its own for a run of `day`."""
    job = jobs.enqueue(
        name="tiers.retier", key=f"{day}-{number()}", business_day=day, actor=OPERATOR, at=at_night(day), publish=False
    )
    return jobs.Progress(job.pk)


def run(day: date, *, chunk_size: int = 50_000, progress: jobs.Progress | None = None) -> dict[str, object]:
    """Re-tier a day in this process."""
    return retier(
        business_day=day,
        actor=OPERATOR,
        at=at_night(day),
        progress=progress or start_job(day),
        chunk_size=chunk_size,
    )


@dataclass
class Oracle:
    """Re-tiering as a person would do it: each customer, each day, in order."""

    schemes: list[Scheme]
    changes: dict[tuple[int, date], tuple[int, int, Decimal]] = field(default_factory=dict)
    days: set[date] = field(default_factory=set)

    def scheme_on(self, day: date) -> Scheme:
        """The version in force."""
        known = [scheme for scheme in self.schemes if scheme.effective_on <= day]
        return max(known, key=lambda scheme: (scheme.effective_on, scheme.version))

    def value(self, history: Mapping[date, Decimal], measure: str, day: date) -> Decimal:
        """The measure of a day, summed day by day."""
        if measure == "balance":
            return total_on(history, day)
        start = day.replace(day=1)
        while measure == "adb_quarter" and start.month % 3 != 1:
            start = (start - ONE_DAY).replace(day=1)
        days = [start + ONE_DAY * n for n in range((day - start).days + 1)]
        return yuan(sum((total_on(history, on) for on in days), Decimal(0)) / len(days))

    def tier(self, customer_id: int, day: date) -> int:
        """The tier at the close of a day by the history so far."""
        known = [on for on in self.days if on <= day and (customer_id, on) in self.changes]
        return self.changes[customer_id, max(known)][1] if known else 0

    def retier(self, histories: Histories, day: date) -> None:
        """Do the day, and again the run days after it."""
        self.days.add(day)
        for on in sorted(known for known in self.days if known >= day):
            scheme = self.scheme_on(on)
            floors = sorted(band.floor for band in scheme.bands.all())
            for customer_id, history in histories.items():
                value = self.value(history, scheme.measure, on)
                after = max(1, sum(1 for floor in floors if floor <= value))
                before = self.tier(customer_id, on - ONE_DAY)
                self.changes.pop((customer_id, on), None)
                if before != after:
                    self.changes[customer_id, on] = (before, after, value)


def history_rows(customer_ids: Iterable[int]) -> dict[tuple[int, date], tuple[int, int, Decimal]]:
    """The stored tier changes in the oracle's form."""
    found = TierChange.everything.filter(customer_id__in=list(customer_ids))
    return {(row.customer_id, row.on): (row.from_tier, row.to_tier, row.value) for row in found}


def placed(customer_ids: Iterable[int]) -> dict[int, tuple[int, date | None]]:
    """Each customer's tier and since when, as the position says."""
    found = CustomerPosition.everything.filter(pk__in=list(customer_ids)).order_by("pk")
    return {row.pk: (row.tier, row.tier_since) for row in found}


def expected_places(oracle: Oracle, customer_ids: Iterable[int]) -> dict[int, tuple[int, date | None]]:
    """Each customer's tier and since when, by the oracle's history."""
    places: dict[int, tuple[int, date | None]] = {}
    for customer_id in customer_ids:
        known = [on for on in oracle.days if (customer_id, on) in oracle.changes]
        places[customer_id] = (oracle.changes[customer_id, max(known)][1], max(known)) if known else (0, None)
    return places


def latest_totals(day: date) -> tuple[int, int, int, int, dict[str, int]]:
    """(customers, first, up, down, by_tier) of a finished run."""
    found = RetierRun.objects.finished().get(on=day)
    return found.customers, found.first_count, found.up, found.down, found.by_tier

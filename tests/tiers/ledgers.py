"""Balance histories written straight into the ledger's tables, and the runs that re-tier them."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from core import jobs
from core.clock import SHANGHAI
from core.models import Job
from core.trail import Actor
from customers.models import (
    Account,
    AccountBalance,
    BalanceChange,
    Customer,
    CustomerPosition,
    FedDay,
    PositionChange,
)
from tests.factories import NOW, make_account, make_product, make_user, number
from tiers.models import Scheme, TierOverride
from tiers.rules import Band, SchemeContent
from tiers.services import retier

OPERATOR = Actor(None, "tester")
ONE_DAY = timedelta(days=1)
FLOORS = ("0", "50000", "500000", "3000000")
NAMES = ["普通", "潜力", "优质", "高端", "卓越", "至臻", "尊享", "鼎级"]

LETTERS = "DCBAEFGH"

History = Mapping[date, Decimal]
Histories = dict[int, dict[date, Decimal]]
# Of each customer the balances by kind of product.
Holdings = Mapping[int, Mapping[str, dict[date, Decimal]]]


def at_night(day: date) -> datetime:
    """The small hours after a business day."""
    return datetime(day.year, day.month, day.day, 2, tzinfo=SHANGHAI) + ONE_DAY


def bands(*floors: str, letters: str = LETTERS) -> tuple[Band, ...]:
    """Named bands from floors in yuan."""
    return tuple(
        Band(rank, Decimal(floor), letters[rank - 1], NAMES[rank - 1], f"Band {rank}")
        for rank, floor in enumerate(floors or FLOORS, start=1)
    )


def content(*floors: str, effective_on: date, measure: str = "balance", **fields: str) -> SchemeContent:
    """What a scheme version says."""
    return SchemeContent(fields.get("name", "定级方案"), measure, effective_on, fields.get("note", ""), bands(*floors))


@transaction.atomic
def approved(
    *floors: str, effective_on: date, measure: str = "balance", letters: str = LETTERS, **fields: Any
) -> Scheme:
    """A version in force from a day, past the workflow."""
    scheme = Scheme.objects.create(
        version=100 + number(),
        name="定级方案",
        measure=measure,
        effective_on=effective_on,
        drafted_by=make_user(role="admin"),
        drafted_at=at_night(effective_on),
        **fields,
    )
    for band in bands(*floors, letters=letters):
        scheme.bands.create(
            rank=band.rank, floor=band.floor, letter=band.letter, name_zh=band.name_zh, name_en=band.name_en
        )
    scheme.status = "approved"  # from now on its bands stay as they are
    scheme.save(update_fields=["status"])
    return scheme


def give_tier(customer_id: int, letter: str, starts_on: date, ends_on: date) -> TierOverride:
    """A tier given by two people, over by now."""
    asked, decided = make_user(role="manager"), make_user(role="branch_head")
    return TierOverride.everything.create(
        customer_id=customer_id,
        letter=letter,
        reason="reason-of-override",
        starts_on=starts_on,
        ends_on=ends_on,
        status="ended",
        requested_by=asked,
        requested_at=NOW,
        decided_by=decided,
        decided_at=NOW,
    )


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


def write_accounts(holdings: Holdings, ledger_day: date) -> Histories:
    """An account of each kind with its balances, and the customers' totals as an import leaves them."""
    for customer_id, kinds in holdings.items():
        for kind, history in kinds.items():
            if history:
                _write_account(_account(customer_id, kind), history)
    histories = {customer_id: added(kinds.values()) for customer_id, kinds in holdings.items()}
    write_ledger(histories, ledger_day)
    return histories


def _account(customer_id: int, kind: str) -> Account:
    found = Account.everything.filter(customer_id=customer_id, product__kind=kind).first()
    if found:
        return found
    return make_account(customer=Customer.everything.get(pk=customer_id), product=make_product(kind=kind))


def _write_account(account: Account, history: History) -> None:
    with connection.cursor() as cursor:
        for day in {on.replace(day=1) for on in history}:
            cursor.execute("SELECT customers_ensure_month(%s)", [day])
    BalanceChange.objects.filter(account=account).delete()
    BalanceChange.objects.bulk_create(
        BalanceChange(
            account=account,
            customer_id=account.customer_id,
            on=on,
            balance=value,
            value=value,
            day_sum=sum_until(history, on),
        )
        for on, value in history.items()
    )
    last = max(history)
    AccountBalance.objects.filter(account=account).update(
        balance=history[last], value=history[last], on=last, day_sum=sum_until(history, last), first_on=min(history)
    )


def added(histories: Iterable[History]) -> dict[date, Decimal]:
    """The sum of several histories as one."""
    several = list(histories)
    days = sorted({on for history in several for on in history})
    return {day: sum((total_on(history, day) for history in several), Decimal(0)) for day in days}


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


def lead(job: Job, progress: jobs.Progress, chunk_size: int) -> jobs.Counts:
    """Re-tier the job's day, as a worker does."""
    day = job.business_day
    assert day is not None
    return run(day, chunk_size=chunk_size, progress=progress)

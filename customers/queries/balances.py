"""Balances over time: totals and averages from running sums. Windows are calendar days, both ends included."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import Max, Min

from core.memo import once_a_request
from core.money import yuan
from customers.models import FedDay, PositionChange

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Average:
    """An average daily balance in yuan over `days` calendar days, `carried_days` of them without a feed."""

    days: int
    adb: Decimal
    carried_days: int


@dataclass(frozen=True, slots=True)
class DayTotal:
    """A customer's end-of-day total in yuan; `carried` when some account's balance was not fed that day."""

    on: date
    total: Decimal
    carried: bool


@once_a_request
def ledger_day() -> date | None:
    """The latest day with balances: what "today" means for every figure of money."""
    found: date | None = FedDay.objects.aggregate(last=Max("on"))["last"]
    return found


@once_a_request
def first_ledger_day() -> date | None:
    """The first day with balances: averages that reach further back would count money nobody knows of as none."""
    found: date | None = FedDay.objects.aggregate(first=Min("on"))["first"]
    return found


def day_sum_until(customer_id: int, day: date) -> Decimal:
    """Sum of the customer's end-of-day totals up to and including `day`."""
    last = PositionChange.objects.filter(customer_id=customer_id, on__lte=day).order_by("-on").first()
    return last.day_sum + last.total * (day - last.on).days if last else ZERO


def average_balance(customer_id: int, start: date, end: date) -> Average:
    """The average daily balance over start..end. Raises ValueError when the window is empty."""
    days = (end - start).days + 1
    if days < 1:
        raise ValueError("the window ends before it starts")
    total = day_sum_until(customer_id, end) - day_sum_until(customer_id, start - timedelta(days=1))
    return Average(days, yuan(total / days), len(carried_days(customer_id, start, end)))


def carried_days(customer_id: int, start: date, end: date) -> set[date]:
    """Days of the window on which an open account of the customer had a balance that no feed named."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT day::date
            FROM customers_account a JOIN customers_accountbalance b ON b.account_id = a.id
            CROSS JOIN LATERAL generate_series(greatest(b.first_on, %(start)s::date), %(end)s::date, '1 day') AS day
            LEFT JOIN customers_fedday f ON f."on" = day
            LEFT JOIN customers_feddayaccount x ON x."on" = day AND x.account_id = a.id
            WHERE a.customer_id = %(customer)s AND (a.closed_on IS NULL OR day < a.closed_on)
              AND (f."on" IS NULL OR f.is_full = (x.account_id IS NOT NULL))
            """,
            {"customer": customer_id, "start": start, "end": end},
        )
        return {row[0] for row in cursor.fetchall()}


def daily_totals(customer_id: int, start: date, end: date) -> list[DayTotal]:
    """One total for each day of the window, zero before the first balance."""
    changes = PositionChange.objects.filter(customer_id=customer_id, on__lte=end).order_by("on")
    before = changes.filter(on__lt=start).last()
    total = before.total if before else ZERO
    later = {c.on: c.total for c in changes.filter(on__gte=start)}
    carried = carried_days(customer_id, start, end)
    found = []
    for offset in range((end - start).days + 1):
        day = start + timedelta(days=offset)
        total = later.get(day, total)
        found.append(DayTotal(day, total, day in carried))
    return found

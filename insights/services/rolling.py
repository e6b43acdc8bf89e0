"""Deposits and head-counts per unit and day, replaced as whole days by set-based SQL."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection, transaction

from core.sql import statement
from customers import queries as customers
from insights.models import BranchDay, DepositDay, PositionWrite

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RollUp:
    """What a roll-up wrote: days, and rows per branch, manager and tier."""

    days: int
    rows: int


@transaction.atomic
def roll_up_day(business_day: date) -> RollUp:
    """Replace the figures of one day; a day before the ledger day is taken from the histories."""
    ledger_day = customers.ledger_day()
    if ledger_day is None:
        return RollUp(0, 0)
    _clear(business_day, business_day)
    rows = _run("roll_up_day", day=business_day, ledger_day=ledger_day)
    _run("roll_up_branches", first=business_day, last=business_day)
    _sweep()
    return RollUp(1, rows)


@transaction.atomic
def roll_up_range(first: date, last: date) -> RollUp:
    """Replace the figures of first..last, up to the ledger day, in one pass: for a history loaded at once."""
    ledger_day = customers.ledger_day()
    if ledger_day is None or first > min(last, ledger_day):
        return RollUp(0, 0)
    past, rows = min(last, ledger_day - DAY), 0
    if first <= past:
        _clear(first, past)
        rows = _run("roll_up_range", first=first, last=past)
        _run("roll_up_branches", first=first, last=past)
    if last >= ledger_day:
        rows += roll_up_day(ledger_day).rows
    return RollUp((min(last, ledger_day) - first).days + 1, rows)


def _sweep() -> None:
    """One note instead of the night's many. It is a new one: what was kept under the old ones is never found again."""
    PositionWrite.objects.all().delete()
    PositionWrite.objects.create()


def _clear(first: date, last: date) -> None:
    DepositDay.objects.filter(on__range=(first, last)).delete()
    BranchDay.everything.filter(on__range=(first, last)).delete()


def _run(name: str, **values: date) -> int:
    with connection.cursor() as cursor:
        # Planned for one pass over everything: compiling costs more than it saves, sorting on disk as well.
        cursor.execute("SET LOCAL jit = off; SET LOCAL work_mem = '128MB'")
        cursor.execute(statement("insights", name), values)
        return int(cursor.rowcount)

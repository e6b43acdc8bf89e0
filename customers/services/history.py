"""Loading a history of balances in one go, into an empty ledger: for the demo branch and for taking a bank over."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from core.sql import statement
from customers.models import FedDay
from customers.services import balances
from customers.services.staging import copy_field, drop, run, stage


class LedgerNotEmpty(DomainError):
    """A history can only be loaded where no balances are yet."""

    code = "ledger_not_empty"
    message = _("Balances have been imported already; a history can only be loaded into an empty ledger.")


def load_history(*, changes: Iterable[tuple[str, date, Decimal]], first: date, last: date) -> int:
    """Post (account number, day, end-of-day balance in yuan) changes; every day first..last counts as fully fed.

    Returns the number of changes. Raises LedgerNotEmpty.
    """
    if balances.last_day() is not None:
        raise LedgerNotEmpty()
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    balances.ensure_months(*sorted({day.replace(day=1) for day in days}))
    with transaction.atomic():
        lines = (f"0\t{copy_field(number)}\t{day}\t{balance}\t\\N\n" for number, day, balance in changes)
        stage({"account_no": "text", '"on"': "date", "balance": "numeric(18,2)"}, lines)
        loaded = run(statement("customers", "history_load"))
        drop("late")
        run(
            "CREATE TEMP TABLE late ON COMMIT DROP AS SELECT account_id, min(customer_id) AS customer_id,"
            ' min("on") AS first_on, 0 AS balance FROM customers_balancechange GROUP BY account_id'
        )
        FedDay.objects.bulk_create([FedDay(on=day, is_full=True) for day in days])
        run(statement("customers", "late_latest"), {"day": first})
        run(
            "UPDATE customers_accountbalance b SET first_on = late.first_on"
            " FROM late WHERE late.account_id = b.account_id"
        )
        run(statement("customers", "late_rebuild_positions"), {"day": first})
        balances.place_positions(last=last)
    return loaded

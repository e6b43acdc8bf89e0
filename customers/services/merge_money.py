"""The money of two customers as one customer's, and apart again.

Joined, the kept customer's history is the day-by-day sum of both, so an average over any past window is the sum of
both. Apart again, each has the figures it would have had without the merge, whatever was fed in between.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q

from core.sql import statement
from customers.models import Account, AccountBalance, BalanceChange, CustomerPosition, Merge, PositionChange
from customers.rules.merges import Day, add_histories, add_standing, first_change
from customers.rules.periods import periods_of
from customers.services import balances
from customers.services.merge_children import as_texts, read_row, unpark
from customers.services.staging import drop, run

MARKS = ("month_mark", "quarter_mark", "year_mark")
MONEY = ("total", "day_sum", "on", *MARKS)
ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Purse:
    """What a customer's figures stood on: its narrow row (JSON text, "" without one), history and account changes."""

    position: str
    history: list[Day]
    changes: list[tuple[int, date, Decimal, Decimal]]


def purse_of(customer_id: int) -> Purse:
    """A customer's money as it stands."""
    position = as_texts(CustomerPosition.everything.filter(pk=customer_id))
    return Purse(position[0] if position else "", _history(customer_id), _changes(customer_id))


def pack(purse: Purse) -> dict[str, Any]:
    """A purse as JSON can hold it."""
    return {
        "position": purse.position,
        "history": [[day.on.isoformat(), str(day.total), str(day.day_sum)] for day in purse.history],
        "changes": [[account, on.isoformat(), str(bal), str(value)] for account, on, bal, value in purse.changes],
    }


def unpack(packed: dict[str, Any]) -> Purse:
    """The purse that was packed."""
    history = [Day(date.fromisoformat(on), Decimal(total), Decimal(sums)) for on, total, sums in packed["history"]]
    changes = [(a, date.fromisoformat(on), Decimal(bal), Decimal(value)) for a, on, bal, value in packed["changes"]]
    return Purse(packed["position"], history, changes)


def _history(customer_id: int) -> list[Day]:
    rows = PositionChange.objects.filter(customer_id=customer_id).order_by("on")
    return [Day(*row) for row in rows.values_list("on", "total", "day_sum")]


def _changes(customer_id: int) -> list[tuple[int, date, Decimal, Decimal]]:
    accounts = list(Account.everything.filter(customer_id=customer_id).values_list("pk", flat=True))
    return _changes_of(accounts)


def _changes_of(accounts: Sequence[int]) -> list[tuple[int, date, Decimal, Decimal]]:
    rows = BalanceChange.objects.filter(account_id__in=accounts).order_by("account_id", "on")
    return list(rows.values_list("account_id", "on", "balance", "value"))


def join(merge: Merge, kept: Purse, dropped: Purse) -> list[int]:
    """Give the kept customer all accounts and the sum of both histories; the dropped one's own figures go.

    Returns the keys of the accounts that moved.
    """
    accounts = list(Account.everything.filter(customer_id=merge.dropped_id).order_by("pk").values_list("pk", flat=True))
    _give(accounts, merge.kept_id)
    PositionChange.objects.filter(customer_id__in=[merge.kept_id, merge.dropped_id]).delete()
    _write_history(merge.kept_id, add_histories(kept.history, dropped.history))
    if dropped.position:
        _add_position(merge, read_row(kept.position), read_row(dropped.position))
    CustomerPosition.everything.filter(pk=merge.dropped_id).delete()
    return accounts


def _give(accounts: Sequence[int], customer_id: int) -> None:
    Account.everything.filter(pk__in=accounts).update(customer_id=customer_id)
    AccountBalance.objects.filter(account_id__in=accounts).update(customer_id=customer_id)
    BalanceChange.objects.filter(account_id__in=accounts).update(customer_id=customer_id)


def _write_history(customer_id: int, days: Sequence[Day]) -> None:
    rows = (PositionChange(customer_id=customer_id, on=d.on, total=d.total, day_sum=d.day_sum) for d in days)
    PositionChange.objects.bulk_create(rows)


def _add_position(merge: Merge, kept: dict[str, Any], dropped: dict[str, Any]) -> None:
    both = add_standing(_standing(kept), _standing(dropped))
    contacts = [row["last_contact_on"] for row in (kept, dropped) if row.get("last_contact_on")]
    values: dict[str, Any] = {name: kept.get(name, ZERO) + dropped[name] for name in MARKS}
    values |= {"total": both.total, "day_sum": both.day_sum, "on": both.on} if both else {}
    values["last_contact_on"] = max(contacts, default=None)
    CustomerPosition.everything.filter(pk=merge.kept_id).update(**values)


def _standing(row: dict[str, Any]) -> Day | None:
    if not row.get("on"):
        return None
    return Day(date.fromisoformat(row["on"]), Decimal(row["total"]), Decimal(row["day_sum"]))


def part(merge: Merge, kept: Purse, dropped: Purse, *, ledger_day: date | None) -> None:
    """Take the money apart: accounts of the dropped number go back, both histories are put as they were.

    From the first day whose account balances are not those of the merge, histories come from the accounts; before it,
    and everywhere if nothing was fed meanwhile, the very rows come back. `ledger_day` is that of the merge.
    """
    mine = list(
        Account.everything.filter(customer_id=merge.kept_id, pk__in=merge.accounts).values_list("pk", flat=True)
    )
    others = list(
        Account.everything.filter(customer_id=merge.kept_id).exclude(pk__in=mine).values_list("pk", flat=True)
    )
    now = _changes_of([*others, *mine])
    since = first_change([*kept.changes, *dropped.changes], now)
    _give(mine, merge.dropped_id)
    PositionChange.objects.filter(customer_id__in=[merge.kept_id, merge.dropped_id]).delete()
    for customer_id, purse in ((merge.kept_id, kept), (merge.dropped_id, dropped)):
        _write_history(customer_id, [day for day in purse.history if since is None or day.on < since])
    _place(merge, kept, dropped)
    if since or not _same_period(ledger_day):
        _rebuild([merge.kept_id, merge.dropped_id], since)


def _place(merge: Merge, kept: Purse, dropped: Purse) -> None:
    """Both narrow rows as they were; unit and manager as the records have them now."""
    before = read_row(kept.position)
    names = [*MONEY, "tier", "tier_since", "ruled_tier", "watch_since", "near"]
    if before:
        CustomerPosition.everything.filter(pk=merge.kept_id).update(**{name: before[name] for name in names})
    if dropped.position:
        unpark(CustomerPosition, [dropped.position])
        record = merge.dropped
        CustomerPosition.everything.filter(
            ~Q(branch_id=record.branch_id) | ~Q(manager_id=record.manager_id), pk=record.pk
        ).update(branch_id=record.branch_id, manager_id=record.manager_id)


def _same_period(then: date | None) -> bool:
    now = balances.last_day()
    return then == now or (then is not None and now is not None and periods_of(then) == periods_of(now))


def _rebuild(customers: Sequence[int], since: date | None) -> None:
    """From `since` on, histories from the accounts; then both narrow rows from the histories."""
    drop("late")
    run(
        "CREATE TEMP TABLE late ON COMMIT DROP AS"
        " SELECT NULL::bigint AS account_id, unnest(%(ids)s::bigint[]) AS customer_id",
        {"ids": list(customers)},
    )
    if since:
        run(statement("customers", "late_rebuild_positions"), {"day": since})
    if last := balances.last_day():
        balances.place_positions(last=last)

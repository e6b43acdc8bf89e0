"""A history loaded in one go equals the same days fed one by one."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from customers.models import Account, AccountBalance, BalanceChange, Customer, CustomerPosition, FedDay
from customers.queries import average_balance, daily_totals, with_figures
from customers.services.history import LedgerNotEmpty, load_history
from tests.customers.feeding import feed
from tests.factories import make_branch, make_customer, make_product

pytestmark = pytest.mark.django_db
FIRST = date(2025, 12, 18)
LAST = date(2026, 1, 6)
DAYS = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
Histories = dict[str, dict[date, Decimal]]


@pytest.fixture
def histories() -> Histories:
    """End-of-day balances of every account for every day from its first on, most days the same as before."""
    rng = random.Random(11)
    branch, product = make_branch(), make_product()
    owners = [make_customer(branch=branch, position={"on": None}) for _n in range(4)]
    found: Histories = {}
    for number in range(9):
        name = f"A{number}"
        Account.everything.create(account_no=name, customer=owners[number % 4], product=product)
        balance, first = Decimal(rng.randint(-500, 10**8)) / 100, 0 if number < 6 else rng.randrange(1, len(DAYS))
        found[name] = {}
        for day in DAYS[first:]:
            balance += Decimal(rng.randint(-(10**6), 10**6)) / 100 if rng.random() < 0.3 else 0
            found[name][day] = balance
    return found


def changes(histories: Histories) -> list[tuple[str, date, Decimal]]:
    """Account by account, only what differs from the day before."""
    return [
        (name, day, balance)
        for name, days in histories.items()
        for day, balance in days.items()
        if days.get(day - timedelta(days=1)) != balance
    ]


def one_by_one(histories: Histories) -> None:
    for day in DAYS:
        rows = [(name, days[day]) for name, days in histories.items() if day in days]
        assert feed("balances", ("account_no", "balance"), rows, on=day).rejected == 0


def in_one_go(histories: Histories) -> None:
    assert load_history(changes=changes(histories), first=FIRST, last=LAST) == len(changes(histories))


def taken_back(load: Callable[[Histories], None], histories: Histories) -> dict[str, list[object]]:
    """Everything the ledger says after loading; the load itself is undone."""
    with transaction.atomic():
        load(histories)
        found = figures()
        transaction.set_rollback(True)
    return found


def figures() -> dict[str, list[object]]:
    owners = list(Customer.everything.order_by("pk"))
    windows = [(FIRST, LAST), (DAYS[3], DAYS[9]), (date(2026, 1, 1), LAST), (LAST, LAST)]
    position = ("customer_id", "total", "month_mark", "quarter_mark", "year_mark")
    return {
        "totals": [daily_totals(owner.pk, FIRST, LAST) for owner in owners],
        "averages": [average_balance(owner.pk, *window) for owner in owners for window in windows],
        "figures": [
            (c.balance, c.adb_month, c.adb_quarter, c.adb_year)
            for c in with_figures(Customer.everything.order_by("pk"), LAST)
        ],
        "days": list(FedDay.objects.order_by("on").values_list("on", "is_full")),
        "latest": list(AccountBalance.objects.order_by("pk").values()),
        "changes": list(BalanceChange.objects.order_by("account_id", "on").values()),
        "positions": list(CustomerPosition.everything.order_by("pk").values_list(*position)),
    }


def test_equals_the_days_fed_one_by_one(histories: Histories) -> None:
    slow, fast = taken_back(one_by_one, histories), taken_back(in_one_go, histories)
    for name, rows in slow.items():
        assert fast[name] == rows, name


def test_days_after_it_go_on_from_there(histories: Histories) -> None:
    after, rows = LAST + timedelta(days=1), [(name, days[LAST] + 1) for name, days in histories.items()]

    def and_a_day(load: Callable[[Histories], None]) -> Callable[[Histories], None]:
        def work(histories: Histories) -> None:
            load(histories)
            feed("balances", ("account_no", "balance"), rows, on=after)
            feed("balances", ("account_no", "balance"), rows[:2], on=DAYS[5])

        return work

    assert taken_back(and_a_day(one_by_one), histories) == taken_back(and_a_day(in_one_go), histories)


def test_money_moved_between_two_accounts_of_one_customer() -> None:
    owner, product = make_customer(position={"on": None}), make_product()
    for number in ("A1", "A2"):
        Account.everything.create(account_no=number, customer=owner, product=product)
    moved = [("A1", FIRST, 100), ("A2", FIRST, 0), ("A1", DAYS[4], 40), ("A2", DAYS[4], 60)]
    load_history(changes=[(no, day, Decimal(amount)) for no, day, amount in moved], first=FIRST, last=LAST)
    assert {total.total for total in daily_totals(owner.pk, FIRST, LAST)} == {Decimal("100.00")}
    assert average_balance(owner.pk, FIRST, LAST).adb == Decimal("100.00")


def test_only_an_empty_ledger_takes_a_history(histories: Histories) -> None:
    in_one_go(histories)
    with pytest.raises(LedgerNotEmpty):
        load_history(changes=[], first=FIRST, last=LAST)


def test_a_history_that_fails_leaves_an_empty_ledger(histories: Histories) -> None:
    def broken() -> object:
        yield from changes(histories)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        load_history(changes=broken(), first=FIRST, last=LAST)
    assert not FedDay.objects.exists()
    assert not BalanceChange.objects.exists()
    in_one_go(histories)

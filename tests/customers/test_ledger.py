"""The ledger against a slow day-by-day oracle: any order of days, gaps, corrections, closures, exchange rates."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.money import yuan
from customers.models import Account, Customer
from customers.queries import average_balance, daily_totals, ledger_day, with_figures
from customers.rules.periods import periods_of
from tests.customers.feeding import feed
from tests.factories import make_branch, make_customer, make_product

pytestmark = pytest.mark.django_db
BEGIN = date(2025, 12, 20)
SPAN = 24
CENTS = st.integers(-5_000, 200_000_000).map(lambda cents: Decimal(cents) / 100)


@dataclass
class Oracle:
    """What was said of each account on each day; the last word on a day counts."""

    said: dict[str, dict[date, Decimal]] = field(default_factory=dict)
    closed: dict[str, date] = field(default_factory=dict)

    def balance(self, account: str, day: date) -> Decimal:
        known = [d for d in self.said.get(account, {}) if d <= day]
        return self.said[account][max(known)] if known else Decimal(0)

    def is_carried(self, account: str, day: date) -> bool:
        days = self.said.get(account, {})
        is_open = account not in self.closed or day < self.closed[account]
        return bool(days) and min(days) <= day and day not in days and is_open


def operations(accounts: list[str]) -> st.SearchStrategy[list[tuple[str, date, dict[str, Decimal]]]]:
    """A feed of some accounts for some day, or the closing of one; days in any order, repeats are corrections."""
    day = st.integers(0, SPAN - 1).map(lambda n: BEGIN + timedelta(days=n))
    balances = st.dictionaries(st.sampled_from(accounts), st.one_of(CENTS, st.just(Decimal("100.00"))), min_size=1)
    return st.lists(
        st.one_of(
            st.tuples(st.just("feed"), day, balances),
            st.tuples(st.just("close"), day, st.dictionaries(st.sampled_from(accounts), CENTS, min_size=1, max_size=1)),
        ),
        min_size=1,
        max_size=9,
    )


ACCOUNTS = [f"A{n}" for n in range(4)]
OWNERS = {"A0": "K1", "A1": "K1", "A2": "K2", "A3": "K3"}


def open_accounts() -> dict[str, Customer]:
    branch, product = make_branch(), make_product()
    owners = {no: make_customer(customer_no=no, branch=branch, position={"on": None}) for no in ("K1", "K2", "K3")}
    for number in ACCOUNTS:
        Account.everything.create(account_no=number, customer=owners[OWNERS[number]], product=product)
    return owners


def play(steps: list[tuple[str, date, dict[str, Decimal]]]) -> Oracle:
    oracle = Oracle()
    for number, (what, day, balances) in enumerate(steps):
        if what == "feed":
            rows = [(account, amount, day) for account, amount in balances.items()]
            done = feed("balances", ["account_no", "balance", "business_date"], rows, on=day, name=f"{number}.csv")
            if done.status == "already_imported":
                continue
            assert (done.status, done.rejected) == ("committed", 0), done.message
            for account, amount in balances.items():
                oracle.said.setdefault(account, {})[day] = amount
                closed_on = oracle.closed.get(account, day)
                if day < closed_on:
                    oracle.said[account].setdefault(closed_on, Decimal(0))
        else:
            (account,) = balances
            if account in oracle.closed:
                continue
            code = Account.everything.get(account_no=account).product.code
            header = ["account_no", "customer_no", "product_code", "status"]
            assert feed("accounts", header, [(account, OWNERS[account], code, "closed")], on=day).rejected == 0
            oracle.closed[account] = day
            if oracle.said.get(account) and min(oracle.said[account]) <= day:
                oracle.said[account][day] = Decimal(0)
    return oracle


def assert_equal_to_oracle(oracle: Oracle, owners: dict[str, Customer]) -> None:
    end = BEGIN + timedelta(days=SPAN + 3)
    for number, customer in owners.items():
        mine = [a for a in ACCOUNTS if OWNERS[a] == number]
        days = [BEGIN + timedelta(days=n) for n in range((end - BEGIN).days + 1)]
        expected = [
            (d, sum((oracle.balance(a, d) for a in mine), Decimal(0)), any(oracle.is_carried(a, d) for a in mine))
            for d in days
        ]
        assert [(t.on, t.total, t.carried) for t in daily_totals(customer.pk, BEGIN, end)] == expected
        for start, stop in ((0, len(days) - 1), (3, 11), (12, 12), (5, 22)):
            window = expected[start : stop + 1]
            average = average_balance(customer.pk, days[start], days[stop])
            assert average.adb == yuan(sum(total for _d, total, _c in window) / len(window))
            assert average.carried_days == sum(carried for _d, _t, carried in window)
    assert_narrow_rows(oracle, owners)


def assert_narrow_rows(oracle: Oracle, owners: dict[str, Customer]) -> None:
    """The maintained totals and marks give the same averages as the history."""
    last = ledger_day()
    if last is None:
        return
    periods = periods_of(last)
    for row in with_figures(Customer.everything.all(), last):
        mine = [a for a in ACCOUNTS if OWNERS[a] == row.customer_no]
        assert row.balance == sum((oracle.balance(a, last) for a in mine), Decimal(0))
        for name, start in (("month", periods.month_start), ("quarter", periods.quarter_start)):
            assert getattr(row, f"adb_{name}") == average_balance(row.pk, start, last).adb, name
        assert row.adb_year == average_balance(row.pk, periods.year_start, last).adb


@settings(
    max_examples=60,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # examples are short as they are; shrinking takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=operations(ACCOUNTS))
def test_any_order_of_feeds_equals_the_slow_sum(steps: list[tuple[str, date, dict[str, Decimal]]]) -> None:
    with transaction.atomic():  # each example is rolled back by itself
        owners = open_accounts()
        assert_equal_to_oracle(play(steps), owners)
        transaction.set_rollback(True)

"""The deposit-insurance lens (B6): interest by hand to the cent, the limit, and the day it is crossed."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from customers.models import Account, AccountBalance, BalanceChange, Customer, FedDay
from customers.queries.insurance import insurance_of
from customers.rules.insurance import (
    BUILT_IN,
    Deposit,
    cover,
    interest_at_maturity,
    interest_by_balances,
    interest_by_time,
    interest_until,
    look_at,
    read_insurance,
    settled_since,
)
from tests.factories import TODAY, make_account, make_customer, make_product, make_user

POLICY = read_insurance({"limit": 500000, "demand_rate": "0.10"})
DEMAND = POLICY.demand_rate
BEGAN = date(2025, 3, 10)
D = timedelta(days=1)


def cents(value: Decimal) -> str:
    return f"{value:.2f}"


def term(
    principal: int | str, rate: str, *, since: date = BEGAN, months_on: date | None = None, **more: Any
) -> Deposit:
    until = more.pop("until", since)
    matures_on = months_on or date(since.year + 1, since.month, since.day)
    return Deposit("term", Decimal(principal), Decimal(rate), since, until, matures_on=matures_on, **more)


@pytest.mark.parametrize(
    ("day", "interest"),
    [
        (BEGAN, "0.00"),
        (BEGAN + D, "0.42"),
        (date(2025, 4, 9), "12.50"),
        (date(2025, 4, 10), "12.50"),
        (date(2025, 6, 25), "43.75"),
        (date(2026, 3, 10), "150.00"),
        # Matured, no renewal, 30 days late at the demand rate: 150 + 10,000 x 30 x 0.10 % / 360.
        (date(2026, 4, 9), "150.83"),
    ],
)
def test_a_year_of_ten_thousand_at_one_and_a_half_per_cent(day: date, interest: str) -> None:
    assert cents(interest_until(term(10_000, "1.50"), day, DEMAND)) == interest


@pytest.mark.parametrize(
    ("principal", "rate", "since", "until", "interest"),
    [
        ("10000", "1.50", date(2024, 2, 29), date(2025, 2, 28), "150.00"),
        ("10000", "1.50", date(2025, 1, 31), date(2025, 2, 28), "12.50"),
        ("100000", "2.10", date(2023, 5, 31), date(2026, 5, 31), "6300.00"),
        ("200000", "1.35", date(2026, 1, 15), date(2026, 4, 15), "675.00"),
        # One month and 14 days: 88,888.88 x 1.55 % x 44 / 360 = 168.395.
        ("88888.88", "1.55", date(2026, 1, 15), date(2026, 3, 1), "168.40"),
        ("10000", "1.50", date(2026, 1, 15), date(2026, 1, 15), "0.00"),
    ],
)
def test_whole_months_by_anniversary_and_odd_days(
    principal: str, rate: str, since: date, until: date, interest: str
) -> None:
    deposit = term(principal, rate, since=since, months_on=until)
    found = interest_at_maturity(deposit)
    assert found is not None
    assert cents(found) == interest


def test_demand_interest_goes_by_the_sum_of_daily_balances() -> None:
    # 5,000 for 40 days, then 8,000 for 20 days.
    assert cents(interest_by_balances(Decimal(5_000 * 40 + 8_000 * 20), Decimal("0.10"))) == "1.00"
    # 7-day notice: 100,000 at 0.65 % for 45 days.
    assert cents(interest_by_balances(Decimal(100_000 * 45), Decimal("0.65"))) == "81.25"


@pytest.mark.parametrize(
    ("day", "since"),
    [
        (date(2026, 3, 20), date(2025, 12, 21)),
        (date(2026, 3, 21), date(2026, 3, 21)),
        (date(2026, 11, 20), date(2026, 9, 21)),
        (date(2026, 12, 31), date(2026, 12, 21)),
    ],
)
def test_demand_interest_is_credited_the_day_after_the_20th_of_the_quarters_last_month(day: date, since: date) -> None:
    assert settled_since(day) == since


@pytest.mark.parametrize(
    ("principal", "covered", "above"),
    [("499999.99", "499999.99", "0.00"), ("500000.00", "500000.00", "0.00"), ("500000.01", "500000.00", "0.01")],
)
def test_the_limit_to_the_cent(principal: str, covered: str, above: str) -> None:
    deposit = Deposit("demand", Decimal(principal), None, TODAY, TODAY)
    found = cover([deposit], TODAY, POLICY)
    assert (cents(found.covered), cents(found.above)) == (covered, above)


def test_interest_alone_carries_the_sum_above_the_limit() -> None:
    """495,000 at 2 % a year earns 27.50 a day: 5,000.01 is passed on the 182nd of 30-day-month days."""
    deposit = term(495_000, "2.00", since=date(2026, 1, 1), until=date(2026, 1, 1))
    lens = look_at([deposit], date(2026, 1, 1), POLICY)
    # 6 months are 4,950.00; 1 more day 4,977.50; the 2nd makes 5,005.00.
    assert lens.crosses_on == date(2026, 7, 3)
    assert (lens.projected_on, lens.projected and cents(lens.projected.total)) == (date(2027, 1, 1), "504900.00")
    assert lens.projected is not None
    assert cents(lens.projected.above) == "4900.00"
    assert cents(lens.now.above) == "0.00"


def test_what_is_above_already_crosses_no_more() -> None:
    deposit = term(600_000, "2.00", since=date(2026, 1, 1), until=date(2026, 1, 1))
    assert look_at([deposit], date(2026, 1, 1), POLICY).crosses_on is None


amounts = st.decimals(min_value=0, max_value=400_000, places=2)
rates = st.decimals(min_value=0, max_value=5, places=2)
deposits = st.builds(
    lambda principal, rate, ago, months: term(
        str(principal), str(rate), since=TODAY - ago * D, months_on=TODAY + months * 30 * D, until=TODAY
    ),
    amounts,
    rates,
    st.integers(0, 700),
    st.integers(-10, 36),
)


@given(held=st.lists(deposits, max_size=4))
def test_covered_and_above_add_up_and_the_crossing_is_the_first_day_above(held: list[Deposit]) -> None:
    lens = look_at(held, TODAY, POLICY)
    assert lens.now.covered + lens.now.above == lens.now.total
    assert lens.now.covered <= POLICY.limit
    if lens.crosses_on:
        assert not cover(held, lens.crosses_on - D, POLICY).above
        assert cover(held, lens.crosses_on, POLICY).above


@given(principal=amounts, rate=rates, since=st.dates(date(2020, 1, 1), date(2026, 1, 1)), days=st.integers(0, 1500))
def test_interest_never_shrinks_from_day_to_day(principal: Decimal, rate: Decimal, since: date, days: int) -> None:
    day = since + days * D
    assert interest_by_time(principal, rate, since, day) <= interest_by_time(principal, rate, since, day + D)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"demand_rate": "21"}, "demand_rate"),
        ({"limit": -5}, "limit"),
    ],
)
def test_nonsense_is_refused_by_name(values: dict[str, Any], code: str) -> None:
    with pytest.raises(ValueError, match=f"^{code}$"):
        read_insurance({**BUILT_IN, **values})


def fed(account: Account, *changes: tuple[date, int | str]) -> None:
    """The balances of an account as the feed leaves them."""
    day_sum, value, before = Decimal(0), Decimal(0), changes[0][0] - D
    for on, balance in changes:
        day_sum += value * ((on - before).days - 1) + Decimal(balance)
        value, before = Decimal(balance), on
        with connection.cursor() as cursor:
            cursor.execute("SELECT customers_ensure_month(%s)", [on])
        BalanceChange.objects.create(
            account=account, customer=account.customer, on=on, balance=value, value=value, day_sum=day_sum
        )
    AccountBalance.objects.filter(account=account).update(
        balance=value, value=value, on=before, day_sum=day_sum, first_on=changes[0][0]
    )


@pytest.fixture
def customer(db: None) -> Customer:
    FedDay.objects.create(on=TODAY, is_full=True)
    return make_customer()


def test_all_deposits_of_a_depositor_together(customer: Customer) -> None:
    demand = make_account(customer=customer, rate="0.10", opened_on=date(2020, 1, 1))
    fed(demand, (date(2026, 9, 21), 5_000), (date(2026, 10, 31), 8_000))
    kept = make_product(kind="term", term_months=12)
    account = make_account(
        customer=customer,
        product=kept,
        balance=300_000,
        rate="1.50",
        value_date=date(2026, 5, 20),
        matures_on=date(2027, 5, 20),
    )
    make_account(customer=customer, balance=50_000, status="closed")

    found = insurance_of(customer, TODAY)

    # Demand: 5,000 x 40 days + 8,000 x 20 days at 0.10 %; term: six whole months of 300,000 at 1.50 %.
    assert [(cents(row.principal), cents(row.interest)) for row in found.holdings] == [
        ("300000.00", "2250.00"),
        ("8000.00", "1.00"),
    ]
    assert found.holdings[0].holding.account == account
    assert found.holdings[0].at_maturity == Decimal("4500.00")
    assert found.holdings[1].at_maturity is None
    assert cents(found.lens.now.total) == "310251.00"
    assert (found.uncounted, found.unrated, found.policy_version) == ([], 0, 0)


def test_a_currency_without_a_rate_is_named_and_not_counted(customer: Customer) -> None:
    dollars = make_account(customer=customer, balance=1_000, currency="USD")
    AccountBalance.objects.filter(account=dollars).update(value=0)
    make_account(customer=customer, balance=2_000, rate=None)
    found = insurance_of(customer, TODAY)
    assert [row.account for row in found.uncounted] == [dollars]
    assert (found.unrated, cents(found.lens.now.principal)) == (1, "2000.00")


def test_foreign_currency_counts_at_the_days_rate(customer: Customer) -> None:
    dollars = make_account(customer=customer, balance=100_000, currency="USD", rate="2.00")
    AccountBalance.objects.filter(account=dollars).update(value=Decimal("711500.00"))
    found = insurance_of(customer, TODAY)
    assert (cents(found.lens.now.covered), cents(found.lens.now.principal)) == ("500000.00", "711500.00")


def test_the_part_of_the_tab_says_it_is_an_estimate_and_advises_nothing(customer: Customer) -> None:
    manager = make_user(role="manager", branch=customer.branch)
    Customer.everything.filter(pk=customer.pk).update(manager=manager)
    make_account(customer=customer, balance=600_000, rate="0.10")
    client = Client()
    client.force_login(manager, backend="staff.backends.StaffBackend")
    client.cookies["language"] = "en"

    body = client.get(reverse("customers:insurance", args=[customer.customer_no])).content.decode()

    assert "Estimate" in body
    assert "500,000.00" in body
    assert "100,000.00" in body
    assert not [word for word in ("split", "another name", "spread", "unsafe", "safer", "recommend") if word in body]


def test_before_the_first_feed_there_is_nothing_to_measure(db: None) -> None:
    head = make_user(role="branch_head")
    customer = make_customer(branch=head.branch)
    client = Client()
    client.force_login(head, backend="staff.backends.StaffBackend")
    client.cookies["language"] = "en"
    body = client.get(reverse("customers:insurance", args=[customer.customer_no])).content.decode()
    assert "first feed of balances" in body

"""C06 in money: feeds of both numbers, with and without the merge, come to the same figures."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.models import Account, Customer, CustomerPosition
from customers.queries import average_balance, daily_totals, ledger_day, with_figures
from tests import factories as make
from tests.customers.feeding import feed
from tests.depositcrm.merges import BEGIN, QUICK, do_merge, do_undo, dump, taken_back
from tests.tiers import ledgers, oracle
from tiers.models import TierChange

pytestmark = pytest.mark.django_db
ACCOUNTS = {"A1": "KA", "A2": "KA", "B1": "KB", "B2": "KB"}
AMOUNT = st.integers(0, 400_000_000).map(lambda cents: Decimal(cents) / 100)


def days_of(*accounts: str) -> st.SearchStrategy[list[tuple[int, dict[str, Decimal]]]]:
    """Days with balances of these accounts, in any order."""
    balances = st.dictionaries(st.sampled_from(accounts), AMOUNT, min_size=1)
    return st.lists(st.tuples(st.integers(0, 60), balances), min_size=1, max_size=5)


BEFORE, BETWEEN = days_of(*ACCOUNTS), days_of(*ACCOUNTS, "B3")
WINDOW = (BEGIN, BEGIN + timedelta(days=75))


def open_pair() -> tuple[Customer, Customer]:
    branch = make.make_branch()
    product = make.make_product(code="DEMAND")
    pair = tuple(
        make.make_customer(
            customer_no=number, branch=branch, tier=0, position={"on": None, "tier_since": None, "total": 0}
        )
        for number in ("KA", "KB")
    )
    for number, owner in ACCOUNTS.items():
        Account.everything.create(account_no=number, customer=pair[owner == "KB"], product=product)
    return pair  # type: ignore[return-value]


def play(days: list[tuple[int, dict[str, Decimal]]], tag: str) -> None:
    """Days as the core feeds them; account B3 is opened under the number KB when it is first named."""
    for n, (offset, balances) in enumerate(days):
        day = BEGIN + timedelta(days=offset)
        if "B3" in balances and not Account.everything.filter(account_no="B3").exists():
            header = ["account_no", "customer_no", "product_code"]
            rows = [("B3", "KB", "DEMAND"), ("B1", "KB", "DEMAND")]
            done = feed("accounts", header, rows, on=day, name=f"{tag}-a{n}.csv")
            assert (done.status, done.rejected) == ("committed", 0)
        rows = [(number, amount, day) for number, amount in balances.items()]
        done = feed("balances", ["account_no", "balance", "business_date"], rows, on=day, name=f"{tag}{n}.csv")
        assert done.rejected == 0, done.message


def night(day: date) -> None:
    ledgers.run(day)


def figures(*customers: Customer) -> list[Any]:
    """Everything that is counted in money of these customers: by the day, by window, on the narrow row, and tiers."""
    found: list[Any] = []
    keys = [c.pk for c in customers]
    for row in with_figures(Customer.everything.filter(pk__in=keys).order_by("customer_no"), ledger_day()):
        found.append([row.customer_no, row.balance, row.adb_month, row.adb_quarter, row.adb_year])
        found.append([(day.on, day.total) for day in daily_totals(row.pk, *WINDOW)])
        found.append(average_balance(row.pk, *WINDOW).adb)
    found.append(list(oracle.placed(keys).values()))
    found.append({(keys.index(key), on): moves for (key, on), moves in oracle.history_rows(keys).items()})
    found.append(sorted(Account.everything.values_list("account_no", "customer__customer_no")))
    return found


@QUICK
@given(before=BEFORE, between=BETWEEN, has_night=st.booleans(), has_later_night=st.booleans())
def test_undo_gives_both_the_figures_they_would_have_had(
    before: list[tuple[int, dict[str, Decimal]]],
    between: list[tuple[int, dict[str, Decimal]]],
    has_night: bool,
    has_later_night: bool,
) -> None:
    results = []
    make.first_scheme()
    for is_merged in (False, True):
        with taken_back():
            pair = open_pair()
            play(before, "x")
            if has_night:
                night(ledger_day() or BEGIN)
            if is_merged:
                apart = figures(*pair)
                sums = [x + y for x, y in zip(*(daily(c) for c in pair), strict=True)]
                merged = do_merge(*pair)
                assert daily(pair[0]) == sums
                assert_one_customer(pair[0], sums)
            play(between, "y")
            if has_later_night:
                night(max(ledger_day() or BEGIN, BEGIN + timedelta(days=61)))
            if is_merged:
                do_undo(merged, after=timedelta(days=6))
                assert apart
            results.append(figures(*pair))
    assert results[1] == results[0]


def daily(customer: Customer) -> list[Decimal]:
    return [day.total for day in daily_totals(customer.pk, *WINDOW)]


def assert_one_customer(kept: Customer, sums: list[Decimal]) -> None:
    """The merged customer's averages over any window are those of the day-by-day sum."""
    days = [WINDOW[0] + timedelta(days=n) for n in range(len(sums))]
    for start, stop in ((0, len(days) - 1), (3, 20), (40, 40), (11, 62)):
        window = sums[start : stop + 1]
        mean = (sum(window, Decimal(0)) / len(window)).quantize(Decimal("0.01"), "ROUND_HALF_UP")
        assert average_balance(kept.pk, days[start], days[stop]).adb == mean
    row = with_figures(Customer.everything.filter(pk=kept.pk), ledger_day()).get()
    last = ledger_day()
    assert last
    assert row.adb_year == average_balance(kept.pk, last.replace(month=1, day=1), last).adb
    assert row.adb_month == average_balance(kept.pk, last.replace(day=1), last).adb


@QUICK
@given(before=BEFORE, has_night=st.booleans())
def test_with_nothing_in_between_every_row_is_the_same_again(
    before: list[tuple[int, dict[str, Decimal]]], has_night: bool
) -> None:
    make.first_scheme()
    with taken_back():
        pair = open_pair()
        play(before, "x")
        if has_night:
            night(ledger_day() or BEGIN)
        make.make_head_office()
        head = make.make_user(role="head_office", branch=make.make_head_office())
        rows = dump()
        do_undo(do_merge(*pair, actor=head))
        assert dump() == rows


def test_the_merged_customer_is_tiered_anew_at_once_and_both_again_after_the_undo():
    make.first_scheme()
    pair = open_pair()
    play([(0, {"A1": Decimal(30_000), "B1": Decimal(40_000)})], "x")
    night(BEGIN)
    assert [place[0] for place in oracle.placed([c.pk for c in pair]).values()] == [1, 1]

    merged = do_merge(*pair)

    kept = CustomerPosition.everything.get(pk=pair[0].pk)
    assert (kept.total, kept.tier, kept.tier_since) == (Decimal(70_000), 2, BEGIN)
    change = TierChange.everything.get(customer=pair[0])
    assert (change.from_tier, change.to_tier, change.value) == (0, 2, Decimal(70_000))

    do_undo(merged)
    assert [place[0] for place in oracle.placed([c.pk for c in pair]).values()] == [1, 1]

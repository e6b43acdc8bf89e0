"""What stayed of a matured deposit, by hand and by properties."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicing.rules.maturity import BUILT_IN, LIMITS, Matured, outcome_of, rate, read_terms, rungs, stayed

DAY = date(2026, 10, 1)
TERMS = read_terms(BUILT_IN)


def one(key: int, amount: int, before: int, *, after: int = 0, still: int = 0) -> Matured:
    """A deposit that matured `after` days after DAY."""
    return Matured(key, DAY + timedelta(days=after), Decimal(amount), Decimal(before), Decimal(still))


@pytest.mark.parametrize(
    ("amount", "before", "still", "total", "kept"),
    [
        (100, 100, 0, 0, 0),
        (100, 100, 0, 100, 100),
        (100, 100, 0, 40, 40),
        (100, 150, 0, 50, 0),
        (100, 150, 0, 49, 0),
        (100, 150, 0, 130, 80),
        (100, 150, 0, 900, 100),
        # Still in the very account: it stayed, whatever became of other money.
        (100, 150, 100, 100, 100),
        (100, 150, 100, 20, 100),
        (100, 150, 60, 60, 60),
        (100, 150, 30, 110, 60),
        (100, 150, 170, 170, 100),
    ],
)
def test_a_single_deposit(amount: int, before: int, still: int, total: int, kept: int) -> None:
    assert stayed(1, [one(1, amount, before, still=still)], Decimal(total)) == kept


def of_two(first: Matured, second: Matured, total: int, later: int) -> tuple[Decimal, Decimal]:
    """What stayed of both: the first measured when the total is `total`, the second when it is `later`."""
    return stayed(first.key, [first, second], Decimal(total)), stayed(second.key, [second], Decimal(later))


def test_two_deposits_ten_days_apart_each_answer_for_what_left_in_their_time() -> None:
    # 100 and 50 mature of 150 in all. The older leaves, the younger stays on the demand account.
    assert of_two(one(1, 100, 150), one(2, 50, 50, after=10), 50, 50) == (0, 50)
    # The older stays, the younger leaves.
    assert of_two(one(1, 100, 150), one(2, 50, 150, after=10), 100, 100) == (100, 0)
    # 80 leave after both came free: the younger loses its 50 first, the older 30.
    assert of_two(one(1, 100, 150), one(2, 50, 150, after=10), 70, 70) == (70, 0)
    # 100 leave after the younger was renewed in its account: they are the older's.
    assert of_two(one(1, 100, 150), one(2, 50, 150, after=10, still=50), 50, 50) == (0, 50)
    # What left before the younger matured came back before the older was measured.
    assert of_two(one(1, 100, 150), one(2, 50, 50, after=10), 150, 150) == (100, 50)


def test_of_one_day_the_older_deposit_keeps_first() -> None:
    pair = [one(1, 60, 200), one(2, 40, 200)]
    assert [stayed(key, pair, Decimal(170)) for key in (1, 2)] == [60, 10]
    assert [stayed(key, pair, Decimal(120)) for key in (1, 2)] == [20, 0]


def test_money_gained_in_between_is_spent_first() -> None:
    # 80 came in the first days, 85 went in the later ones: 5 of the younger deposit are gone, nothing of the older.
    assert of_two(one(1, 100, 110), one(2, 10, 190, after=5), 105, 105) == (100, 0)
    # 120 went, 20 of them other money, which comes back first when 50 come.
    assert stayed(1, [one(1, 100, 150), one(2, 0, 30, after=5)], Decimal(80)) == 30


AMOUNT = st.integers(0, 500)


@given(amount=AMOUNT, beside=AMOUNT, total=AMOUNT, still=AMOUNT, closes=st.lists(AMOUNT, max_size=5))
def test_of_one_deposit_only_the_two_ends_count(
    amount: int, beside: int, total: int, still: int, closes: list[int]
) -> None:
    """However often one looked in between, it is min(amount, total less what was beside), or what never moved."""
    before = amount + beside
    looks = [one(key, 0, close, after=key) for key, close in enumerate(closes, start=2)]
    locked = min(amount, still)
    expected = max(locked, min(amount, locked + max(0, total - beside - locked)))
    assert stayed(1, [one(1, amount, before, still=still), *looks], Decimal(total)) == expected


@given(parts=st.lists(st.tuples(AMOUNT, AMOUNT), min_size=1, max_size=5), beside=AMOUNT, total=AMOUNT)
def test_of_one_day_no_yuan_stays_twice(parts: list[tuple[int, int]], beside: int, total: int) -> None:
    before = beside + sum(amount for amount, _still in parts)
    deposits = [one(key, amount, before, still=still) for key, (amount, still) in enumerate(parts)]
    kept = [stayed(deposit.key, deposits, Decimal(total)) for deposit in deposits]
    assert all(0 <= part <= deposit.amount for part, deposit in zip(kept, deposits, strict=True))
    locked = sum(min(amount, still) for amount, still in parts)
    whole = sum(amount for amount, _still in parts)
    assert sum(kept) == max(locked, min(whole, total - beside))


@given(steps=st.lists(st.tuples(st.integers(0, 6), AMOUNT, AMOUNT, AMOUNT), min_size=1, max_size=6), total=AMOUNT)
def test_whatever_happens_it_stays_within_the_deposit(steps: list[tuple[int, int, int, int]], total: int) -> None:
    deposits = [
        one(key, amount, before, after=after, still=still)
        for key, (after, amount, before, still) in enumerate(sorted(steps))
    ]
    # Totals of one day are one number.
    known = {deposit.on: deposit.before for deposit in deposits}
    deposits = [Matured(d.key, d.on, d.amount, known[d.on], d.still) for d in deposits]
    for deposit in deposits:
        later = [other for other in deposits if other.on >= deposit.on]
        kept = stayed(deposit.key, later, Decimal(total))
        assert min(deposit.amount, deposit.still) <= kept <= deposit.amount
        more = stayed(deposit.key, later, Decimal(total + 100))
        assert more >= kept


@pytest.mark.parametrize(
    ("kept", "outcome"),
    [
        ("100.00", "rolled"),
        ("95.00", "rolled"),
        ("94.99", "partly"),
        ("5.01", "partly"),
        ("5.00", "left"),
        ("0", "left"),
    ],
)
def test_what_a_share_counts_as(kept: str, outcome: str) -> None:
    assert outcome_of(Decimal(100), Decimal(kept), TERMS) == outcome


def test_nothing_matured_has_no_outcome_and_no_rate() -> None:
    assert outcome_of(Decimal(0), Decimal(0), TERMS) is None
    assert (rate(0, 0), rate(2, 3), rate(Decimal("99.99"), Decimal(100))) == (None, Decimal("66.6"), Decimal("99.9"))


@pytest.mark.parametrize("name", list(LIMITS))
def test_figures_out_of_bounds_are_refused(name: str) -> None:
    for value in (LIMITS[name][0] - 1, LIMITS[name][1] + 1, "30", None, True):
        with pytest.raises(ValueError, match=f"^{name}$"):
            read_terms({**BUILT_IN, name: value})
    with pytest.raises(ValueError, match=r"^shares_order$"):
        read_terms({**BUILT_IN, "rolled_from": 50, "left_up_to": 50})


def test_steps_are_days_or_weeks_cut_off_at_the_ends() -> None:
    first, last = date(2026, 11, 25), date(2026, 12, 8)  # a Wednesday, a Tuesday
    assert rungs(first, last, by_week=True) == [
        (first, date(2026, 11, 29)),
        (date(2026, 11, 30), date(2026, 12, 6)),
        (date(2026, 12, 7), last),
    ]
    days = rungs(first, last, by_week=False)
    assert (len(days), days[0], days[-1]) == (14, (first, first), (last, last))

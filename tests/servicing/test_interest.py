"""Interest to the cent: the golden cases of domain.md 2 and cases worked out by hand, written beside each."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import yuan
from customers.rules.kyc import add_months
from servicing.enums import DayCount, PieceKind
from servicing.rules import savings
from servicing.rules.interest import Movement, by_sum, by_time, counted_days, day_sum, next_settlement, span, total
from servicing.rules.savings import NoticeRules, Renewal, Term, pay_out

D = Decimal
DEMAND = D("0.10")
NOTICE = NoticeRules(7, D(50_000), D(50_000), D("0.65"))


def on(text: str) -> date:
    return date.fromisoformat(text)


def term(amount: str, rate: str, since: str, until: str, count: str = DayCount.MONTHS) -> Term:
    return Term(D(amount), D(rate), on(since), on(until), count)


def cents(*pieces: savings.Piece) -> list[str]:
    return [f"{piece.interest:.2f}" for piece in pieces]


YEAR = ("10000", "1.50", "2025-03-01", "2026-03-01")
PAID_OUT = [
    # Golden: held for its year, 10,000 x 1.5 %.
    (YEAR, "2026-03-01", ["150.00"]),
    # Golden: all after 100 days, 10,000 x 100 x 0.1 % / 360 = 2.7778.
    (YEAR, "2025-06-09", ["2.78"]),
    # Golden: 4,000 after 100 days = 1.1111, the rest to the end 6,000 x 1.5 %.
    (("4000", *YEAR[1:]), "2025-06-09", ["1.11"]),
    (("6000", *YEAR[1:]), "2026-03-01", ["90.00"]),
    # Golden: 30 days late, 150 and 10,000 x 30 x 0.1 % / 360 = 0.8333.
    (YEAR, "2026-03-31", ["150.00", "0.83"]),
    # Six months from 31 August end on 28 February: 20,000 x 1.3 % / 2.
    (("20000", "1.30", "2025-08-31", "2026-02-28"), "2026-02-28", ["130.00"]),
    # A month from 31 January ends on 28 February: 100,000 x 1.2 % / 12.
    (("100000", "1.20", "2026-01-31", "2026-02-28"), "2026-02-28", ["100.00"]),
    # The year of 29 February ends on the 28th: 50,000 x 1.45 %.
    (("50000", "1.45", "2024-02-29", "2025-02-28"), "2025-02-28", ["725.00"]),
    # Three years and the 29th: 600 + 10,000 x 2 % / 360 = 600.5556.
    (("10000", "2.00", "2025-02-28", "2028-02-29"), "2028-02-29", ["600.56"]),
    # Three months from 30 November: 12,345.67 x 0.65 % / 4 = 20.0617.
    (("12345.67", "0.65", "2025-11-30", "2026-02-28"), "2026-02-28", ["20.06"]),
    # Three months over the year's end: 8,888.88 x 1.1 % / 4 = 24.4444.
    (("8888.88", "1.10", "2025-12-31", "2026-03-31"), "2026-03-31", ["24.44"]),
    # One month over the year's end: 30,000 x 1.2 % / 12.
    (("30000", "1.20", "2025-12-15", "2026-01-15"), "2026-01-15", ["30.00"]),
    # Six months and five days: 10,000 x 1.44 % x 185 / 360.
    (("10000", "1.44", "2026-01-15", "2026-07-20"), "2026-07-20", ["74.00"]),
    # 31 March to 30 April is one month, to 1 May a day more: 1,000 x 3.6 % x 30 (31) / 360.
    (("1000", "3.60", "2026-03-31", "2026-04-30"), "2026-04-30", ["3.00"]),
    (("1000", "3.60", "2026-03-31", "2026-05-01"), "2026-05-01", ["3.10"]),
    # 30 January to 1 March is a month and a day: 10,000 x 3.6 % x 31 / 360.
    (("10000", "3.60", "2026-01-30", "2026-03-01"), "2026-03-01", ["31.00"]),
    # January's 30 days before its 31st: 10,000 x 3.6 % x 30 / 360.
    (("10000", "3.60", "2026-01-01", "2026-01-31"), "2026-01-31", ["30.00"]),
    # Two years with a leap day among them are two years: 100,000 x 2.1 % x 2.
    (("100000", "2.10", "2023-03-10", "2025-03-10"), "2025-03-10", ["4200.00"]),
    # Five years: 1,000,000 x 1.3 % x 5.
    (("1000000", "1.30", "2026-01-01", "2031-01-01"), "2031-01-01", ["65000.00"]),
    # A certificate of three years: 300,000 x 1.55 % x 3.
    (("300000", "1.55", "2026-11-22", "2029-11-22"), "2029-11-22", ["13950.00"]),
    # Exactly half a cent goes up, a hair below goes down: 100 (99.99) x 0.9 % x 2 / 360.
    (("100", "0.90", "2026-02-01", "2026-02-03"), "2026-02-03", ["0.01"]),
    (("99.99", "0.90", "2026-02-01", "2026-02-03"), "2026-02-03", ["0.00"]),
    # By calendar days: 10,000 x 1.8 % x 365 / 360, by 365 exactly a year, 366 days: 10,000 x 1.825 % x 366 / 365.
    (("10000", "1.80", "2025-01-01", "2026-01-01", DayCount.DAYS_360), "2026-01-01", ["182.50"]),
    (("10000", "1.80", "2025-01-01", "2026-01-01", DayCount.DAYS_365), "2026-01-01", ["180.00"]),
    (("10000", "1.825", "2024-01-01", "2025-01-01", DayCount.DAYS_365), "2025-01-01", ["183.00"]),
    # A day early by the leap day, over the year's end, on the first day: 100,000 x 0.1 % / 360 = 0.2778.
    (("100000", "1.50", "2024-02-29", "2025-02-28"), "2024-03-01", ["0.28"]),
    (("100000", "1.50", "2025-12-31", "2026-12-31"), "2026-01-01", ["0.28"]),
    (("100000", "1.50", "2026-01-05", "2027-01-05"), "2026-01-05", []),
    # 29 days late in a leap February: 180 and 10,000 x 29 x 0.1 % / 360 = 0.8056.
    (("10000", "1.80", "2023-02-01", "2024-02-01"), "2024-03-01", ["180.00", "0.81"]),
]


@pytest.mark.parametrize(("deposit", "day", "expected"), PAID_OUT)
def test_a_time_deposit_pays_to_the_cent(deposit: tuple[str, ...], day: str, expected: list[str]) -> None:
    assert cents(*pay_out(term(*deposit), on(day), DEMAND)) == expected


RENEWED = [
    # 150, then (10,000 + 150) x 1.2 % = 121.80; without interest on interest 120.
    (True, "2026-01-10", ["150.00", "121.80"]),
    (False, "2026-01-10", ["150.00", "120.00"]),
    # 30 days into the third term at the demand rate: 10,271.80 x 30 x 0.1 % / 360 = 0.8560.
    (True, "2026-02-09", ["150.00", "121.80", "0.86"]),
    # On the very day of maturity nothing has renewed yet.
    (True, "2025-01-10", ["150.00"]),
    # A day after: 10,150 x 0.1 % / 360 = 0.0282.
    (True, "2025-01-11", ["150.00", "0.03"]),
]


@pytest.mark.parametrize(("compounds", "day", "expected"), RENEWED)
def test_a_renewed_deposit_goes_on_at_the_rate_of_that_day(compounds: bool, day: str, expected: list[str]) -> None:
    deposit = term("10000", "1.50", "2024-01-10", "2025-01-10")
    renewal = Renewal(12, compounds, lambda day: {on("2025-01-10"): D("1.20"), on("2026-01-10"): D("1.00")}[day])
    assert cents(*pay_out(deposit, on(day), DEMAND, renewal)) == expected


def test_renewals_keep_the_day_of_the_first_maturity() -> None:
    # 30 November to 28 February: 40,000 x 0.65 % / 4 = 65; on to 28 May: 40,000 x 0.6 % / 4 = 60.
    found = pay_out(
        term("40000", "0.65", "2025-11-30", "2026-02-28"),
        on("2026-05-28"),
        DEMAND,
        Renewal(3, False, lambda _day: D("0.60")),
    )
    assert (cents(*found), found[-1].until) == (["65.00", "60.00"], on("2026-05-28"))


SETTLED = [
    # Golden: (5,000 x 40 + 8,000 x 20) x 0.1 % / 360.
    ([("2026-03-21", "5000"), ("2026-04-30", "3000")], "2026-05-20", ["1.00"]),
    # 1 January to 20 March are 79 days: 36,000 x 79 x 0.1 % / 360; then 36,007.90 x 11 x 0.05 % / 360 = 0.5501.
    ([("2026-01-01", "36000")], "2026-04-01", ["7.90", "0.55"]),
    # Closed on the day of settlement: that day does not count; a day later it is settled and nothing is left.
    ([("2026-01-01", "36000")], "2026-03-20", ["7.80"]),
    ([("2026-01-01", "36000")], "2026-03-21", ["7.90"]),
    # A leap year: 80 days to 20 March.
    ([("2024-01-01", "36000")], "2024-03-21", ["8.00"]),
    # A whole quarter over the year's end: 90 days.
    ([("2025-12-21", "36000")], "2026-03-21", ["9.00"]),
    # Half taken out on the day it came: only what is there at the close of a day counts, 18,000 x 10 x 0.1 % / 360.
    ([("2026-03-01", "36000"), ("2026-03-01", "-18000")], "2026-03-11", ["0.50"]),
]


@pytest.mark.parametrize(("moves", "day", "expected"), SETTLED)
def test_demand_deposits_are_settled_every_quarter(moves: list[tuple[str, str]], day: str, expected: list[str]) -> None:
    movements = [Movement(on(when), D(amount)) for when, amount in moves]
    rates = {on("2026-04-01"): D("0.05")}
    assert cents(*savings.demand_interest(movements, on(day), lambda day: rates.get(day, DEMAND))) == expected


def test_demand_interest_is_settled_on_the_twentieth_of_four_months() -> None:
    days = ["2026-03-20", "2026-03-21", "2026-12-21", "2026-12-20"]
    assert [next_settlement(on(day)) for day in days] == [
        *(on("2026-03-20"), on("2026-06-20")),
        *(on("2027-03-20"), on("2026-12-20")),
    ]


INSTALMENTS = [
    # 1,000 each 15th of 2025 stand 365, 334, 306 ... 31 days, together 2,382: 2,382,000 x 1.2 % / 360.
    ({}, "2026-01-15", ["79.40"]),
    # March is made up in April: 275 days instead of 306, 2,351,000 x 1.2 % / 360 = 78.3667.
    ({3: 0, 4: 2}, "2026-01-15", ["78.37"]),
    # March is never made up: from 1 May at the demand rate. 974,000 x 1.2 % / 360 = 32.4667, 1,102,000 x 0.1 % / 360.
    ({3: 0}, "2026-01-15", ["32.47", "3.06"]),
    # A second missed month, in July: from 1 August. 1,708,000 x 1.2 % / 360 = 56.9333, 612,000 x 0.1 % / 360 = 1.70.
    ({3: 0, 4: 2, 7: 0, 8: 2}, "2026-01-15", ["56.93", "1.70"]),
    # Taken on 15 April: (90 + 59 + 31) x 1,000 x 0.1 % / 360.
    ({}, "2025-04-15", ["0.50"]),
    # 30 days late: 12,000 x 30 x 0.1 % / 360.
    ({}, "2026-02-14", ["79.40", "1.00"]),
]


@pytest.mark.parametrize(("times", "day", "expected"), INSTALMENTS)
def test_instalments_earn_by_sums_and_one_missed_month_may_be_made_up(
    times: dict[int, int], day: str, expected: list[str]
) -> None:
    monthly = term("1000", "1.20", "2025-01-15", "2026-01-15")
    paid = [Movement(date(2025, n, 15), D(1000) * times.get(n, 1)) for n in range(1, 13)]
    assert cents(*savings.instalment_interest(paid, monthly, on(day), DEMAND)) == expected


def test_principal_kept_hands_its_interest_out_and_takes_it_back_when_it_is_taken_early() -> None:
    deposit = term("50000", "1.20", "2026-01-01", "2027-01-01")
    # 50,000 x 1.2 % = 600 in twelve draws of 50; the last is still to come.
    assert cents(*savings.principal_kept(deposit, 1, on("2027-01-01"), DEMAND)) == ["600.00", "-550.00"]
    # After 100 days 50,000 x 100 x 0.1 % / 360 = 13.8889 are due and three draws are taken back.
    assert cents(*savings.principal_kept(deposit, 1, on("2026-04-11"), DEMAND)) == ["13.89", "-150.00"]
    # 100 in twelve: 8.33 each, 8.37 at the end.
    draws = savings.interest_draws(term("10000", "1.00", "2026-01-31", "2027-01-31"), 1)
    assert [draw.amount for draw in draws] == [D("8.33")] * 11 + [D("8.37")]
    assert draws[0].on == on("2026-02-28")


def test_lump_sum_in_and_instalments_out_earn_by_how_long_each_part_stays() -> None:
    deposit = term("12000", "1.20", "2026-01-01", "2027-01-01")
    # (12,000 + 1,000) / 2 x 12 months x 1.2 % / 12.
    assert cents(*savings.lump_in(deposit, 1, on("2027-01-01"), DEMAND)) == ["78.00"]
    # Four parts of 3,000 for 3, 6, 9, 12 months: 90,000 x 1.2 % / 12.
    assert cents(*savings.lump_in(deposit, 3, on("2027-01-01"), DEMAND)) == ["90.00"]
    # 31 days of 12,000, 28 of 11,000, 31 of 10,000, 10 of 9,000: 1,080,000 x 0.1 % / 360.
    assert cents(*savings.lump_in(deposit, 1, on("2026-04-11"), DEMAND)) == ["3.00"]


@pytest.mark.parametrize(
    ("since", "day", "ladder", "expected"),
    [
        # Two months and 30 days: the demand rate, 36,000 x 89 x 0.1 % / 360.
        ("2026-01-01", "2026-03-31", {}, ["8.90"]),
        # Three months: 60 % of 0.65 % are 0.39 %, 36,000 x 0.39 % / 4.
        ("2026-01-01", "2026-04-01", {3: "0.65", 6: "0.85", 12: "0.95"}, ["35.10"]),
        # Fourteen months: 60 % of the rate of a year, 0.57 %, 36,000 x 0.57 % x 14 / 12.
        ("2026-01-01", "2027-03-01", {3: "0.65", 6: "0.85", 12: "0.95"}, ["239.40"]),
        # Never less than the demand rate: 60 % of 0.1 % would be, 36,000 x 0.1 % / 4.
        ("2026-01-01", "2026-04-01", {3: "0.10"}, ["9.00"]),
        # In and out the same day.
        ("2026-01-01", "2026-01-01", {}, []),
    ],
)
def test_demand_or_time_earns_by_how_long_it_was_held(
    since: str, day: str, ladder: dict[int, str], expected: list[str]
) -> None:
    rates = {months: D(rate) for months, rate in ladder.items()}
    assert cents(*savings.demand_or_time(D(36_000), on(since), on(day), DEMAND, rates, D(60))) == expected


DAY_45 = "2026-02-15"  # 45 days after 1 January
NOTICED = [
    # Golden: 100,000 x 45 x 0.65 % / 360 with notice, x 0.1 % without.
    ("100000", "100000", ("2026-02-08", DAY_45, "100000"), ["81.25"], "100000", True),
    ("100000", "100000", None, ["12.50"], "100000", True),
    # Noticed 60,000, takes 80,000: 60,000 x 45 x 0.65 % / 360 = 48.75, 20,000 x 45 x 0.1 % / 360 = 2.50.
    ("200000", "80000", ("2026-02-08", DAY_45, "60000"), ["48.75", "2.50"], "80000", False),
    # Noticed 80,000, takes 60,000: what is taken earns the notice rate.
    ("200000", "60000", ("2026-02-08", DAY_45, "80000"), ["48.75"], "60000", False),
    # On another day than noticed, or after six days of notice: 60,000 x 45 x 0.1 % / 360.
    ("200000", "60000", ("2026-02-07", "2026-02-14", "60000"), ["7.50"], "60000", False),
    ("200000", "60000", ("2026-02-09", DAY_45, "60000"), ["7.50"], "60000", False),
    # Less than may be taken at once: 30,000 x 45 x 0.1 % / 360.
    ("200000", "30000", ("2026-02-08", DAY_45, "30000"), ["3.75"], "30000", False),
    # 40,000 would remain, too little: closed, 48.75 and 40,000 x 45 x 0.1 % / 360 = 5.
    ("100000", "60000", ("2026-02-08", DAY_45, "60000"), ["48.75", "5.00"], "100000", True),
]


@pytest.mark.parametrize(("balance", "amount", "noticed", "expected", "paid", "closes"), NOTICED)
def test_a_notice_deposit_earns_its_rate_only_for_what_was_noticed(
    balance: str, amount: str, noticed: tuple[str, str, str] | None, expected: list[str], paid: str, closes: bool
) -> None:
    told = (on(noticed[0]), on(noticed[1]), D(noticed[2])) if noticed else None
    draw = savings.notice_draw(NOTICE, D(balance), on("2026-01-01"), on(DAY_45), D(amount), DEMAND, told)
    assert (cents(*draw.pieces), draw.paid, draw.closes) == (expected, D(paid), closes)


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        # April: 500,000 x 30 x 0.05 % / 360 = 20.8333, 300,000 x 30 x 0.2 % / 360 = 50.
        ([("2026-04-01", "800000")], ["20.83", "50.00"]),
        # From the 16th below the base: 13,500,000 x 0.05 % / 360 = 18.75, 300,000 x 15 x 0.2 % / 360 = 25.
        ([("2026-04-01", "800000"), ("2026-04-16", "-400000")], ["18.75", "25.00"]),
        # Never above it: 400,000 x 30 x 0.05 % / 360 = 16.6667.
        ([("2026-04-01", "400000")], ["16.67"]),
    ],
)
def test_an_agreement_deposit_earns_its_rate_above_the_base(moves: list[tuple[str, str]], expected: list[str]) -> None:
    movements = [Movement(on(when), D(amount)) for when, amount in moves]
    found = savings.agreement_interest(
        movements, on("2026-05-01"), D(500_000), lambda _day: D("0.05"), lambda _day: D("0.20")
    )
    assert cents(*found) == expected


def test_a_formula_says_what_was_multiplied() -> None:
    def formula(*given: str, day: str) -> str:
        return pay_out(term(*given), on(day), DEMAND)[0].formula

    assert formula(*YEAR, day="2026-03-01") == "10,000.00 × 1.5% ÷ 12 × 12 = 150.00"
    assert formula(*YEAR, day="2025-06-09") == "10,000.00 × 0.1% ÷ 360 × 100 = 2.78"
    odd = ("10000", "1.44", "2026-01-15", "2026-07-20")
    assert formula(*odd, day="2026-07-20") == "10,000.00 × 1.44% ÷ 360 × (6 × 30 + 5) = 74.00"
    summed = savings.demand_interest([Movement(on("2026-03-21"), D(6000))], on("2026-05-20"), lambda _day: DEMAND)
    assert summed[0].formula == "360,000.00 × 0.1% ÷ 360 = 1.00"
    # 100,000 x 3.6 % x 90 / 360.
    loan = savings.loan_interest(D(100_000), D("3.60"), on("2026-01-01"), on("2026-04-01"))
    assert (loan.interest, loan.kind) == (D("-900.00"), PieceKind.LOAN)


amounts = st.decimals(D("0.01"), D("99999999999.99"), places=2)
rates = st.decimals(D(0), D(20), places=4)
days = st.dates(date(2015, 1, 1), date(2040, 12, 31))
lengths = st.integers(0, 4000)


@given(amounts, amounts, rates, days, lengths, st.sampled_from(DayCount))
def test_a_part_and_the_rest_are_the_whole(
    part: Decimal, rest: Decimal, rate: Decimal, since: date, length: int, count: str
) -> None:
    until = since + timedelta(days=length)
    whole = by_time(part + rest, rate, since, until, count)
    # Divided apart they may differ in the 50th digit: far below any cent.
    split = by_time(part, rate, since, until, count) + by_time(rest, rate, since, until, count)
    assert abs(split - whole) < D("1e-10")
    rounded = yuan(by_time(part, rate, since, until, count)) + yuan(by_time(rest, rate, since, until, count))
    assert abs(rounded - yuan(whole)) <= D("0.01")


@given(amounts, rates, days, lengths, lengths, st.sampled_from(DayCount))
def test_interest_never_shrinks_with_time_rate_or_amount_and_is_never_below_zero(
    amount: Decimal, rate: Decimal, since: date, shorter: int, more: int, count: str
) -> None:
    near, far = since + timedelta(days=shorter), since + timedelta(days=shorter + more)
    found = by_time(amount, rate, since, near, count)
    assert 0 <= found <= by_time(amount, rate, since, far, count)
    assert found <= by_time(amount, rate + 1, since, near, count)
    assert found <= by_time(amount + 1, rate, since, near, count)


@given(days, lengths)
def test_a_span_leads_from_its_first_day_to_its_last(since: date, length: int) -> None:
    until = since + timedelta(days=length)
    found = span(since, until)
    assert add_months(since, found.months) + timedelta(days=found.days) == until
    assert 0 <= found.days <= 30
    assert abs(counted_days(since, until) - length * 360 / 365.25) < 33


@given(st.lists(st.tuples(st.integers(0, 300), amounts), min_size=1, max_size=6), st.integers(1, 400))
def test_sums_of_balances_are_what_counting_day_by_day_finds(moves: list[tuple[int, Decimal]], length: int) -> None:
    start = date(2026, 1, 1)
    movements = [Movement(start + timedelta(days=n), amount) for n, amount in moves]
    until = start + timedelta(days=length)
    slow = sum(
        movement.amount for n in range(length) for movement in movements if movement.on <= start + timedelta(days=n)
    )
    assert day_sum(movements, start, until) == slow
    middle = start + timedelta(days=length // 2)
    halves = day_sum(movements, start, middle) + day_sum(movements, middle, until)
    assert by_sum(halves, DEMAND) == by_sum(slow, DEMAND)


@given(amounts, rates, days, st.integers(1, 60), lengths)
def test_taking_a_deposit_early_never_pays_more_than_keeping_it(
    amount: Decimal, rate: Decimal, since: date, months: int, day: int
) -> None:
    until = add_months(since, months)
    deposit = Term(amount, rate + DEMAND * 2, since, until)
    early = pay_out(deposit, min(since + timedelta(days=day), until), DEMAND)
    assert total(early) <= total(pay_out(deposit, until, DEMAND))
    assert total(early) >= 0

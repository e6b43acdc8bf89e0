"""What a comparison says: hand-computed tables, textbook figures, and how often the interval holds the truth."""

from datetime import date
from decimal import Decimal as D
from statistics import fmean, variance

import pytest

from campaigns.enums import Verdict
from campaigns.rules.student import t_quantile
from campaigns.rules.uplift import Interval, Part, Stratum, compare, windows
from tests.bench.uplift import Scene, simulate

# Upper 2.5 % points of Student's t as printed in every table.
TABLE = [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (5, 2.571), (10, 2.228), (30, 2.042), (120, 1.980)]


def part(*changes: float) -> Part:
    return Part(len(changes), 0.0, fmean(changes), variance(changes) if len(changes) > 1 else 0.0)


@pytest.mark.parametrize(("freedom", "value"), TABLE)
def test_quantiles_are_those_of_the_tables(freedom: int, value: float) -> None:
    assert round(t_quantile(0.975, freedom), 3) == value


def test_quantiles_at_the_edges() -> None:
    assert t_quantile(0.5, 7) == 0
    assert round(t_quantile(0.995, 3), 4) == 5.8409
    assert round(t_quantile(0.975, 1e15), 6) == 1.959964
    assert t_quantile(0.975, 2) > t_quantile(0.975, 2.1) > t_quantile(0.975, 3)
    for share, freedom in ((0.4, 5), (1.0, 5), (0.975, 0)):
        with pytest.raises(ValueError, match="share"):
            t_quantile(share, freedom)


def test_one_tier_by_hand() -> None:
    # Means 30 and 20, both variances 250 of five: error 100, eight degrees of freedom, t = 2.306004, half 23.06.
    found = compare([Stratum(2, part(10, 20, 30, 40, 50), part(0, 10, 20, 30, 40))])
    assert found.interval == Interval(D("10.00"), D("-13.06"), D("33.06"))
    assert (found.verdict, found.treated, found.held_out, found.compared) == (Verdict.UNCLEAR, 5, 5, 5)
    assert found.total == Interval(D("50.00"), D("-65.30"), D("165.30"))


def test_two_tiers_by_hand() -> None:
    # Weights 3/4 and 1/4. Differences 10 and 30, so 15. Errors: 9/16 (30/6 + 12/3) + 1/16 (8/2 + 2/2) = 5.375;
    # freedom 5.375² / (2.8125²/5 + 2.25²/2 + 0.25²/1 + 0.0625²/1) = 6.9054; t = 2.3713, half 5.50.
    low = Stratum(1, Part(6, 0, 12, 30), Part(3, 0, 2, 12))
    high = Stratum(4, Part(2, 0, 40, 8), Part(2, 0, 10, 2))
    found = compare([high, low])
    assert found.interval == Interval(D("15.00"), D("9.50"), D("20.50"))
    assert (found.verdict, [one.tier for one in found.strata]) == (Verdict.GAIN, [1, 4])


def test_welchs_own_example() -> None:
    # B. L. Welch's t test as reference works print it: t = -2.46 with 25.0 degrees of freedom.
    one = [27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4]
    two = [27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 20.5, 24.4]
    found = compare([Stratum(1, part(*one), part(*two))]).interval
    assert found is not None
    half = (found.high - found.low) / 2
    assert round(float(found.difference) / (float(half) / t_quantile(0.975, 25.0)), 2) == -2.46
    assert found.verdict == Verdict.LOSS


NOTHING, PAIR, LATER = Part(), part(1, 2), part(101, 102)


@pytest.mark.parametrize(
    ("strata", "verdict", "compared"),
    [
        ([], Verdict.NO_CONTROL, 0),
        ([Stratum(1, PAIR, NOTHING)], Verdict.NO_CONTROL, 0),
        ([Stratum(1, PAIR, part(1))], Verdict.TOO_FEW, 0),
        ([Stratum(1, part(5), PAIR), Stratum(2, PAIR, part(3))], Verdict.TOO_FEW, 0),
        ([Stratum(1, LATER, PAIR)], Verdict.GAIN, 2),
        ([Stratum(1, PAIR, LATER)], Verdict.LOSS, 2),
        ([Stratum(1, PAIR, PAIR)], Verdict.UNCLEAR, 2),
        # Nobody's balance moved at all.
        ([Stratum(1, part(0, 0), part(0, 0))], Verdict.UNCLEAR, 2),
        # A tier without enough held out takes no part.
        ([Stratum(1, LATER, PAIR), Stratum(3, part(10**6, 10**7), part(0))], Verdict.GAIN, 2),
    ],
)
def test_verdicts(strata: list[Stratum], verdict: Verdict, compared: int) -> None:
    found = compare(strata)
    assert (found.verdict, found.compared) == (verdict, compared)
    assert (found.interval is None) == (verdict in (Verdict.NO_CONTROL, Verdict.TOO_FEW)) == (found.total is None)


def test_an_end_that_reads_zero_is_no_proof() -> None:
    assert Interval(D("1"), D("0.00"), D("2")).verdict == Verdict.UNCLEAR
    assert Interval(D("1"), D("0.01"), D("2")).verdict == Verdict.GAIN


def test_windows_leave_the_launch_day_out() -> None:
    before, after = windows(date(2026, 3, 1), 30)
    assert before == (date(2026, 1, 30), date(2026, 2, 28))
    assert after == (date(2026, 3, 2), date(2026, 3, 31))


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    # Small: 200 campaigns of 400; the bench does 2,000 of several thousand.
    found = list(simulate(Scene("small", 400, 400, 20, 0.5), 200, seed=11))
    assert 0.93 <= sum(one.is_covered for one in found) / len(found) <= 0.99
    # A strong effect is seen, and none is seldom taken for one.
    strong = [one.result.verdict for one in simulate(Scene("strong", 400, 400, 30, 40), 40, seed=2)]
    assert strong.count(Verdict.GAIN) > 10 > strong.count(Verdict.LOSS) == 0
    nothing = list(simulate(Scene("none", 400, 400, 20, 0), 100, seed=3))
    assert sum(one.result.verdict != Verdict.UNCLEAR for one in nothing) < 10

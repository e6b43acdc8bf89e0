"""Margins of error, and who may be told apart (K05)."""

from math import sqrt
from statistics import fmean, variance

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.rules import satisfaction as rules
from insights.rules.satisfaction import Answers

# Student's t for 95 %, by degrees of freedom (tables).
T = {1: 12.7062047, 3: 3.1824463, 9: 2.2621572}


@pytest.mark.parametrize("marks", [[9, 10], [10, 10, 10, 10], [0, 10, 3, 7, 7, 8, 9, 1, 2, 10]])
def test_mean_and_margin(marks: list[int]) -> None:
    found = rules.estimate(Answers(len(marks), sum(marks), sum(m * m for m in marks)), small=4)
    assert found.mean == pytest.approx(fmean(marks))
    assert found.margin == pytest.approx(T[len(marks) - 1] * sqrt(variance(marks) / len(marks)), abs=1e-6)
    assert found.is_small == (len(marks) < 4)


def test_no_rank_where_margins_overlap() -> None:
    """K05: told apart only when intervals do not touch; a small sample from nobody."""

    def of(mean: int, count: int) -> rules.Estimate:
        marks = [mean - 1, mean + 1] * (count // 2)
        return rules.estimate(Answers(count, sum(marks), sum(m * m for m in marks)), small=30)

    found = {"good": of(9, 100), "near": of(9, 40), "bad": of(6, 100), "few": of(2, 10)}
    stand = rules.standings(found)
    assert (stand["good"].better_than, stand["good"].worse_than) == (("bad",), ())
    assert (stand["near"].better_than, sorted(stand["bad"].worse_than)) == (("bad",), ["good", "near"])
    assert stand["few"] == rules.Standing()
    assert rules.estimate(Answers(), small=1).mean is None
    assert rules.estimate(Answers(1, 9, 81), small=1) == rules.Estimate(1, 9, None, True)
    touching = rules.Estimate(40, 5, 1, False), rules.Estimate(40, 7, 1, False)
    assert set(rules.standings(dict(enumerate(touching))).values()) == {rules.Standing()}


@given(st.lists(st.tuples(st.integers(0, 20), st.none() | st.integers(0, 3), st.booleans()), max_size=30))
def test_standings_are_what_each_pair_says(groups: list[tuple[int, int | None, bool]]) -> None:
    found = {key: rules.Estimate(50, mean, margin, small) for key, (mean, margin, small) in enumerate(groups)}

    def above(one: rules.Estimate, other: rules.Estimate) -> bool:
        if one.is_small or other.is_small or one.low is None or other.high is None:
            return False
        return one.low > other.high

    for key, stand in rules.standings(found).items():
        assert set(stand.better_than) == {other for other in found if above(found[key], found[other])}
        assert set(stand.worse_than) == {other for other in found if above(found[other], found[key])}

"""The draw of supervision: repeatable, weighted as it says, fair at random (F09, B18)."""

from collections import Counter
from typing import Any

import pytest

from insights.rules.supervision import (
    BUILT_IN,
    Lot,
    draw_sample,
    freeze,
    read_supervision,
    scorers_of,
    thaw,
)

LOTS = [Lot(f"contact:{n}", n % 3, 1.0 + n % 5) for n in range(60)]


def test_seed_and_list_give_the_same_sample_whatever_the_order():
    drawn = draw_sample(LOTS, seed=7, per_unit=5, risk_percent=50)
    assert draw_sample(reversed(thaw(freeze(LOTS)[0])[0]), seed=7, per_unit=5, risk_percent=50) == drawn
    assert draw_sample(LOTS, seed=8, per_unit=5, risk_percent=50) != drawn
    assert Counter((one.lot.unit, one.drawn_by) for one in drawn) == {
        (unit, part): count for unit in range(3) for part, count in (("risk", 3), ("random", 2))
    }
    assert len({one.lot.name for one in drawn}) == 15
    assert len(draw_sample(LOTS, seed=7, per_unit=50, risk_percent=20)) == 60
    assert freeze(LOTS)[1] == freeze(LOTS[::-1])[1] != freeze(LOTS[1:])[1]


def test_chances_are_in_proportion_to_weight_and_even_at_random():
    """4,000 draws of one of three weighing 1, 2 and 5: 1/8, 2/8, 5/8 by risk (sd < 0.8 points), a third at random."""
    lots = [Lot("a", 1, 1.0), Lot("b", 1, 2.0), Lot("c", 1, 5.0)]
    for risk, wanted in ((100, (1 / 8, 2 / 8, 5 / 8)), (0, (1 / 3, 1 / 3, 1 / 3))):
        found = Counter(
            draw_sample(lots, seed=seed, per_unit=1, risk_percent=risk)[0].lot.name for seed in range(4_000)
        )
        assert [found[name] / 4_000 for name in "abc"] == pytest.approx(wanted, abs=0.03)
    # Two of three without replacement: "a" is left out unless it comes first or second.
    pairs = Counter(
        "".join(sorted(one.lot.name for one in draw_sample(lots, seed=seed, per_unit=2, risk_percent=100)))
        for seed in range(4_000)
    )
    assert pairs["bc"] / 4_000 == pytest.approx(2 / 8 * 5 / 6 + 5 / 8 * 2 / 3, abs=0.03)


def test_two_different_scorers_are_drawn_evenly():
    found = Counter(one for n in range(900) for one in scorers_of(f"x:{n}", [1, 2, 3], seed=5))
    assert all(len(set(scorers_of(f"x:{n}", [1, 2, 3], seed=5))) == 2 for n in range(20))
    assert [found[one] / 900 for one in (1, 2, 3)] == pytest.approx([2 / 3] * 3, abs=0.06)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"weights": {"amount": 1}}, "weights"),
        ({"night_from": 9}, "night_from"),
        ({"service": []}, "service_count"),
        ({"data": [{"code": "X", "name_zh": "一", "name_en": "a"}]}, "data_code"),
    ],
)
def test_rules_that_make_no_sense_are_refused(change: dict[str, Any], fault: str):
    found = read_supervision(BUILT_IN)
    assert found.weight(["night", "complaint"]) == 6
    assert [hour for hour in range(24) if not found.is_night(hour)] == list(range(7, 20))
    with pytest.raises(ValueError, match=fault):
        read_supervision({**BUILT_IN, **change})

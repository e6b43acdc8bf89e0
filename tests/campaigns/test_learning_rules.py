"""Marks, trials in time, models by hand and reasons in words."""

from math import log1p

import pytest
from django.utils import translation

from campaigns.enums import CallFact
from campaigns.rules.call_facts import COLUMNS, Facts, columns_of, reasons
from campaigns.rules.learning import chance, scorer
from campaigns.rules.marks import Band, Fold, auc, calibration, folds, is_clearly_better, lift, marks

FACTS = Facts(
    tier=3,
    adb=5000.0,
    adb_before=4000.0,
    is_organisation=False,
    age=61,
    customer_days=800,
    kinds=frozenset({"term"}),
    is_maturing=True,
    days_since_contact=None,
    called=2,
    agreed=1,
    last_outcome="not_interested",
)
STUMP = {
    "columns": [0, -1, 1, -1, -1],
    "bounds": [0.5, 0, 2.0, 0, 0],
    "unknown_left": [1, 0, 0, 0, 0],
    "left": [1, 0, 3, 0, 0],
    "right": [2, 0, 4, 0, 0],
    "values": [0.1, -0.4, 0.35, 0.2, 0.5],
}


@pytest.mark.parametrize(
    ("scores", "labels", "area", "times"),
    [
        ([0.9, 0.8, 0.2, 0.1], [1, 1, 0, 0], 1.0, 2.0),
        ([0.9, 0.8, 0.2, 0.1], [0, 0, 1, 1], 0.0, 0.0),
        ([0.5, 0.5, 0.5, 0.5], [1, 0, 0, 0], 0.5, 1.0),
        ([0.9, 0.5, 0.5, 0.1], [0, 1, 0, 1], 0.125 + 0.0, 0.0),
        ([0.3, 0.7], [1, 1], None, 1.0),
        ([0.3, 0.7], [0, 0], None, None),
        ([], [], None, None),
    ],
)
def test_area_and_lift_by_hand_with_equal_scores_counted_in_part(scores, labels, area, times):
    assert (auc(scores, labels), lift(scores, labels)) == (area, times)


def test_marks_tenths_and_which_of_two_is_clearly_better():
    scores, labels = [n / 20 for n in range(20)], [0] * 15 + [1] * 5
    found = marks(scores, labels)
    assert (found.count, found.agreed_share, found.auc, found.lift) == (20, 0.25, 1.0, 4.0)
    assert calibration(scores, labels)[-1] == Band(2, 0.925, 1.0)
    assert sum(band.count for band in calibration(scores[:13], labels[:13])) == 13
    assert is_clearly_better([0.7, 0.72, 0.71], [0.6, 0.62, 0.6])
    assert not is_clearly_better([0.7, 0.5, 0.71], [0.6, 0.62, 0.6])
    assert not is_clearly_better([0.9], [0.1])


def test_a_trial_learns_only_from_days_before_those_it_is_tried_on():
    days = [1, 1, 2, 2, 2, 2, 3, 4, 4, 5, 6, 6]
    found = list(folds(days, count=3))
    assert found == [Fold(6, 9), Fold(9, 12)]
    assert all(max(days[: fold.start]) < min(days[fold.start : fold.end]) for fold in found)
    assert list(folds([1] * 12, count=3)) == []


def test_a_logistic_model_by_hand():
    asks = scorer("logistic", {"base": -1.0, "means": [2.0, 0.0], "scales": [2.0, 1.0], "weights": [0.5, 3.0]})
    assert asks.effects([6.0, None]) == [1.0, 0.0]
    assert asks.log_odds([6.0, None]) == 0.0
    assert chance(0.0) == 0.5
    assert (chance(-1e6) < 1e-300, chance(1e6)) == (True, 1.0)


@pytest.mark.parametrize(
    ("row", "effects"),
    [([0.0, 9.0], [-0.5, 0.0]), ([None, None], [-0.5, 0.0]), ([1.0, 2.0], [0.25, -0.15]), ([1.0, None], [0.25, 0.15])],
)
def test_boosted_trees_by_hand_step_by_step(row, effects):
    asks = scorer("boosting", {"start": -2.0, "trees": [STUMP, STUMP]})
    assert asks.base == -1.8
    assert asks.effects(row) == pytest.approx([2 * effect for effect in effects])
    assert asks.log_odds(row) == pytest.approx(asks.base + sum(asks.effects(row)))


def test_facts_become_columns_and_reasons_name_the_three_strongest_each_way():
    row = dict(zip(COLUMNS, columns_of(FACTS), strict=True))
    assert (row["tier"], row["adb"], row["change"], row["change_share"]) == (3.0, log1p(5000), log1p(1000), 0.2)
    assert [name for name, value in row.items() if value == 1.0] == [
        "age_60",
        "holds_term",
        "maturing",
        "never_talked",
        "last_refused",
    ]
    assert (row["contact"], row["years"]) == (None, log1p(800 / 365))
    effects = {"tier": 0.3, "adb": -0.2, "change": 0.06, "change_share": 0.06, "maturing": 0.9, "age_60": 0.01}
    effects |= {"last_refused": -0.5, "called": 0.1, "holds_term": 0.07, "years": -0.06, "never_talked": -0.1}
    given = [effects.get(name, 0.0) for name in COLUMNS]

    with translation.override("en"):
        pros, cons = reasons(FACTS, given, [5.0] * len(COLUMNS), {3: "优质"})

    assert [(one.fact, one.words) for one in pros] == [
        (CallFact.MATURING, "a deposit matures within 30 days"),
        (CallFact.TIER, "tier 优质"),
        (CallFact.CHANGE, "balance rose over the last 30 days"),
    ]
    assert [one.words for one in cons] == [
        "not interested in the last call",
        "higher balance than most customers called",
        "never talked to",
    ]
    assert [one.effect for one in cons] == pytest.approx([-0.4, -0.2, -0.1])

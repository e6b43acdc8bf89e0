"""Agreement of scorers, grades of repeats, rungs upwards, and the numbers of the policy (F09, F10)."""

from datetime import date
from typing import Any

import pytest

from staff.rules.supervision import NUMBERS, agreement, marks_fit, raised, read_numbers, rung_on, state_after

DUE = date(2026, 11, 2)


@pytest.mark.parametrize(
    ("pairs", "same", "kappa", "band"),
    [
        ([], 0, None, ""),
        # Cohen's own kind of table: 20 yes-yes, 15 no-no, 5 and 10 apart of 50; chance (25*30+25*20)/2500 = 0.5.
        (
            [("y", "y")] * 20 + [("n", "n")] * 15 + [("y", "n")] * 5 + [("n", "y")] * 10,
            35,
            0.4,
            "fair",
        ),
        ([("y", "y")] * 9, 9, None, ""),
        ([("y", "y"), ("n", "n")], 2, 1.0, "very_strong"),
        ([("y", "n"), ("n", "y")], 0, -1.0, "none"),
        ([("y", "y"), ("y", "n"), ("n", "y"), ("n", "n")], 2, 0.0, "slight"),
    ],
)
def test_kappa_is_what_is_left_beyond_chance(pairs: list[tuple[str, str]], same: int, kappa: float | None, band: str):
    found = agreement(pairs)
    assert (found.pairs, found.same, found.band) == (len(pairs), same, band)
    assert found.kappa == (None if kappa is None else pytest.approx(kappa))


def test_two_equal_scores_settle_and_different_ones_do_not():
    one, other = {"a": "met", "b": "missed"}, {"a": "met", "b": "none"}
    assert [state_after(given) for given in ([], [one], [one, dict(one)], [one, other])] == [
        "open",
        "open",
        "done",
        "different",
    ]
    assert marks_fit(one, ["a", "b"])
    assert not any(marks_fit(marks, ["a", "b"]) for marks in ({"a": "met"}, {**one, "c": "met"}, {**one, "b": "well"}))


def test_a_repeat_is_one_grade_graver_and_never_more_than_serious():
    assert [raised(1, 0), raised(1, 1), raised(2, 3), raised(3, 1)] == [1, 2, 3, 3]


@pytest.mark.parametrize(
    ("day", "rung"),
    [
        (date(2026, 11, 2), 0),
        (date(2026, 11, 3), 1),
        (date(2026, 11, 8), 1),
        (date(2026, 11, 9), 2),
        (DUE.replace(day=16), 3),
    ],
)
def test_overdue_goes_up_rung_by_rung(day: date, rung: int):
    assert rung_on(day, DUE, (1, 7, 14)) == rung


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"due_days": {"1": 20, "2": 10}}, "due_days"),
        ({"due_days": {"1": 20, "2": 10, "3": 0}}, "due_days"),
        ({"late_days": [1, 14, 7]}, "late_days"),
        ({"late_days": [1, 7]}, "late_days"),
        ({"repeat_days": True}, "repeat_days"),
        ({"appeal_days": 61}, "appeal_days"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(change: dict[str, Any], fault: str):
    assert read_numbers(NUMBERS).due_days == {1: 20, 2: 10, 3: 5}
    with pytest.raises(ValueError, match=fault):
        read_numbers({**NUMBERS, **change})

"""Green, amber and red, and what a version of the rules may say."""

from datetime import date, timedelta

import pytest

from servicing.rules.cadence import BUILT_IN, Cadence, Light, amber_days, light, read_cadence

DAY = date(2026, 3, 31)


@pytest.mark.parametrize(
    ("ago", "expected"), [(0, "green"), (23, "green"), (24, "amber"), (30, "amber"), (31, "red"), (400, "red")]
)
def test_thirty_days_a_fifth_of_them_amber(ago: int, expected: str) -> None:
    contacted = DAY - timedelta(days=ago)

    assert light(contacted, date(2020, 1, 1), 30, 20, DAY) == expected
    assert light(None, contacted, 30, 20, DAY) == expected  # never spoken to: from the day the tier began


def test_without_a_promise_or_a_tier_there_is_no_light() -> None:
    assert light(DAY, DAY, None, 20, DAY) is None
    assert light(None, None, 30, 20, DAY) is None
    assert light(DAY, None, 1, 0, DAY + timedelta(days=1)) is Light.AMBER


def test_the_last_days_of_a_span() -> None:
    assert [amber_days(every, 20) for every in (1, 30, 60, 180, 365)] == [0, 6, 12, 36, 73]


def test_rules_are_whole_numbers_within_bounds() -> None:
    assert read_cadence(BUILT_IN) == Cadence()
    for name, value in (("amber_percent", 91), ("again_days", 0), ("undo_minutes", True), ("tier_up_days", "3")):
        with pytest.raises(ValueError, match=name):
            read_cadence({**BUILT_IN, name: value})

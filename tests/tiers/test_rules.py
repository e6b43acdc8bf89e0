"""Bands, windows and their edges, from plain values."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiers.ledgers import bands, content
from tiers.rules import (
    Band,
    BandCountOutOfRange,
    FirstFloorNotZero,
    FloorNotAnAmount,
    FloorsNotAscending,
    LetterTwice,
    RankOutOfOrder,
    Standing,
    Window,
    bands_from,
    check_floors,
    classify,
    standing,
    validate_bands,
    window_for,
)

EDGES = [
    ("-100000.00", 1),
    ("-0.01", 1),
    ("0.00", 1),
    ("49999.99", 1),
    ("50000.00", 2),
    ("499999.99", 2),
    ("500000.00", 3),
    ("2999999.99", 3),
    ("3000000.00", 4),
    ("99999999999999.99", 4),
]


@pytest.mark.parametrize(("value", "rank"), EDGES)
def test_classifies_by_inclusive_lower_bounds(value: str, rank: int) -> None:
    assert classify(Decimal(value), bands()).rank == rank


@pytest.mark.parametrize(
    ("value", "ceiling"), [("-1", "50000"), ("50000", "500000"), ("2999999.99", "3000000"), ("3000000", None)]
)
def test_standing_knows_where_the_next_tier_begins(value: str, ceiling: str | None) -> None:
    found = standing(Decimal(value), bands())

    assert found == Standing(classify(Decimal(value), bands()), Decimal(ceiling) if ceiling else None)


@pytest.mark.parametrize(
    ("floors", "error", "rank"),
    [
        ([], BandCountOutOfRange, 0),
        (["0"], BandCountOutOfRange, 0),
        ([str(n) for n in range(9)], BandCountOutOfRange, 0),
        (["1", "2"], FirstFloorNotZero, 1),
        (["-1", "2"], FirstFloorNotZero, 1),
        (["0", "50000", "50000"], FloorsNotAscending, 3),
        (["0", "50000", "49999.99"], FloorsNotAscending, 3),
        (["0", "0"], FloorsNotAscending, 2),
        (["0", "0.001"], FloorNotAnAmount, 2),
        (["0", "NaN"], FloorNotAnAmount, 2),
        (["0", "Infinity"], FloorNotAnAmount, 2),
        (["0", "10000000000000000"], FloorNotAnAmount, 2),
    ],
)
def test_refuses_floors_that_make_no_bands(floors: list[str], error: type[Exception], rank: int) -> None:
    with pytest.raises(error) as caught:
        check_floors([Decimal(floor) for floor in floors])

    assert caught.value.rank == rank  # type: ignore[attr-defined]


@pytest.mark.parametrize("floors", [["0", "0.01"], ["0", "50000.10"], [str(n) for n in range(8)]])
def test_takes_two_to_eight_ascending_floors(floors: list[str]) -> None:
    assert [band.rank for band in bands_from([Decimal(f) for f in floors])] == list(range(1, len(floors) + 1))


def test_letters_and_ranks_of_bands_are_unambiguous() -> None:
    validate_bands(bands())
    with pytest.raises(LetterTwice):
        validate_bands([Band(1, Decimal(0), "A"), Band(2, Decimal(1), "A")])
    with pytest.raises(RankOutOfOrder):
        validate_bands([Band(1, Decimal(0), "A"), Band(3, Decimal(1), "B")])


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=7, unique=True), st.integers(-(10**9), 2 * 10**9))
def test_every_value_is_in_exactly_one_band(cents: list[int], value: int) -> None:
    floors = [Decimal(0), *(Decimal(n) / 100 for n in sorted(cents))]
    found = standing(Decimal(value) / 100, bands_from(floors))

    assert found.band.rank == max(1, sum(floor <= Decimal(value) / 100 for floor in floors))
    assert found.ceiling is None or Decimal(value) / 100 < found.ceiling


@pytest.mark.parametrize(
    ("measure", "day", "start", "days"),
    [
        ("balance", date(2026, 5, 31), date(2026, 5, 31), 1),
        ("adb_month", date(2026, 5, 31), date(2026, 5, 1), 31),
        ("adb_month", date(2026, 6, 1), date(2026, 6, 1), 1),
        ("adb_month", date(2028, 2, 29), date(2028, 2, 1), 29),
        ("adb_quarter", date(2026, 5, 31), date(2026, 4, 1), 61),
        ("adb_quarter", date(2026, 12, 31), date(2026, 10, 1), 92),
        ("adb_quarter", date(2026, 1, 1), date(2026, 1, 1), 1),
    ],
)
def test_windows_are_the_period_so_far(measure: str, day: date, start: date, days: int) -> None:
    found = window_for(measure, day)

    assert (found, found.days) == (Window(start, day), days)


def test_digest_changes_with_any_part_of_the_content() -> None:
    day = date(2026, 12, 1)
    variants = [
        content(effective_on=day),
        content("0", "50000", "500000", "3000000.01", effective_on=day),
        content(effective_on=date(2026, 12, 2)),
        content(effective_on=day, measure="adb_month"),
        content(effective_on=day, note="why"),
        content(effective_on=day, name="other"),
    ]

    assert len({variant.digest for variant in variants}) == len(variants)
    assert content(effective_on=day).digest == variants[0].digest

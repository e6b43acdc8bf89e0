"""What a merge decides from plain values."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.models import Customer
from customers.rules.merges import (
    BUILT_IN,
    GROUPS,
    Day,
    Identity,
    Merging,
    Standing,
    Worth,
    add_histories,
    add_standing,
    better,
    first_change,
    group_of,
    identity_conflict,
    read_merging,
    stays,
)

DAY = date(2026, 11, 20)


def test_every_chosen_column_is_a_column_and_stands_in_one_group():
    columns = [column for group in GROUPS.values() for column in group]
    assert len(columns) == len(set(columns))
    assert set(columns) <= {field.column for field in Customer._meta.concrete_fields}


def test_no_column_that_says_something_of_the_customer_is_forgotten():
    chosen = {column for group in GROUPS.values() for column in group}
    own = {"id", "customer_no", "kind", "branch_id", "manager_id", "backup_id", "feed_fingerprint", "merged_into_id"}
    own |= {"created_at", "updated_at", "version", "fed_manager_id"}
    assert {field.column for field in Customer._meta.concrete_fields} - own == chosen


@pytest.mark.parametrize(
    ("field", "group"),
    [("phone", "phone"), ("id_type", "id_no"), ("id_expires_on", "id_no"), ("name_pinyin", "name"), ("branch", None)],
)
def test_a_field_belongs_to_a_choice(field: str, group: str | None):
    assert group_of(field) == group


def test_the_built_in_rules_give_seven_days():
    assert read_merging(BUILT_IN) == Merging(7)


@pytest.mark.parametrize("days", [0, 61, -1, "7", 7.5, None, True])
def test_nonsense_is_no_rule(days: object):
    with pytest.raises(ValueError, match="undo_days"):
        read_merging({"undo_days": days})


@pytest.mark.parametrize(
    ("a", "b", "default", "side"),
    [
        (Worth(True), Worth(False), "a", "b"),
        (Worth(False), Worth(True, DAY), "b", "a"),
        (Worth(False, DAY), Worth(False), "b", "a"),
        (Worth(False, DAY), Worth(False, DAY + timedelta(days=1)), "a", "b"),
        (Worth(False, DAY), Worth(False, DAY), "b", "b"),
        (Worth(True), Worth(True), "a", "a"),
    ],
)
def test_the_value_that_is_there_then_the_one_confirmed_later_is_preselected(
    a: Worth, b: Worth, default: str, side: str
):
    assert better(a, b, default) == side  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("a", "b", "side"),
    [
        (Standing(2, None, 9), Standing(1, DAY, 1), "a"),
        (Standing(1, DAY, 1), Standing(1, DAY - timedelta(days=1), 2), "b"),
        (Standing(1, None, 1), Standing(1, DAY, 2), "b"),
        (Standing(0, DAY, 2), Standing(0, DAY, 1), "b"),
    ],
)
def test_more_accounts_then_the_older_record_stays(a: Standing, b: Standing, side: str):
    assert stays(a, b) == side


@pytest.mark.parametrize(
    ("a", "b", "conflict"),
    [
        (Identity("", b""), Identity("resident_id", b"1"), ""),
        (Identity("resident_id", b"1"), Identity("resident_id", b"1"), ""),
        (Identity("resident_id", b"1"), Identity("temporary_id", b"1"), ""),
        (Identity("resident_id", b"1"), Identity("resident_id", b"2"), "two_people"),
        (Identity("resident_id", b"1"), Identity("temporary_id", b"2"), "two_people"),
        (Identity("passport", b"1"), Identity("passport", b"2"), "two_documents"),
        (Identity("passport", b"1"), Identity("resident_id", b"2"), "two_documents"),
    ],
)
def test_two_resident_numbers_are_two_people(a: Identity, b: Identity, conflict: str):
    assert identity_conflict(a, b) == conflict
    assert identity_conflict(b, a) == conflict


CHANGES = st.dictionaries(
    st.integers(0, 40).map(lambda n: DAY + timedelta(days=n)),
    st.integers(-5_000, 10**9).map(lambda cents: Decimal(cents) / 100),
    max_size=10,
)


def history(changes: dict[date, Decimal]) -> list[Day]:
    """A ledger's rows of these changes, summed day by day."""
    found: list[Day] = []
    for on in sorted(changes):
        last = found[-1] if found else None
        carried = last.day_sum + last.total * ((on - last.on).days - 1) if last else Decimal(0)
        found.append(Day(on, changes[on], carried + changes[on]))
    return found


def total_on(changes: dict[date, Decimal], day: date) -> Decimal:
    known = [on for on in changes if on <= day]
    return changes[max(known)] if known else Decimal(0)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(a=CHANGES, b=CHANGES)
def test_two_histories_add_up_day_by_day(a: dict[date, Decimal], b: dict[date, Decimal]) -> None:
    both = {on: total_on(a, on) + total_on(b, on) for on in {*a, *b}}
    assert add_histories(history(a), history(b)) == history(both)
    last = [days[-1] if days else None for days in (history(a), history(b))]
    assert add_standing(*last) == (history(both)[-1] if both else None)


def test_the_first_difference_of_two_ledgers():
    rows = [(1, DAY, 5), (1, DAY + timedelta(days=3), 6)]
    assert first_change(rows, rows) is None
    assert first_change(rows, [*rows, (2, DAY + timedelta(days=9), 1)]) == DAY + timedelta(days=9)
    assert first_change(rows, rows[:1]) == DAY + timedelta(days=3)
    assert first_change(rows, [(1, DAY, 4), rows[1]]) == DAY

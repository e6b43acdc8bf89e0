from collections import Counter
from datetime import date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.rules.calls import Away, Crew, Planned, Waiting, call_days, order, split
from core.clock import SHANGHAI

MONDAY = date(2026, 11, 23)
DAYS = [MONDAY + timedelta(days=n) for n in range(3)]


def one(key, manager=1, backup=None, branch=9, tier=2, score=None):
    return Waiting(key, key + 100, branch, manager, backup, tier, score)


def calls(found):
    return [(call.waiting.key, call.owner_id, (call.on - MONDAY).days, call.stands_in) for call in found.planned]


def test_the_likeliest_come_first_then_the_highest_tier_and_no_day_holds_more_than_the_capacity():
    rows = [one(1, tier=4), one(2, score=0.9, tier=1), one(3, score=0.2), one(4, tier=4), one(5, tier=1)]
    found = split(rows, days=DAYS[:2], capacity=2, crew=Crew(frozenset({1})))
    assert calls(found) == [(2, 1, 0, False), (3, 1, 0, False), (1, 1, 1, False), (4, 1, 1, False)]
    assert ([row.key for row in found.full], found.nobody) == ([5], [])


def test_a_manager_away_has_the_deputy_then_the_backup_but_only_once_the_own_days_are_full():
    crew = Crew(frozenset({1, 2, 3}), away={1: [Away(DAYS[0], DAYS[1], deputy_id=2)], 2: [Away(DAYS[1], DAYS[1])]})
    rows = [one(1), one(2), one(3, backup=3), one(4)]
    found = split(rows, days=DAYS, capacity=1, crew=crew)
    assert calls(found) == [(1, 1, 2, False), (2, 2, 0, True), (3, 3, 1, True)]
    assert [row.key for row in found.full] == [4]


def test_who_has_nobody_goes_to_whoever_of_the_branch_has_the_fewest_calls():
    crew = Crew(frozenset({1, 2, 3}), by_branch={9: (1, 2), 8: (7,)}, used={(2, DAYS[2]): 1})
    # The manager of 4 may no longer sign in: the backup calls. Of branch 8 nobody may.
    rows = [one(1), one(2, None), one(3, None), one(4, 6, 3), one(5, None, branch=8), one(6, None)]
    found = split(rows, days=DAYS[:1], capacity=2, crew=crew)
    assert calls(found) == [(1, 1, 0, False), (4, 3, 0, True), (2, 1, 0, False), (3, 2, 0, False), (6, 2, 0, False)]
    assert ([row.key for row in found.full], [row.key for row in found.nobody]) == ([], [5])


def is_workday(day):
    return day.weekday() < 5


def test_days_left_begin_today_until_noon_and_leave_days_off_out():
    friday = datetime(2026, 11, 20, 11, 59, tzinfo=SHANGHAI)
    assert call_days(date(2026, 11, 1), date(2026, 11, 24), at=friday, is_workday=is_workday) == [
        friday.date(),
        *DAYS[:2],
    ]
    assert call_days(date(2026, 11, 1), DAYS[0], at=friday.replace(hour=12), is_workday=is_workday) == DAYS[:1]
    assert call_days(DAYS[1], DAYS[0], at=friday, is_workday=is_workday) == []


PEOPLE = st.sampled_from([None, 1, 2, 3, 4])
WAITING = st.builds(
    Waiting,
    key=st.integers(1, 10_000),
    customer_id=st.integers(1, 10_000),
    branch_id=st.sampled_from([8, 9]),
    manager_id=PEOPLE,
    backup_id=PEOPLE,
    tier=st.integers(0, 4),
    score=st.one_of(st.none(), st.floats(0, 1)),
)
AWAY = st.builds(
    lambda start, length, deputy: Away(DAYS[start], DAYS[start] + timedelta(days=length), deputy),
    st.integers(0, 2),
    st.integers(0, 2),
    PEOPLE,
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(WAITING, max_size=30, unique_by=(lambda row: row.key, lambda row: row.customer_id)),
    st.integers(1, 3),
    st.dictionaries(st.integers(1, 4), st.lists(AWAY, max_size=2), max_size=3),
)
def test_everybody_is_placed_once_within_capacity_by_somebody_who_is_there(rows, capacity, away):
    crew = Crew(frozenset({1, 2, 3}), by_branch={9: (1, 2, 3)}, away=away)
    found = split(rows, days=DAYS, capacity=capacity, crew=crew)
    placed = [call.waiting for call in found.planned]
    assert sorted(row.key for row in [*placed, *found.full, *found.nobody]) == sorted(row.key for row in rows)
    assert max(Counter((call.owner_id, call.on) for call in found.planned).values(), default=0) <= capacity
    for call in found.planned:
        assert call.owner_id in crew.callers
        assert crew.absence(call.owner_id, call.on) is None
    assert split(rows[::-1], days=DAYS, capacity=capacity, crew=crew) == found
    _the_likelier_are_not_later(found.planned)


def _the_likelier_are_not_later(planned: list[Planned]) -> None:
    own: dict[int, list[Planned]] = {}
    for call in planned:
        if call.owner_id == call.waiting.manager_id:
            own.setdefault(call.owner_id, []).append(call)
    for listed in own.values():
        in_order = sorted(listed, key=lambda call: order(call.waiting))
        assert [call.on for call in in_order] == sorted(call.on for call in listed)

"""What may be logged and changed."""

from datetime import datetime, timedelta

import pytest

from core.clock import SHANGHAI
from servicing import rules
from servicing.enums import Channel, Outcome

AT = datetime(2026, 11, 20, 10, 30, tzinfo=SHANGHAI)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("channel", [Channel.COUNTER, Channel.LOBBY])
def test_whoever_stands_at_the_counter_was_reached(channel: Channel) -> None:
    assert set(Outcome) - set(rules.outcomes_for(channel)) == {Outcome.NOT_REACHED}


@pytest.mark.parametrize("channel", [Channel.PHONE, Channel.VISIT, Channel.WECOM, Channel.ONLINE])
def test_every_outcome_is_possible_from_afar(channel: Channel) -> None:
    assert rules.outcomes_for(channel) == tuple(Outcome)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_only_a_call_nobody_answered_does_not_count(outcome: Outcome) -> None:
    assert rules.counts_as_contact(outcome) is (outcome != Outcome.NOT_REACHED)


@pytest.mark.parametrize(
    ("author", "person", "age", "may"),
    [
        (1, 1, timedelta(0), True),
        (1, 1, rules.EDIT_WINDOW, True),
        (1, 1, rules.EDIT_WINDOW + SECOND, False),
        (1, 2, timedelta(0), False),
    ],
)
def test_a_contact_changes_by_its_author_within_a_quarter_of_an_hour(
    author: int, person: int, age: timedelta, may: bool
) -> None:
    assert rules.may_change(author_id=author, person_id=person, recorded_at=AT - age, at=AT) is may


@pytest.mark.parametrize(
    ("ahead", "is_future"), [(timedelta(0), False), (rules.CLOCK_SLACK, False), (rules.CLOCK_SLACK + SECOND, True)]
)
def test_clocks_may_differ_a_little(ahead: timedelta, is_future: bool) -> None:
    assert rules.is_in_future(AT + ahead, AT) is is_future

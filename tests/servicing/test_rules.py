"""What may be logged and changed."""

from datetime import date, datetime, timedelta

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


@pytest.mark.parametrize(
    ("expires_on", "is_long_term", "expired"),
    [
        (date(2026, 11, 19), False, True),
        (date(2026, 11, 20), False, False),
        (date(2026, 11, 21), False, False),
        (date(2020, 1, 1), True, False),
        (None, False, False),
    ],
)
def test_a_document_is_valid_on_its_last_day(expires_on: date | None, is_long_term: bool, expired: bool) -> None:
    assert rules.id_has_expired(expires_on, is_long_term, date(2026, 11, 20)) is expired

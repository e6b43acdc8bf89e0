"""M11: what is decided about events from plain values."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import settings as rules
from hypothesis import strategies as st

from campaigns.enums import EventState
from campaigns.rules.events import (
    after_answer,
    calendar_entry,
    code_of,
    is_token,
    may_answer,
    read_code,
    time_faults,
    token_of,
)
from campaigns.rules.qr import SIZE, qr_matrix
from tests.factories import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEGINS = NOW + 10 * DAY


@pytest.mark.parametrize(
    ("starts", "ends", "answer_by", "found"),
    [
        (2, 3, 2, []),
        (0, 3, -1, [("starts_at", "past"), ("answer_by", "answer_past")]),
        (2, 2, 1, [("ends_at", "ends")]),
        (2, 2 + 73, 1, [("ends_at", "ends")]),
        (2, 3, 2.01, [("answer_by", "answer_late")]),
        (24 * 400, 24 * 400 + 1, 1, [("starts_at", "far")]),
    ],
)
def test_times_go_together(starts, ends, answer_by, found):
    times = [NOW + hours * HOUR for hours in (starts, ends, answer_by)]
    assert list(time_faults(*times, NOW)) == found


@pytest.mark.parametrize(
    ("says", "before", "full", "after"),
    [
        ("yes", "invited", False, "coming"),
        ("yes", "invited", True, "waiting"),
        ("yes", "declined", True, "waiting"),
        ("yes", "coming", True, "coming"),
        ("yes", "waiting", True, "waiting"),
        ("no", "coming", True, "declined"),
        ("no", "waiting", False, "declined"),
        ("no", "came", False, "came"),
        ("yes", "missed", False, "missed"),
    ],
)
def test_where_an_answer_leads(says, before, full, after):
    assert after_answer(says, before, is_full=full) == after


def test_a_yes_counts_until_its_time_and_a_no_until_it_begins():
    times = {"state": EventState.OPEN, "starts_at": BEGINS, "answer_by": BEGINS - DAY}
    asked = [(says, at) for at in (BEGINS - DAY, BEGINS - HOUR, BEGINS) for says in ("yes", "no")]
    assert [may_answer(says, **times, at=at) for says, at in asked] == [True, True, False, True, False, False]
    assert not may_answer("no", **{**times, "state": EventState.CANCELLED}, at=NOW)


@given(st.integers(1, 2**62), st.integers(1, 2**62), st.binary(min_size=32, max_size=32))
@rules(max_examples=40)
def test_links_and_codes_are_read_back_and_guessed_ones_are_not(event, customer, digest):
    token = token_of(event, customer, b"key")
    assert is_token(token)
    assert token != token_of(event, customer, b"other")
    assert read_code(f" {code_of(digest).lower().replace('-', '')} ") == digest[:4]
    assert [read_code(text) for text in ("", "12345678-", "1234567", "zzzz-zzzz")] == [None] * 4


def test_the_entry_of_a_calendar_breaks_long_lines_and_hides_no_other_field_in_its_text():
    at = datetime(2026, 12, 1, 6, 30, tzinfo=UTC)
    entry = calendar_entry(
        uid="u",
        name="沙龙；" * 20 + "a,b;c\\",
        place="二楼\r\nATTENDEE:x",
        about="",
        starts_at=at,
        ends_at=at,
        made_at=at,
    )
    lines = entry.split("\r\n")
    assert all(len(line.encode()) <= 75 for line in lines)
    unfolded = entry.replace("\r\n ", "")
    assert "SUMMARY:" + "沙龙；" * 20 + "a\\,b\\;c\\\\" in unfolded
    assert "LOCATION:二楼\\nATTENDEE:x" in unfolded
    assert "DTSTART:20261201T063000Z" in lines
    assert lines[0] == "BEGIN:VCALENDAR"


def test_the_picture_of_a_code_reads_as_the_code():
    """Row by row as an independent reader (OpenCV 5) has decoded it to 3F7A-09C2."""
    matrix = qr_matrix("3F7A-09C2")
    rows = [f"{sum(dark << (SIZE - 1 - place) for place, dark in enumerate(line)):06x}" for line in matrix]
    assert " ".join(rows) == PICTURE
    with pytest.raises(ValueError, match=r"x{15}"):
        qr_matrix("x" * 15)


PICTURE = (
    "1fcd7f 105141 17485d 17425d 17515d 104541 1fd57f 000b00 154e12 0704a2 1bddb3 1fa089 09d989 001691 1fc619 104ba0 "
    "175a54 174c5a 175d1d 10484a 1fd563"
)

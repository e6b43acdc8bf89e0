"""Events: what an answer comes to, a guest's link and code for the door, and the entry of a calendar (M11)."""

import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from campaigns.enums import EventState, SeatState
from core.ics import escaped, folded

YES, NO = "yes", "no"
ANSWERS: Final = (YES, NO)
# 120 bits: 20 characters.
_TOKEN_BYTES: Final = 15
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{20}")
# The code at the door: the first 32 bits of what the link is kept as, told apart among the guests of one event.
_CODE: Final = re.compile(r"([0-9A-Fa-f]{4})[ -]?([0-9A-Fa-f]{4})")
CODE_BYTES: Final = 4
# Who has a seat, or had one.
SEATED: Final = (SeatState.COMING, SeatState.CAME, SeatState.MISSED)
MOST_SEATS: Final = 5_000
# Nobody invites to a day further away, and no event lasts longer.
FAR: Final = timedelta(days=366)
LONGEST: Final = timedelta(days=3)
# Guests are let in so long before it begins.
DOORS: Final = timedelta(hours=4)
# After its end, so long the list of the door may still be entered; then the night closes it.
SETTLE: Final = timedelta(hours=24)


def time_faults(starts_at: datetime, ends_at: datetime, answer_by: datetime, at: datetime) -> Iterator[tuple[str, str]]:
    """What is wrong with the times of an event drawn up at `at`: the field and a code."""
    if starts_at <= at:
        yield "starts_at", "past"
    elif starts_at > at + FAR:
        yield "starts_at", "far"
    if not starts_at < ends_at <= starts_at + LONGEST:
        yield "ends_at", "ends"
    if answer_by > starts_at:
        yield "answer_by", "answer_late"
    elif answer_by <= at:
        yield "answer_by", "answer_past"


def may_answer(says: str, *, state: str, starts_at: datetime, answer_by: datetime, at: datetime) -> bool:
    """Whether an answer counts: "yes" until the last moment for answers, "no" until it begins, to free the seat."""
    if state != EventState.OPEN:
        return False
    return at <= answer_by if says == YES else at < starts_at


def after_answer(says: str, before: str, *, is_full: bool) -> SeatState:
    """Where an answer leads: a second yes keeps the seat or the place in the queue; who was let in stays so."""
    state = SeatState(before)
    if state in (SeatState.CAME, SeatState.MISSED):
        return state
    if says == NO:
        return SeatState.DECLINED
    if state in (SeatState.COMING, SeatState.WAITING):
        return state
    return SeatState.WAITING if is_full else SeatState.COMING


def token_of(event_id: int, customer_id: int, key: bytes) -> str:
    """The last part of a guest's link: nobody makes one without the key, and it names neither event nor customer."""
    made = hmac.digest(key, f"{event_id}:{customer_id}".encode(), "sha256")[:_TOKEN_BYTES]
    return urlsafe_b64encode(made).decode()


def is_token(text: str) -> bool:
    """Whether a text could be the last part of a link at all."""
    return _TOKEN.fullmatch(text) is not None


def code_of(digest: bytes) -> str:
    """What a guest says or shows at the door: 3F7A-09C2."""
    text = digest[:CODE_BYTES].hex().upper()
    return f"{text[:4]}-{text[4:]}"


def read_code(text: str) -> bytes | None:
    """The beginning of the digest a code stands for; None for any other text."""
    found = _CODE.fullmatch(text.strip())
    return bytes.fromhex(found[1] + found[2]) if found else None


def calendar_entry(
    *, uid: str, name: str, place: str, about: str, starts_at: datetime, ends_at: datetime, made_at: datetime
) -> str:
    """An event as iCalendar (RFC 5545) with its lines broken after 75 bytes; times in UTC."""
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//depositcrm//events//EN",
        "BEGIN:VEVENT",
        f"UID:{escaped(uid)}",
        f"DTSTAMP:{_time(made_at)}",
        f"DTSTART:{_time(starts_at)}",
        f"DTEND:{_time(ends_at)}",
        f"SUMMARY:{escaped(name)}",
        f"LOCATION:{escaped(place)}",
        *([f"DESCRIPTION:{escaped(about)}"] if about else []),
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return "".join(f"{part}\r\n" for line in lines for part in folded(line))


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")

"""What may be changed and read of a contact."""

from datetime import datetime, timedelta

from servicing.enums import Channel

# How long its author may correct a contact or take it back.
EDIT_WINDOW = timedelta(minutes=15)
# Clocks of counter machines and of the server differ a little.
CLOCK_SLACK = timedelta(minutes=2)
FACE_TO_FACE = frozenset({Channel.COUNTER, Channel.LOBBY})
MOST_MINUTES = 600


def may_change(*, author_id: int, person_id: int, recorded_at: datetime, at: datetime) -> bool:
    """Only the author, within EDIT_WINDOW of recording it."""
    return author_id == person_id and at - recorded_at <= EDIT_WINDOW


def is_in_future(happened_at: datetime, at: datetime) -> bool:
    """Whether the contact is said to have happened after now, beyond what clocks may differ."""
    return happened_at > at + CLOCK_SLACK

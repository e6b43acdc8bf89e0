"""What is handed over, and what is said about it."""

from dataclasses import dataclass
from enum import StrEnum


class Delivery(StrEnum):
    """What became of a message.

    `FAILED` = refused for good; `LATER` = it certainly did not leave and may be tried again; `UNKNOWN` = it may have
    left, so it must not be sent again by itself.
    """

    SENT = "sent"
    FAILED = "failed"
    LATER = "later"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Message:
    """A message to one address. A carrier that has seen `key` does not carry it again; `unsubscribe` is an address
    that ends such messages by one POST (RFC 8058), "" for none."""

    channel: str
    to: str
    subject: str
    words: str
    key: str = ""
    unsubscribe: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a message, with the carrier's own number for it and why it failed.

    `is_down` says that the carrier itself failed, so that there is no use in handing it the next one now.
    """

    delivery: Delivery
    number: str = ""
    why: str = ""
    is_down: bool = False

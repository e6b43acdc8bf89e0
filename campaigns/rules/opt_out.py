"""The signed link by which a customer leaves (M10): short enough for a text message, good for ever, for one customer.

It names customer, channel and campaign in base 36 with a keyed digest of them: nobody makes one for somebody else, and
nothing has to be kept for it.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from customers.enums import ConsentChannel

_LETTERS: Final = {
    ConsentChannel.SMS: "s",
    ConsentChannel.EMAIL: "e",
    ConsentChannel.WECOM: "w",
    ConsentChannel.APP: "a",
    ConsentChannel.PHONE: "p",
    ConsentChannel.MAIL: "m",
}
_CHANNELS: Final = {letter: channel for channel, letter in _LETTERS.items()}
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
# 96 bits: 16 characters.
_DIGEST_BYTES: Final = 12
_MOST: Final = 64


@dataclass(frozen=True, slots=True)
class Leaving:
    """Who leaves what: a customer the messages over a channel, having had one of a campaign (0 = none)."""

    customer_id: int
    channel: ConsentChannel
    campaign_id: int

    @property
    def text(self) -> str:
        """As it stands in a link, without its digest."""
        return f"{_LETTERS[self.channel]}{_base36(self.customer_id)}-{_base36(self.campaign_id)}"


def token_of(leaving: Leaving, key: bytes) -> str:
    """The link's last part."""
    return f"{leaving.text}-{_digest(leaving.text, key)}"


def read_token(token: str, keys: Sequence[bytes]) -> Leaving | None:
    """Who leaves what by a link signed with one of the keys; None for any other text."""
    # The digest may hold dashes itself; what it is of holds one.
    parts = token.split("-", 2) if len(token) <= _MOST and token.isascii() else []
    if len(parts) != 3:
        return None
    text, digest = f"{parts[0]}-{parts[1]}", parts[2]
    if not any(hmac.compare_digest(_digest(text, key), digest) for key in keys):
        return None
    customer, _dash, campaign = text[1:].partition("-")
    return Leaving(int(customer, 36), _CHANNELS[text[0]], int(campaign, 36))


def _digest(text: str, key: bytes) -> str:
    return urlsafe_b64encode(hmac.digest(key, text.encode(), "sha256")[:_DIGEST_BYTES]).decode()


def _base36(number: int) -> str:
    found = ""
    while number:
        number, rest = divmod(number, 36)
        found = _DIGITS[rest] + found
    return found or "0"

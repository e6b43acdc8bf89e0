"""How messages to customers leave the house: one way for surveys and campaigns, with what became of each."""

from collections.abc import Callable, Mapping
from typing import Final

from django.conf import settings

from core.messaging import console, mail, provider
from core.messaging.parcels import Delivery, Message, Sent

__all__ = ["Delivery", "Message", "Sent", "can_tell", "deliver", "fate_of", "is_configured", "lot_of"]

# What can carry a message of each channel; in the app it is a row of our own, which its sender writes.
ADAPTERS: Final[Mapping[str, tuple[str, ...]]] = {
    "sms": ("console", "http"),
    "wecom": ("console", "http"),
    "email": ("console", "mail"),
    "app": ("app",),
}
CARRIERS: Final[Mapping[str, Callable[[Message], Sent]]] = {
    "console": console.send,
    "mail": mail.send,
    "http": provider.send,
}
# How many are handed over before anything is written down: where a killed sender leaves a doubt, one at a time; where
# the provider can be asked, few, as their customers are locked meanwhile.
LOTS: Final[Mapping[str, int]] = {"console": 500, "app": 500, "http": 10, "mail": 1}


def adapter_of(channel: str) -> str:
    """What carries a channel here; "" = nothing."""
    return "app" if channel == "app" else settings.MESSAGE_GATEWAYS.get(channel, "")


def is_configured(channel: str) -> bool:
    """Whether messages can leave over a channel here; the console stands in for it in development only."""
    adapter = adapter_of(channel)
    # A name nobody wrote code for carries nothing: its messages would only end in the log.
    if adapter not in ADAPTERS.get(channel, ()) or (adapter == "console" and settings.PRODUCTION):
        return False
    return adapter != "http" or provider.is_configured(channel)


def lot_of(channel: str) -> int:
    """How many messages are handed over in one go."""
    return LOTS[adapter_of(channel)]


def can_tell(channel: str) -> bool:
    """Whether what carries a channel knows what became of a message."""
    return adapter_of(channel) == "http"


def deliver(message: Message) -> Sent:
    """Hand a message to what carries its channel, once; never raises for what happens on the way."""
    return CARRIERS[adapter_of(message.channel)](message)


def fate_of(channel: str, key: str) -> Delivery | None:
    """What became of a message by its key; None where nobody can say. LATER = it never arrived there."""
    return provider.fate_of(channel, key) if can_tell(channel) else None

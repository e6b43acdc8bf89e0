"""How survey links leave the house: one function a channel, each with what became of it."""

import logging
from collections.abc import Callable
from enum import StrEnum
from smtplib import SMTPException, SMTPRecipientsRefused

from django.conf import settings
from django.core.mail import EmailMessage

log = logging.getLogger(__name__)

# What can carry a message of each channel; a bank's own provider joins here with its function below.
ADAPTERS = {"sms": ("console",), "wecom": ("console",), "email": ("console", "mail")}


class Delivery(StrEnum):
    """What became of a message; `UNKNOWN` = it may have left, so it must not be sent again by itself."""

    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"


def is_configured(channel: str) -> bool:
    """Whether messages can leave over a channel here; the console stands in for it in development only."""
    adapter = settings.MESSAGE_GATEWAYS.get(channel, "")
    # A name nobody wrote code for carries nothing: its links would only end in the log.
    return adapter in ADAPTERS.get(channel, ()) and not (adapter == "console" and settings.PRODUCTION)


def send_sms(to: str, subject: str, words: str) -> Delivery:
    """A text message. No provider is built in: the bank's own goes here, behind SMS_GATEWAY."""
    return _console("sms", words)


def send_wecom(to: str, subject: str, words: str) -> Delivery:
    """A WeCom message. No provider is built in: the bank's own goes here, behind WECOM_GATEWAY."""
    return _console("wecom", words)


def send_email(to: str, subject: str, words: str) -> Delivery:
    """A letter over the mail server; refused addresses are known to have failed, everything else may have left."""
    if settings.MESSAGE_GATEWAYS["email"] == "console":
        return _console("email", words)
    try:
        EmailMessage(subject=subject, body=words, to=[to]).send()
    except (SMTPRecipientsRefused, ConnectionRefusedError) as error:
        log.warning("survey not sent by mail: %s", type(error).__name__)
        return Delivery.FAILED
    except (SMTPException, OSError) as error:
        log.warning("survey perhaps sent by mail: %s", type(error).__name__)
        return Delivery.UNKNOWN
    return Delivery.SENT


def _console(channel: str, words: str) -> Delivery:
    """Where nothing leaves the house: the words in the log, never the address."""
    log.info("message by %s (console): %s", channel, words)
    return Delivery.SENT


SENDERS: dict[str, Callable[[str, str, str], Delivery]] = {
    "sms": send_sms,
    "wecom": send_wecom,
    "email": send_email,
}

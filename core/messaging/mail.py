"""Letters over the bank's mail server."""

import logging
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from core.messaging.parcels import Delivery, Message, Sent

log = logging.getLogger(__name__)

# Replies of a mail server from here on are refusals for good, those from 400 on for now (RFC 5321).
_FOR_GOOD: Final = 500
_FOR_NOW: Final = 400


def send(message: Message) -> Sent:
    """Hand a letter to the server. What its server refused did not leave; a line that broke may have carried it."""
    server = get_connection()
    try:
        server.open()
    except (SMTPException, OSError) as error:
        log.warning("mail server not reached: %s", type(error).__name__)
        return Sent(Delivery.LATER, why=type(error).__name__, is_down=True)
    try:
        _letter(message, server).send()
    except ValueError as error:
        # An address or a subject no letter can have, such as one with a line break: nothing was said to the server.
        log.warning("not a letter: %s", type(error).__name__)
        return Sent(Delivery.FAILED, why=type(error).__name__)
    except SMTPRecipientsRefused as error:
        return Sent(_refused(min(code for code, _words in error.recipients.values())), why="recipient")
    except SMTPResponseException as error:
        return Sent(_refused(error.smtp_code), why=str(error.smtp_code))
    except (SMTPException, OSError) as error:
        log.warning("perhaps sent by mail: %s", type(error).__name__)
        return Sent(Delivery.UNKNOWN, why=type(error).__name__, is_down=True)
    finally:
        server.close()
    return Sent(Delivery.SENT)


def _refused(code: int) -> Delivery:
    if code >= _FOR_GOOD:
        return Delivery.FAILED
    return Delivery.LATER if code >= _FOR_NOW else Delivery.UNKNOWN


def _letter(message: Message, server: BaseEmailBackend) -> EmailMessage:
    headers = {}
    if message.key:
        # The same letter keeps its name, by which servers drop a second copy.
        headers["Message-ID"] = f"<{message.key}@{settings.DEFAULT_FROM_EMAIL.rpartition('@')[2].strip('>')}>"
    if message.unsubscribe:
        headers["List-Unsubscribe"] = f"<{message.unsubscribe}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return EmailMessage(
        subject=message.subject, body=message.words, to=[message.to], headers=headers, connection=server
    )

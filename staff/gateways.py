"""The bank's own mail server, behind one function."""

import logging
from smtplib import SMTPException

from django.core.mail import EmailMessage

log = logging.getLogger(__name__)


def send_mail(*, to: str, subject: str, body: str) -> bool:
    """Hand one letter to a member of staff to the mail server; False when it refused or could not be reached."""
    try:
        return EmailMessage(subject=subject, body=body, to=[to]).send() == 1
    except (SMTPException, OSError) as error:
        log.warning("mail not sent: %s", type(error).__name__)
        return False

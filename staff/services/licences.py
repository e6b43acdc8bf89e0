"""Activities that take a certificate are refused without it (F07)."""

from datetime import date
from typing import Final

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from staff.models import User
from staff.queries.licences import lacking, licence_words, whom_to_ask

NOBODY: Final = _("the head of your unit")


class NotLicensed(DomainError):
    """The certificate an activity takes is missing, expired or withdrawn."""

    code = "not_licensed"
    message = _(
        "This takes a certificate you do not hold on this day: %(licences)s. Take the course under “Training”, "
        "or ask %(head)s."
    )


def check_licence(*, user: User, activity: str, day: date) -> None:
    """Raise NotLicensed unless somebody holds what an activity takes on a day; it says what, and whom to ask."""
    if codes := lacking(user, activity, day):
        raise NotLicensed(licences=licence_words(codes, day), head=whom_to_ask(user) or NOBODY)

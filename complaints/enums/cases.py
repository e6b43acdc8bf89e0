"""Named choices of cases."""

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Source(TextChoices):
    """How a complaint came in."""

    COUNTER = "counter", _("At the counter")
    PHONE = "phone", _("By phone")
    LETTER = "letter", _("By letter")
    WEB = "web", _("Web form")
    REGULATOR = "regulator", _("Passed on by the regulator")
    HOTLINE = "hotline", _("Hotline 12378")
    SOCIAL = "social", _("Social media")
    OTHER = "other", pgettext_lazy("complaint source", "Other way")


class Complainant(TextChoices):
    """Who complains."""

    CUSTOMER = "customer", _("The customer")
    AGENT = "agent", _("An agent, with written authority")
    HEIR = "heir", _("An heir")
    OTHER = "other", _("Somebody who is no customer")
    ANONYMOUS = "anonymous", _("Anonymous")


class Grade(IntegerChoices):
    """How serious a complaint is; the higher, the sooner somebody above hears of it."""

    ORDINARY = 1, _("Ordinary")
    SERIOUS = 2, _("Serious")
    CRITICAL = 3, pgettext_lazy("complaint", "Critical")


class CaseState(TextChoices):
    """Where a case stands; `complaints.rules.moves` says what leads from one to another."""

    REGISTERED = "registered", _("Registered")
    ACCEPTED = "accepted", pgettext_lazy("complaint", "Accepted")
    INVESTIGATING = "investigating", _("Being investigated")
    PROPOSED = "proposed", _("Decision proposed")
    ANSWERED = "answered", pgettext_lazy("complaint", "Answered")
    CLOSED = "closed", pgettext_lazy("complaint", "Closed")
    WITHDRAWN = "withdrawn", pgettext_lazy("complaint", "Withdrawn by the complainant")
    REOPENED = "reopened", _("Reopened")


class Move(TextChoices):
    """What is done to a case, as the button says it."""

    REGISTER = "register", pgettext_lazy("complaint", "Register")
    ACCEPT = "accept", pgettext_lazy("complaint", "Accept")
    INVESTIGATE = "investigate", _("Begin to investigate")
    PROPOSE = "propose", _("Propose a decision")
    SEND_BACK = "send_back", _("Send back for more work")
    ANSWER = "answer", _("Tell the complainant")
    CLOSE = "close", pgettext_lazy("complaint", "Close the case")
    WITHDRAW = "withdraw", _("Withdrawn by the complainant")
    REOPEN = "reopen", _("Reopen")

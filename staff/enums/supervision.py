"""Named choices of supervision."""

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class CheckArea(TextChoices):
    """What is looked at."""

    SERVICE = "service", _("Service quality")
    DATA = "data", _("Use of customer data")
    CONDUCT = "conduct", _("Marketing conduct")


class PlanKind(TextChoices):
    """Whether samples are drawn month after month, or once."""

    REGULAR = "regular", _("Regular, each month")
    SURPRISE = "surprise", _("Surprise, once")


class PlanState(TextChoices):
    """Whether more will be drawn."""

    ACTIVE = "active", _("Active")
    ENDED = "ended", pgettext_lazy("supervision plan", "Ended")


class RecordSource(TextChoices):
    """Where a record that is looked at stands."""

    CONTACT = "contact", _("Contact")
    TRAIL = "trail", _("Entry of the trail")
    OUTREACH = "outreach", _("Outreach of a campaign")
    OPENING = "opening", _("Opened customer page")


class DrawnBy(TextChoices):
    """By which part of a draw a record was chosen."""

    RISK = "risk", _("Weighted by risk")
    RANDOM = "random", _("At random")


class CheckState(TextChoices):
    """Where one check stands."""

    OPEN = "open", _("Waits for both scorers")
    DIFFERENT = "different", _("Marks differ, a third decides")
    DONE = "done", pgettext_lazy("check", "Settled")


class Mark(TextChoices):
    """What a scorer says of one criterion."""

    MET = "met", _("Met")
    MISSED = "missed", _("Not met")
    NONE = "none", _("Does not apply")


class Grade(IntegerChoices):
    """How grave a finding is."""

    MINOR = 1, _("Minor")
    MODERATE = 2, _("Moderate")
    SERIOUS = 3, pgettext_lazy("finding", "Serious")


class FindingState(TextChoices):
    """Where a finding stands; a draft does not exist for the person it is about."""

    DRAFT = "draft", pgettext_lazy("finding", "Not issued yet")
    ISSUED = "issued", _("To be corrected")
    CORRECTED = "corrected", _("Waits for the re-check")
    CLOSED = "closed", pgettext_lazy("finding", "Closed")
    WITHDRAWN = "withdrawn", pgettext_lazy("finding", "Taken back")


class FindingStep(TextChoices):
    """What happened to a finding."""

    RAISED = "raised", _("Raised")
    ISSUED = "issued", _("Issued")
    COMMENT = "comment", pgettext_lazy("finding", "Comment")
    APPEAL = "appeal", _("Appeal")
    UPHELD = "upheld", _("Appeal answered: the finding stands")
    WITHDRAWN = "withdrawn", _("Appeal answered: the finding is taken back")
    CORRECTED = "corrected", _("Corrected")
    PASSED = "passed", _("Re-check passed")
    FAILED = "failed", _("Re-check failed")
    ACCOUNT = "account", _("Held to account")
    ESCALATED = "escalated", _("Overdue, went up")


class Upward(IntegerChoices):
    """Who has been told that a finding is overdue."""

    NOBODY = 0, _("Nobody yet")
    HEAD = 1, _("Head of the unit")
    HEAD_OFFICE = 2, _("Head office")
    COMPLIANCE = 3, _("Compliance")

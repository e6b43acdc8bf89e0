"""Named choices of training."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class CourseKind(TextChoices):
    """How a course is taken (F05, F06)."""

    CLASSROOM = "classroom", _("Classroom")
    SELF_STUDY = "self_study", _("Self-study")


class CourseState(TextChoices):
    """Where a course stands."""

    DRAFT = "draft", pgettext_lazy("course", "Draft")
    IN_USE = "in_use", pgettext_lazy("course", "In use")
    RETIRED = "retired", pgettext_lazy("course", "No longer used")


class QuestionKind(TextChoices):
    """How a question is answered."""

    SINGLE = "single", _("One answer is right")
    SEVERAL = "several", _("Several answers are right")
    TRUE_FALSE = "true_false", _("True or false")


class SeatState(TextChoices):
    """Where somebody stands with a session."""

    SEATED = "seated", pgettext_lazy("session", "Has a seat")
    WAITING = "waiting", pgettext_lazy("session", "On the waiting list")
    LEFT = "left", pgettext_lazy("session", "Gave the seat back")
    CAME = "came", pgettext_lazy("session", "Was there")
    MISSED = "missed", pgettext_lazy("session", "Was not there")


class Standing(TextChoices):
    """Whether somebody has the certificate of a course on a day."""

    VALID = "valid", pgettext_lazy("certificate", "Valid")
    EXPIRING = "expiring", pgettext_lazy("certificate", "Runs out soon")
    EXPIRED = "expired", pgettext_lazy("certificate", "Expired")
    REVOKED = "revoked", pgettext_lazy("certificate", "Withdrawn")
    MISSING = "missing", pgettext_lazy("certificate", "Missing")


class Activity(TextChoices):
    """What takes a certificate (F07)."""

    WEALTH_CONTACT = "wealth_contact", _("Logging a talk about wealth products")
    WEALTH_OFFER = "wealth_offer", _("Recommending an offer with wealth products")
    TOP_TIER = "top_tier", _("Looking after customers of the top tier")

"""Named choices of decisions, reviews and what is put right."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Finding(TextChoices):
    """What the investigation found of the complaint."""

    UPHELD = "upheld", _("Justified")
    PARTLY = "partly", _("Justified in part")
    UNFOUNDED = "unfounded", _("Not justified")


class RemedyKind(TextChoices):
    """What the bank does for the complainant."""

    NONE = "none", pgettext_lazy("remedy", "None")
    APOLOGY = "apology", _("Apology")
    CORRECTION = "correction", _("Correction of the record or the booking")
    REFUND = "refund", _("Refund of fees or interest")
    COMPENSATION = "compensation", _("Compensation")
    EXPLANATION = "explanation", _("Explanation")


class Delivery(TextChoices):
    """How the decision reached the complainant."""

    IN_PERSON = "in_person", _("Handed over in person")
    POST = "post", _("Registered post")
    MAIL = "mail", _("Electronic mail")
    SMS = "sms", _("Text message")
    PHONE = "phone", _("Read out by phone, recorded")
    REGULATOR = "regulator", _("Through the regulator")
    NOTICE = "notice", _("Kept for collection: the complainant left no address")


class ReviewState(TextChoices):
    """Where a review by the upper level stands."""

    ASKED = "asked", _("Asked for")
    DECIDED = "decided", pgettext_lazy("review", "Decided")
    WITHDRAWN = "withdrawn", pgettext_lazy("review", "Withdrawn")


class ReviewOutcome(TextChoices):
    """What the upper level decided; it binds the desk that decided first."""

    KEPT = "kept", _("First decision stands")
    CHANGED = "changed", _("To be decided again")


class ActionState(TextChoices):
    """Where a corrective action stands."""

    OPEN = "open", pgettext_lazy("corrective action", "To be done")
    DONE = "done", pgettext_lazy("corrective action", "Done, with evidence")
    DROPPED = "dropped", pgettext_lazy("corrective action", "Dropped")


class ProblemState(TextChoices):
    """Where a problem, the same cause again and again, stands."""

    OPEN = "open", pgettext_lazy("problem", "Open")
    SOLVED = "solved", pgettext_lazy("problem", "Solved")

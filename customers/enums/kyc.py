"""Named choices of what falls due."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class KycKind(TextChoices):
    """What can fall due."""

    DOCUMENT = "document", _("Identity document")
    REVIEW = "review", _("Periodic review")


class KycOutcome(TextChoices):
    """How a due item ended."""

    RENEWED = "renewed", _("Document renewed")
    REVIEWED = "reviewed", _("Reviewed")
    MOOT = "moot", _("No longer needed")


class KycNotice(TextChoices):
    """How far a due item has come: two notices before the day, the day itself, the grace after it, beyond grace."""

    FIRST = "first", _("First notice")
    SECOND = "second", _("Second notice")
    DUE = "due", _("Due today")
    OVERDUE = "overdue", _("Overdue")
    SUSPEND = "suspend", _("Beyond grace")

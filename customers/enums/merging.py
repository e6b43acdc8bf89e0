"""Named choices of merges."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class MergeState(TextChoices):
    """Where a merge stands."""

    WAITING = "waiting", _("In progress")
    DONE = "done", _("Merged")
    UNDOING = "undoing", _("Being taken apart")
    UNDONE = "undone", _("Taken apart again")
    FAILED = "failed", _("Failed")

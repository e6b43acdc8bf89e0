"""Named choices of prospects."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ProspectState(TextChoices):
    """Where a prospect stands."""

    OPEN = "open", _("Being followed up")
    CONVERTED = "converted", _("Became a customer")
    DROPPED = "dropped", _("Given up")

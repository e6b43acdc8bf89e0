"""Named choices of insights."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class EntryKind(TextChoices):
    """Kinds of entries on a customer's timeline."""

    CONTACT = "contact", _("Contacts")
    TIER = "tier", _("Tier changes")
    BALANCE = "balance", _("Balance jumps")


class Direction(TextChoices):
    """Which way a customer's deposits moved."""

    UP = "up", _("Rises")
    DOWN = "down", _("Falls")
    GAINED = "gained", _("From nothing")
    EMPTIED = "emptied", _("To nothing")


class NightStep(TextChoices):
    """Steps of the night, by the names of their jobs, in words."""

    IMPORT_FEEDS = "import_feeds", _("Import feeds")
    ROLL_BALANCES = "roll_balances", _("Roll balances")
    RETIER = "retier", _("Re-tier customers")
    QUALITY = "quality", _("Check data quality")
    ROLL_UP = "roll_up", _("Roll up figures")
    SEAL = "seal", _("Seal the trail")

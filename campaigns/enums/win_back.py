"""Named choices of winning customers back (M18)."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class WinBackState(TextChoices):
    """Where the attempt stands; what it brought is measured on balances, not chosen."""

    OPEN = "open", pgettext_lazy("win-back", "Under way")
    CLOSED = "closed", pgettext_lazy("win-back", "Closed")


class WinBackCause(TextChoices):
    """Why the money left, as found out; needed to close."""

    RATE = "rate", _("Better rates elsewhere")
    SERVICE = "service", _("Unhappy with the service")
    NEEDED = "needed", _("Needed the money")
    INVESTED = "invested", _("Invested otherwise")
    MOVED = "moved", _("Moved away")
    MANAGER_LEFT = "manager_left", _("The manager left")
    DIED = "died", _("The customer died")
    UNREACHABLE = "unreachable", _("Could not be reached")
    OTHER = "other", pgettext_lazy("win-back", "Another reason")

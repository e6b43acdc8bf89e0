"""Named choices of calls."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class CallResult(TextChoices):
    """How the call of one customer stands, read from its follow-up and the contact that closed it."""

    WAITING = "waiting", _("Waits for a caller")
    OPEN = "open", _("To be called")
    TRIED = "tried", _("Tried, not reached")
    AGREED = "agreed", pgettext_lazy("call", "Agreed")
    CALL_BACK = "call_back", _("Wants to be called again")
    REACHED = "reached", _("Reached, nothing decided")
    REFUSED = "refused", pgettext_lazy("call", "Refused")
    OPTED_OUT = "opted_out", _("Opted out")
    NOT_CALLED = "not_called", _("Closed without a talk")

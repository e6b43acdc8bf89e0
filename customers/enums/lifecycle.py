"""Named choices of the life cycle."""

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _


class Stage(IntegerChoices):
    """Life-cycle stages (C14), kept small on the position; 0 = not decided yet."""

    NONE = 0, _("Not decided yet")
    PROSPECT = 1, _("Without an account")
    NEW = 2, _("New customer")
    GROWING = 3, _("Growing")
    MATURE = 4, _("Mature")
    DECLINING = 5, _("Declining")
    LOST = 6, _("Lost")
    WON_BACK = 7, _("Won back")


class StageRule(TextChoices):
    """The rules that decide a life-cycle stage, in the order they are tried."""

    NO_ACCOUNT = "no_account", _("No account yet")
    ALL_CLOSED = "all_closed", _("Every account is closed")
    YOUNG = "young", _("First account opened lately")
    CAME_BACK = "came_back", _("Lost, and balances are back")
    BACK = "back", _("Came back lately")
    EMPTY = "empty", _("No balance for a long time")
    DRIED_UP = "dried_up", _("Almost nothing left and no contact")
    STILL_LOST = "still_lost", _("Lost and not back yet")
    DRYING_UP = "drying_up", _("Almost nothing left, but in contact")
    TOO_SHORT = "too_short", _("Too little history for a trend")
    FALLING = "falling", _("Balances are falling")
    RISING = "rising", _("Balances are rising")
    STEADY = "steady", _("Balances are steady")

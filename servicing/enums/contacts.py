"""Named choices of contacts."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Channel(TextChoices):
    """Where a contact took place."""

    COUNTER = "counter", _("Counter")
    LOBBY = "lobby", _("Lobby")
    PHONE = "phone", _("Phone")
    VISIT = "visit", _("Visit")
    WECOM = "wecom", _("WeCom")
    ONLINE = "online", _("Online")


class Direction(TextChoices):
    """Who sought whom."""

    IN = "in", _("Customer came to us")
    OUT = "out", _("We reached out")


class Topic(TextChoices):
    """What it was about."""

    DEPOSIT = "deposit", _("Deposit or renewal")
    WITHDRAWAL = "withdrawal", _("Withdrawal or transfer out")
    RATE = "rate", _("Rates and products")
    ACCOUNT = "account", _("Account service")
    CARD = "card", _("Card or password")
    DIGITAL = "digital", _("Mobile or online banking")
    COMPLAINT = "complaint", _("Dissatisfaction")
    WEALTH = "wealth", _("Wealth products")
    OTHER = "other", _("Other")


class Outcome(TextChoices):
    """How it ended."""

    DONE = "done", _("Handled")
    INTERESTED = "interested", _("Interested")
    NOT_INTERESTED = "not_interested", _("Not interested")
    CALL_BACK = "call_back", _("To be contacted again")
    NOT_REACHED = "not_reached", _("Not reached")
    REFERRED = "referred", _("Handed to a manager")
    SENT = "sent", _("Message sent")


class Mood(TextChoices):
    """How the customer seemed."""

    PLEASED = "pleased", _("Pleased")
    CALM = "calm", _("Calm")
    WORRIED = "worried", _("Worried")
    UPSET = "upset", _("Upset")


class Origin(TextChoices):
    """How a contact came to be recorded."""

    FORM = "form", _("Written down here")
    API = "api", _("Over the interface")
    IMPORT = "import", _("Taken over from an earlier system")
    CAMPAIGN = "campaign", _("Sent by a campaign")

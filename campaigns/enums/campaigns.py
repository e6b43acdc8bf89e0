"""Named choices of campaigns."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class CampaignKind(TextChoices):
    """What a campaign does."""

    MESSAGE = "message", _("Messages")
    CALL = "call", _("Calls by managers")
    EVENT = "event", _("Invitation to an event")
    TRIGGER = "trigger", _("Messages on an occasion")


class CampaignState(TextChoices):
    """Where a campaign stands; `campaigns.rules.moves` says what leads from one to another."""

    DRAFT = "draft", pgettext_lazy("campaign", "Draft")
    SUBMITTED = "submitted", _("Waits for a check")
    CHECKED = "checked", _("Waits for compliance")
    APPROVED = "approved", pgettext_lazy("campaign", "Approved")
    RUNNING = "running", pgettext_lazy("campaign", "Running")
    PAUSED = "paused", pgettext_lazy("campaign", "Paused")
    ENDED = "ended", pgettext_lazy("campaign", "Ended")
    STOPPED = "stopped", pgettext_lazy("campaign", "Stopped")


class CampaignMove(TextChoices):
    """What is done to a campaign, as the button says it."""

    SUBMIT = "submit", _("Submit for a check")
    WITHDRAW = "withdraw", _("Take back to change it")
    CHECK = "check", _("Check passed")
    APPROVE = "approve", pgettext_lazy("campaign", "Approve")
    REJECT = "reject", _("Send back with a reason")
    EDIT = "edit", _("Change again: approvals are lost")
    LAUNCH = "launch", _("Launch")
    PAUSE = "pause", pgettext_lazy("campaign", "Pause")
    RESUME = "resume", _("Go on")
    END = "end", pgettext_lazy("campaign", "End")
    STOP = "stop", _("Stop for good")


class Arm(TextChoices):
    """Which part of the frozen audience a customer is in (M13)."""

    TREATED = "treated", _("Contacted")
    HELD_OUT = "held_out", _("Held out for comparison")


class Occasion(TextChoices):
    """What a campaign on an occasion waits for (M20)."""

    OPENED = "opened", _("Days since the first account")
    INFLOW = "inflow", _("Large inflow")
    OUTFLOW = "outflow", _("Large outflow")
    MATURITY = "maturity", _("Days before a deposit matures")
    BIRTHDAY = "birthday", _("Birthday")
    TIER_UP = "tier_up", _("Reached a higher tier")
    TIER_DOWN = "tier_down", _("Moved to a lower tier")


class Verdict(TextChoices):
    """What a comparison with those held out says (B5)."""

    GAIN = "gain", _("Brought deposits")
    LOSS = "loss", _("Lost deposits")
    UNCLEAR = "unclear", _("Cannot tell")
    NO_CONTROL = "no_control", _("No comparison: nobody was held out")
    TOO_FEW = "too_few", _("No comparison: too few customers")

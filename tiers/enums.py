"""Named choices of tiers."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Measure(TextChoices):
    """Which figure of a customer is held against the bounds, in yuan."""

    BALANCE = "balance", _("Closing balance")
    ADB_MONTH = "adb_month", _("Average daily balance of the month")
    ADB_QUARTER = "adb_quarter", _("Average daily balance of the quarter")
    ADB_TRAILING = "adb_trailing", _("Average daily balance of the last days")
    BEST = "best", _("Highest of several")


class SchemeStatus(TextChoices):
    """Life of a scheme version."""

    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Waiting for approval")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")


class Event(TextChoices):
    """What a run did to a customer's standing."""

    FIRST = "first", _("First tier")
    UP = "up", _("Up")
    DOWN = "down", _("Down")
    WATCHED = "watched", _("Watch began")
    CLEARED = "cleared", _("Watch ended")
    OVERRIDDEN = "overridden", _("Override began")
    RETURNED = "returned", _("Override ended")
    RENUMBERED = "renumbered", _("Tiers renumbered")
    RULED = "ruled", _("Rule's tier changed under an override")


class OverrideStatus(TextChoices):
    """Life of an override: over when its days are past, or when somebody ended it early."""

    WAITING = "waiting", _("Waiting for a second person")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    ENDED = "ended", _("Over")


class EntitlementKind(TextChoices):
    """What a tier may bring: services only, never money or what is as good as money (domain.md 2 and 11)."""

    PRIORITY_NUMBER = "priority_number", _("Priority number")
    WINDOW = "window", _("Dedicated window")
    RATE = "rate", _("Rate preference")
    POINTS = "points", _("Points for services")
    MANAGER = "manager", _("Named manager")
    HOTLINE = "hotline", _("Hotline")
    LOUNGE = "lounge", _("Lounge")
    HEALTH = "health", _("Health check")
    ADVISER = "adviser", _("Adviser")
    EVENTS = "events", _("Closed events")


class Way(TextChoices):
    """Where a customer's tier went between two days, whatever happened in between."""

    UP = "up", _("Up")
    DOWN = "down", _("Down")
    STAYED = "stayed", _("Stayed")
    NEW = "new", _("First tier")

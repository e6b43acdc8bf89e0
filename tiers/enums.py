"""Named choices of tiers."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Measure(TextChoices):
    """Which figure of a customer is held against the bounds, in yuan."""

    BALANCE = "balance", _("Closing balance")
    ADB_MONTH = "adb_month", _("Average daily balance of the month")
    ADB_QUARTER = "adb_quarter", _("Average daily balance of the quarter")


class SchemeStatus(TextChoices):
    """Life of a scheme version."""

    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Waiting for approval")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")

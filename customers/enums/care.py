"""Named choices of alerts and promises."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class AlertKind(TextChoices):
    """What an alert warns of."""

    FRAUD_RISK = "fraud_risk", _("Fraud risk")
    COMPLAINT = "complaint", _("Complaint open")
    BEREAVEMENT = "bereavement", _("Bereavement")
    VULNERABLE = "vulnerable", _("Needs particular care")
    DO_NOT_CONTACT = "do_not_contact", _("Do not contact")
    OTHER = "other", _("Other")


class Severity(TextChoices):
    """How loudly an alert speaks."""

    INFO = "info", _("Notice")
    WARN = "warn", _("Warning")
    CRITICAL = "critical", _("Critical")


class PromiseState(TextChoices):
    """How a promise stands."""

    OPEN = "open", _("To be kept")
    KEPT = "kept", _("Kept")
    BROKEN = "broken", _("Broken")
    RELEASED = "released", _("Released by the customer")

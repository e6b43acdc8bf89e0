"""Named choices of products and accounts."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ProductKind(TextChoices):
    """Kinds of deposit product (domain.md 1)."""

    DEMAND = "demand", _("Demand deposit")
    TERM = "term", _("Time deposit")
    NOTICE = "notice", _("Notice deposit")
    CD = "cd", _("Large-denomination certificate of deposit")
    INSTALMENT = "instalment", _("Instalment deposit")
    AGREEMENT = "agreement", _("Agreement deposit")


class AccountStatus(TextChoices):
    """Where an account stands in the core banking system."""

    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")
    FROZEN = "frozen", _("Frozen")
    DORMANT = "dormant", _("Dormant")

"""Named choices of targets."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class TargetOf(TextChoices):
    """Whose target it is."""

    UNIT = "unit", _("Unit")
    TEAM = "team", _("Team")
    PERSON = "person", _("Person")


class TargetMeasure(TextChoices):
    """What somebody may wish to set a target on. Those a regulator forbids are offered, too, to be refused in words."""

    ADB_GROWTH = "adb_growth", _("Growth of average daily balance, hand-overs left out")
    SATISFACTION = "satisfaction", _("Satisfaction: mean recommendation, 0 to 10")
    CHURN = "churn", _("Churn: customers of the quarter's opening who are lost, %")
    FOLLOW_UPS = "follow_ups", _("Follow-ups done in time, %")
    IN_RHYTHM = "in_rhythm", _("Customers contacted in the rhythm of their tier, %")
    COMPLAINTS = "complaints", _("Complaints decided in time, %")
    DAY_BALANCE = "day_balance", _("Deposits on a certain day")
    MONTH_END = "month_end", _("Deposits at the end of a month, quarter or year")
    RANK = "rank", _("Rank among colleagues or units")
    MARKET_SHARE = "market_share", _("Share of the local market")
    PEERS = "peers", _("Growth compared with other banks")


class TargetPeriod(TextChoices):
    """How long a target runs; always whole calendar months."""

    MONTH = "month", _("Month")
    QUARTER = "quarter", _("Quarter")
    YEAR = "year", _("Year")


class TargetState(TextChoices):
    """Where a version of a target stands."""

    PENDING = "pending", _("Waiting for a decision")
    APPROVED = "approved", _("In force")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    REPLACED = "replaced", _("Replaced by a later version")
    OVER = "over", _("Over")

"""Named choices of the maturity desk."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class MaturityAim(TextChoices):
    """What the customer and the manager intend for the money."""

    UNDECIDED = "undecided", _("Not decided yet")
    ROLL = "roll", _("Roll over, same product")
    SWITCH = "switch", _("Another deposit")
    PARTLY = "partly", _("Part stays, part leaves")
    LEAVE = "leave", _("Will leave")


class MaturityOutcome(TextChoices):
    """What became of a matured deposit."""

    ROLLED = "rolled", _("Rolled over")
    PARTLY = "partly", _("Partly stayed")
    LEFT = "left", _("Left")


class MoneyWent(TextChoices):
    """Where money that left went to, as the customer said."""

    OTHER_BANK = "other_bank", _("Another bank")
    PROPERTY = "property", _("House or flat")
    BUSINESS = "business", _("Own business")
    INVESTMENT = "investment", _("Wealth products or securities")
    FAMILY = "family", _("Family")
    SPENDING = "spending", _("Spending")
    LOAN = "loan", _("Repaying a loan")
    UNKNOWN = "unknown", _("Not known")


class PlanState(TextChoices):
    """How far the work on a deposit that will mature has come."""

    OPEN = "open", _("Nothing planned")
    PLANNED = "planned", _("Planned")
    TALKED = "talked", _("Talked about")


# What a list of matured deposits can be asked for: how they ended, or that nobody can know yet.
class Ended(TextChoices):
    """How a matured deposit stands."""

    ROLLED = "rolled", _("Rolled over")
    PARTLY = "partly", _("Partly stayed")
    LEFT = "left", _("Left")
    WAITING = "waiting", _("Not measured yet")

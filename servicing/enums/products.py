"""Named choices of the product library, the rate sheet and the calculator."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class SavingKind(TextChoices):
    """How a deposit is paid in and out (domain.md 1)."""

    DEMAND = "demand", _("Demand deposit")
    LUMP_SUM = "lump_sum", _("Lump-sum time deposit")
    INSTALMENT = "instalment", _("Instalments in, lump sum out")
    PRINCIPAL_KEPT = "principal_kept", _("Principal kept, interest drawn")
    LUMP_IN = "lump_in", _("Lump sum in, instalments out")
    DEMAND_OR_TIME = "demand_or_time", _("Demand or time")
    NOTICE = "notice", _("Notice deposit")
    AGREEMENT = "agreement", _("Agreement deposit")
    CD = "cd", _("Large-denomination certificate of deposit")


class InterestMethod(TextChoices):
    """What interest is reckoned on."""

    SUMS = "sums", _("Sum of daily balances")
    ONCE = "once", _("Amount by time")


class DayCount(TextChoices):
    """How time is counted when interest goes by time."""

    MONTHS = "months", _("Whole months by date, odd days by calendar; year of 360 days")
    DAYS_360 = "days_360", _("All days by calendar; year of 360 days")
    DAYS_365 = "days_365", _("All days by calendar; year of 365 days")


class EarlyRule(TextChoices):
    """What money taken before its day earns."""

    DEMAND = "demand", _("Demand rate of the day")
    STEPPED = "stepped", _("Step by step (older deposits only)")
    NEVER = "never", _("Cannot be taken early")
    ANY_DAY = "any_day", _("Any day, nothing is lost")


class Buyer(TextChoices):
    """Who may hold a product."""

    PERSON = "person", _("Persons")
    ORGANISATION = "organisation", _("Organisations")


class RiskGrade(TextChoices):
    """How risky a product is, as the bank grades it."""

    R1 = "R1", _("R1 low")
    R2 = "R2", _("R2 medium-low")
    R3 = "R3", _("R3 medium")
    R4 = "R4", _("R4 medium-high")
    R5 = "R5", _("R5 high")


class PieceKind(TextChoices):
    """A part of an interest calculation."""

    TERM = "term", _("Term, at its own rate")
    RENEWED = "renewed", _("Renewed term")
    EARLY = "early", _("Taken before its day, at the demand rate")
    OVERDUE = "overdue", _("After maturity, at the demand rate")
    BALANCES = "balances", _("Sum of daily balances")
    LATE_PAID = "late_paid", _("Paid in after instalments were missed, at the demand rate")
    BASE = "base", _("Up to the agreed base, at the demand rate")
    ABOVE = "above", _("Above the agreed base")
    NOTICE = "notice", _("With notice")
    NO_NOTICE = "no_notice", _("Without or against notice, at the demand rate")
    HELD = "held", _("By how long it was held")
    DRAWN = "drawn", _("Drawn already")
    LOAN = "loan", _("Loan interest")
    ELSEWHERE = "elsewhere", _("Put elsewhere")


class Way(TextChoices):
    """What can be done with a deposit today."""

    ALL_NOW = "all_now", _("Take everything out today")
    PART_NOW = "part_now", _("Take a part out, leave the rest")
    WAIT_UNTIL = "wait_until", _("Wait until the chosen day")
    WAIT = "wait", _("Wait until maturity")
    LOAN = "loan", _("Borrow against it, keep the deposit")
    NOTICE = "notice", _("Give notice today and wait")

"""What a segment's rule may ask about, how it compares, and the words it is read out in."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class RuleField(TextChoices):
    """What a condition is about. Never fraud, money laundering, alerts or complaints (domain.md 5)."""

    TIER = "tier", _("Tier")
    NEAR = "near", _("Near a bound")
    TOTAL = "total", _("Balance")
    ADB_MONTH = "adb_month", _("Average this month")
    CHANGE_MONTH = "change_month", _("Change against last month, yuan")
    CHANGE_MONTH_RATE = "change_month_rate", _("Change against last month, %")
    CHANGE_QUARTER = "change_quarter", _("Change against last quarter, yuan")
    CHANGE_QUARTER_RATE = "change_quarter_rate", _("Change against last quarter, %")
    MATURING = "maturing", _("Deposit matures")
    PRODUCTS = "products", _("Products held")
    STAGE = "stage", _("Life-cycle stage")
    CONSENT = "consent", _("Consent to marketing over")
    LAST_CONTACT = "last_contact", _("Days since the last contact")
    BRANCH = "branch", _("Branch")
    MANAGER = "manager", _("Manager")
    KIND = "kind", _("Person or organisation")
    AGE = "age", _("Age in years")
    SINCE = "since", _("Customer for months")
    LIST = "list", _("On a list")


class RuleOp(TextChoices):
    """How a condition compares."""

    IN = "in", pgettext_lazy("rule", "is one of")
    NOT_IN = "not_in", pgettext_lazy("rule", "is none of")
    AT_LEAST = "at_least", pgettext_lazy("rule", "at least")
    BELOW = "below", pgettext_lazy("rule", "below")
    ROSE = "rose", pgettext_lazy("rule", "rose by at least")
    FELL = "fell", pgettext_lazy("rule", "fell by at least")
    WITHIN = "within", pgettext_lazy("rule", "in the days from ... to ...")


class Near(TextChoices):
    """Which bound of the tier is close."""

    UP = "up", _("Close to the next tier")
    DOWN = "down", _("Close to losing this tier")


class RuleWords(TextChoices):
    """A rule read out: one phrase for each condition, and how phrases are put together."""

    CUSTOMERS = "customers", pgettext_lazy("rule", "Customers with: %(conditions)s")
    EVERYBODY = "everybody", pgettext_lazy("rule", "All customers")
    AND = "and", pgettext_lazy("rule", "%(first)s, and %(second)s")
    OR = "or", pgettext_lazy("rule", "%(first)s, or %(second)s")
    ALSO = "also", pgettext_lazy("rule", "%(first)s, %(second)s")
    GROUP = "group", pgettext_lazy("rule", "(%(conditions)s)")
    NOT = "not", pgettext_lazy("rule", "not (%(conditions)s)")
    MONEY = "money", pgettext_lazy("rule", "%(amount)s yuan")
    TIER_IN = "tier:in", pgettext_lazy("rule", "tier %(value)s")
    TIER_NOT_IN = "tier:not_in", pgettext_lazy("rule", "tier other than %(value)s")
    NEAR_IN = "near:in", pgettext_lazy("rule", "balance: %(value)s")
    TOTAL_AT_LEAST = "total:at_least", pgettext_lazy("rule", "balance of at least %(value)s")
    TOTAL_BELOW = "total:below", pgettext_lazy("rule", "balance below %(value)s")
    ADB_AT_LEAST = "adb_month:at_least", pgettext_lazy("rule", "average balance this month of at least %(value)s")
    ADB_BELOW = "adb_month:below", pgettext_lazy("rule", "average balance this month below %(value)s")
    MONTH_ROSE = (
        "change_month:rose",
        pgettext_lazy("rule", "average balance this month at least %(value)s above last month's"),
    )
    MONTH_FELL = (
        "change_month:fell",
        pgettext_lazy("rule", "average balance this month at least %(value)s below last month's"),
    )
    MONTH_RATE_ROSE = (
        "change_month_rate:rose",
        pgettext_lazy("rule", "average balance this month at least %(value)s%% above last month's"),
    )
    MONTH_RATE_FELL = (
        "change_month_rate:fell",
        pgettext_lazy("rule", "average balance this month at least %(value)s%% below last month's"),
    )
    QUARTER_ROSE = (
        "change_quarter:rose",
        pgettext_lazy("rule", "average balance this quarter at least %(value)s above last quarter's"),
    )
    QUARTER_FELL = (
        "change_quarter:fell",
        pgettext_lazy("rule", "average balance this quarter at least %(value)s below last quarter's"),
    )
    QUARTER_RATE_ROSE = (
        "change_quarter_rate:rose",
        pgettext_lazy("rule", "average balance this quarter at least %(value)s%% above last quarter's"),
    )
    QUARTER_RATE_FELL = (
        "change_quarter_rate:fell",
        pgettext_lazy("rule", "average balance this quarter at least %(value)s%% below last quarter's"),
    )
    MATURING = "maturing:within", pgettext_lazy("rule", "a deposit that matures %(from)s to %(to)s days from now")
    MATURING_AMOUNT = (
        "maturing:within:amount",
        pgettext_lazy("rule", "deposits of at least %(amount)s that mature %(from)s to %(to)s days from now"),
    )
    PRODUCTS_IN = "products:in", pgettext_lazy("rule", "a holding of %(value)s")
    PRODUCTS_NOT_IN = "products:not_in", pgettext_lazy("rule", "no holding of %(value)s")
    STAGE_IN = "stage:in", pgettext_lazy("rule", "life-cycle stage %(value)s")
    STAGE_NOT_IN = "stage:not_in", pgettext_lazy("rule", "life-cycle stage other than %(value)s")
    CONSENT_IN = "consent:in", pgettext_lazy("rule", "consent to marketing over %(value)s")
    CONSENT_NOT_IN = "consent:not_in", pgettext_lazy("rule", "no consent to marketing over %(value)s")
    CONTACT_AT_LEAST = "last_contact:at_least", pgettext_lazy("rule", "no contact for %(value)s days or ever")
    CONTACT_BELOW = "last_contact:below", pgettext_lazy("rule", "a contact less than %(value)s days ago")
    BRANCH_IN = "branch:in", pgettext_lazy("rule", "a branch of %(value)s")
    BRANCH_NOT_IN = "branch:not_in", pgettext_lazy("rule", "a branch other than %(value)s")
    MANAGER_IN = "manager:in", pgettext_lazy("rule", "manager %(value)s")
    MANAGER_NOT_IN = "manager:not_in", pgettext_lazy("rule", "manager other than %(value)s")
    KIND_IN = "kind:in", pgettext_lazy("rule", "kind %(value)s")
    AGE_AT_LEAST = "age:at_least", pgettext_lazy("rule", "age of %(value)s or more")
    AGE_BELOW = "age:below", pgettext_lazy("rule", "age below %(value)s")
    SINCE_AT_LEAST = "since:at_least", pgettext_lazy("rule", "customer for %(value)s months or longer")
    SINCE_BELOW = "since:below", pgettext_lazy("rule", "customer for less than %(value)s months")
    LIST_IN = "list:in", pgettext_lazy("rule", "a place on the list %(value)s")
    LIST_NOT_IN = "list:not_in", pgettext_lazy("rule", "no place on the list %(value)s")


class RuleFault(TextChoices):
    """What is wrong with a rule at a place."""

    SHAPE = "shape", _("This part of the rule cannot be read.")
    EMPTY = "empty", _("A group needs at least one condition.")
    DEPTH = "depth", _("Groups lie within each other at most four deep.")
    MANY = "many", _("A rule has at most 40 conditions.")
    FIELD = "field", _("This cannot be asked for.")
    OP = "op", _("This comparison does not fit.")
    CHOICE = "choice", _("Choose at least one of those offered.")
    NUMBER = "number", _("Enter a whole number within the limits.")
    AMOUNT = "amount", _("Enter an amount in yuan, not negative, with at most two decimals.")
    RATE = "rate", _("Enter a percentage above 0 and up to 1,000.")
    WINDOW = "window", _("The days run from a smaller to a larger number, from 0 to 3,650.")

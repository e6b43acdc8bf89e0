"""Named choices of feeds."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class FeedKind(TextChoices):
    """Kinds of feed, in the order they must be imported."""

    BRANCHES = "branches", _("Branches")
    STAFF = "staff", _("Staff")
    PRODUCTS = "products", _("Products")
    CUSTOMERS = "customers", _("Customers")
    ACCOUNTS = "accounts", _("Accounts")
    RATES = "rates", _("Exchange rates")
    BALANCES = "balances", _("Balances")


class FeedStatus(TextChoices):
    """What became of a feed file."""

    WAITING = "waiting", _("Waiting")
    DRY_RUN = "dry_run", _("Checked, not imported")
    COMMITTED = "committed", _("Imported")
    ALREADY_IMPORTED = "already_imported", _("Imported before")
    REFUSED = "refused", _("Refused")
    FAILED = "failed", _("Failed")


class RejectReason(TextChoices):
    """Why a row of a feed cannot be used."""

    MISSING_VALUE = "missing_value", _("A required cell is empty")
    MISSING_NUMBER = "missing_number", _("The number that identifies the row is missing")
    DUPLICATE = "duplicate", _("The number stands in an earlier row of the file")
    NOT_A_NUMBER = "not_a_number", _("Not a number")
    TOO_MANY_DECIMALS = "too_many_decimals", _("More than two decimals")
    TOO_LARGE = "too_large", _("The amount is too large")
    TOO_LONG = "too_long", _("The text is too long")
    NOT_A_DATE = "not_a_date", _("Not a date")
    IMPOSSIBLE_DATE = "impossible_date", _("A date that does not exist")
    OTHER_DATE = "other_date", _("The row is of another business date")
    UNKNOWN_VALUE = "unknown_value", _("A word that is not one of the allowed ones")
    UNKNOWN_BRANCH = "unknown_branch", _("Unknown branch")
    UNKNOWN_PARENT = "unknown_parent", _("Unknown upper unit")
    UNKNOWN_MANAGER = "unknown_manager", _("Unknown manager")
    UNKNOWN_CUSTOMER = "unknown_customer", _("Unknown customer")
    UNKNOWN_PRODUCT = "unknown_product", _("Unknown product")
    UNKNOWN_ACCOUNT = "unknown_account", _("Unknown account")
    OTHER_CUSTOMER = "other_customer", _("The account belongs to another customer")
    MATURES_EARLY = "matures_before_value_date", _("Matures before its value date")
    BAD_LENGTH = "bad_length", _("The identity number has the wrong length")
    BAD_CHARACTERS = "bad_characters", _("The identity number has characters it cannot have")
    BAD_AREA = "bad_area", _("The identity number has an area that does not exist")
    BAD_CHECK_DIGIT = "bad_check_digit", _("The check digit of the identity number is wrong")
    NOT_A_PHONE = "not_a_phone", _("Not a telephone number")
    NOT_AN_EMAIL = "not_an_email", _("Not an e-mail address")

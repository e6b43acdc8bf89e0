"""Named choices of customers."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class CustomerKind(TextChoices):
    """Natural person or organisation."""

    PERSON = "person", _("Person")
    ORGANISATION = "organisation", _("Organisation")


class Sex(TextChoices):
    """As printed on the identity document."""

    MALE = "male", _("Male")
    FEMALE = "female", _("Female")


class IdType(TextChoices):
    """Papers accepted under the real-name rules (domain.md 8)."""

    RESIDENT = "resident_id", _("Resident identity card")
    TEMPORARY = "temporary_id", _("Temporary identity card")
    HOUSEHOLD = "household_register", _("Household register")
    MILITARY = "military_id", _("Military identity card")
    POLICE = "police_id", _("Armed police identity card")
    HK_MACAU = "hk_macau_permit", _("Hong Kong and Macau residents' travel permit")
    TAIWAN = "taiwan_permit", _("Taiwan residents' travel permit")
    RESIDENCE = "residence_permit", _("Hong Kong, Macau and Taiwan residence permit")
    PASSPORT = "passport", _("Passport")
    FOREIGN = "foreign_resident_id", _("Foreign permanent resident identity card")
    USCC = "uscc", _("Unified social credit code")
    OTHER = "other", _("Other")


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


class FlagKind(TextChoices):
    """Findings of the data-quality rules."""

    DUPLICATE_IDENTITY = "duplicate_identity", _("Same identity number as another customer")
    SHARED_PHONE = "shared_phone", _("Phone shared by three or more customers")


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

"""Named choices of customers."""

from django.db.models import IntegerChoices, TextChoices
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


class Source(TextChoices):
    """How the bank came by a value."""

    CORE = "core", _("Core banking system")
    COUNTER = "counter", _("At the counter")
    MANAGER = "manager", _("Manager's talk")
    PHONE = "phone", _("By telephone")
    ONLINE = "online", _("Online")
    DOCUMENT = "document", _("From a document")


class Origin(TextChoices):
    """Where a customer or prospect came from."""

    WALK_IN = "walk_in", _("Walked in")
    WEB = "web", _("Web form")
    PHONE = "phone", _("Called in")
    PARTNER = "partner", _("Partner")
    REFERRAL = "referral", _("Referred by a customer")
    STAFF = "staff", _("Referred by staff")
    CAMPAIGN = "campaign", _("Campaign")
    OTHER = "other", _("Other")


class PreferenceKind(TextChoices):
    """What a customer may prefer (C11)."""

    CHANNEL = "channel", _("Preferred channel")
    CONTACT_TIME = "contact_time", _("Time to be contacted")
    TENOR = "tenor", _("Preferred tenor")
    RATE_SENSITIVITY = "rate_sensitivity", _("Sensitivity to rates")
    LIQUIDITY = "liquidity", _("Need of ready money")
    NO_CALL_AT_WORK = "no_call_at_work", _("Do not call at work")


class KycKind(TextChoices):
    """What can fall due."""

    DOCUMENT = "document", _("Identity document")
    REVIEW = "review", _("Periodic review")


class KycOutcome(TextChoices):
    """How a due item ended."""

    RENEWED = "renewed", _("Document renewed")
    REVIEWED = "reviewed", _("Reviewed")
    MOOT = "moot", _("No longer needed")


class ConsentPurpose(TextChoices):
    """What personal data or a message may be used for; each needs its own consent (PIPL 13-17, 23, 24)."""

    MARKETING = "marketing", _("Marketing messages")
    PROFILING = "profiling", _("Personal recommendations")
    PARTNERS = "partners", _("Passing to a named partner")
    SURVEY = "survey", _("Satisfaction surveys")
    ONLINE = "online", _("Use of online behaviour")


class ConsentChannel(TextChoices):
    """Over which channel a purpose is consented to."""

    PHONE = "phone", _("Telephone")
    SMS = "sms", _("Text message")
    EMAIL = "email", _("E-mail")
    WECOM = "wecom", _("WeCom")
    MAIL = "mail", _("Letter")
    APP = "app", _("In the app")


class ConsentDecision(TextChoices):
    """What was stated."""

    GIVEN = "given", _("Given")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class ConsentProof(TextChoices):
    """What proves the statement."""

    SIGNED_FORM = "signed_form", _("Signed form")
    RECORDED_CALL = "recorded_call", _("Recorded call")
    ONLINE_FORM = "online_form", _("Online form")
    SMS_REPLY = "sms_reply", _("Reply by text message")
    AT_COUNTER = "at_counter", _("Stated at the counter")
    IMPORTED = "imported", _("Taken over from an earlier system")


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

    OPEN = "open", _("Open")
    KEPT = "kept", _("Kept")
    BROKEN = "broken", _("Broken")
    RELEASED = "released", _("Released by the customer")


class OwnerRole(TextChoices):
    """In which part somebody looks after a customer."""

    OWNER = "owner", _("Manager")
    BACKUP = "backup", _("Backup manager")


class HandoverState(TextChoices):
    """Where a hand-over stands."""

    DRAFT = "draft", _("Draft")
    PENDING = "pending", _("Waiting for a decision")
    QUEUED = "queued", _("In progress")
    DONE = "done", _("Done")
    REJECTED = "rejected", _("Rejected")
    UNDOING = "undoing", _("Being taken back")
    UNDONE = "undone", _("Taken back")


class HandoverResult(TextChoices):
    """What became of one customer of a hand-over."""

    WAITING = "waiting", _("Waiting")
    MOVED = "moved", _("Handed over")
    REFUSED = "refused", _("Refused")
    UNDONE = "undone", _("Taken back")
    KEPT = "kept", _("Changed since, left as it is")


class MergeState(TextChoices):
    """Where a merge stands."""

    WAITING = "waiting", _("In progress")
    DONE = "done", _("Merged")
    UNDONE = "undone", _("Taken apart again")
    FAILED = "failed", _("Failed")


class ProspectState(TextChoices):
    """Where a prospect stands."""

    OPEN = "open", _("Open")
    CONVERTED = "converted", _("Became a customer")
    DROPPED = "dropped", _("Given up")


class Stage(IntegerChoices):
    """Life-cycle stages (C14), kept small on the position; 0 = not decided yet."""

    NONE = 0, _("Not decided yet")
    PROSPECT = 1, _("Without an account")
    NEW = 2, _("New")
    GROWING = 3, _("Growing")
    MATURE = 4, _("Mature")
    DECLINING = 5, _("Declining")
    LOST = 6, _("Lost")
    WON_BACK = 7, _("Won back")

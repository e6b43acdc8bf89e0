"""Named choices of what the record says about a customer."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Source(TextChoices):
    """How the bank came by a value."""

    CORE = "core", _("Core banking system")
    COUNTER = "counter", _("At the counter")
    MANAGER = "manager", _("Manager's talk")
    PHONE = "phone", _("By telephone")
    ONLINE = "online", _("Online")
    DOCUMENT = "document", _("From a document")


class PreferenceKind(TextChoices):
    """What a customer may prefer (C11)."""

    CHANNEL = "channel", _("Preferred channel")
    CONTACT_TIME = "contact_time", _("Time to be contacted")
    TENOR = "tenor", _("Preferred tenor")
    RATE_SENSITIVITY = "rate_sensitivity", _("Sensitivity to rates")
    LIQUIDITY = "liquidity", _("Need of ready money")
    NO_CALL_AT_WORK = "no_call_at_work", _("Do not call at work")


class PreferenceValue(TextChoices):
    """What a preference can be; `customers.rules.profile.PREFERENCES` says which belong to which kind."""

    PHONE = "phone", _("Telephone")
    SMS = "sms", _("Text message")
    WECOM = "wecom", _("WeCom")
    EMAIL = "email", _("E-mail")
    VISIT = "visit", _("Visit")
    MORNING = "morning", _("In the morning")
    NOON = "noon", _("Around noon")
    AFTERNOON = "afternoon", _("In the afternoon")
    EVENING = "evening", _("In the evening")
    WEEKEND = "weekend", _("At weekends")
    MONTHS_3 = "3m", _("3 months")
    MONTHS_6 = "6m", _("6 months")
    YEARS_1 = "1y", _("1 year")
    YEARS_2 = "2y", _("2 years")
    YEARS_3 = "3y", _("3 years")
    YEARS_5 = "5y", _("5 years")
    LOW = "low", _("Low")
    MEDIUM = "medium", _("Medium")
    HIGH = "high", _("High")
    YES = "yes", _("Yes")


class Occupation(TextChoices):
    """Groups of occupations, as asked for with one key; the record keeps the words."""

    EMPLOYEE = "employee", _("Employee")
    OFFICIAL = "official", _("Public service")
    PROFESSIONAL = "professional", _("Professional")
    OWNER = "owner", _("Business owner")
    WORKER = "worker", _("Worker")
    FARMER = "farmer", _("Farmer")
    STUDENT = "student", _("Student")
    RETIRED = "retired", _("Retired")
    HOME = "home", _("At home")

"""Named choices of the customer itself."""

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

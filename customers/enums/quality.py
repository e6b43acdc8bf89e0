"""Named choices of findings."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class FlagKind(TextChoices):
    """Findings of the data-quality rules."""

    DUPLICATE_IDENTITY = "duplicate_identity", _("Same identity number as another customer")
    SHARED_PHONE = "shared_phone", _("Phone shared by three or more customers")
    MISSING_PHONE = "missing_phone", _("No telephone number")
    MISSING_IDENTITY = "missing_identity", _("No identity number")
    MISSING_BIRTH_DATE = "missing_birth_date", _("No date of birth")
    IMPLAUSIBLE_BIRTH = "implausible_birth", _("Date of birth cannot be right")
    NO_EXPIRY = "no_expiry", _("Identity document without a validity date")
    NO_CONTACT_PERSON = "no_contact_person", _("Organisation without a contact person")
    STALE_PHONE = "stale_phone", _("Phone not confirmed for too long")
    STALE_EMAIL = "stale_email", _("E-mail address not confirmed for too long")
    STALE_ADDRESS = "stale_address", _("Address not confirmed for too long")
    STALE_OCCUPATION = "stale_occupation", _("Occupation not confirmed for too long")

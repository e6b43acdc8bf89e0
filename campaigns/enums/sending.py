"""Named choices of outreach."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class OutreachState(TextChoices):
    """What became of one message or call to one customer."""

    QUEUED = "queued", pgettext_lazy("outreach", "Waiting")
    SENDING = "sending", pgettext_lazy("outreach", "Being sent")
    SENT = "sent", pgettext_lazy("outreach", "Sent")
    UNKNOWN = "unknown", _("Perhaps sent")
    FAILED = "failed", pgettext_lazy("outreach", "Failed")
    SUPPRESSED = "suppressed", _("Left out")
    CANCELLED = "cancelled", pgettext_lazy("outreach", "Cancelled")


class Receipt(TextChoices):
    """What the provider or the customer reported afterwards."""

    NONE = "", _("Nothing reported")
    DELIVERED = "delivered", pgettext_lazy("outreach", "Delivered")
    UNDELIVERED = "undelivered", _("Not delivered")
    READ = "read", pgettext_lazy("outreach", "Read")
    REPLIED = "replied", pgettext_lazy("outreach", "Replied")


class LeftOut(TextChoices):
    """Why a customer of the audience is not contacted, or only later; the gravest first."""

    GONE = "gone", _("No longer a customer of the unit")
    EXCLUDED = "excluded", _("On an exclusion list")
    DO_NOT_CONTACT = "do_not_contact", _("Asked not to be contacted")
    BEREAVEMENT = "bereavement", _("A bereavement")
    COMPLAINT = "complaint", _("A complaint is open or just closed")
    OPTED_OUT = "opted_out", _("Opted out")
    NO_CONSENT = "no_consent", _("No consent for this channel")
    NO_ADDRESS = "no_address", _("No address for this channel")
    NOT_ELIGIBLE = "not_eligible", _("Not eligible for the offer")
    NO_MANAGER = "no_manager", _("Nobody to make the call")
    CAPACITY = "capacity", _("No room in the days of the campaign")
    ITEM_EXPIRED = "item_expired", _("The material is out of date")
    REFUSED = "refused", _("Refused by the mail server or provider")
    UNREACHED = "unreached", _("Mail server or provider not reached")
    CAP = "cap", _("Contacts of the week used up")
    HOURS = "hours", _("Outside the contact hours")
    OVER = "over", _("The campaign is over")

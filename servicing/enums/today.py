"""Named choices of the manager's day and of the permission at the button."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Proposal(TextChoices):
    """Why a customer stands on the list of the day; of a follow-up it is the follow-up's kind."""

    PROMISE = "promise", _("Promise due")
    CALL_BACK = "call_back", _("Call back")
    REFERRAL = "referral", _("Referred customer")
    FEEDBACK = "feedback", _("Feedback to answer")
    MATURITY = "maturity", _("Deposit matures")
    DROP = "drop", _("Deposits fell")
    TIER_WATCH = "tier_watch", _("At risk of losing the tier")
    NEAR_UP = "near_up", _("Near the next tier")
    TIER_UP = "tier_up", _("Reached a higher tier")
    GAIN = "gain", _("Deposits rose")
    TASK = "task", _("Task")
    PLAYBOOK = "playbook", _("Step of a playbook")
    CAMPAIGN = "campaign", _("Campaign call")
    REVIEW = "review", _("Review meeting")
    CADENCE = "cadence", _("Contact rhythm")
    BIRTHDAY = "birthday", _("Birthday")


class Use(TextChoices):
    """What a contact is for: the two follow different rules (`servicing.rules.permission`)."""

    MARKETING = "marketing", _("Marketing")
    SERVICE = "service", _("Service")


class Refusal(TextChoices):
    """Why a way of contact may not be used."""

    NO_ADDRESS = "no_address", _("Nothing on record to reach the customer by")
    DO_NOT_CONTACT = "do_not_contact", _("The customer is not to be contacted")
    BEREAVEMENT = "bereavement", _("Bereavement: no contact")
    NO_CONSENT = "no_consent", _("No consent to marketing this way")
    COMPLAINT = "complaint", _("A complaint is open: no marketing")
    NOT_NOW = "not_now", _("Another colleague serves this customer at present")
    CAP = "cap", _("This week's contacts are used up")
    DAY_OFF = "day_off", _("A day off")
    NOT_CHOSEN_DAY = "not_chosen_day", _("The customer prefers weekends")
    AT_WORK = "at_work", _("The customer asked not to be called at work")
    NOT_CHOSEN_TIME = "not_chosen_time", _("Not the time the customer prefers")
    HOURS = "hours", _("Outside contact hours")

"""Named choices of follow-ups, playbooks and the manager's day."""

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _


class FollowUpKind(TextChoices):
    """Why there is something to do; all but TASK and CALL_BACK come from the night or another step of the work."""

    TASK = "task", _("Task")
    CALL_BACK = "call_back", _("Call back")
    CADENCE = "cadence", _("Contact rhythm")
    REVIEW = "review", _("Review meeting")
    TIER_UP = "tier_up", _("Reached a higher tier")
    TIER_WATCH = "tier_watch", _("At risk of losing the tier")
    MATURITY = "maturity", _("Deposit matures")
    PLAYBOOK = "playbook", _("Step of a playbook")
    REFERRAL = "referral", _("Referred customer")
    FEEDBACK = "feedback", _("Feedback to answer")
    CAMPAIGN = "campaign", _("Campaign call")


# Planned by the night, one open at a time for each customer.
RHYTHMS = (FollowUpKind.CADENCE, FollowUpKind.REVIEW, FollowUpKind.TIER_UP, FollowUpKind.TIER_WATCH)


class FollowUpState(TextChoices):
    """How a follow-up stands."""

    OPEN = "open", _("To do")
    DONE = "done", _("Done")
    SKIPPED = "skipped", _("Skipped")
    CANCELLED = "cancelled", _("Cancelled")


class Priority(IntegerChoices):
    """How urgent, the most urgent first."""

    HIGH = 1, _("High")
    NORMAL = 2, _("Normal")
    LOW = 3, _("Low")


class SkipReason(TextChoices):
    """Why something proposed was not done: it teaches the ranking."""

    NOT_NOW = "not_now", _("Not the right moment")
    CONTACTED = "contacted", _("Spoken to already")
    NOT_WANTED = "not_wanted", _("The customer does not want it")
    NOT_USEFUL = "not_useful", _("Nothing to gain")
    WRONG = "wrong", _("The reason is wrong")


class Frequency(TextChoices):
    """How often a recurring follow-up returns."""

    DAILY = "daily", _("Every working day")
    WEEKLY = "weekly", _("Weekly")
    MONTHLY = "monthly", _("Monthly on a day")
    MONTH_END = "month_end", _("Monthly on the last working day")
    QUARTERLY = "quarterly", _("Quarterly on a day")
    YEARLY = "yearly", _("Yearly on a day")


class Shift(TextChoices):
    """What happens when a recurring day is no working day."""

    AFTER = "after", _("The next working day")
    BEFORE = "before", _("The working day before")
    KEEP = "keep", _("The day itself")


class RunState(TextChoices):
    """How a customer's playbook stands."""

    RUNNING = "running", _("Under way")
    DONE = "done", _("Finished")
    STOPPED = "stopped", _("Stopped")


class Verdict(TextChoices):
    """What a manager made of a proposal of the day."""

    DONE = "done", _("Done")
    SKIPPED = "skipped", _("Skipped")

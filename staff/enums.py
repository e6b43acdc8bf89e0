"""Named choices of staff."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Role(TextChoices):
    """The ten roles; what each may do is decided in `staff.access`."""

    TELLER = "teller", _("Teller")
    LOBBY = "lobby", _("Lobby manager")
    MANAGER = "manager", _("Relationship manager")
    SENIOR_MANAGER = "senior_manager", _("Senior relationship manager")
    EXPERT = "expert", _("Expert")
    BRANCH_HEAD = "branch_head", _("Branch head")
    HEAD_OFFICE = "head_office", _("Head office")
    ADMIN = "admin", _("Administrator")
    COMPLIANCE = "compliance", _("Compliance officer")
    AUDITOR = "auditor", _("Auditor")


class BranchKind(TextChoices):
    """Levels of the branch tree."""

    HEAD_OFFICE = "head_office", _("Head office")
    REGION = "region", _("Region")
    BRANCH = "branch", _("Branch")


class Reach(TextChoices):
    """How far a person's view of customers reaches."""

    NOTHING = "nothing", _("No customers")
    BOOK = "book", _("Own book and shared customers")
    BRANCHES = "branches", _("Customers of some branches")
    BANK = "bank", _("All customers")


class Decision(TextChoices):
    """What became of a request for approval."""

    PENDING = "pending", _("Waiting for a decision")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class ExportState(TextChoices):
    """Where a file asked for from a list stands."""

    PENDING = "pending", _("Waiting for a decision")
    QUEUED = "queued", _("In preparation")
    DONE = "done", _("Ready")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    FAILED = "failed", _("Failed")
    EXPIRED = "expired", _("Expired")


class PolicyStatus(TextChoices):
    """Where a version of a set of rules stands."""

    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Waiting for a second person")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")


class Digest(TextChoices):
    """How often notifications are sent by mail."""

    NONE = "none", _("No mail")
    DAILY = "daily", _("Once a day")
    AT_ONCE = "at_once", _("At once")


class Event(TextChoices):
    """What somebody may be told of; the words of one are in `EVENT_WORDS`."""

    FOLLOW_UP_DUE = "follow_up_due", _("Follow-ups due")
    REFERRAL_RECEIVED = "referral_received", _("A customer is referred to me")
    REFERRAL_DECIDED = "referral_decided", _("A referral of mine is taken or declined")
    REFERRAL_RESULT = "referral_result", _("A referral of mine has a result")
    FEEDBACK_ASSIGNED = "feedback_assigned", _("Feedback is given to me")
    FEEDBACK_OVERDUE = "feedback_overdue", _("Feedback of mine is overdue")
    HANDOVER_RECEIVED = "handover_received", _("Customers are handed over to me")
    APPROVAL_WAITING = "approval_waiting", _("Something waits for my decision")
    APPROVAL_DECIDED = "approval_decided", _("A request of mine is decided")
    JOB_DONE = "job_done", _("A file of mine is ready or failed")
    NIGHT_FAILED = "night_failed", _("The night failed")


# In the reader's language and without anybody's name, number or amount: they also go out by mail.
EVENT_WORDS = {
    Event.FOLLOW_UP_DUE: _("Follow-ups to do: %(count)s, the earliest due on %(day)s"),
    Event.REFERRAL_RECEIVED: _("A customer was referred to you"),
    Event.REFERRAL_DECIDED: _("A referral of yours was decided: %(state)s"),
    Event.REFERRAL_RESULT: _("A referral of yours has a result: %(state)s"),
    Event.FEEDBACK_ASSIGNED: _("Feedback no. %(number)s is yours to answer by %(day)s"),
    Event.FEEDBACK_OVERDUE: _("Feedback no. %(number)s should have been answered by %(day)s"),
    Event.HANDOVER_RECEIVED: _("Customers were handed over to you: %(count)s"),
    Event.APPROVAL_WAITING: _("Waiting for your decision: %(subject)s"),
    Event.APPROVAL_DECIDED: _("Decided: %(subject)s, %(state)s"),
    Event.JOB_DONE: _("File no. %(number)s: %(state)s"),
    Event.NIGHT_FAILED: _("The night of %(day)s stopped at the step %(step)s"),
}
# Parameters that are codes, in words.
EVENT_CODES = {
    "subject": {
        "staff.policy": _("a version of rules"),
        "tiers.scheme": _("a version of the tiers"),
        "tiers.override": _("another tier for a customer"),
        "handover": _("a hand-over"),
        "export": _("a file from a list"),
    },
    "state": {
        "approved": _("approved"),
        "rejected": pgettext_lazy("decision", "rejected"),
        "accepted": _("taken"),
        "declined": _("declined"),
        "succeeded": _("succeeded"),
        "failed": _("without result"),
        "ready": _("ready"),
        "broken": _("it could not be made"),
    },
}

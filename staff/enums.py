"""Named choices of staff."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


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

"""Named choices of owners and hand-overs."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


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


class HandoverRefusal(TextChoices):
    """Why a customer of a hand-over stays where it is."""

    NOT_YOURS = "not_yours", _("Not in the book of whoever asked")
    ALREADY_THEIRS = "already_theirs", _("The new manager has the customer already")
    OTHER_UNIT = "other_unit", _("The new manager may not look after customers of that unit")
    BACKUP_UNIT = "backup_unit", _("The backup may not look after customers of that unit")
    CHANGED = "changed", _("Another manager has the customer since it was asked for")
    MERGED = "merged", _("Merged into another customer")
    OWNER_LEFT = "owner_left", _("The earlier manager has left")

"""Named choices of core."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class JobState(TextChoices):
    """Where a background job stands."""

    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    REFUSED = "refused", _("Refused")
    PARKED = "parked", _("Parked")


class ActorKind(TextChoices):
    """What kind of actor stands behind a trail entry."""

    USER = "user", _("Person")
    TOKEN = "token", _("Interface token")
    JOB = "job", _("Job")

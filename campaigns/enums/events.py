"""Named choices of events."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class EventKind(TextChoices):
    """What sort of event it is (M11)."""

    SALON = "salon", _("Salon")
    LECTURE = "lecture", _("Lecture")
    CLOSED = "closed", _("Closed meeting")
    OUTING = "outing", _("Outing")


class EventState(TextChoices):
    """Where an event stands."""

    DRAFT = "draft", pgettext_lazy("event", "Draft")
    OPEN = "open", _("Open for answers")
    OVER = "over", pgettext_lazy("event", "Over")
    CANCELLED = "cancelled", pgettext_lazy("event", "Cancelled")


class SeatState(TextChoices):
    """What an invited customer answered and did."""

    INVITED = "invited", _("Invited")
    COMING = "coming", _("Is coming")
    WAITING = "waiting", _("On the waiting list")
    DECLINED = "declined", pgettext_lazy("event", "Declined")
    CAME = "came", _("Was there")
    MISSED = "missed", _("Did not come")

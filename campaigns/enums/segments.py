"""Named choices of segments."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class SegmentKind(TextChoices):
    """Whether a segment is a rule, read anew each time, or a list of customers."""

    RULE = "rule", pgettext_lazy("segment", "Rule")
    LIST = "list", pgettext_lazy("segment", "List")


class ExclusionUse(TextChoices):
    """Whether a segment leaves customers out of campaigns."""

    NONE = "", _("No exclusion")
    CHOSEN = "chosen", _("Leaves out where a campaign names it")
    ALWAYS = "always", _("Leaves out of every campaign of the unit")

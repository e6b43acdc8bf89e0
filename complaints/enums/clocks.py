"""Named choices of the clocks."""

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Clock(TextChoices):
    """What runs while a case is open."""

    STATUTORY = "statutory", _("Statutory clock")
    INTERNAL = "internal", _("Internal clock")
    CONTACT = "contact", _("First contact")
    REVIEW = "review", _("Review clock")


class Rung(IntegerChoices):
    """How far up a clock has gone: a share of its time used, in per cent; 0 = by how serious the case is."""

    GRADE = 0, _("By how serious it is")
    HALF = 50, "50 %"
    NEAR = 80, "80 %"
    OVER = 100, "100 %"


class ExtensionKind(TextChoices):
    """What more time is asked for."""

    COMPLEX = "complex", _("Complicated facts")
    SPECIAL = "special", _("Special cause")


class ExtensionState(TextChoices):
    """Where a request for more time stands; it counts from the day the complainant was told."""

    ASKED = "asked", _("Waiting for a decision")
    APPROVED = "approved", _("Approved, complainant to be told")
    GRANTED = "granted", pgettext_lazy("extension", "In force")
    REFUSED = "refused", pgettext_lazy("extension", "Refused")
    LAPSED = "lapsed", pgettext_lazy("extension", "Lapsed")


class PauseReason(TextChoices):
    """Why the internal clock stands still. The statutory one never does."""

    PAPERS = "papers", _("Waiting for papers the complainant has to bring")
    ANSWER = "answer", _("Waiting for the complainant's answer")
    AWAY = "away", _("The complainant asked to wait")


class AttemptResult(TextChoices):
    """What came of trying to reach the complainant."""

    REACHED = "reached", _("Reached")
    NO_ANSWER = "no_answer", pgettext_lazy("attempt", "No answer")
    WRONG = "wrong", _("Wrong number or address")

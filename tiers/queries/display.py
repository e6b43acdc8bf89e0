"""What tiers are called on the pages of one request."""

import time
from collections.abc import Sequence
from contextvars import ContextVar
from datetime import date

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core.trail import request_id
from tiers.models import RetierRun, Scheme
from tiers.queries.schemes import bands_of
from tiers.rules import Band

# Long enough for one page, short enough for whoever sends every request under the same id.
KEPT_SECONDS = 5.0

_shown: ContextVar[tuple[str, date, float, list[Band]] | None] = ContextVar("bands", default=None)


def bands_for_display(day: date) -> list[Band]:
    """The bands that name customers' tiers: of the latest re-tiering; before the first, those in force on `day`.

    Read once a request, however many badges its page shows.
    """
    asking, at = request_id.get(), time.monotonic()
    kept = _shown.get()
    if asking and kept and kept[:2] == (asking, day) and at - kept[2] < KEPT_SECONDS:
        return kept[3]
    run = RetierRun.objects.finished().select_related("scheme").order_by("-on").first()
    scheme = run.scheme if run else Scheme.objects.in_force_on(day)
    bands = bands_of(scheme) if scheme else []
    _shown.set((asking, day, at, bands))
    return bands


def tier_name(rank: int, bands: Sequence[Band]) -> str:
    """The name of a rank in the active language; a word for 0, the bare number for a rank the bands do not have."""
    if not rank:
        return _("not tiered yet")
    language = get_language() or "zh-hans"
    return next((band.name(language) for band in bands if band.rank == rank), str(rank))

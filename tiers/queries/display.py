"""What tiers are called on the pages of one request."""

from collections.abc import Sequence
from datetime import date

from django.db.models import Min, Subquery
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core.memo import once_a_request
from tiers.models import Band as BandRow
from tiers.models import RetierRun, Scheme
from tiers.queries.schemes import bands_of, ranked
from tiers.rules import Band


@once_a_request
def bands_for_display(day: date) -> list[Band]:
    """The bands that name customers' tiers: of the latest re-tiering; before the first, those in force on `day`.

    Read once a request, however many badges its page shows.
    """
    latest = RetierRun.objects.finished().order_by("-on").values("scheme")[:1]
    if bands := ranked(BandRow.objects.filter(scheme=Subquery(latest))):
        return bands
    scheme = Scheme.objects.in_force_on(day)
    return bands_of(scheme) if scheme else []


@once_a_request
def numberings() -> list[tuple[date, list[Band]]]:
    """From which run day on tiers are numbered by which bands, in order of time."""
    found = RetierRun.objects.values_list("scheme").annotate(first=Min("on")).order_by("first")
    firsts = [(scheme, first) for scheme, first in found]
    rows: dict[int, list[BandRow]] = {}
    for row in BandRow.objects.filter(scheme__in=[scheme for scheme, _first in firsts]):
        rows.setdefault(row.scheme_id, []).append(row)
    return [(first, ranked(rows.get(scheme, []))) for scheme, first in firsts]


def bands_of_run(day: date, *, before: bool = False) -> list[Band]:
    """The bands that number tiers after the run of `day`, or before it; none before the first run."""
    known = [bands for first, bands in numberings() if first < day or (first == day and not before)]
    return known[-1] if known else []


def tier_name(rank: int, bands: Sequence[Band]) -> str:
    """The name of a rank in the active language; a word for 0, the bare number for a rank the bands do not have."""
    if not rank:
        return _("not tiered yet")
    language = get_language() or "zh-hans"
    return next((band.name(language) for band in bands if band.rank == rank), str(rank))

"""What re-tierings did, in counts of the whole bank: no name, no amount."""

from dataclasses import dataclass

from django.db.models import QuerySet

from tiers.models import RetierRun
from tiers.queries.schemes import bands_of
from tiers.rules import Band


@dataclass(frozen=True, slots=True)
class TierCount:
    """Customers in a tier at the close of a run's day, and at the close of the run before (None = it had none)."""

    band: Band
    heads: int
    before: int | None

    @property
    def difference(self) -> int | None:
        """Now less before."""
        return None if self.before is None else self.heads - self.before


def runs() -> QuerySet[RetierRun]:
    """Finished re-tierings with the version and the job they went by, newest first."""
    return RetierRun.objects.finished().select_related("scheme", "job").order_by("-on")


def seconds_of(run: RetierRun) -> float | None:
    """How long the job took that did the run last, the days it did beside this one included; None = not known."""
    job = run.job
    if job is None or job.started_at is None or job.finished_at is None:
        return None
    return (job.finished_at - job.started_at).total_seconds()


def heads_of_run(run: RetierRun) -> list[TierCount]:
    """Customers by tier at the close of the run's day beside the run before, highest tier first.

    Tiers are compared by their letter: another version may have numbered them otherwise.
    """
    known = RetierRun.objects.finished().filter(on__lt=run.on).select_related("scheme")
    before = known.prefetch_related("scheme__bands").order_by("-on").first()
    former = {}
    if before:
        former = {band.letter: before.by_tier.get(str(band.rank), 0) for band in bands_of(before.scheme)}
    bands = reversed(bands_of(run.scheme))
    return [TierCount(band, run.by_tier.get(str(band.rank), 0), former.get(band.letter)) for band in bands]

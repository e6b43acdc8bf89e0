"""The way to the next tier and to losing the present one, from one customer's ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from core.sql import statement
from customers.models import CustomerPosition
from tiers.models import Scheme
from tiers.queries.display import bands_for_display
from tiers.queries.measures import rows
from tiers.queries.schemes import bands_of, content_of
from tiers.rules import Band, Basis
from tiers.rules.runway import Outlook, Past, Runway, days_back, outlook, past_of, runway, watch_ends_on


@dataclass(frozen=True, slots=True)
class Way:
    """A customer's runway from the close of `day`, by the scheme the next run goes by. `bands` are that scheme's,
    `rank` the customer's tier among them by the rule (which goes on under an override), `is_overridden` whether
    another one is in effect; a watched customer is taken down from `down_from` on; `changes_on` is the day another
    version takes over before the advice has run out."""

    day: date
    basis: Basis
    bands: tuple[Band, ...]
    rank: int
    runway: Runway
    past: Past
    is_overridden: bool
    watch_since: date | None
    down_from: date | None
    changes_on: date | None

    def outlook(self, level: Decimal) -> Outlook:
        """What comes of a level (yuan) held from tomorrow on."""
        return outlook(self.basis, self.past, [band.floor for band in self.bands], self.rank, level)

    def band(self, rank: int) -> Band:
        """The band of a rank."""
        return self.bands[rank - 1]


def way_of(position: CustomerPosition, day: date) -> Way | None:
    """The runway from the close of `day`; None before the first re-tiering, and when the tier is one no scheme has."""
    tomorrow = day + timedelta(days=1)
    scheme = Scheme.objects.in_force_on(tomorrow)
    if scheme is None:
        return None
    content = content_of(scheme)
    rank = _rank(position, content.bands, tomorrow)
    if not rank:
        return None
    basis, watch = content.basis, position.watch_since
    past = past_of(_series(position, basis, day), day, days_back(basis, day))
    found = runway(basis, past, content.floors, rank)
    until = max(advice.on for advice in (found.up, found.keep) if advice)
    return Way(
        day=day,
        basis=basis,
        bands=tuple(bands_of(scheme)),
        rank=rank,
        runway=found,
        past=past,
        is_overridden=position.ruled_tier is not None,
        watch_since=watch,
        down_from=watch_ends_on(content.measure, content.watch_periods, watch) if watch else None,
        changes_on=_next_version(tomorrow, until),
    )


def _rank(position: CustomerPosition, bands: Sequence[Band], day: date) -> int:
    """The customer's tier by the rule as a rank of `bands`: a tier is the same one while it keeps its letter."""
    held = position.tier if position.ruled_tier is None else position.ruled_tier
    letter = next((band.letter for band in bands_for_display(day) if band.rank == held), "")
    return next((band.rank for band in bands if band.letter == letter), 0)


def _next_version(since: date, until: date) -> date | None:
    coming = Scheme.objects.approved().filter(effective_on__gt=since, effective_on__lte=until)
    return coming.order_by("effective_on").values_list("effective_on", flat=True).first()


def _series(position: CustomerPosition, basis: Basis, day: date) -> list[dict[date, Decimal]]:
    """Totals by the day they hold from: the customer's, or of each account whose kind of product counts."""
    name = "runway_counted" if basis.counted else "runway"
    since = day - timedelta(days=days_back(basis, day) - 1)
    params = {"customer": position.customer_id, "day": day, "since": since, "counted": list(basis.counted)}
    series: dict[int, dict[date, Decimal]] = {}
    for key, on, total in rows(statement("tiers", name), params):
        series.setdefault(key, {})[on] = total
    if not basis.counted and position.on and position.on <= day:
        # The position is what runs read first.
        series.setdefault(position.customer_id, {})[position.on] = position.total
    return list(series.values())

"""Which tier a customer was in on a day, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from core.money import format_yuan
from customers.models import Customer
from tiers.enums import Measure
from tiers.models import RetierRun, Scheme, TierChange
from tiers.queries.display import tier_name
from tiers.queries.measures import value_of
from tiers.queries.schemes import bands_of
from tiers.rules import Band, Window, standing, window_for


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a customer was in a tier on a day. `value` is the measure in yuan over `window`, as it was decided on.

    `reason` is one sentence in the active language; `public_reason` the same without any amount of the customer's.
    """

    customer_no: str
    on: date
    tier: int
    tier_name: str
    since: date | None
    scheme: int
    measure: str
    window: Window
    value: Decimal
    reason: str
    public_reason: str


def tier_on(customer_id: int, day: date) -> int:
    """The customer's tier at the close of `day`; 0 before the first re-tiering."""
    change = _last_change(customer_id, day)
    return change.to_tier if change else 0


def explain(customer: Customer, day: date) -> Explanation:
    """The decision that held on `day`: the last re-tiering up to it, from what that run stored.

    Where the run left the tier as it was it stored nothing; the value of its day is then taken from the balances.
    """
    change = _last_change(customer.pk, day)
    run = RetierRun.objects.finished().filter(on__lte=day).select_related("scheme").order_by("-on").first()
    if change and (run is None or run.on <= change.on):
        return _explanation(customer, day, change, change.scheme, change.on, change.value)
    scheme, decided_on = (run.scheme, run.on) if run else (Scheme.objects.in_force_on(day), day)
    if scheme is None:
        raise Scheme.DoesNotExist(f"no tier scheme in force on {day}")
    return _explanation(customer, day, change, scheme, decided_on, value_of(customer.pk, scheme.measure, decided_on))


def _last_change(customer_id: int, day: date) -> TierChange | None:
    changes = TierChange.everything.filter(customer_id=customer_id, on__lte=day)
    return changes.select_related("scheme").order_by("-on").first()


def _explanation(
    customer: Customer, day: date, change: TierChange | None, scheme: Scheme, decided_on: date, value: Decimal
) -> Explanation:
    bands = bands_of(scheme)
    tier = change.to_tier if change else 0
    window = window_for(scheme.measure, decided_on)
    held: dict[str, Any] = {
        "rank": tier,
        "name": tier_name(tier, bands),
        "since": change.on.isoformat() if change else "",
        "version": scheme.version,
        "decided": decided_on.isoformat(),
    }
    return Explanation(
        customer_no=customer.customer_no,
        on=day,
        tier=tier,
        tier_name=held["name"],
        since=change.on if change else None,
        scheme=scheme.version,
        measure=scheme.measure,
        window=window,
        value=value,
        reason=_reason(held, scheme.measure, window, value, bands),
        public_reason=_public_reason(held),
    )


def _public_reason(held: Mapping[str, Any]) -> str:
    if not held["rank"]:
        return _("Not tiered yet: no re-tiering has covered this customer.")
    return (
        _("Tier %(rank)s (%(name)s) since %(since)s, by version %(version)s of the tier scheme as of %(decided)s.")
        % held
    )


def _reason(held: Mapping[str, Any], measure: str, window: Window, value: Decimal, bands: list[Band]) -> str:
    if not held["rank"]:
        return _public_reason(held)
    found = standing(value, bands)
    words = {**held, "value": _value_words(measure, window, value), "range": _range_words(found.band, found.ceiling)}
    if found.band.rank != held["rank"]:
        return (
            _(
                "Tier %(rank)s (%(name)s) since %(since)s, as decided on %(decided)s; by balances corrected since then "
                "%(value)s, %(range)s, which the next re-tiering of that day will apply."
            )
            % words
        )
    return (
        _("Tier %(rank)s (%(name)s) since %(since)s: %(value)s, %(range)s, by version %(version)s of the tier scheme.")
        % words
    )


def _value_words(measure: str, window: Window, value: Decimal) -> str:
    words = {"start": window.start.isoformat(), "end": window.end.isoformat(), "value": format_yuan(value)}
    if measure == Measure.BALANCE:
        return _("the closing balance of %(end)s was %(value)s yuan") % words
    return _("the average daily balance from %(start)s to %(end)s was %(value)s yuan") % words


def _range_words(band: Band, ceiling: Decimal | None) -> str:
    words = {"floor": format_yuan(band.floor), "ceiling": format_yuan(ceiling or 0)}
    if ceiling is None:
        return _("at least %(floor)s") % words
    if band.rank == 1:
        return _("below %(ceiling)s") % words
    return _("at least %(floor)s and below %(ceiling)s") % words

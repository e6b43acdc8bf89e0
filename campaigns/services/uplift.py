"""Writing down what campaigns brought, once their days are full and the balances fed, and again when these change."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction

from campaigns.models import Campaign, Uplift
from campaigns.queries import uplift as queries
from campaigns.queries.uplift import Ask
from campaigns.rules.uplift import Result, compare
from core import trail
from core.jobs import Counts
from core.trail import Actor

SUBJECT = "campaigns.campaign"
KEPT = ("verdict", "difference", "low", "high", "treated_count", "held_out_count", "overlap_count")


def run(*, business_day: date, actor: Actor, at: datetime) -> Counts:
    """The night's part: measure what is due, each campaign and horizon in a transaction of its own; safe twice.

    Counts `rows` (measured) and `changed` (said something new).
    """
    until = queries.balances_until(business_day)
    due = queries.due_for_measuring(until) if until else []
    changed = sum(measure(ask=ask, until=until, actor=actor, at=at) for ask in due if until)
    return {"rows": len(due), "changed": changed}


@transaction.atomic
def measure(*, ask: Ask, until: date, actor: Actor, at: datetime) -> bool:
    """Measure one campaign over one horizon by the balances up to `until`; True when that says something new."""
    Campaign.everything.select_for_update(of=("self",)).get(pk=ask.campaign_id)
    result = compare(queries.strata_of([ask], until=until)[ask])
    overlap = queries.overlaps_of([ask], until=until).get(ask, 0)
    before = Uplift.objects.filter(campaign_id=ask.campaign_id, days=ask.days).first()
    fields = _fields(result, overlap)
    is_new = before is None or any(getattr(before, name) != fields[name] for name in KEPT)
    Uplift.objects.update_or_create(campaign_id=ask.campaign_id, days=ask.days, defaults={**fields, "computed_at": at})
    if is_new:
        trail.record(
            actor=actor,
            action="measure",
            subject=SUBJECT,
            subject_id=ask.campaign_id,
            at=at,
            changes={"days": ask.days, **_changes(before, fields)},
        )
    return is_new


def _fields(result: Result, overlap: int) -> dict[str, Any]:
    interval = result.interval
    return {
        "treated_count": result.treated,
        "held_out_count": result.held_out,
        "difference": interval.difference if interval else None,
        "low": interval.low if interval else None,
        "high": interval.high if interval else None,
        "verdict": result.verdict,
        "strata": queries.pack(result.strata),
        "overlap_count": overlap,
    }


def _changes(before: Uplift | None, fields: Mapping[str, Any]) -> dict[str, list[str | None]]:
    """What is different from the result before, as text."""
    old = {name: getattr(before, name) if before else None for name in KEPT}
    return {
        name: [None if value is None else str(value) for value in (old[name], fields[name])]
        for name in KEPT
        if old[name] != fields[name]
    }

"""Outflow warnings of the demo bank: weeks gone by as the nights raised them, with verdicts, and those of today."""

import random
from datetime import date, datetime, timedelta

from core.enums import ActorKind
from core.trail import Actor
from insights.enums import OutflowState, OutflowVerdict
from insights.models import OutflowWarning
from insights.services.outflow import follow_warning_up, judge_warning, run
from insights.services.outflow_trial import try_past

SEEDER = Actor(None, "seed_demo", ActorKind.JOB)
# Longer ago than a customer stays quiet after a verdict: those of today come up again.
WEEKS = (8, 6)
JUDGED, CALLED = 0.75, 0.3
NOTES = {
    OutflowVerdict.RIGHT: ("他行利率更高", "买房首付，资金陆续转出", "转去理财", ""),
    OutflowVerdict.WRONG: ("季度货款，下月回来", "客户已在本行续存大额存单", ""),
    OutflowVerdict.UNSURE: ("电话未接通", ""),
}


def seed_outflow(*, rng: random.Random, end: date, at: datetime) -> None:
    """Warn as each week's night would have, judge most of it, begin some follow-ups, and try the rules on the past."""
    for weeks in WEEKS:
        day = end - timedelta(weeks=weeks)
        run(business_day=day, actor=SEEDER, at=at - timedelta(weeks=weeks))
        _judge(rng, day, at - timedelta(weeks=weeks) + timedelta(days=rng.randint(1, 3)))
    run(business_day=end, actor=SEEDER, at=at)
    _follow_up(rng, end, at)
    try_past(actor=SEEDER, at=at, weeks=10)


def _rows(day: date) -> list[OutflowWarning]:
    """What is open of a day; the night may have warned of the last one already."""
    rows = OutflowWarning.everything.filter(state=OutflowState.OPEN, customer__manager__isnull=False)
    rows = rows.filter(raised_on__lte=day)
    return list(rows.select_related("customer__manager").order_by("raised_on", "customer__customer_no"))


def _judge(rng: random.Random, day: date, at: datetime) -> None:
    for row in _rows(day):
        if rng.random() >= JUDGED:
            continue
        # Money that matured and stayed comes back more often than money on its way out.
        right = 0.45 if row.main == "matured" else 0.65
        drawn = rng.random()
        verdict = (
            OutflowVerdict.RIGHT if drawn < right else OutflowVerdict.WRONG if drawn < 0.9 else OutflowVerdict.UNSURE
        )
        note = rng.choice(NOTES[verdict])
        judge_warning(warning=row, verdict=verdict, note=note, actor=row.customer.manager, at=at)


def _follow_up(rng: random.Random, day: date, at: datetime) -> None:
    for row in _rows(day):
        if rng.random() < CALLED:
            manager = row.customer.manager
            follow_warning_up(warning=row, title="电话了解资金安排", note="", actor=manager, at=at)

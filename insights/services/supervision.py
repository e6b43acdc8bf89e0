"""Draws of supervision: the records of several apps are found here, what was drawn is kept by staff."""

import secrets
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from core.clock import SHANGHAI
from core.jobs import Counts
from core.trail import Actor
from insights.queries.supervision import lots_of, population, rules_on
from insights.rules.supervision import draw_sample, freeze, scorers_of
from staff.enums.supervision import PlanKind, PlanState
from staff.models import CheckPlan, Draw, SpotCheck
from staff.rules.supervision import TWO
from staff.services import supervision

SEED_BITS = 62


def draw(
    *, plan: CheckPlan, first: date, last: date, actor: Actor, at: datetime, seed: int | None = None
) -> list[SpotCheck]:
    """Draw the sample of a plan for some days: its seed is logged in a transaction of its own before anything else.

    Not atomic on purpose: the seed stays, whatever becomes of the draw, and a second try goes on with it. Raises
    PlanEnded, DaysNotOver, DrawnAlready.
    """
    day = at.astimezone(SHANGHAI).date()
    rules = rules_on(day)
    criteria = [{"code": one.code, "name_zh": one.name_zh, "name_en": one.name_en} for one in rules.criteria[plan.area]]
    seeded = supervision.seed_draw(
        plan=plan,
        first=first,
        last=last,
        seed=secrets.randbits(SEED_BITS) if seed is None else seed,
        criteria=criteria,
        weights=dict(rules.weights),
        actor=actor,
        at=at,
    )
    return _take(plan, seeded, day, actor, at)


def _take(plan: CheckPlan, seeded: Draw, day: date, actor: Actor, at: datetime) -> list[SpotCheck]:
    records = population(plan, seeded.first, seeded.last, day=day)
    lots = lots_of(records, rules_on(day))
    drawn = draw_sample(lots, seed=seeded.seed, per_unit=plan.per_unit, risk_percent=plan.risk_percent)
    by_name = {record.name: record for record in records}
    pool = _pool(plan)
    taken = [
        supervision.Taken(
            source=(record := by_name[one.lot.name]).source,
            record_id=record.pk,
            branch_id=record.branch_id,
            person_id=record.person_id,
            happened_at=record.at,
            factors=record.factors,
            weight=one.lot.weight,
            drawn_by=one.drawn_by,
            scorers=scorers_of(record.name, pool, seed=seeded.seed),
        )
        for one in drawn
    ]
    data, digest = freeze(lots)
    frozen = supervision.Frozen(len(lots), data, digest)
    return supervision.take_sample(draw=seeded, taken=taken, frozen=frozen, actor=actor, at=at)


def _pool(plan: CheckPlan) -> list[int]:
    """The scorers of a plan who still work here; all of them while too few do, until somebody takes their place."""
    people = dict(plan.scorers.values_list("pk", "is_active"))
    here = [pk for pk, is_active in people.items() if is_active]
    return here if len(here) >= TWO else list(people)


def draw_plan(*, plan: CheckPlan, until: date, actor: Actor, at: datetime) -> int:
    """Draw what a plan has to draw by a day: its days, or every month that is over; returns how many records.

    Raises as `draw`.
    """
    if plan.kind == PlanKind.SURPRISE:
        return len(draw(plan=plan, first=plan.starts_on, last=plan.ends_on or plan.starts_on, actor=actor, at=at))
    done = set(Draw.objects.filter(plan=plan).exclude(drawn_at=None).values_list("first", flat=True))
    months = _months(plan.starts_on, min(until, plan.ends_on or until))
    return sum(
        len(draw(plan=plan, first=first, last=last, actor=actor, at=at)) for first, last in months if first not in done
    )


def draw_due(*, business_day: date, actor: Actor, at: datetime) -> Counts:
    """Draw every month of regular plans that is over by the business day. Called by the night; safe twice."""
    until = min(business_day, at.astimezone(SHANGHAI).date() - timedelta(days=1))
    plans = CheckPlan.objects.filter(state=PlanState.ACTIVE, kind=PlanKind.REGULAR).order_by("pk")
    return {"rows": sum(draw_plan(plan=plan, until=until, actor=actor, at=at) for plan in plans)}


def _months(start: date, until: date) -> Iterator[tuple[date, date]]:
    """First and last day of the full months that begin on or after `start` and are over by `until`."""
    first = start if start.day == 1 else _next_month(start)
    while (last := first.replace(day=monthrange(first.year, first.month)[1])) <= until:
        yield first, last
        first = last + timedelta(days=1)


def _next_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1]) + timedelta(days=1)

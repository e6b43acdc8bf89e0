"""Planning follow-ups beside its floor: the first run, nothing new, and one day later (performance.md 2)."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

from django.db import connection, transaction

from core.clock import now
from customers.models import Customer
from servicing.queries.planning import plan_values
from servicing.services import planning
from tests.bench import floors
from tests.bench.feeds import BENCH, Say
from tests.bench.measuring import Figure, against_floor, timed

TIMES = 1.5
RUNS = 3
DUE_PER_MILLE = 137  # with the share that has a manager: 114,000 of a million
TABLES = ("public.customers_customerposition", "floor.customers_customerposition")
# When everybody was last spoken to: so many are in their last days, the others come into them day by day.
SPOKEN = """
UPDATE {table} p SET last_contact_on = %(day)s - CASE
    WHEN hashint8(customer_id) & 1023 < %(due)s THEN e.every * 4 / 5 + (hashint8(customer_id + 7) & 31)
    ELSE mod(hashint8(customer_id + 3) & 65535, e.every * 4 / 5) END
FROM unnest(%(everys)s::int[]) WITH ORDINALITY e(every, tier) WHERE e.tier = p.tier
"""
# The same work as plain statements over the whole bank at once, with the manager or, on leave, deputy or backup.
CLOSE = """
UPDATE floor.servicing_followup f SET state = 'done', closed_at = %(at)s
FROM floor.customers_customerposition p
WHERE p.customer_id = f.customer_id AND f.state = 'open' AND f.is_planned AND f.kind = 'cadence'
  AND coalesce(p.last_contact_on, p.tier_since) > (%(lasts)s::date[])[p.tier]
"""
OWNED = """
INSERT INTO floor.servicing_followup (customer_id, owner_id, kind, title, note, facts, due_on, priority, state,
    is_planned, planned_for, snoozes, created_at, skip_reason, outcome)
SELECT w.customer_id, coalesce(CASE WHEN a.id IS NULL THEN w.manager_id ELSE a.deputy_id END, c.backup_id,
    w.manager_id), w.kind, '', '', w.facts, w.due_on, w.priority, 'open', true, w.planned_for, 0, %(at)s, '', ''
FROM ({wanted}) w
LEFT JOIN staff_absence a ON a.user_id = w.manager_id AND a.cancelled_at IS NULL
    AND w.due_on BETWEEN a.starts_on AND a.ends_on
LEFT JOIN customers_customer c ON a.id IS NOT NULL AND c.id = w.customer_id
"""
CADENCE = """
SELECT p.customer_id, p.manager_id, 'cadence' AS kind, 2 AS priority, s.due AS planned_for,
    coalesce((%(days)s::date[])[s.due - %(workday)s + 1], %(workday)s) AS due_on,
    jsonb_build_object('last', p.last_contact_on, 'since', p.tier_since, 'every', (%(everys)s::int[])[p.tier]) AS facts
FROM floor.customers_customerposition p
CROSS JOIN LATERAL (
    SELECT coalesce(p.last_contact_on, p.tier_since) + (%(everys)s::int[])[p.tier] AS due
) s
WHERE coalesce(p.last_contact_on, p.tier_since) <= (%(lasts)s::date[])[p.tier] AND p.manager_id IS NOT NULL
  AND NOT EXISTS (
      SELECT FROM floor.servicing_followup f WHERE f.customer_id = p.customer_id AND f.kind = 'cadence'
        AND f.is_planned AND (f.state = 'open' OR f.planned_for = s.due)
  )
  AND NOT EXISTS (
      SELECT FROM customers_customeralert x WHERE x.customer_id = p.customer_id AND x.dismissed_at IS NULL
        AND x.kind IN ('do_not_contact', 'bereavement')
  )
"""
TIERS = """
SELECT c.customer_id, p.manager_id, CASE c.event WHEN 'up' THEN 'tier_up' ELSE 'tier_watch' END AS kind,
    CASE c.event WHEN 'up' THEN 2 ELSE 1 END AS priority, c."on" AS planned_for,
    CASE c.event WHEN 'up' THEN %(up_on)s::date ELSE %(watch_on)s::date END AS due_on,
    jsonb_build_object('on', c."on", 'from', c.from_tier, 'to', c.to_tier) AS facts
FROM tiers_tierchange c JOIN floor.customers_customerposition p ON p.customer_id = c.customer_id
WHERE c."on" = %(day)s AND c.event IN ('up', 'watched') AND c.from_tier > 0 AND p.manager_id IS NOT NULL
  AND NOT EXISTS (
      SELECT FROM floor.servicing_followup f WHERE f.customer_id = p.customer_id AND f.is_planned
        AND f.planned_for = c."on" AND f.kind IN ('tier_up', 'tier_watch')
  )
"""


def measure_planning(day: date, say: Say) -> list[Figure]:
    """Product and floor plan the same bank; both must come to the same follow-ups."""
    say("planning of follow-ups")
    # Nobody is new in a bank of the benchmark: playbooks would only begin for its first customers.
    Customer.everything.filter(opened_on__gt=day - timedelta(days=40)).update(opened_on=day - timedelta(days=400))
    _prepare(day)
    first = _compare_runs("first run", RUNS, lambda _n: day, before=_emptied)
    same = _compare_runs("nothing new", RUNS, lambda _n: day)
    later = _compare_runs("one day later", RUNS, lambda n: day + timedelta(days=n + 1))
    return [first, same, later]


def _prepare(day: date) -> None:
    values = plan_values(day, now())
    for table in TABLES:
        floors.run(SPOKEN.format(table=table), day=day, due=DUE_PER_MILLE, everys=values["everys"])
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS floor.servicing_followup")
        cursor.execute("CREATE TABLE floor.servicing_followup (LIKE servicing_followup INCLUDING ALL)")
    floors.tidy()


def _emptied() -> None:
    for schema in ("public", "floor"):
        floors.run(f"DELETE FROM {schema}.servicing_followup")
    floors.tidy()


def _compare_runs(
    name: str, runs: int, day_of: Callable[[int], date], *, before: Callable[[], None] | None = None
) -> Figure:
    planned: list[int] = []

    product: list[float] = []
    floor: list[float] = []
    for n in range(runs):
        if before:
            before()
        turns = [(product, partial(_ours, day_of(n), planned)), (floor, partial(_plain, day_of(n)))]
        for seconds, work in turns if n % 2 == 0 else reversed(turns):
            seconds.append(timed(work))
        _check()
    figure = against_floor(f"planning follow-ups, {name}", product, floor, TIMES)
    return Figure(**{**_fields(figure), "note": f"{max(planned):,} planned; {figure.note}"})


def _fields(figure: Figure) -> dict[str, Any]:
    return {name: getattr(figure, name) for name in figure.__slots__}


def _ours(day: date, planned: list[int]) -> None:
    counts = planning.run(business_day=day, actor=BENCH, at=now())
    planned.append(counts["cadence"] + counts["review"] + counts["tiers"])


def _plain(day: date) -> None:
    values = plan_values(day, now())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(floors.SESSION)
        cursor.execute(CLOSE, values)
        for wanted in (CADENCE, TIERS):
            cursor.execute(OWNED.format(wanted=wanted), values)


def _check() -> None:
    """Both sides must have planned the same for the same people and days."""
    found = [
        floors.run(
            "SELECT kind, state, count(*), sum(hashint8(customer_id)::bigint * (due_on - date '2000-01-01')),"
            f" sum(hashint8(owner_id)::bigint) FROM {schema}.servicing_followup"
            " WHERE kind <> 'review' GROUP BY kind, state ORDER BY 1, 2"
        )
        for schema in ("public", "floor")
    ]
    if found[0] != found[1]:
        raise RuntimeError(f"the product and the floor planned different follow-ups: {found}")

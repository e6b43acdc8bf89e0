"""Planning follow-ups beside its floor: the first run, nothing new, and one day later (performance.md 2).

The bank plans everything it can: rhythms, review meetings, tier changes, playbooks begun, stepped through and stopped,
and work lent to whom stands in. Product and floor begin with the same rows and must leave the same.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from typing import Any

from django.db import connection, transaction

from core.clock import now
from servicing.queries.planning import plan_values
from servicing.services import planning
from tests.bench import floors
from tests.bench.feeds import BENCH, Say
from tests.bench.measuring import Figure, against_floor, timed
from tests.bench.planning_floor import STATEMENTS

TIMES = 1.5
RUNS = 3
COPIES = ("customers_customerposition", "servicing_followup", "servicing_playbookrun")
# Since when everybody is in a tier, and when they were last spoken to: 134 of a thousand are in their last days, the
# others come into them day by day. It writes every row anew: in the order of keys again, as nights find them.
STANDING = """
UPDATE customers_customerposition p SET tier_since = %(day)s - (hashint8(customer_id + 11) & 1023),
    last_contact_on = %(day)s - CASE
    WHEN hashint8(customer_id) & 1023 < 137 THEN e.every * 4 / 5 + (hashint8(customer_id + 7) & 31)
    ELSE mod(hashint8(customer_id + 3) & 65535, e.every * 4 / 5) END
FROM unnest(%(everys)s::int[]) WITH ORDINALITY e(every, tier) WHERE e.tier = p.tier;
CLUSTER customers_customerposition USING customers_customerposition_pkey
"""
# A thirtieth of the managers on leave, half of them with a deputy, and one in five hundred gone for good.
LEAVE = """
INSERT INTO staff_absence (user_id, starts_on, ends_on, created_at, created_by_id, deputy_id)
SELECT id, %(first)s, %(first)s + 20, now(), id, CASE WHEN n %% 2 = 0 THEN deputy_id END
FROM (
    SELECT id, row_number() OVER (ORDER BY id) AS n, lead(id) OVER (PARTITION BY branch_id ORDER BY id) AS deputy_id
    FROM staff_user WHERE role = 'manager'
) m
WHERE n %% 61 IN %(which)s
"""
BACKUPS = """
UPDATE customers_customer c SET backup_id = (
    SELECT max(o.id) FROM staff_user o WHERE o.branch_id = c.branch_id AND o.role = 'manager' AND o.id <> c.manager_id
) WHERE c.manager_id IN (SELECT user_id FROM staff_absence WHERE deputy_id IS NULL)
"""
GONE = "UPDATE staff_user SET is_active = false WHERE role = 'manager' AND id %% 500 = 7"
ALERTS = """
INSERT INTO customers_customeralert (customer_id, kind, severity, text, starts_on, raised_at, dismiss_reason)
SELECT id, (array['do_not_contact', 'bereavement', 'complaint'])[1 + (hashint8(id + {salt} + 1) & 1)
    + (hashint8(id + {salt} + 2) & 1)], 'info', '', %(day)s - 10, now(), ''
FROM customers_customer WHERE hashint8(id + {salt}) & 1023 < 4
"""
# Three of a thousand are new, some of them too long to be welcomed.
OLD = "UPDATE customers_customer SET opened_on = %(day)s - 400 WHERE opened_on > %(day)s - 40"
NEW = "UPDATE customers_customer SET opened_on = %(day)s - (id %% 9)::int WHERE hashint8(id + 9) & 1023 < 3"
CLAIMS = """
INSERT INTO customers_consent (customer_id, purpose, channel, decision, proof, proof_ref, stated_at, recorded_at)
SELECT customer_id, 'marketing', 'phone', 'withdrawn', 'call', '', now(), now()
FROM servicing_playbookrun WHERE customer_id %% 20 = 3
"""
# What people do between two nights: talk to one in fifty, and close some steps.
TALKS = """
UPDATE {schema}.customers_customerposition SET last_contact_on = %(day)s WHERE hashint8(customer_id + %(n)s) & 63 = 0
"""
STEPS = """
UPDATE {schema}.servicing_followup SET state = 'done', closed_at = now()
WHERE kind = 'playbook' AND state = 'open' AND hashint8(customer_id + %(n)s) & 3 = 0
"""
BACK = "UPDATE staff_absence SET cancelled_at = now() WHERE user_id %% 5 = %(n)s AND cancelled_at IS NULL"
SUMS = """
SELECT kind, state, count(*), sum(hashtextextended(concat_ws('|', customer_id, owner_id, facts, due_on, priority,
    is_planned, planned_for, step, closed_at IS NULL), 0)::numeric)
FROM {schema}.servicing_followup GROUP BY kind, state
UNION ALL
SELECT playbook, state, count(*), sum(hashtextextended(concat_ws('|', customer_id, version, steps, started_on,
    stopped_on, stop_reason), 0)::numeric)
FROM {schema}.servicing_playbookrun GROUP BY playbook, state
ORDER BY 1, 2
"""


def measure_planning(day: date, say: Say) -> list[Figure]:
    """Product and floor plan the same bank; both must come to the same follow-ups."""
    say("planning of follow-ups")
    prepare(day)
    first = _compare_runs("first run", RUNS, lambda _n: day, before=_emptied)
    same = _compare_runs("nothing new", RUNS, lambda _n: day)
    later = _compare_runs("one day later", RUNS, lambda n: day + timedelta(days=n + 1), before=partial(_lived, day))
    return [first, same, later]


def prepare(day: date) -> None:
    """The bank as planning is to find it, and the floor's copy of it."""
    floors.run(STANDING, day=day, everys=plan_values(day, now())["everys"])
    floors.run(LEAVE, first=day, which=(0, 1))
    for statement in (BACKUPS, GONE, ALERTS.format(salt=4), OLD, NEW):
        floors.run(statement, day=day)
    with connection.cursor() as cursor:
        for table in COPIES:
            cursor.execute(f"DROP TABLE IF EXISTS floor.{table}")
            cursor.execute(f"CREATE TABLE floor.{table} (LIKE {table} INCLUDING ALL)")
        cursor.execute(f"ALTER TABLE floor.{COPIES[0]} SET ({floors.COPIES[COPIES[0]]})")
        cursor.execute(f"INSERT INTO floor.{COPIES[0]} SELECT * FROM {COPIES[0]} ORDER BY 1")
    floors.tidy()


def _emptied(_n: int) -> None:
    for schema in ("public", "floor"):
        floors.run(f"DELETE FROM {schema}.servicing_followup")
        floors.run(f"DELETE FROM {schema}.servicing_playbookrun")
    floors.tidy()


def _lived(day: date, n: int) -> None:
    """The day after, before its night: the n-th."""
    for schema in ("public", "floor"):
        for statement in (TALKS, STEPS):
            floors.run(statement.format(schema=schema), day=day + timedelta(days=n + 1), n=n)
    floors.run(BACK, n=n)
    floors.run(LEAVE, first=day + timedelta(days=n + 1), which=(10 + n, 20 + n))
    floors.run(CLAIMS if n == 0 else ALERTS.format(salt=30 + n), day=day)


def _compare_runs(
    name: str, runs: int, day_of: Callable[[int], date], *, before: Callable[[int], None] | None = None
) -> Figure:
    written: list[int] = []
    product: list[float] = []
    floor: list[float] = []
    for n in range(runs):
        if before:
            before(n)
        turns = [(product, partial(_ours, day_of(n), written)), (floor, partial(_plain, day_of(n)))]
        for seconds, work in turns if n % 2 == 0 else reversed(turns):
            seconds.append(timed(work))
        _check()
    figure = against_floor(f"planning follow-ups, {name}", product, floor, TIMES)
    return Figure(**{**dict(_fields(figure)), "note": f"{max(written):,} written; {figure.note}"})


def _fields(figure: Figure) -> Iterator[tuple[str, Any]]:
    return ((name, getattr(figure, name)) for name in figure.__slots__)


def _ours(day: date, written: list[int]) -> None:
    written.append(planning.run(business_day=day, actor=BENCH, at=now())["rows"])


def _plain(day: date) -> None:
    values = plan_values(day, now())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(floors.SESSION)
        for statement in STATEMENTS:
            cursor.execute(statement, values)


def _check() -> None:
    """Both sides must have the same follow-ups and playbooks in the same states."""
    found = [floors.run(SUMS.format(schema=schema)) for schema in ("public", "floor")]
    if found[0] != found[1]:
        raise RuntimeError(f"the product and the floor planned different follow-ups: {found}")

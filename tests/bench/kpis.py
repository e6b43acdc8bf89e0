"""One day's key figures beside plain SQL that leaves the same rows."""

from datetime import date
from typing import Any

from django.db import connection, transaction

from core.clock import now
from customers.rules.periods import periods_of
from insights.rules.kpis import month_before
from insights.services.kpis import replace_day, values_of
from tests.bench import floors
from tests.bench.feeds import Say
from tests.bench.measuring import Figure, against_floor, interleaved, timed

RUNS, TIMES = 5, 1.5
# The closes a day stands on, as if those months had been fed: a tenth more or less than now, some customers not there.
CLOSES = """
INSERT INTO insights_monthclose (month, customer_id, branch_id, manager_id, tier, adb, total)
SELECT month, customer_id, branch_id, manager_id, tier, round(total * (900 + (hashint8(customer_id) & 255)) / 1000, 2),
    total
FROM customers_customerposition CROSS JOIN unnest(%(months)s::date[]) AS month
WHERE total <> 0 AND hashint8(customer_id + 7) & 63 > 0
"""
# What a person would write for the latest day of a bank without merged records: no histories, one pass for each kind of
# figure. Everything but follow-ups, complaints, surveys and warnings, which are small.
FLOOR = """
CREATE TEMP TABLE plain_base ON COMMIT DROP AS
SELECT p.branch_id, p.manager_id, p.tier, count(*) AS customers, sum(p.total) AS deposits, sum(v.adb) AS adb,
    sum(v.opening) AS adb_before,
    sum(v.adb - v.opening) FILTER (WHERE v.adb >= v.opening AND v.opening <= 0 AND v.adb > 0) AS adb_new,
    sum(v.adb - v.opening) FILTER (WHERE v.adb >= v.opening AND NOT (v.opening <= 0 AND v.adb > 0)) AS adb_up,
    sum(v.adb - v.opening) FILTER (WHERE v.adb < v.opening AND NOT (v.adb <= 0 AND v.opening > 0)) AS adb_down,
    sum(v.adb - v.opening) FILTER (WHERE v.adb < v.opening AND v.adb <= 0 AND v.opening > 0) AS adb_lost,
    count(*) FILTER (WHERE coalesce(p.last_contact_on, p.tier_since) + (%(everys)s::int[])[p.tier] >= %(day)s) AS kept,
    count(coalesce(p.last_contact_on, p.tier_since) + (%(everys)s::int[])[p.tier]) AS with_rhythm
FROM customers_customerposition p
LEFT JOIN insights_monthclose m ON m.month = %(before)s AND m.customer_id = p.customer_id
CROSS JOIN LATERAL (
    SELECT coalesce(m.adb, 0) AS opening, CASE WHEN p."on" IS NULL THEN 0 ELSE
        round((p.day_sum + p.total * (%(day)s - p."on") - p.month_mark) / %(days)s, 2) END AS adb OFFSET 0
) v
GROUP BY 1, 2, 3;
CREATE TEMP TABLE plain_part ON COMMIT DROP AS
SELECT b.branch_id, b.manager_id AS person_id, b.tier, v.measure, v.value::numeric AS value, v.base::numeric AS base
FROM plain_base b CROSS JOIN LATERAL (VALUES ('customers', b.customers, NULL), ('deposits', b.deposits, NULL),
    ('adb', b.adb, NULL), ('adb_before', b.adb_before, NULL), ('adb_new', b.adb_new, NULL), ('adb_up', b.adb_up, NULL),
    ('adb_down', b.adb_down, NULL), ('adb_lost', b.adb_lost, NULL), ('in_rhythm', b.kept, b.with_rhythm)
) AS v (measure, value, base);
INSERT INTO plain_part
SELECT g.branch_id, g.manager_id, g.tier, v.measure, v.value, v.base
FROM (
    SELECT branch_id, manager_id, tier, count(*) AS base, count(way) AS lost,
        count(*) FILTER (WHERE way = 1) AS closed, count(*) FILTER (WHERE way = 2) AS fallen,
        count(*) FILTER (WHERE way = 3) AS inactive
    FROM (
        SELECT p.branch_id, p.manager_id, m.tier, CASE
            WHEN p.total <= 0 AND NOT EXISTS (
                SELECT FROM customers_account a WHERE a.customer_id = p.customer_id AND a.status <> 'closed') THEN 1
            WHEN round((p.day_sum + p.total * (%(day)s - p."on") - p.month_mark) / %(days)s, 2)
                <= m.adb * (100 - %(fall)s) / 100 THEN 2
            WHEN p."on" <= %(quiet)s AND coalesce(p.last_contact_on <= %(quiet)s, true) AND NOT EXISTS (
                SELECT FROM customers_account a WHERE a.customer_id = p.customer_id AND a.matures_on > %(day)s
                    AND a.status <> 'closed') THEN 3 END AS way
        FROM insights_monthclose m JOIN customers_customerposition p USING (customer_id)
        WHERE m.month = %(opening)s AND m.total > 0
    ) judged
    GROUP BY 1, 2, 3
) g CROSS JOIN LATERAL (VALUES ('churn', g.lost, g.base), ('churn_closed', g.closed, NULL),
    ('churn_fallen', g.fallen, NULL), ('churn_inactive', g.inactive, NULL)) AS v (measure, value, base);
INSERT INTO plain_part
SELECT p.branch_id, p.manager_id, p.tier, 'maturing', sum(v.value), NULL::numeric
FROM customers_account a JOIN customers_accountbalance v ON v.account_id = a.id AND v.balance > 0
JOIN customers_customerposition p ON p.customer_id = a.customer_id
WHERE a.matures_on > %(day)s AND a.matures_on <= %(matures_until)s AND a.status IN ('open', 'frozen') GROUP BY 1, 2, 3
UNION ALL
SELECT branch_id, manager_id, -1, CASE event WHEN 'up' THEN 'moved_up' ELSE 'moved_down' END, count(*), NULL::numeric
FROM tiers_tierchange WHERE "on" = %(day)s AND event IN ('up', 'down') GROUP BY 1, 2, 4
UNION ALL
SELECT branch_id, author_id, -1, 'contacts', count(*), NULL::numeric
FROM servicing_interaction WHERE happened_at >= %(begins)s AND happened_at < %(ends)s AND origin <> 'campaign'
GROUP BY 1, 2;
INSERT INTO floor.insights_kpi ("on", unit_kind, unit_id, branch_id, tier, measure, value, base)
SELECT %(day)s, unit_kind, unit_id, home, CASE WHEN grouping(tier) = 1 THEN -1 ELSE tier END, measure, sum(value),
    sum(base)
FROM (
    SELECT u.kind AS unit_kind, u.id AS unit_id, u.id AS home, f.tier, f.measure, f.value, f.base
    FROM (SELECT branch_id, tier, measure, sum(value) AS value, sum(base) AS base FROM plain_part GROUP BY 1, 2, 3) f
    JOIN staff_branch b ON b.id = f.branch_id
    JOIN LATERAL (VALUES ('branch', b.id), ('region', b.parent_id),
        ('bank', (SELECT id FROM staff_branch WHERE parent_id IS NULL))) AS u (kind, id) ON u.id IS NOT NULL
    UNION ALL
    SELECT 'person', f.person_id, s.branch_id, -1, f.measure, sum(f.value), sum(f.base)
    FROM plain_part f JOIN staff_user s ON s.id = f.person_id GROUP BY 2, 3, 5
) found
GROUP BY GROUPING SETS ((unit_kind, unit_id, home, measure), (unit_kind, unit_id, home, measure, tier))
HAVING (sum(value) <> 0 OR sum(base) <> 0)
    AND (grouping(tier) = 1 OR (tier >= 0 AND unit_kind <> 'person' AND measure = ANY(%(by_tier)s)))
"""
DIFFERENT = """
SELECT count(*) FROM (
    SELECT unit_kind, unit_id, tier, measure, value, base FROM insights_kpi WHERE "on" = %(day)s
) ours FULL JOIN (
    SELECT unit_kind, unit_id, tier, measure, value, base FROM floor.insights_kpi WHERE "on" = %(day)s
) plain USING (unit_kind, unit_id, tier, measure)
WHERE ours.value IS DISTINCT FROM plain.value OR ours.base IS DISTINCT FROM plain.base
"""


def measure_kpis(day: date, say: Say) -> list[Figure]:
    """The roll-up of the latest day beside its floor, both replacing what they wrote before; they must agree."""
    closes = {"before": month_before(day), "opening": month_before(periods_of(day).quarter_start)}
    say(f"key figures of {day}")
    floors.run(CLOSES, months=sorted(set(closes.values())))
    floors.run("CREATE TABLE IF NOT EXISTS floor.insights_kpi (LIKE insights_kpi INCLUDING ALL)")
    floors.tidy()
    asked = {**values_of(day), **closes}
    ours, plain = interleaved(
        RUNS, lambda _n: timed(lambda: replace_day(day=day, ledger_day=day, at=now())), lambda _n: _plain(asked)
    )
    ((different,),) = floors.run(DIFFERENT, day=day)
    assert different == 0, f"{different} figures differ from the floor"
    return [against_floor("key figures of a day", ours, plain, TIMES)]


def _plain(values: dict[str, Any]) -> float:
    def work() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(floors.SESSION)
            cursor.execute('DELETE FROM floor.insights_kpi WHERE "on" = %(day)s', values)
            cursor.execute(FLOOR, values)

    return timed(work)

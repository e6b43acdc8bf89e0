-- The rows of the day: facts added up over their units, and what was handed into and out of each. By tier only for the
-- bank, regions and branches, and only the measures of %(by_tier)s; facts of customers whose tier nobody knows count in
-- the whole alone. What was handed over counts where only one of its sides, now and then, is of the unit. Rows that would
-- be nought are not kept. Plan: small temporary tables hashed, none compared row by row.
INSERT INTO insights_kpi ("on", unit_kind, unit_id, branch_id, tier, measure, value, base)
WITH facts AS (
    SELECT branch_id, tier, measure, sum(value) AS value, sum(base) AS base FROM kpi_part GROUP BY 1, 2, 3
),
owned AS (
    SELECT person_id, measure, sum(value) AS value, sum(base) AS base
    FROM kpi_part WHERE person_id IS NOT NULL GROUP BY 1, 2
),
passed AS (
    SELECT row_number() OVER () AS n, branch_id, manager_id, branch_then, manager_then, tier, sum(opening) AS opening
    FROM kpi_base
    WHERE %(is_compared)s AND (branch_id <> branch_then OR manager_id IS DISTINCT FROM manager_then)
    GROUP BY branch_id, manager_id, branch_then, manager_then, tier
),
sides AS (
    SELECT p.n, p.tier, p.opening, true AS is_now, u.unit_kind, u.unit_id, u.home
    FROM passed p JOIN kpi_unit u ON u.branch_id = p.branch_id
    UNION ALL
    SELECT p.n, p.tier, p.opening, true, u.unit_kind, u.unit_id, u.home
    FROM passed p JOIN kpi_unit u ON u.person_id = p.manager_id
    UNION ALL
    SELECT p.n, p.tier, p.opening, false, u.unit_kind, u.unit_id, u.home
    FROM passed p JOIN kpi_unit u ON u.branch_id = p.branch_then
    UNION ALL
    SELECT p.n, p.tier, p.opening, false, u.unit_kind, u.unit_id, u.home
    FROM passed p JOIN kpi_unit u ON u.person_id = p.manager_then
),
handed AS (
    SELECT
        unit_kind, unit_id, home, tier,
        CASE WHEN bool_and(is_now) THEN 'adb_handed_in' ELSE 'adb_handed_out' END AS measure,
        CASE WHEN bool_and(is_now) THEN opening ELSE -opening END AS value
    FROM sides
    GROUP BY n, unit_kind, unit_id, home, tier, opening
    HAVING bool_and(is_now) OR NOT bool_or(is_now)
),
rows AS (
    SELECT u.unit_kind, u.unit_id, u.home, f.tier, f.measure, f.value, f.base
    FROM facts f JOIN kpi_unit u USING (branch_id)
    UNION ALL
    SELECT u.unit_kind, u.unit_id, u.home, -1, f.measure, f.value, f.base
    FROM owned f JOIN kpi_unit u USING (person_id)
    UNION ALL
    SELECT unit_kind, unit_id, home, tier, measure, value, NULL FROM handed
)
SELECT
    %(day)s, unit_kind, unit_id, home, CASE WHEN grouping(tier) = 1 THEN -1 ELSE tier END, measure,
    coalesce(sum(value), 0), sum(base)
FROM rows
GROUP BY GROUPING SETS ((unit_kind, unit_id, home, measure), (unit_kind, unit_id, home, measure, tier))
HAVING (coalesce(sum(value), 0) <> 0 OR coalesce(sum(base), 0) <> 0)
    AND (
        grouping(tier) = 1
        OR (tier >= 0 AND unit_kind IN ('bank', 'region', 'branch') AND measure = ANY(%(by_tier)s))
    )

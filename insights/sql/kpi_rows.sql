-- The rows of the day: facts added up over their units, and what was handed into and out of each. By tier only for the
-- bank, regions and branches, and only the measures of %(by_tier)s; facts of customers whose tier nobody knows count in
-- the whole alone. Rows that would be nought are not kept. Plan: small temporary tables hashed.
INSERT INTO insights_kpi ("on", unit_kind, unit_id, branch_id, tier, measure, value, base)
WITH facts AS (
    SELECT branch_id, tier, measure, sum(value) AS value, sum(base) AS base FROM kpi_part GROUP BY 1, 2, 3
),
owned AS (
    SELECT person_id, measure, sum(value) AS value, sum(base) AS base
    FROM kpi_part WHERE person_id IS NOT NULL GROUP BY 1, 2
),
passed AS (
    SELECT branch_id, manager_id, branch_then, manager_then, tier, sum(opening) AS opening
    FROM kpi_base
    WHERE %(is_compared)s AND (branch_id <> branch_then OR manager_id IS DISTINCT FROM manager_then)
    GROUP BY 1, 2, 3, 4, 5
),
handed AS (
    SELECT i.unit_kind, i.unit_id, i.home, p.tier, 'adb_handed_in' AS measure, p.opening AS value
    FROM passed p
    JOIN kpi_unit i ON i.branch_id = p.branch_id OR i.person_id = p.manager_id
    WHERE NOT EXISTS (
        SELECT FROM kpi_unit x
        WHERE x.unit_kind = i.unit_kind AND x.unit_id = i.unit_id
            AND (x.branch_id = p.branch_then OR x.person_id = p.manager_then)
    )
    UNION ALL
    SELECT o.unit_kind, o.unit_id, o.home, p.tier, 'adb_handed_out', -p.opening
    FROM passed p
    JOIN kpi_unit o ON o.branch_id = p.branch_then OR o.person_id = p.manager_then
    WHERE NOT EXISTS (
        SELECT FROM kpi_unit x
        WHERE x.unit_kind = o.unit_kind AND x.unit_id = o.unit_id
            AND (x.branch_id = p.branch_id OR x.person_id = p.manager_id)
    )
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

-- Customers with deposits at the close of the month before the quarter, in the tier they had then, where they are now;
-- and those of them who are lost by the day, by way (rules.churn): all accounts are closed; or this month's average is
-- lower than that month's by a share; or for long neither a balance moved nor was anybody in contact, and no deposit runs
-- to a date. A record merged since counts with the one it became. One hash join of that month's rows with the positions;
-- accounts are looked up by key only of those with nothing left or long still: without OFFSET all accounts are hashed.
INSERT INTO kpi_part (branch_id, person_id, tier, measure, value, base)
WITH merged AS (
    SELECT id, merged_into_id FROM customers_customer WHERE merged_into_id IS NOT NULL
),
records AS (
    SELECT id, merged_into_id AS customer_id FROM merged
    UNION
    SELECT merged_into_id, merged_into_id FROM merged
),
opened AS (
    SELECT m.customer_id, m.tier, m.adb
    FROM insights_monthclose m
    WHERE m.month = %(opening)s AND m.total > 0 AND m.customer_id NOT IN (SELECT id FROM records)
    UNION ALL
    SELECT r.customer_id, (array_agg(m.tier ORDER BY r.id = r.customer_id DESC, m.adb DESC))[1], sum(m.adb)
    FROM records r
    JOIN insights_monthclose m ON m.month = %(opening)s AND m.customer_id = r.id AND m.total > 0
    GROUP BY 1
),
judged AS (
    SELECT
        c.branch_id,
        c.manager_id,
        m.tier,
        CASE
            WHEN c.total <= 0 AND NOT EXISTS (
                SELECT FROM customers_account a
                WHERE a.customer_id = m.customer_id AND (a.status <> 'closed' OR a.closed_on > %(day)s)
                OFFSET 0
            ) THEN 'closed'
            WHEN c.adb <= m.adb * (100 - %(fall)s) / 100 THEN 'fallen'
            WHEN (c.moved_on IS NULL OR c.moved_on <= %(quiet)s)
                AND (c.contacted_on IS NULL OR c.contacted_on <= %(quiet)s)
                AND NOT EXISTS (
                    SELECT FROM customers_account a
                    WHERE a.customer_id = m.customer_id AND a.matures_on > %(day)s
                        AND (a.status <> 'closed' OR a.closed_on > %(day)s)
                    OFFSET 0
                ) THEN 'inactive'
        END AS way
    FROM opened m
    JOIN (
        {held}
    ) c ON c.customer_id = m.customer_id
),
grouped AS (
    SELECT
        branch_id, manager_id, tier, count(*)::numeric AS base, count(way)::numeric AS lost,
        count(*) FILTER (WHERE way = 'closed')::numeric AS closed,
        count(*) FILTER (WHERE way = 'fallen')::numeric AS fallen,
        count(*) FILTER (WHERE way = 'inactive')::numeric AS inactive
    FROM judged
    GROUP BY 1, 2, 3
)
SELECT g.branch_id, g.manager_id, g.tier, v.measure, v.value, v.base
FROM grouped g
CROSS JOIN LATERAL (
    VALUES
        ('churn', g.lost, g.base), ('churn_closed', g.closed, NULL), ('churn_fallen', g.fallen, NULL),
        ('churn_inactive', g.inactive, NULL)
) AS v (measure, value, base)
